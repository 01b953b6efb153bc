"""What the tests of settlements share: money that moved at moments, payouts, the command."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
import time_machine
from django.core.management import call_command

from django_sezzle.emulator import Emulator, Response
from django_sezzle.gateway import transport
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refund

#: A Monday at noon, and a period around what happens then.
MONDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-31")

Later = Callable[[timedelta], None]
MakePayment = Callable[..., SezzlePayment]
Row = dict[str, str]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat reads without a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


@pytest.fixture
def later() -> Iterator[Later]:
    """Let it be Monday, and move every clock on, the shop's and Sezzle's."""
    # A moment with a zone would change this process's own, which some hosts' columns are in.
    with time_machine.travel(MONDAY.timestamp(), tick=True) as traveller:
        yield traveller.shift


@pytest.fixture
def taken(later: Later, authorized: MakePayment) -> MakePayment:
    """Make a captured payment, an hour and a half after what was before."""

    def make(reference: str = "1001", cents: int = 10_000, *, back: int = 0) -> SezzlePayment:
        later(timedelta(minutes=90))
        payment = authorized(reference, cents)
        capture(payment)
        if back:
            refund(payment, amount_in_cents=back)
        return SezzlePayment.objects.get(pk=payment.pk)

    return make


def pay_out(emulator: Emulator) -> str:
    """Pay out what was not, less 6 % and 30 cents; give the payout's id."""
    (payout,) = emulator.pay_out(fee_basis_points=600, fee_per_capture_in_cents=30)
    return payout.uuid


def called(emulator: Emulator) -> list[str]:
    """List what Sezzle was asked, without authentication, and forget it."""
    names = [call.operation for call in emulator.calls if call.operation != "authentication"]
    emulator.calls.clear()
    return names


def edited(edit: Callable[[list[Row], list[Row]], None]) -> Callable[[Response], Response]:
    """Answer with the same file, its totals and lines changed."""

    def answer(response: Response) -> Response:
        text = response.body.decode().splitlines()
        totals, lines = list(csv.DictReader(text[:2])), list(csv.DictReader(text[2:]))
        edit(totals, lines)
        out = StringIO()
        for rows, names in ((totals, text[0].split(",")), (lines, text[2].split(","))):
            writer = csv.DictWriter(out, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return Response(200, {"Content-Type": "text/csv"}, out.getvalue().encode())

    return answer


class Said(NamedTuple):
    """How the command ended and what it said."""

    code: int
    out: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """What ``--json`` said, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Give the records of one kind."""
        return [record for record in self.records if record["record"] == kind]


def command(*arguments: str) -> Said:
    """Call the command as an operator does."""
    out = StringIO()
    try:
        call_command("sezzle_settlements", *arguments, stdout=out, no_color=True)
    except SystemExit as left:
        return Said(int(str(left.code)), out.getvalue())
    return Said(0, out.getvalue())
