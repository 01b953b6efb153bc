"""
Reports: what Sezzle paid out, line by line, and what it says of orders and interest.

Sezzle writes these amounts as dollars, as JSON numbers or as text; here they become whole cents,
exactly or not at all. No float is ever made of them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from typing import Any

from django_sezzle.gateway.messages import parsing
from django_sezzle.gateway.messages.parsing import Malformed

#: Raises instead of rounding, whatever precision the host has set for its own decimals.
_EXACT = Context(prec=28, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
_DOLLARS = re.compile(r"-?(?:[0-9]{1,14}(?:\.[0-9]{1,8})?|\.[0-9]{1,8})")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LONGEST_REFERENCE = 80


class Reading(StrEnum):
    """How an account's payout summaries write amounts; the published pages say both."""

    DECIMAL = "decimal"
    """Dollars: ``93.7`` (the newer definition)."""
    CENTS = "cents"
    """Whole cents: ``9370`` (older pages)."""


class LineType(StrEnum):
    """What a line of a payout is about. Others are kept as Sezzle wrote them."""

    ORDER = "ORDER"
    CAPTURE = "CAPTURE"
    REFUND = "REFUND"
    FEE = "FEE"
    RETURNED_FEE = "RETURNED_FEE"
    CHARGEBACK = "CHARGEBACK"
    CHARGEBACK_REVERSAL = "CHARGEBACK_REVERSAL"
    CORRECTION = "CORRECTION"
    INTEREST_TRANSFER = "INTEREST_TRANSFER"
    REFERRAL_REVENUE_TRANSFER = "REFERRAL_REVENUE_TRANSFER"
    BANK_ACCOUNT_WITHDRAWAL = "BANK_ACCOUNT_WITHDRAWAL"
    BANK_ACCOUNT_WITHDRAWAL_REVERSAL = "BANK_ACCOUNT_WITHDRAWAL_REVERSAL"
    MONTHLY_FEE = "MONTHLY_FEE"
    MONTHLY_FEE_REFUND = "MONTHLY_FEE_REFUND"


#: What the merchant gets more or less of, whichever sign the line has: a refund is printed as
#: ``5.00`` and its total as ``-5.00``. Types that are not here keep the sign they have.
DIRECTION = {
    LineType.ORDER.value: 1,
    LineType.CAPTURE.value: 1,
    LineType.REFUND.value: -1,
    LineType.FEE.value: -1,
    LineType.RETURNED_FEE.value: 1,
    LineType.CHARGEBACK.value: -1,
    LineType.CHARGEBACK_REVERSAL.value: 1,
    LineType.MONTHLY_FEE.value: -1,
    LineType.MONTHLY_FEE_REFUND.value: 1,
}


@dataclass(frozen=True, slots=True)
class PayoutSummary:
    """One payout: what came to the merchant's bank account on a day. Amounts in cents."""

    uuid: str
    status: str
    paid_at: datetime | None
    settlement_currency: str
    payout_currency: str
    #: In ``settlement_currency``; None where Sezzle left it out.
    net_in_cents: int | None
    #: In ``payout_currency``; older pages have none.
    final_in_cents: int | None
    forex_fees_in_cents: int

    @classmethod
    def from_json(cls, value: object, reading: Reading) -> PayoutSummary:
        """
        Read an entry of ``GET /v2/settlements/summaries``, its numbers kept as :class:`Number`.

        :raises Malformed: it has no id, or an amount that the reading cannot be.
        """
        given = parsing.as_object(value, "payout")

        def amount(name: str) -> int | None:
            return _summed_up(given.get(name), f"payout.{name}", reading)

        payout_currency = parsing.word(given.get("payout_currency"), 3)
        return cls(
            uuid=parsing.identifier(given.get("uuid"), "payout.uuid"),
            status=parsing.word(given.get("status")),
            paid_at=parsing.moment(given.get("payout_date"), "payout.payout_date"),
            settlement_currency=parsing.word(given.get("settlement_currency"), 3)
            or payout_currency,
            payout_currency=payout_currency,
            net_in_cents=amount("net_settlement_amount"),
            final_in_cents=amount("final_payout_amount"),
            forex_fees_in_cents=amount("forex_fees") or 0,
        )


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a payout."""

    number: int
    type: str
    #: What the merchant got (positive) or gave (negative).
    amount_in_cents: int
    currency: str
    event_at: datetime | None
    #: Empty where the line is about no order; the id in Sezzle's dashboard, not ``order_uuid``.
    sezzle_order_id: str = ""
    reference_id: str = ""

    @property
    def is_of_an_order(self) -> bool:
        """Tell whether the line is about an order, rather than about the account."""
        return bool(self.sezzle_order_id or self.reference_id)


@dataclass(frozen=True, slots=True)
class PayoutDetails:
    """
    The file of one payout: its totals, and its lines, which are read when they are asked for.

    In the file amounts are dollars with two decimals, in every edition that was published.
    """

    currency: str
    payout_currency: str
    #: Sezzle's own sums by the name of their column, as far as the file has them.
    totals: Mapping[str, int]
    # The references in it are the shop's; error reports show local variables.
    _text: str = field(repr=False)

    @classmethod
    def from_csv(cls, body: bytes) -> PayoutDetails:
        """
        Read the answer of ``GET /v2/settlements/details/{payout_uuid}``.

        :raises Malformed: it does not begin with a summary and a row of headings.
        """
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Malformed("the payout's file is not text") from None
        rows = _rows(text)
        names, values, headings = (next(rows, []) for _ in range(3))
        summary = dict(zip(names, values, strict=False))
        if not summary.get("net_settlement_amount") or not {"type", "amount"} <= {*headings}:
            raise Malformed("the payout's file has no summary or no headings")
        totals = {
            name: _dollars(text, f"the total {name}")
            for name, text in summary.items()
            if text and name in _TOTALS
        }
        return cls(
            currency=parsing.word(summary.get("settlement_currency"), 3),
            payout_currency=parsing.word(summary.get("payout_currency"), 3),
            totals=totals,
            _text=text,
        )

    def lines(self) -> Iterator[PayoutLine]:
        """
        Read line after line; nothing is kept.

        :raises Malformed: a line has no type, or an amount that is not whole cents.
        """
        rows = _rows(self._text)
        next(rows)
        next(rows)
        # Where two columns have one name, the first is Sezzle's own.
        headings = {name: place for place, name in reversed([*enumerate(next(rows))])}
        for number, row in enumerate(rows, start=1):
            # Some lines are shorter than the headings.
            yield self._line(number, {n: row[p] for n, p in headings.items() if p < len(row)})

    def _line(self, number: int, cells: Mapping[str, str]) -> PayoutLine:
        kind = parsing.word(cells.get("type"))
        if not kind:
            raise Malformed(f"line {number} of the payout has no type")
        # The newest edition has an order's amount in a column of its own.
        written = cells.get("amount") or cells.get("order_amount") or ""
        amount = _dollars(written, f"the amount in line {number} of the payout")
        direction = DIRECTION.get(kind)
        return PayoutLine(
            number=number,
            type=kind,
            amount_in_cents=amount if direction is None else direction * abs(amount),
            currency=parsing.word(cells.get("posting_currency"), 3) or self.currency,
            event_at=parsing.moment(cells.get("event_date"), f"the date in line {number}"),
            sezzle_order_id=parsing.word(cells.get("sezzle_order_id")),
            reference_id=_reference(cells.get("external_reference_id")),
        )


_TOTALS = frozenset(
    {
        "total_order_amount",
        "total_capture_amount",
        "total_refund_amount",
        "total_fee_amount",
        "total_returned_fee_amount",
        "total_chargeback_amount",
        "total_chargeback_reversal_amount",
        "forex_fees",
        "net_settlement_amount",
        "final_payout_amount",
    }
)


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """
    A row of the orders report; amounts in cents.

    The shopper's name and address, which Sezzle sends too, are not read.
    """

    order_uuid: str
    sezzle_order_id: str
    reference_id: str
    created_at: datetime | None
    currency: str
    order_in_cents: int
    captured_in_cents: int
    released_in_cents: int
    fees_in_cents: int
    refund_fee_in_cents: int
    net_in_cents: int
    order_type: str
    financing_option: str

    @classmethod
    def from_json(cls, value: object) -> ReportedOrder:
        """Read an entry of ``GET /v2/orders/report``."""
        given = parsing.as_object(value, "row")

        def cents(name: str) -> int:
            return _whole(given.get(name), f"row.{name}")

        return cls(
            order_uuid=parsing.identifier(given.get("order_uuid"), "row.order_uuid"),
            sezzle_order_id=parsing.word(given.get("order_platform_uuid")),
            reference_id=_reference(given.get("external_reference_id")),
            created_at=parsing.moment(given.get("created_at"), "row.created_at"),
            currency=parsing.word(given.get("merchant_currency_code"), 3),
            order_in_cents=cents("order_amount_in_cents"),
            captured_in_cents=cents("captured_amount_in_cents"),
            released_in_cents=cents("released_amount_in_cents"),
            fees_in_cents=cents("total_fees_in_cents"),
            refund_fee_in_cents=cents("refund_fee_in_cents"),
            net_in_cents=cents("net_amount_in_cents"),
            order_type=parsing.word(given.get("order_type")),
            financing_option=parsing.word(given.get("financing_option")),
        )


def interest_balance(value: object) -> Decimal:
    """
    Read the answer of ``GET /v2/interest/balance``: dollars, with fractions of a cent.

    :raises Malformed: there is no such number.
    """
    number = parsing.as_object(value, "answer").get("interest_balance")
    return _decimal(number, "interest_balance")


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


def json_of(body: bytes) -> Any:
    """
    Read JSON with its numbers as they were written, so that none becomes a float.

    :raises Malformed: it is not JSON.
    """
    try:
        return json.loads(
            body, parse_float=Number, parse_int=Number, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise Malformed("it is not JSON") from None


def _refuse_constant(_name: str) -> Any:
    raise ValueError("a number that is none")


def _rows(text: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    except csv.Error:
        raise Malformed("the payout's file is not CSV") from None


def _reference(value: object) -> str:
    # Those that a database could refuse are none of ours.
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= _LONGEST_REFERENCE else ""


def _summed_up(value: object, where: str, reading: Reading) -> int | None:
    if value is None:
        return None
    if reading is Reading.CENTS:
        return _whole(value, f'{where}, read as SEZZLE["SETTLEMENT_AMOUNTS"] = "cents",')
    return _dollars(value, where)


def _whole(value: object, where: str) -> int:
    if value is None:
        return 0
    if not isinstance(value, Number) or not _WHOLE.fullmatch(value):
        raise Malformed(f"{where} is not whole cents")
    return int(value)


def _dollars(value: object, where: str) -> int:
    try:
        cents = _EXACT.multiply(_decimal(value, where), 100)
        return int(cents.to_integral_exact(context=_EXACT))
    except Inexact:
        raise Malformed(f"{where} is not whole cents") from None


def _decimal(value: object, where: str) -> Decimal:
    if not isinstance(value, str) or not _DOLLARS.fullmatch(value):
        raise Malformed(f"{where} is not an amount")
    return Decimal(value)
