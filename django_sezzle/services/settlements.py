"""
Settlements: what Sezzle paid out in a period, and which payment each line belongs to.

Everything is asked when it is needed and nothing is stored. A payout's file is read line by line
into sums per order; payments are looked up for 500 orders at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from http import HTTPStatus
from itertools import islice
from operator import or_
from typing import TypeVar

from django.db.models import Q, QuerySet

from django_sezzle.conf import DEFAULT_ACCOUNT
from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
)
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.messages import Kind, PayoutSummary, ReportedOrder
from django_sezzle.gateway.messages.money import CURRENCIES, format_cents
from django_sezzle.gateway.messages.parsing import YEARS
from django_sezzle.models import SezzlePayment, SezzleTransaction
from django_sezzle.models.fields import stored
from django_sezzle.services.locking import database
from django_sezzle.services.settled import (
    Finding,
    OrderSums,
    PayoutSums,
    SettledOrder,
    SettledPayout,
    Trouble,
    contradictions,
)
from django_sezzle.services.truth import gateway_for

T = TypeVar("T")

#: Orders looked up, and payments gone through, by one statement.
AT_ONCE = 500
#: Sezzle gives its orders report for so many days at a time.
REPORT_DAYS = 7
#: Sezzle's days may begin elsewhere than ours: what happened this close to the period's first day
#: may be in the payout before it.
EDGE = timedelta(days=1)
#: Two clocks, and what is booked at the same moment as the last that was paid out.
MARGIN = timedelta(hours=1)

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


@dataclass(slots=True)
class Book:
    """What one payment says, and what all payouts of the period say of it."""

    payment: SezzlePayment
    captured_in_cents: int = 0
    refunded_in_cents: int = 0
    charged_back_in_cents: int = 0
    #: None of it was in another currency than the payment's.
    is_comparable: bool = True

    def add(self, sums: OrderSums) -> None:
        """Take over what one payout says."""
        self.captured_in_cents += sums.captured_in_cents
        self.refunded_in_cents += sums.refunded_in_cents
        self.charged_back_in_cents -= sums.chargebacks_in_cents
        self.is_comparable &= sums.currency == self.payment.currency


@dataclass(slots=True)
class Books:
    """The books of a period: by payment, and how far each currency was settled."""

    by_payment: dict[int, Book] = field(default_factory=dict)
    #: Payments of which a line may be, but not for certain.
    in_doubt: set[int] = field(default_factory=set)
    #: When the last capture and the last refund happened that were paid out.
    settled_until: dict[tuple[str, Kind], datetime] = field(default_factory=dict)

    def settled(self, sums: PayoutSums) -> None:
        """Note how far a payout goes."""
        for kind, newest in sums.newest.items():
            key = (sums.currency, kind)
            self.settled_until[key] = max(self.settled_until.get(key, newest), newest)


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
    gateway = gateway_for(period.account, seconds=seconds)
    books = Books()
    payments = _payments(period.account, gateway)
    for summary in _payouts(gateway, period):
        yield from _payout(gateway, period.account, summary, payments, books)
    yield from _more_than_known(period.account, books)
    yield from _not_in_any(period, books, payments)


def read_orders_report(
    first: date, last: date, account: str = DEFAULT_ACCOUNT
) -> Iterator[ReportedOrder]:
    """
    Read Sezzle's own report of the orders of a period, seven days at a time.

    :raises GatewayRejected: the account does not have the report; the message says what to do.
    :raises GatewayUnavailable: Sezzle could not be read.
    """
    gateway = gateway_for(account)
    while first <= last:
        until = min(last, first + timedelta(days=REPORT_DAYS - 1))
        yield from _explained(gateway.get_orders_report, first, until, what="orders report")
        first = until + timedelta(days=1)


def read_interest_balance(currency: str, account: str = DEFAULT_ACCOUNT) -> Decimal:
    """
    Read what is on the merchant's interest account: dollars, with fractions of a cent.

    :raises GatewayRejected: the account does not have one; the message says what to do.
    :raises GatewayUnavailable: Sezzle could not be read.
    """
    gateway = gateway_for(account)
    return _explained(gateway.get_interest_balance, currency, what="interest account")


def _payments(account: str, gateway: Gateway) -> QuerySet[SezzlePayment]:
    """Select the payments that may be in the account's settlements; not from a replica."""
    rows = SezzlePayment.objects.using(database()).filter(
        account=account, environment=gateway.settings.environment
    )
    if merchant := gateway.authenticate().merchant_uuid:
        # The account may have been another merchant's before.
        rows = rows.filter(merchant_uuid__in=("", merchant))
    return rows.only(*SEEN)


def _payouts(gateway: Gateway, period: Period) -> Iterator[PayoutSummary]:
    seen: set[str] = set()
    for currency in period.currencies:
        listed: set[str] = set()
        offset = 0
        # The size of a page is not certain, so only an empty one is the last.
        while page := _explained(
            gateway.list_payouts,
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
    gateway: Gateway,
    account: str,
    summary: PayoutSummary,
    payments: QuerySet[SezzlePayment],
    books: Books,
) -> Iterator[SettledPayout | SettledOrder | Finding]:
    details = gateway.get_payout(summary.uuid)
    sums = PayoutSums(details.currency or summary.settlement_currency)
    sums.add(gateway.lines_of(details))
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
            books.by_payment.setdefault(payment.pk, Book(payment)).add(order)
    for message in contradictions(summary, details, sums):
        yield Finding(
            trouble=Trouble.TOTALS_DIFFER,
            message=f"Payout {summary.uuid} does not add up. {message}",
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
    name = f"Order {order.sezzle_order_id or '(no id)'}, reference {order.reference_id or '(none)'}"
    if candidates:
        trouble = Trouble.AMBIGUOUS
        said = f"{len(candidates)} payments have it. Compare with Sezzle's dashboard."
    else:
        trouble = Trouble.NO_PAYMENT
        said = (
            f"{format_cents(order.net_in_cents, order.currency)} was paid out for it, and it is no "
            "payment of this shop. It may be another shop's with the same keys."
        )
    return Finding(
        trouble=trouble,
        message=f"{name}: {said}",
        account=settled.account,
        payout_uuid=settled.summary.uuid,
        sezzle_order_id=order.sezzle_order_id,
        reference_id=order.reference_id,
    )


def _more_than_known(account: str, books: Books) -> Iterator[Finding]:
    """Find payments of which payouts say more than ours do; less may be in another period."""
    for book in books.by_payment.values():
        payment = book.payment
        for word, settled, known in (
            ("captured", book.captured_in_cents, payment.captured_in_cents),
            ("refunded", book.refunded_in_cents, payment.refunded_in_cents),
        ):
            if book.is_comparable and settled > known:
                yield _differs(account, payment, word, settled, known)


def _not_in_any(
    period: Period, books: Books, payments: QuerySet[SezzlePayment]
) -> Iterator[Finding]:
    """
    Find what should have been paid out, only where that can be known.

    A payment made after the period began cannot be in an earlier payout; what was captured well
    before the last capture that was paid out should be in one of these. The same for refunds.
    """
    midnight = datetime.combine(period.first, time.min, tzinfo=UTC)
    for currency in period.currencies:
        until = {
            kind: stored(books.settled_until[currency, kind] - MARGIN)
            for kind in (Kind.CAPTURE, Kind.REFUND)
            if (currency, kind) in books.settled_until
        }
        if not until:
            continue
        of_period = payments.filter(
            currency=currency,
            captured_in_cents__gt=0,
            created_at__gte=stored(midnight + EDGE),
            created_at__lte=max(filter(None, until.values())),
        )
        for page in _pages(of_period):
            moved = _moved(page, until)
            for payment in page:
                if payment.pk not in books.in_doubt:
                    yield from _too_little(period.account, payment, moved, books)


def _too_little(
    account: str, payment: SezzlePayment, moved: dict[tuple[int, str], int], books: Books
) -> Iterator[Finding]:
    captured = moved.get((payment.pk, Kind.CAPTURE.value), 0)
    refunded = moved.get((payment.pk, Kind.REFUND.value), 0)
    book = books.by_payment.get(payment.pk)
    if book is None:
        if captured:
            yield Finding(
                trouble=Trouble.NO_LINE,
                message=(
                    f"Order {payment.shop_reference}: "
                    f"{format_cents(captured, payment.currency)} was captured and is in no payout "
                    "of the period, though later captures are. Ask Sezzle."
                ),
                account=account,
                sezzle_order_id=payment.sezzle_order_id,
                reference_id=payment.reference_id,
                shop_reference=payment.shop_reference,
            )
        return
    if not book.is_comparable:
        return
    if book.captured_in_cents < captured:
        yield _differs(account, payment, "captured", book.captured_in_cents, captured)
    # A dispute that was lost is a refund in the order and a chargeback in the payout.
    given_back = book.refunded_in_cents + book.charged_back_in_cents
    if given_back < refunded:
        yield _differs(account, payment, "refunded", given_back, refunded)


def _differs(account: str, payment: SezzlePayment, word: str, settled: int, known: int) -> Finding:
    settled_text = format_cents(settled, payment.currency)
    known_text = format_cents(known, payment.currency)
    return Finding(
        trouble=Trouble.AMOUNT_DIFFERS,
        message=(
            f"Order {payment.shop_reference}: payouts say {settled_text} {word}, the payment "
            f"{known_text}. Let sezzle_reconcile --all read it again, then compare with Sezzle's "
            "dashboard."
        ),
        account=account,
        sezzle_order_id=payment.sezzle_order_id,
        reference_id=payment.reference_id,
        shop_reference=payment.shop_reference,
    )


def _moved(
    payments: Iterable[SezzlePayment], until: Mapping[Kind, datetime | None]
) -> dict[tuple[int, str], int]:
    """Add up what was captured and refunded by then: cents by payment and kind."""
    early = [Q(kind=kind.value, seen_at__lte=moment) for kind, moment in until.items()]
    rows = (
        SezzleTransaction.objects.using(database())
        .filter(reduce(or_, early), payment__in=[payment.pk for payment in payments])
        .order_by()
        .values_list("payment_id", "kind", "amount_in_cents")
    )
    found: dict[tuple[int, str], int] = {}
    for payment, kind, amount_in_cents in rows:
        found[payment, kind] = found.get((payment, kind), 0) + amount_in_cents
    return found


def _pages(rows: QuerySet[SezzlePayment]) -> Iterator[list[SezzlePayment]]:
    rows = rows.order_by("created_at", "pk")
    page = list(rows[:AT_ONCE])
    while page:
        yield page
        if len(page) < AT_ONCE:
            return
        last = page[-1]
        beyond = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)
        page = list(rows.filter(beyond)[:AT_ONCE])


def _chunks(orders: Iterable[OrderSums]) -> Iterator[list[OrderSums]]:
    remaining = iter(orders)
    while chunk := list(islice(remaining, AT_ONCE)):
        yield chunk


def _explained(ask: Callable[..., T], *args: object, what: str, **options: object) -> T:
    """Ask, and say what a refusal means: not every account has every report."""
    try:
        return ask(*args, **options)
    except AuthenticationFailed:
        raise
    except GatewayRejected as error:
        if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            said = (
                f"Sezzle gives this account no {what} (HTTP {error.status}). Ask Sezzle's merchant "
                "support to open it for the account; payments do not depend on it."
            )
        else:
            said = f"{error} It was asked for {what}; choose other days, or one currency."
        raise GatewayRejected(
            said,
            status=error.status,
            errors=error.errors,
        ) from error
