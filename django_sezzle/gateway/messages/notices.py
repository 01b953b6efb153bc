"""
What an event says and no call answers, reduced to what may be kept.

No endpoint of Sezzle's shows a dispute, so what its events say is all there is. And the event of
a shopper who agreed to be charged again names no order: its session's token leads to the payment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, TypeVar

from django_sezzle.gateway.messages import parsing
from django_sezzle.gateway.messages.money import MAX_CENTS

N = TypeVar("N", bound="_Notice")

#: No free text is kept: it may hold anything.
_WORD = re.compile(r"[0-9A-Za-z._-]{1,64}")
_REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,80}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class _Notice:
    """Flat, so that it can be kept as JSON and read back by any version."""

    def as_dict(self) -> dict[str, Any]:
        """Give what was said; what was not is left out."""
        said = asdict(self)  # type: ignore[call-overload]
        return {name: value for name, value in said.items() if value not in ("", None)}

    @classmethod
    def from_dict(cls: type[N], said: Mapping[str, Any]) -> N:
        """Take it back; what another version added is left out."""
        names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in said.items() if name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeNotice(_Notice):
    """
    What an event says about a dispute. Anything but its id may be missing.

    ``amount_in_cents`` are whole cents; ``due_on`` is an ISO day by Sezzle's calendar.
    """

    dispute_id: str
    dispute_type: str = ""
    amount_in_cents: int | None = None
    currency: str = ""
    due_on: str = ""
    reference_id: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any], order_uuid: str | None) -> DisputeNotice | None:
        """
        Read ``data`` of a dispute's event; None when it names neither dispute nor order.

        The id is a number in the only body seen. Without one, an id beside the order's is the
        dispute's, and an order without either has one dispute.
        """
        other = _matching(parsing.IDENTIFIER, data.get("uuid"))
        dispute_id = _number_or_id(data.get("dispute_id")) or other or order_uuid
        if not dispute_id:
            return None
        return cls(
            dispute_id=dispute_id,
            dispute_type=_matching(_WORD, data.get("dispute_type")),
            amount_in_cents=_cents(data.get("dispute_amount_in_cents")),
            currency=_matching(_CURRENCY, data.get("dispute_currency")),
            due_on=_day(data.get("dispute_due_date")),
            reference_id=_matching(_REFERENCE, data.get("order_reference_id")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenizedNotice(_Notice):
    """
    That a shopper agreed to be charged again: which session, which customer.

    Only digests: the token is never kept, and the customer not before Sezzle has confirmed it.
    """

    token_digest: str
    customer_digest: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TokenizedNotice | None:
        """Read ``data`` of a ``customer.tokenized`` event; None when it names no session."""
        token = data.get("token")
        customer = data.get("customer")
        uuid = customer.get("uuid") if isinstance(customer, dict) else None
        if not isinstance(token, str) or not token:
            return None
        return cls(
            token_digest=digest(token),
            customer_digest=digest(uuid) if isinstance(uuid, str) and uuid else "",
        )


def digest(secret: str) -> str:
    """Tell one random id from another without keeping it: 64 hex digits, no way back."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _number_or_id(value: object) -> str:
    is_number = type(value) is int and 0 < value < 2**63
    return str(value) if is_number else _matching(parsing.IDENTIFIER, value)


def _cents(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= MAX_CENTS else None


def _day(value: object) -> str:
    """Take a day, or the day of a moment in UTC."""
    with suppress(ValueError, TypeError):
        day = date.fromisoformat(value)  # type: ignore[arg-type]
        return day.isoformat() if day.year in parsing.YEARS else ""
    with suppress(parsing.Malformed):
        moment = parsing.moment(value, "dispute_due_date")
        return "" if moment is None else moment.date().isoformat()
    return ""
