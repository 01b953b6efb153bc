"""Webhook events: their bodies, and putting them on their way to the subscribers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from .bodies import date, price
from .records import (
    Authorization,
    Customer,
    Dispute,
    Movement,
    Order,
    PendingDelivery,
    Subscription,
    Tokenization,
)
from .state import State

EVENTS = (
    "customer.tokenized",
    "order.authorized",
    "order.captured",
    "order.refunded",
    "dispute.merchant_input_requested",
    "dispute.deadline_approaching",
    "dispute.closed.customer_win",
    "dispute.closed.merchant_win",
    "dispute.closed.neutral",
)


def authorized(state: State, order: Order, authorization: Authorization) -> None:
    """Tell that an order was authorized."""
    data = {
        "uuid": order.uuid,
        "authorization": {
            "uuid": authorization.uuid,
            "created_at": date(authorization.created_at, state.profile),
            "authorization_amount": price(authorization.amount_in_cents, order.currency),
            "approved": True,
            "expiration": date(authorization.expires_at, state.profile),
        },
    }
    _emit(state, order.merchant_uuid, "order.authorized", "order", data)


def captured(state: State, order: Order, capture: Movement) -> None:
    """Tell that an amount was captured."""
    data = {"uuid": order.uuid, "capture": _movement(state, order, capture)}
    _emit(state, order.merchant_uuid, "order.captured", "order", data)


def refunded(state: State, order: Order, refund: Movement, source: str) -> None:
    """Tell that an amount was refunded; the source is ``gateway`` or ``dashboard``."""
    data: dict[str, Any] = {"uuid": order.uuid, "refund": _movement(state, order, refund)}
    holder = data if state.profile.refund_source_placement == "data" else data["refund"]
    holder["source"] = source
    _emit(state, order.merchant_uuid, "order.refunded", "order", data)


def tokenized(state: State, tokenization: Tokenization, customer: Customer) -> None:
    """Tell that a shopper agreed to be remembered."""
    data = {
        "token": tokenization.uuid,
        "expiration": date(tokenization.expires_at, state.profile),
        "customer": {
            "uuid": customer.uuid,
            "created_at": date(customer.created_at, state.profile),
            "expiration": date(customer.expires_at, state.profile),
        },
    }
    data_type = state.profile.tokenized_data_type
    _emit(state, customer.merchant_uuid, "customer.tokenized", data_type, data)


def disputed(state: State, order: Order, dispute: Dispute, event: str) -> None:
    """Tell of a dispute; its events name the order in ``order_uuid`` and have no ``uuid``."""
    data = {
        "dispute_id": dispute.number,
        "order_uuid": order.uuid,
        "order_reference_id": order.reference_id,
        "dispute_type": dispute.dispute_type,
        "dispute_status": dispute.status,
        "dispute_amount_in_cents": dispute.amount_in_cents,
        "dispute_currency": order.currency,
        "dispute_due_date": dispute.due_date,
    }
    _emit(state, order.merchant_uuid, event, "dispute", data)


def queue_sample(
    state: State, merchant_uuid: str, event: str, subscription: Subscription | None, url: str
) -> None:
    """Put a sample event of an order nobody knows on its way to one URL."""
    now = date(state.clock.now(), state.profile)
    amount = price(5000, "USD")
    body = {"uuid": state.new_id(), "created_at": now, "amount": amount}
    data: dict[str, Any] = {"uuid": state.new_order_id()}
    if event == "customer.tokenized":
        later = date(state.clock.now() + timedelta(days=365), state.profile)
        person = {"uuid": state.new_id(), "created_at": now, "expiration": later}
        data = {"token": state.new_id(), "expiration": later, "customer": person}
    elif event == "order.authorized":
        data["authorization"] = {
            "uuid": body["uuid"],
            "created_at": now,
            "authorization_amount": amount,
            "approved": True,
        }
    elif event == "order.captured":
        data["capture"] = body
    elif event == "order.refunded":
        data["refund"] = {**body, "source": "gateway"}
    else:
        data = {
            "dispute_id": 1,
            "order_uuid": data["uuid"],
            "order_reference_id": "sample",
            "dispute_type": "fraud",
            "dispute_status": event.split(".")[1],
            "dispute_amount_in_cents": 5000,
            "dispute_currency": "USD",
            "dispute_due_date": now[:10],
        }
    envelope = _envelope(state, event, _data_type(state, event), data)
    _queue(state, merchant_uuid, event, envelope, subscription, url)


def _emit(
    state: State, merchant_uuid: str, event: str, data_type: str, data: dict[str, Any]
) -> None:
    envelope = _envelope(state, event, data_type, data)
    for subscription in state.subscriptions:
        if subscription.merchant_uuid == merchant_uuid and event in subscription.events:
            for _ in range(max(1, state.profile.webhook_copies)):
                _queue(state, merchant_uuid, event, envelope, subscription, subscription.url)


def _envelope(state: State, event: str, data_type: str, data: dict[str, Any]) -> str:
    envelope = {
        "uuid": state.new_id(),
        "created_at": date(state.clock.now(), state.profile),
        "event": event,
        "data_type": data_type,
        "data": data,
    }
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)


def _queue(
    state: State,
    merchant_uuid: str,
    event: str,
    envelope: str,
    subscription: Subscription | None,
    url: str,
) -> None:
    delay = timedelta(seconds=state.profile.webhook_delay_seconds)
    state.deliveries.put(
        PendingDelivery(
            uuid=state.new_id(),
            merchant_uuid=merchant_uuid,
            subscription_uuid=subscription.uuid if subscription else None,
            url=url,
            event=event,
            body=envelope,
            due_at=state.clock.now() + delay,
            exchange=state.exchange,
        )
    )


def _movement(state: State, order: Order, movement: Movement) -> dict[str, Any]:
    return {
        "uuid": movement.uuid,
        "created_at": date(movement.created_at, state.profile),
        "amount": price(movement.amount_in_cents, order.currency),
    }


def _data_type(state: State, event: str) -> str:
    if event == "customer.tokenized":
        return state.profile.tokenized_data_type
    return event.partition(".")[0]
