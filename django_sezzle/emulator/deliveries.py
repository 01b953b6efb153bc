"""Delivering webhooks: signed at sending time, repeated on Sezzle's schedule, then given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta

import requests

from .messages import Delivery
from .records import DeliveryLog, PendingDelivery
from .state import State

Send = Callable[[str, Mapping[str, str], bytes], int]

RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=4),
    timedelta(minutes=15),
    timedelta(minutes=40),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=3),
)
"""The pause after each failed attempt; together five days. A jump of the clock skips none."""

LOG_LENGTH = 200


def sign(body: bytes, private_key: str, encoding: str) -> str:
    """Return the ``Sezzle-Signature`` of the raw body, in ``hex`` or ``base64``."""
    digest = hmac.new(private_key.encode(), body, hashlib.sha256).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post a delivery and return the receiver's status. :raises OSError: no answer."""
    with requests.Session() as session:
        session.trust_env = False
        with session.post(
            url,
            data=body,
            headers=dict(headers),
            timeout=(3, 10),
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code


def claim_due(state: State, claimed: set[str], answering: set[int]) -> list[PendingDelivery]:
    """
    Return the deliveries to send now and mark them as claimed.

    :param answering: exchanges whose own answer is not out yet; their events wait for it.
    """
    now = state.clock.now()
    due = [
        pending
        for pending in state.deliveries
        if pending.due_at <= now
        and pending.uuid not in claimed
        and pending.exchange not in answering
    ]
    if state.profile.webhook_order == "reversed":
        due.reverse()
    claimed.update(pending.uuid for pending in due)
    return due


def prepare(state: State, pending: PendingDelivery) -> Delivery | None:
    """Return what is to be sent, signed with today's key; None when no one wants it any more."""
    if state.deliveries.get(pending.uuid) is None:
        return None
    merchant = state.merchants.get(pending.merchant_uuid)
    subscription = state.subscriptions.get(pending.subscription_uuid)
    if merchant is None or (subscription is None and pending.subscription_uuid is not None):
        state.deliveries.remove(pending.uuid)
        return None
    body = pending.body.encode()
    headers = {
        "Content-Type": "application/json",
        "Sezzle-Signature": sign(body, merchant.private_key, state.profile.signature),
        "User-Agent": "sezzle-emulator",
    }
    return Delivery(
        pending.event, subscription.url if subscription else pending.url, headers, body, None
    )


def settle(state: State, pending: PendingDelivery, delivery: Delivery) -> None:
    """Record how an attempt ended; only 200 ends the matter, and the last failure unsubscribes."""
    state.delivery_logs.put(
        DeliveryLog(
            state.new_id(), delivery.event, delivery.url, state.clock.now(), delivery.status
        )
    )
    for old in list(state.delivery_logs)[:-LOG_LENGTH]:
        state.delivery_logs.remove(old.uuid)
    if state.deliveries.get(pending.uuid) is None:
        return
    if delivery.status == 200 or pending.subscription_uuid is None:
        state.deliveries.remove(pending.uuid)
        return
    if pending.attempts >= len(RETRY_AFTER):
        _unsubscribe(state, pending.subscription_uuid)
        return
    pending.due_at = state.clock.now() + RETRY_AFTER[pending.attempts]
    pending.attempts += 1
    pending.last_status = delivery.status
    state.deliveries.put(pending)


def _unsubscribe(state: State, subscription_uuid: str) -> None:
    state.subscriptions.remove(subscription_uuid)
    for pending in state.deliveries:
        if pending.subscription_uuid == subscription_uuid:
            state.deliveries.remove(pending.uuid)
