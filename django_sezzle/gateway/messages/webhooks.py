"""
Webhook subscriptions and events.

https://docs.sezzle.com/docs/api/core/webhooks/infov2webhooks
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django_sezzle.gateway.messages import parsing


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
    A signed delivery, reduced to what may be kept: no amounts, no shopper, no token.

    ``key`` tells one event from another: Sezzle's id of it, or the hash of the body.
    """

    key: str
    type: str
    order_uuid: str | None
    created_at: datetime | None
    body_sha256: str

    @classmethod
    def from_body(cls, body: bytes) -> Event:
        """
        Read whatever was signed. Never raises: a body that is no event is ``unparsable``.

        The order's id stands in ``data.uuid``, or for disputes in ``data.order_uuid``.
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
        event_type = given.get("event")
        is_order = isinstance(event_type, str) and event_type.startswith("order.")
        return cls(
            key=_id(given.get("uuid")) or f"sha256:{digest}",
            type=_word(event_type),
            order_uuid=(_id(data.get("uuid")) if is_order else None) or _id(data.get("order_uuid")),
            created_at=_moment(given.get("created_at")),
            body_sha256=digest,
        )


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
