"""What gathers on the interest account, to fractions of a cent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_sezzle.emulator import Emulator
from tests.settlements.conftest import PERIOD, Later, MakePayment, command, pay_out

pytestmark = pytest.mark.django_db


def interest(currency: str = "USD") -> list[str]:
    said = command(*PERIOD, "--currency", currency, "--interest", "--json")
    return [record["dollars"] for record in said.of("interest_balance")]


def test_a_payout_earns_fractions_of_a_cent_day_by_day(
    emulator: Emulator, taken: MakePayment, later: Later
) -> None:
    taken("1001", 10_000)
    pay_out(emulator)
    later(timedelta(hours=23))
    assert interest() == ["0"]

    later(timedelta(days=10))

    # 3 % a year of what was paid out, 93.70 dollars, for ten days.
    assert interest() == ["0.077"]
    assert "Interest account: $0.077 USD" in command(*PERIOD, "--interest").out
    assert interest("CAD") == ["0"]
