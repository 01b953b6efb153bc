"""
What a payout says, added up: per order, per kind of line, and against its own totals.

Nothing here asks anybody. All amounts are whole cents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from django_sezzle.gateway.messages import (
    Kind,
    LineType,
    PayoutDetails,
    PayoutLine,
    PayoutSummary,
    Reading,
)
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzlePayment

#: The lines that are a payment's own transactions.
MONEY_LINES = {
    LineType.ORDER.value: Kind.CAPTURE,
    LineType.CAPTURE.value: Kind.CAPTURE,
    LineType.REFUND.value: Kind.REFUND,
}
CHARGEBACKS = (LineType.CHARGEBACK, LineType.CHARGEBACK_REVERSAL)


class Trouble(StrEnum):
    """What does not match."""

    NO_PAYMENT = "no_payment"
    """Lines of an order that is no payment of the account."""
    AMBIGUOUS = "ambiguous"
    """Lines of an order whose reference several payments have."""
    NO_LINE = "no_line"
    """A captured payment that no payout names, though later captures were paid out."""
    AMOUNT_DIFFERS = "amount_differs"
    """An order's lines say another amount than the payment."""
    TOTALS_DIFFER = "totals_differ"
    """A payout's lines or totals do not add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a human should look at."""

    trouble: Trouble
    message: str
    account: str
    payout_uuid: str = ""
    sezzle_order_id: str = ""
    reference_id: str = ""
    shop_reference: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        return {
            "record": "finding",
            "trouble": self.trouble.value,
            "message": self.message,
            "account": self.account,
            "payout": self.payout_uuid,
            "sezzle_order_id": self.sezzle_order_id,
            "reference_id": self.reference_id,
            "shop_reference": self.shop_reference,
        }


@dataclass(slots=True)
class OrderSums:
    """What one payout says of one order. Refunds, fees and chargebacks are negative."""

    sezzle_order_id: str
    reference_id: str
    currency: str
    by_type: Counter[str] = field(default_factory=Counter)

    @property
    def captured_in_cents(self) -> int:
        """
        What was taken from the shopper.

        An order may have an ORDER line for all of it and CAPTURE lines for the same money.
        """
        if LineType.CAPTURE in self.by_type:
            return self.by_type[LineType.CAPTURE]
        return self.by_type[LineType.ORDER]

    @property
    def refunded_in_cents(self) -> int:
        """What was given back, as a positive number."""
        return -self.by_type[LineType.REFUND]

    @property
    def fees_in_cents(self) -> int:
        """What Sezzle kept, less what it returned: negative, as the merchant gave it."""
        return self.by_type[LineType.FEE] + self.by_type[LineType.RETURNED_FEE]

    @property
    def chargebacks_in_cents(self) -> int:
        """What disputes took and gave."""
        return sum(self.by_type[kind] for kind in CHARGEBACKS)

    @property
    def net_in_cents(self) -> int:
        """What the merchant gets of the order by this payout."""
        return _without_twice(self.by_type)


@dataclass(slots=True)
class PayoutSums:
    """All lines of one payout, added up while they are read."""

    currency: str
    orders: dict[tuple[str, str], OrderSums] = field(default_factory=dict)
    #: Lines about the account: monthly fees, corrections, interest, withdrawals.
    others: Counter[str] = field(default_factory=Counter)
    currencies: set[str] = field(default_factory=set)
    lines: int = 0
    #: When the last capture and the last refund happened that this payout has.
    newest: dict[Kind, datetime] = field(default_factory=dict)

    def add(self, lines: Iterable[PayoutLine]) -> None:
        """Read every line, and keep sums only."""
        for line in lines:
            self.lines += 1
            self.currencies.add(line.currency)
            kind = MONEY_LINES.get(line.type)
            if kind is not None and line.event_at is not None:
                self.newest[kind] = max(self.newest.get(kind, line.event_at), line.event_at)
            if not line.is_of_an_order:
                self.others[line.type] += line.amount_in_cents
                continue
            key = (line.sezzle_order_id or f"#{line.reference_id}", line.currency)
            order = self.orders.get(key)
            if order is None:
                order = OrderSums(line.sezzle_order_id, line.reference_id, line.currency)
                self.orders[key] = order
            order.by_type[line.type] += line.amount_in_cents

    def of(self, *kinds: LineType) -> int:
        """Add up the lines of some kinds."""
        return sum(
            by_type[kind]
            for by_type in (self.others, *(order.by_type for order in self.orders.values()))
            for kind in kinds
        )

    @property
    def captured_in_cents(self) -> int:
        """What was taken from all shoppers."""
        return sum(order.captured_in_cents for order in self.orders.values())

    @property
    def fees_in_cents(self) -> int:
        """What Sezzle kept of the orders, less what it returned."""
        return sum(order.fees_in_cents for order in self.orders.values())

    @property
    def net_in_cents(self) -> int:
        """What all lines come to."""
        return _without_twice(self.others) + sum(o.net_in_cents for o in self.orders.values())


@dataclass(frozen=True, slots=True)
class SettledPayout:
    """One payout, with what its lines come to."""

    account: str
    summary: PayoutSummary
    sums: PayoutSums
    #: As Sezzle says it; that its lines come to the same is looked at apart.
    net_in_cents: int

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        summary, sums = self.summary, self.sums
        return {
            "record": "payout",
            "account": self.account,
            "payout": summary.uuid,
            "paid_at": summary.paid_at.isoformat() if summary.paid_at else None,
            "status": summary.status,
            "currency": sums.currency,
            "orders": len(sums.orders),
            "lines": sums.lines,
            "captured_in_cents": sums.captured_in_cents,
            "refunded_in_cents": -sums.of(LineType.REFUND),
            "fees_in_cents": sums.fees_in_cents,
            "other_in_cents": dict(sums.others),
            "lines_in_cents": sums.net_in_cents,
            "net_in_cents": self.net_in_cents,
            "payout_currency": summary.payout_currency,
            "final_in_cents": summary.final_in_cents,
        }


@dataclass(frozen=True, slots=True)
class SettledOrder:
    """One order in one payout, with the payment it belongs to, if there is one."""

    account: str
    summary: PayoutSummary
    sums: OrderSums
    payment: SezzlePayment | None
    #: "sezzle_order_id", "reference_id", or empty.
    matched_by: str

    @property
    def shop_reference(self) -> str:
        """The shop's own number; empty without a payment."""
        return self.payment.shop_reference if self.payment else ""

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        summary, sums = self.summary, self.sums
        return {
            "record": "order",
            "account": self.account,
            "payout": summary.uuid,
            "paid_at": summary.paid_at.isoformat() if summary.paid_at else None,
            "currency": sums.currency,
            "sezzle_order_id": sums.sezzle_order_id,
            "reference_id": sums.reference_id,
            "shop_reference": self.shop_reference,
            "payment": self.payment.pk if self.payment else None,
            "matched_by": self.matched_by,
            "captured_in_cents": sums.captured_in_cents,
            "refunded_in_cents": sums.refunded_in_cents,
            "fees_in_cents": sums.fees_in_cents,
            "chargebacks_in_cents": sums.chargebacks_in_cents,
            "net_in_cents": sums.net_in_cents,
        }


def contradictions(
    summary: PayoutSummary, details: PayoutDetails, sums: PayoutSums
) -> Iterator[str]:
    """Say which of a payout's numbers do not add up, a sentence each."""
    yield from _between_summary_and_file(summary, details)
    yield from _inside_the_file(details)
    if sums.currencies <= {details.currency}:
        # Cents of two currencies make no sum.
        yield from _between_file_and_lines(details, sums)


def _between_summary_and_file(summary: PayoutSummary, details: PayoutDetails) -> Iterator[str]:
    for differs, said, column, currency in (
        (
            _("Its summary says %(said)s net, its file %(counted)s."),
            summary.net_in_cents,
            "net_settlement_amount",
            details.currency,
        ),
        (
            _("Its summary says %(said)s paid, its file %(counted)s."),
            summary.final_in_cents,
            "final_payout_amount",
            details.payout_currency,
        ),
    ):
        counted = details.totals.get(column)
        if said is None or counted is None or said == counted:
            continue
        message = differs % {
            "said": format_cents(said, currency),
            "counted": format_cents(counted, currency),
        }
        if said == counted * 100 or said * 100 == counted:
            reading = Reading.CENTS if said == counted * 100 else Reading.DECIMAL
            advice = _("Set %(setting)s to %(value)s for this account.")
            names = {"setting": 'SEZZLE["SETTLEMENT_AMOUNTS"]', "value": f'"{reading}"'}
            message = f"{message} {advice % names}"
        yield message


def _inside_the_file(details: PayoutDetails) -> Iterator[str]:
    net = details.totals.get("net_settlement_amount")
    final = details.totals.get("final_payout_amount")
    if net is None or final is None or details.currency != details.payout_currency:
        return
    if final not in _with_and_without_forex(net, details):
        yield _("%(paid)s was paid of %(net)s net.") % {
            "paid": format_cents(final, details.currency),
            "net": format_cents(net, details.currency),
        }


def _between_file_and_lines(details: PayoutDetails, sums: PayoutSums) -> Iterator[str]:
    captures = "total_capture_amount"
    if captures not in details.totals:
        # An earlier edition of the file has orders only.
        captures = "total_order_amount"
    fees = sums.of(LineType.FEE)
    monthly = sums.of(LineType.MONTHLY_FEE, LineType.MONTHLY_FEE_REFUND)
    for column, counted in (
        (captures, {sums.captured_in_cents}),
        ("total_refund_amount", {sums.of(LineType.REFUND)}),
        # It is not said whether monthly fees are among them.
        ("total_fee_amount", {fees, fees + monthly, fees + sums.of(LineType.MONTHLY_FEE)}),
        ("total_returned_fee_amount", {sums.of(LineType.RETURNED_FEE)}),
        ("total_chargeback_amount", {sums.of(LineType.CHARGEBACK)}),
        ("total_chargeback_reversal_amount", {sums.of(LineType.CHARGEBACK_REVERSAL)}),
    ):
        said = details.totals.get(column)
        # The signs of totals and of lines are not the same everywhere.
        if said is not None and abs(said) not in {abs(each) for each in counted}:
            yield _("%(column)s is %(said)s, its lines come to %(counted)s.") % {
                "column": column,
                "said": format_cents(said, details.currency),
                "counted": format_cents(next(iter(counted)), details.currency),
            }
    net = details.totals.get("net_settlement_amount")
    if net is not None and net not in _with_and_without_forex(sums.net_in_cents, details):
        yield _("Its net is %(said)s, all its lines come to %(counted)s.") % {
            "said": format_cents(net, details.currency),
            "counted": format_cents(sums.net_in_cents, details.currency),
        }


def _with_and_without_forex(amount: int, details: PayoutDetails) -> tuple[int, int]:
    # It is not said on which side of the net they stand.
    return amount, amount - abs(details.totals.get("forex_fees", 0))


def _without_twice(by_type: Counter[str]) -> int:
    """Add up lines; an order's own line counts for nothing beside its captures."""
    twice = by_type[LineType.ORDER] if LineType.CAPTURE in by_type else 0
    return sum(by_type.values()) - twice
