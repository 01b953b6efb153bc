"""Four payments that add up, on real dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.emulator import instalments as sezzle
from django_sezzle.gateway.messages.money import MAX_CENTS
from django_sezzle.installments import Kind, divide, kind_of, schedule

CENTS = st.integers(min_value=1, max_value=MAX_CENTS)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2100, 1, 1))


def test_every_amount_of_cents_adds_up() -> None:
    for cents in range(1, 20_000):
        parts = divide(cents)
        assert sum(parts) == cents
        assert len(parts) == 4
        assert len(set(parts[:3])) == 1
        assert 0 <= parts[3] - parts[0] <= 3


@given(cents=CENTS)
def test_any_amount_adds_up(cents: int) -> None:
    parts = divide(cents)

    assert sum(parts) == cents
    assert parts[0] == parts[1] == parts[2] <= parts[3] <= parts[0] + 3


@given(cents=CENTS, today=DAYS)
def test_sezzle_divides_the_same_way(cents: int, today: date) -> None:
    ours = [(part.due, part.amount_in_cents) for part in schedule(cents, today)]

    assert ours == [(part.due, part.amount_in_cents) for part in sezzle.plan(cents, today)]


@given(cents=CENTS, today=DAYS)
def test_the_first_is_due_at_once_and_the_others_every_two_weeks(cents: int, today: date) -> None:
    days = [part.due for part in schedule(cents, today)]

    assert days == [today + timedelta(days=14 * number) for number in range(4)]


@pytest.mark.parametrize(
    ("today", "dates"),
    [
        (date(2026, 1, 31), ["2026-01-31", "2026-02-14", "2026-02-28", "2026-03-14"]),
        (date(2028, 2, 15), ["2028-02-15", "2028-02-29", "2028-03-14", "2028-03-28"]),
        (date(2026, 12, 24), ["2026-12-24", "2027-01-07", "2027-01-21", "2027-02-04"]),
    ],
    ids=["short month", "leap day", "new year"],
)
def test_dates_go_on_over_the_end_of_a_month(today: date, dates: list[str]) -> None:
    assert [part.due.isoformat() for part in schedule(10_000, today)] == dates


@pytest.mark.parametrize(
    ("cents", "kind"),
    [
        (-1, Kind.NOTHING),
        (0, Kind.NOTHING),
        (1, Kind.BELOW),
        (3499, Kind.BELOW),
        (3500, Kind.EVEN),
        (3501, Kind.UNEVEN),
        (250_000, Kind.EVEN),
        (250_001, Kind.NOTHING),
    ],
)
def test_each_amount_has_its_sentence(cents: int, kind: Kind) -> None:
    assert kind_of(cents, from_cents=3500, up_to_cents=250_000) is kind
