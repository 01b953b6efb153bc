"""
Settlements: what Sezzle paid out in a period, and which payment each line belongs to.

Everything is asked when it is needed and nothing is stored. A payout's file is read line by line
into sums per order; payments are looked up for 500 orders at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from django_sezzle.conf import DEFAULT_ACCOUNT
from django_sezzle.exceptions import GatewayUnavailable, InvalidInput
from django_sezzle.gateway import Reports
from django_sezzle.gateway.messages import PayoutSummary
from django_sezzle.gateway.messages.money import CURRENCIES, format_cents
from django_sezzle.gateway.messages.parsing import YEARS
from django_sezzle.models import SezzlePayment
from django_sezzle.services.books import Books
from django_sezzle.services.locking import database
from django_sezzle.services.reports import explained, reports_of
from django_sezzle.services.settled import (
    Finding,
    OrderSums,
    PayoutSums,
    SettledOrder,
    SettledPayout,
    Trouble,
    contradictions,
)

#: Orders looked up by one statement.
AT_ONCE = 500
SEEN = (
    "shop_reference",
    "reference_id",
    "sezzle_order_id",
    "currency",
    "captured_in_cents",
    "refunded_in_cents",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class Period:
    """
    Which payouts: those made from one day to another, both included.

    :raises InvalidInput: the last day is before the first, a year is far off, or a currency is
        none of Sezzle's.
    """

    first: date
    last: date
    account: str = DEFAULT_ACCOUNT
    currencies: Sequence[str] = CURRENCIES

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidInput(
                f"The period ends ({self.last}) before it begins ({self.first}). Nothing was asked."
            )
        if not {self.first.year, self.last.year} <= {*YEARS}:
            raise InvalidInput(
                f"Sezzle paid out nothing between {self.first} and {self.last}: give a year of "
                "this age. Nothing was asked."
            )
        if unknown := [each for each in self.currencies if each not in CURRENCIES]:
            raise InvalidInput(
                f"Sezzle pays out in {' and '.join(CURRENCIES)}, not in {', '.join(unknown)}. "
                "Nothing was asked."
            )


def settle(
    period: Period, *, seconds: float | None = None
) -> Iterator[SettledPayout | SettledOrder | Finding]:
    """
    Go through all payouts of a period: each, then its orders, then what does not match.

    Last come the payments that no payout names, and those of which payouts say another amount.
    Asks Sezzle, page by page and payout by payout; changes nothing.

    :param seconds: for one call in all; the account's ``DEADLINE`` when left out.
    :raises AuthenticationFailed: Sezzle did not accept the keys.
    :raises GatewayRejected: the account may not read settlements, or the period was refused.
    :raises GatewayUnavailable: Sezzle could not be read; what came before is not all.
    :raises ActionNotAllowed: a database transaction is open.
    """
    reports = reports_of(period.account, seconds=seconds)
    books = Books(period.account)
    payments = _payments(period.account, reports)
    for summary in _payouts(reports, period):
        yield from _payout(reports, period.account, summary, payments, books)
    yield from books.more_than_known()
    yield from books.not_in_any(period.first, period.currencies, payments)


def _payments(account: str, reports: Reports) -> QuerySet[SezzlePayment]:
    """Select the payments that may be in the account's settlements; not from a replica."""
    rows = SezzlePayment.objects.using(database()).filter(
        account=account, environment=reports.settings.environment
    )
    if merchant := reports.authenticate().merchant_uuid:
        # The account may have been another merchant's before.
        rows = rows.filter(merchant_uuid__in=("", merchant))
    return rows.only(*SEEN)


def _payouts(reports: Reports, period: Period) -> Iterator[PayoutSummary]:
    seen: set[str] = set()
    for currency in period.currencies:
        listed: set[str] = set()
        offset = 0
        # The size of a page is not certain, so only an empty one is the last.
        while page := explained(
            reports.list_payouts,
            period.first,
            period.last,
            currency,
            offset=offset,
            what=f"settlements in {currency}",
        ):
            new = [summary for summary in page if summary.uuid not in listed]
            if not new:
                raise GatewayUnavailable(
                    "Sezzle gives the same payouts again and again. What was read is not all."
                )
            offset += len(page)
            listed.update(summary.uuid for summary in new)
            yield from (summary for summary in new if summary.uuid not in seen)
        seen |= listed


def _payout(
    reports: Reports,
    account: str,
    summary: PayoutSummary,
    payments: QuerySet[SezzlePayment],
    books: Books,
) -> Iterator[SettledPayout | SettledOrder | Finding]:
    details = reports.get_payout(summary.uuid)
    sums = PayoutSums(details.currency or summary.settlement_currency)
    sums.add(reports.lines_of(details))
    books.settled(sums)
    yield SettledPayout(account, summary, sums, details.totals["net_settlement_amount"])
    for orders in _chunks(sums.orders.values()):
        for order, candidates, matched_by in _matched(orders, payments):
            payment = candidates[0] if len(candidates) == 1 else None
            settled = SettledOrder(account, summary, order, payment, matched_by)
            yield settled
            if payment is None:
                books.in_doubt.update(candidate.pk for candidate in candidates)
                yield _unmatched(settled, candidates)
                continue
            books.add(payment, order)
    for contradiction in contradictions(summary, details, sums):
        said = _("Payout %(payout)s does not add up.") % {"payout": summary.uuid}
        yield Finding(
            trouble=Trouble.TOTALS_DIFFER,
            message=f"{said} {contradiction}",
            account=account,
            payout_uuid=summary.uuid,
        )


def _matched(
    orders: Sequence[OrderSums], payments: QuerySet[SezzlePayment]
) -> Iterator[tuple[OrderSums, list[SezzlePayment], str]]:
    """Look orders up: all by Sezzle's id, and those that are left by their reference."""
    by_id: dict[str, list[SezzlePayment]] = {}
    ids = [order.sezzle_order_id for order in orders if order.sezzle_order_id]
    for payment in payments.filter(sezzle_order_id__in=ids) if ids else ():
        by_id.setdefault(payment.sezzle_order_id, []).append(payment)
    by_reference: dict[str, list[SezzlePayment]] = {}
    left = [order for order in orders if order.sezzle_order_id not in by_id]
    references = [order.reference_id for order in left if order.reference_id]
    for payment in payments.filter(reference_id__in=references) if references else ():
        by_reference.setdefault(payment.reference_id, []).append(payment)
    # Some databases compare without case; the keys of a dict do not.
    for order in orders:
        if found := by_id.get(order.sezzle_order_id):
            yield order, found, "sezzle_order_id" if len(found) == 1 else ""
            continue
        # A payment that is known to be another order is not this one, whatever its reference.
        found = [
            payment
            for payment in by_reference.get(order.reference_id, ())
            if not (payment.sezzle_order_id and order.sezzle_order_id)
        ]
        yield order, found, "reference_id" if len(found) == 1 else ""


def _unmatched(settled: SettledOrder, candidates: Sequence[SezzlePayment]) -> Finding:
    order = settled.sums
    if candidates:
        trouble = Trouble.AMBIGUOUS
        said = _(
            "Order %(order)s, reference %(reference)s: %(count)d payments have it. Compare with "
            "Sezzle's dashboard."
        )
    else:
        trouble = Trouble.NO_PAYMENT
        said = _(
            "Order %(order)s, reference %(reference)s: %(amount)s was paid out for it, and it is "
            "no payment of this shop. It may be another shop's with the same keys."
        )
    return Finding(
        trouble=trouble,
        message=said
        % {
            "order": order.sezzle_order_id or _("(no id)"),
            "reference": order.reference_id or _("(none)"),
            "count": len(candidates),
            "amount": format_cents(order.net_in_cents, order.currency),
        },
        account=settled.account,
        payout_uuid=settled.summary.uuid,
        sezzle_order_id=order.sezzle_order_id,
        reference_id=order.reference_id,
    )


def _chunks(orders: Iterable[OrderSums]) -> Iterator[list[OrderSums]]:
    remaining = iter(orders)
    while chunk := list(islice(remaining, AT_ONCE)):
        yield chunk
