"""Money as the shop shows it. Every amount is a whole number of US cents."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

CURRENCY = "USD"
INSTALMENTS = 4
DAYS_BETWEEN = 14


class Instalment(NamedTuple):
    """One payment of a plan."""

    due: date
    amount_in_cents: int


def dollars(amount_in_cents: int) -> str:
    """Write cents as dollars: ``$1,234.50``."""
    sign = "-" if amount_in_cents < 0 else ""
    whole, rest = divmod(abs(amount_in_cents), 100)
    return f"{sign}${whole:,}.{rest:02d}"


def split(amount_in_cents: int, parts: int = INSTALMENTS) -> list[int]:
    """Share cents out in equal parts; the last one takes what does not divide."""
    part = amount_in_cents // parts
    return [part] * (parts - 1) + [amount_in_cents - part * (parts - 1)]


def plan(amount_in_cents: int, first: date) -> list[Instalment]:
    """List the payments of a plan: the first one today, then one every two weeks."""
    return [
        Instalment(first + timedelta(days=DAYS_BETWEEN * number), cents)
        for number, cents in enumerate(split(amount_in_cents))
    ]
