"""How ``sezzle_settlements`` says what it found: to a person, a program and a spreadsheet."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from django_sezzle.cells import dollars, harmless
from django_sezzle.gateway.messages import LineType, ReportedOrder
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.services.settled import Finding, SettledOrder, SettledPayout

Item = SettledPayout | SettledOrder | Finding

#: Machines read these, so they are not translated.
HEADER = (
    "account",
    "payout",
    "paid_at",
    "currency",
    "type",
    "sezzle_order_id",
    "reference_id",
    "shop_reference",
    "matched_by",
    "captured",
    "refunded",
    "fees",
    "chargebacks",
    "net",
)


class Teller(ABC):
    """Says what was found, to a person or to a program, and counts it."""

    def __init__(self, command: BaseCommand) -> None:
        self.out = command.stdout
        self.style = command.style
        self.payouts = self.orders = self.matched = self.findings = 0
        self.captured: Counter[str] = Counter()
        self.fees: Counter[str] = Counter()
        self.net: Counter[str] = Counter()

    def count(self, item: Item) -> None:
        """Add it to the sums, which are kept by currency."""
        if isinstance(item, SettledPayout):
            self.payouts += 1
            self.captured[item.sums.currency] += item.sums.captured_in_cents
            self.fees[item.sums.currency] += item.sums.fees_in_cents
            self.net[item.sums.currency] += item.net_in_cents
        elif isinstance(item, SettledOrder):
            self.orders += 1
            self.matched += item.payment is not None
        else:
            self.findings += 1

    @abstractmethod
    def item(self, item: Item) -> None:
        """Say what came."""

    @abstractmethod
    def order(self, row: ReportedOrder) -> None:
        """Say what Sezzle's own report says of an order."""

    @abstractmethod
    def interest(self, currency: str, balance: str) -> None:
        """Say what is on the interest account."""

    @abstractmethod
    def note(self, about: str, message: str) -> None:
        """Say what could not be had."""

    @abstractmethod
    def sum_up(self) -> None:
        """Say what it all comes to."""


class Machine(Teller):
    """One JSON object a line."""

    def item(self, item: Item) -> None:
        self._write(item.as_dict())

    def order(self, row: ReportedOrder) -> None:
        self._write(
            {
                "record": "orders_report",
                "sezzle_order_id": row.sezzle_order_id,
                "reference_id": row.reference_id,
                "currency": row.currency,
                "order_in_cents": row.order_in_cents,
                "captured_in_cents": row.captured_in_cents,
                "released_in_cents": row.released_in_cents,
                "fees_in_cents": row.fees_in_cents,
                "refund_fee_in_cents": row.refund_fee_in_cents,
                "net_in_cents": row.net_in_cents,
                "order_type": row.order_type,
                "financing_option": row.financing_option,
            }
        )

    def interest(self, currency: str, balance: str) -> None:
        self._write({"record": "interest_balance", "currency": currency, "dollars": balance})

    def note(self, about: str, message: str) -> None:
        self._write({"record": "note", "about": about, "message": message})

    def sum_up(self) -> None:
        self._write(
            {
                "record": "summary",
                "payouts": self.payouts,
                "orders": self.orders,
                "matched": self.matched,
                "findings": self.findings,
                "captured_in_cents": dict(self.captured),
                "fees_in_cents": dict(self.fees),
                "net_in_cents": dict(self.net),
            }
        )

    def _write(self, record: dict[str, Any]) -> None:
        self.out.write(json.dumps(record))


class Person(Teller):
    """A table for each payout."""

    def item(self, item: Item) -> None:
        if isinstance(item, SettledPayout):
            self._payout(item)
        elif isinstance(item, SettledOrder):
            self._row(
                item.shop_reference or item.sums.reference_id or item.sums.sezzle_order_id,
                _amounts(item),
                "" if item.payment else "not matched",
            )
        else:
            self.out.write(self.style.ERROR("LOOK  ") + item.message)

    def _payout(self, payout: SettledPayout) -> None:
        sums, summary = payout.sums, payout.summary
        day = summary.paid_at.date().isoformat() if summary.paid_at else "day unknown"
        self.out.write("")
        self.out.write(
            self.style.MIGRATE_HEADING(
                f"Payout {summary.uuid}, {day}, {summary.status or 'status unknown'}: "
                f"{format_cents(payout.net_in_cents, sums.currency)} net"
            )
        )
        self._row("Order", ("captured", "refunded", "fees", "chargebacks", "net"), "")
        for kind, cents in sums.others.items():
            self._row(kind, ("", "", "", "", dollars(cents)), "")

    def _row(self, name: str, amounts: Iterable[str], remark: str) -> None:
        cells = "".join(f"{amount:>13}" for amount in amounts)
        self.out.write(f"  {name[:30]:<30}{cells}  {remark}".rstrip())

    def order(self, row: ReportedOrder) -> None:
        self.out.write(
            f"Sezzle's report: {row.reference_id or row.sezzle_order_id}: "
            f"{format_cents(row.captured_in_cents, row.currency)} captured, "
            f"{format_cents(row.fees_in_cents, row.currency)} fees, "
            f"{format_cents(row.net_in_cents, row.currency)} net"
        )

    def interest(self, currency: str, balance: str) -> None:
        self.out.write(f"Interest account: ${balance} {currency}")

    def note(self, about: str, message: str) -> None:
        self.out.write(self.style.NOTICE("note  ") + message)

    def sum_up(self) -> None:
        self.out.write("")
        for currency in self.net:
            self.out.write(
                f"{format_cents(self.captured[currency], currency)} captured, "
                f"{format_cents(self.fees[currency], currency)} fees, "
                f"{format_cents(self.net[currency], currency)} net."
            )
        payouts = "1 payout" if self.payouts == 1 else f"{self.payouts} payouts"
        self.out.write(f"{payouts}; {self.matched} of {self.orders} orders matched.")
        if self.findings:
            self.out.write(self.style.ERROR(f"Something does not match: {self.findings}."))
        else:
            self.out.write(self.style.SUCCESS("Everything matches."))


def _amounts(item: SettledOrder) -> tuple[str, ...]:
    sums = item.sums
    return (
        dollars(sums.captured_in_cents),
        dollars(sums.refunded_in_cents),
        dollars(sums.fees_in_cents),
        dollars(sums.chargebacks_in_cents),
        dollars(sums.net_in_cents),
    )


def cells(item: Item) -> Iterator[tuple[str, ...]]:
    """Give the rows of the file for what came; findings are no rows, they are said."""
    if isinstance(item, SettledOrder):
        yield (
            *_about(item, item.sums.currency),
            "order",
            harmless(item.sums.sezzle_order_id),
            harmless(item.sums.reference_id),
            harmless(item.shop_reference),
            item.matched_by,
            *_amounts(item),
        )
    elif isinstance(item, SettledPayout):
        for kind, cents in item.sums.others.items():
            fee = dollars(cents) if kind in (LineType.FEE, LineType.RETURNED_FEE) else ""
            yield (
                *_about(item, item.sums.currency),
                harmless(kind),
                *("",) * 6,
                fee,
                "",
                dollars(cents),
            )


def _about(item: SettledOrder | SettledPayout, currency: str) -> tuple[str, ...]:
    paid_at = item.summary.paid_at
    return (
        item.account,
        harmless(item.summary.uuid),
        paid_at.isoformat() if paid_at else "",
        harmless(currency),
    )


@contextmanager
def spreadsheet(name: str | None) -> Iterator[Any]:
    """Open the file to be; it appears under its name when all of it is there."""
    if name is None:
        yield None
        return
    try:
        handle, begun = tempfile.mkstemp(dir=Path(name).parent, prefix=".sezzle-", suffix=".csv")
    except OSError as error:
        raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
    try:
        # Spreadsheets take a file without this mark for Latin-1.
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as stream:
            yield _begun(stream)
        _put(begun, name)
    finally:
        Path(begun).unlink(missing_ok=True)


def _begun(stream: TextIO) -> Any:
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    return writer


def _put(begun: str, name: str) -> None:
    try:
        Path(begun).replace(name)
    except OSError as error:
        raise CommandError(f"{name} cannot be written: {error.strerror}.") from error
