"""
The books of a period: what payouts say of each payment, beside what the payment says itself.

Only what can be known is said: of a payment that no payout names, or of which payouts say another
amount. Nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle.gateway.messages import Kind
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzlePayment, SezzleTransaction
from django_sezzle.models.fields import stored
from django_sezzle.services.locking import database
from django_sezzle.services.settled import Finding, OrderSums, PayoutSums, Trouble

#: Payments gone through by one statement.
AT_ONCE = 500
#: Sezzle's days may begin elsewhere than ours: what happened this close to the period's first day
#: may be in the payout before it.
EDGE = timedelta(days=1)
#: Two clocks, and what is booked at the same moment as the last that was paid out.
MARGIN = timedelta(hours=1)

#: What is said of a payment of which payouts say another amount.
DIFFERS = {
    Kind.CAPTURE: gettext_lazy(
        "Order %(order)s: payouts say %(settled)s captured, the payment %(known)s. Let "
        "sezzle_reconcile --all read it again, then compare with Sezzle's dashboard."
    ),
    Kind.REFUND: gettext_lazy(
        "Order %(order)s: payouts say %(settled)s refunded, the payment %(known)s. Let "
        "sezzle_reconcile --all read it again, then compare with Sezzle's dashboard."
    ),
}


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
    """The books of an account's period: by payment, and how far each currency was settled."""

    account: str
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

    def add(self, payment: SezzlePayment, sums: OrderSums) -> None:
        """Take over what one payout says of a payment."""
        self.by_payment.setdefault(payment.pk, Book(payment)).add(sums)

    def more_than_known(self) -> Iterator[Finding]:
        """Find payments of which payouts say more than ours do; less may be in another period."""
        for book in self.by_payment.values():
            payment = book.payment
            for kind, settled, known in (
                (Kind.CAPTURE, book.captured_in_cents, payment.captured_in_cents),
                (Kind.REFUND, book.refunded_in_cents, payment.refunded_in_cents),
            ):
                if book.is_comparable and settled > known:
                    yield self._differs(payment, kind, settled, known)

    def not_in_any(
        self, first: date, currencies: Iterable[str], payments: QuerySet[SezzlePayment]
    ) -> Iterator[Finding]:
        """
        Find what should have been paid out, only where that can be known.

        A payment made after the period began cannot be in an earlier payout; what was captured
        well before the last capture that was paid out should be in one of these. The same for
        refunds.

        :param first: the period's first day.
        :param payments: those that may be in the account's settlements.
        """
        midnight = datetime.combine(first, time.min, tzinfo=UTC)
        for currency in currencies:
            until = {
                kind: stored(self.settled_until[currency, kind] - MARGIN)
                for kind in (Kind.CAPTURE, Kind.REFUND)
                if (currency, kind) in self.settled_until
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
                    if payment.pk not in self.in_doubt:
                        yield from self._too_little(payment, moved)

    def _too_little(
        self, payment: SezzlePayment, moved: dict[tuple[int, str], int]
    ) -> Iterator[Finding]:
        captured = moved.get((payment.pk, Kind.CAPTURE.value), 0)
        refunded = moved.get((payment.pk, Kind.REFUND.value), 0)
        book = self.by_payment.get(payment.pk)
        if book is None:
            if captured:
                said = _(
                    "Order %(order)s: %(amount)s was captured and is in no payout of the period, "
                    "though later captures are. Ask Sezzle."
                ) % {
                    "order": payment.shop_reference,
                    "amount": format_cents(captured, payment.currency),
                }
                yield self._about(payment, Trouble.NO_LINE, said)
            return
        if not book.is_comparable:
            return
        if book.captured_in_cents < captured:
            yield self._differs(payment, Kind.CAPTURE, book.captured_in_cents, captured)
        # A dispute that was lost is a refund in the order and a chargeback in the payout.
        given_back = book.refunded_in_cents + book.charged_back_in_cents
        if given_back < refunded:
            yield self._differs(payment, Kind.REFUND, given_back, refunded)

    def _differs(self, payment: SezzlePayment, kind: Kind, settled: int, known: int) -> Finding:
        said = DIFFERS[kind] % {
            "order": payment.shop_reference,
            "settled": format_cents(settled, payment.currency),
            "known": format_cents(known, payment.currency),
        }
        return self._about(payment, Trouble.AMOUNT_DIFFERS, said)

    def _about(self, payment: SezzlePayment, trouble: Trouble, message: str) -> Finding:
        return Finding(
            trouble=trouble,
            message=message,
            account=self.account,
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
