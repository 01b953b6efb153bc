"""What stands around a payment: the shop's other payments for the same order, and what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Rows of each list; the newest ones.
NEWEST = 50


@dataclass(frozen=True, slots=True)
class Link:
    """A payment of the same order of the shop."""

    payment: SezzlePayment
    amount: str
    is_this: bool
    parent: SezzlePayment | None
    """The payment that it was reauthorized from, if the user may see it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop was told of a payment, and what it does not know yet."""

    told: list[SezzleAnnouncement]
    untold: list[SezzleAnnouncement]

    @classmethod
    def of(cls, payment: SezzlePayment) -> Told:
        """Fetch both: two queries."""
        rows = payment.announcements.using(database()).order_by("-id")
        return cls(
            told=list(rows.filter(told_at__isnull=False)[:NEWEST]),
            untold=list(rows.filter(told_at__isnull=True)[:NEWEST]),
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
            parent=rows.get(row.reauthorized_from_id) if row.reauthorized_from_id else None,
        )
        for row in sorted(rows.values(), key=lambda row: row.pk)
    ]
