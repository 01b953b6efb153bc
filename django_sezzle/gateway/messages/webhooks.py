"""
Webhook subscriptions and events.

https://docs.sezzle.com/docs/api/core/webhooks/infov2webhooks
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django_sezzle.gateway.messages import parsing
from django_sezzle.gateway.messages.notices import DisputeNotice, TokenizedNotice


class EventType(StrEnum):
    """Everything Sezzle announces. Nothing announces release, expiry, denial or deletion."""

    CUSTOMER_TOKENIZED = "customer.tokenized"
    ORDER_AUTHORIZED = "order.authorized"
    ORDER_CAPTURED = "order.captured"
    ORDER_REFUNDED = "order.refunded"
    DISPUTE_MERCHANT_INPUT_REQUESTED = "dispute.merchant_input_requested"
    DISPUTE_DEADLINE_APPROACHING = "dispute.deadline_approaching"
    DISPUTE_CLOSED_CUSTOMER_WIN = "dispute.closed.customer_win"
    DISPUTE_CLOSED_MERCHANT_WIN = "dispute.closed.merchant_win"
    DISPUTE_CLOSED_NEUTRAL = "dispute.closed.neutral"


#: How the name of every dispute's event begins.
DISPUTE = "dispute."

#: The type given to a signed body that is not an event.
UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A URL that Sezzle sends events to."""

    uuid: str
    url: str
    events: tuple[str, ...]

    @classmethod
    def from_json(cls, value: object) -> Subscription:
        """Read one subscription."""
        given = parsing.as_object(value, "webhook")
        events = given.get("events")
        return cls(
            parsing.identifier(given.get("uuid"), "webhook.uuid"),
            parsing.text(given.get("url"), "webhook.url"),
            tuple(
                parsing.text(event, "webhook.events")
                for event in ([] if events is None else parsing.as_list(events, "webhook.events"))
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """
    A signed delivery, reduced to what may be kept: nothing of the shopper, no token, and no
    amounts but a dispute's.

    ``key`` tells one event from another: Sezzle's id of it, or the hash of the body. ``said`` is
    what it says and no call answers, as
    :class:`~django_sezzle.gateway.messages.notices.DisputeNotice` or ``TokenizedNotice`` reads
    it; None for an event that only points at an order.
    """

    key: str
    type: str
    order_uuid: str | None
    created_at: datetime | None
    body_sha256: str
    said: Mapping[str, Any] | None = None

    @classmethod
    def from_body(cls, body: bytes) -> Event:
        """
        Read whatever was signed. Never raises: a body that is no event is ``unparsable``.

        The order's id stands in ``data.uuid`` or ``data.order_uuid``. Of a dispute's event the
        latter counts first: beside it, ``data.uuid`` would be the dispute's own.
        """
        digest = hashlib.sha256(body).hexdigest()
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            return cls(
                key=f"sha256:{digest}",
                type=UNPARSABLE,
                order_uuid=None,
                created_at=None,
                body_sha256=digest,
            )
        data = given.get("data")
        data = data if isinstance(data, dict) else {}
        event_type = _word(given.get("event"))
        order_uuid = _order(str(given.get("event")), data)
        return cls(
            key=_id(given.get("uuid")) or f"sha256:{digest}",
            type=event_type,
            order_uuid=order_uuid,
            created_at=_moment(given.get("created_at")),
            body_sha256=digest,
            said=_said(event_type, data, order_uuid),
        )


def _order(event_type: str, data: Mapping[str, Any]) -> str | None:
    own, named = _id(data.get("uuid")), _id(data.get("order_uuid"))
    if event_type.startswith("order."):
        return own or named
    return named or (own if event_type.startswith(DISPUTE) else None)


def _said(
    event_type: str, data: Mapping[str, Any], order_uuid: str | None
) -> Mapping[str, Any] | None:
    notice: DisputeNotice | TokenizedNotice | None = None
    if event_type == EventType.CUSTOMER_TOKENIZED:
        notice = TokenizedNotice.from_data(data)
    elif event_type.startswith(DISPUTE) and event_type in set(EventType):
        notice = DisputeNotice.from_data(data, order_uuid)
    return None if notice is None else notice.as_dict()


def _id(value: object) -> str | None:
    is_id = isinstance(value, str) and parsing.IDENTIFIER.fullmatch(value)
    return str(value) if is_id else None


def _word(value: object) -> str:
    # Free text is never stored: it may hold anything, even what a database refuses.
    known = isinstance(value, str) and value.replace(".", "").replace("_", "").isalnum()
    return str(value)[:64] if known and str(value).isascii() else UNPARSABLE


def _moment(value: object) -> datetime | None:
    try:
        return parsing.moment(value, "event.created_at")
    except parsing.Malformed:
        return None
