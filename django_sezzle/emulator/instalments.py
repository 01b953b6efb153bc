"""The four-instalment plan shown at checkout: exact cents, real dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

COUNT = 4
INTERVAL = timedelta(weeks=2)


@dataclass(frozen=True)
class Instalment:
    """One payment of a plan, in cents."""

    due: date
    amount_in_cents: int


def plan(amount_in_cents: int, first_day: date) -> list[Instalment]:
    """Return four payments two weeks apart; the last one takes the cents that are left over."""
    share = amount_in_cents // COUNT
    amounts = [share] * (COUNT - 1) + [amount_in_cents - share * (COUNT - 1)]
    return [
        Instalment(first_day + number * INTERVAL, amount) for number, amount in enumerate(amounts)
    ]
