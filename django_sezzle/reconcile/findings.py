"""What a run has found: for a person to read, and for a program."""

from __future__ import annotations

from dataclasses import KW_ONLY, asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils import timezone


class Code(StrEnum):
    """What was found. Codes are only ever added."""

    OPERATION_OPEN = "operation_open"
    """It is not known yet whether money moved."""

    EVENT_PENDING = "event_pending"
    """A webhook event could not be processed."""

    MOVED_ELSEWHERE = "moved_elsewhere"
    """Money was taken, given back or let go without the shop having asked."""

    NEEDS_REVIEW = "needs_review"
    """Sezzle's order does not fit the payment, or came too late."""

    UNACCOUNTED = "unaccounted"
    """Money that counts for no order of the shop."""

    EXPIRING = "expiring"
    """Held money's authorization is about to end, and what was to be done failed."""

    NOT_TOLD = "not_told"
    """The shop does not know yet, because its receiver failed."""

    SUBSCRIPTION = "subscription"
    """Sezzle does not send what is needed, or not to the right address."""

    UNREADABLE = "unreadable"
    """An account's orders could not be read."""

    CUSTOMERS_DIFFER = "customers_differ"
    """Sezzle and the shop do not have the same saved customers."""

    FAULT = "fault"
    """Something that nobody thought of; the log says more."""

    NOT_CONFIGURED = "not_configured"
    """Payments of an account or environment that ``SEZZLE`` does not hold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. ``message`` says what, whether money moved, and what to do."""

    code: Code
    message: str
    _: KW_ONLY
    needs_human: bool
    account: str = ""
    shop_reference: str = ""
    order_uuid: str = ""
    operation: str = ""
    fact: str = ""
    debug_uuid: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give what a program reads; ids that do not apply are left out."""
        return {name: value for name, value in asdict(self).items() if value != ""}


def moment(at: datetime) -> str:
    """Write a moment as staff read it: in the site's time zone, which is named."""
    if timezone.is_aware(at):
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"
    return f"{at:%Y-%m-%d %H:%M}"
