"""What stands around a payment: the shop's other payments for the same order, and what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Rows of each list; the newest ones.
NEWEST = 50


#: Kinds of facts in words; an unknown one is shown as it is.
FACTS = {
    "authorized": _("authorized"),
    "captured": _("captured"),
    "refunded": _("refunded"),
    "released": _("released"),
    "lapsed": _("lapsed"),
    "closed": _("closed"),
    "expiring": _("ends soon"),
    "review": _("needs review"),
    "dispute": _("dispute"),
    "tokenized": _("may be charged again"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A payment of the same order of the shop."""

    payment: SezzlePayment
    amount: str
    is_this: bool
    parent: SezzlePayment | None
    """The payment that it was reauthorized from or added to, if the user may see it."""


def in_words(announcement: SezzleAnnouncement) -> Any:
    """Say what kind of fact it is."""
    return FACTS.get(announcement.fact, announcement.fact)


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop was told of a payment, and what it does not know yet, each with its words."""

    told: list[tuple[Any, SezzleAnnouncement]]
    untold: list[tuple[Any, SezzleAnnouncement]]

    @classmethod
    def of(cls, payment: SezzlePayment) -> Told:
        """Fetch both: two queries."""
        rows = payment.announcements.using(database()).order_by("-id")
        told = rows.filter(told_at__isnull=False)[:NEWEST]
        untold = rows.filter(told_at__isnull=True)[:NEWEST]
        return cls(
            told=[(in_words(row), row) for row in told],
            untold=[(in_words(row), row) for row in untold],
        )


def chain_of(payment: SezzlePayment, payments: QuerySet[SezzlePayment]) -> list[Link]:
    """
    Find the payments of the same order of the shop, the oldest first: one query.

    :param payments: those that the user may see.
    """
    found = payments.filter(account=payment.account, shop_reference=payment.shop_reference)
    rows = {
        row.pk: row
        for row in found.order_by("-pk")[:NEWEST]
        # Some databases compare without case.
        if row.shop_reference == payment.shop_reference
    }
    return [
        Link(
            payment=row,
            amount=format_cents(row.amount_in_cents, row.currency),
            is_this=row.pk == payment.pk,
            parent=rows.get(row.reauthorized_from_id or row.upcharge_of_id or 0),
        )
        for row in sorted(rows.values(), key=lambda row: row.pk)
    ]
