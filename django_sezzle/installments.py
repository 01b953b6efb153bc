"""How Sezzle divides an amount: four payments, one every two weeks, exact to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

COUNT = 4
INTERVAL = timedelta(weeks=2)


class Kind(StrEnum):
    """What there is to say about an amount."""

    NOTHING = "nothing"
    """No amount, or more than Sezzle takes."""
    BELOW = "below"
    """Less than Sezzle takes."""
    EVEN = "even"
    """Four payments of the same amount."""
    UNEVEN = "uneven"
    """The last payment takes the cents that are left over."""

    @property
    def is_within(self) -> bool:
        """Tell whether Sezzle takes the amount."""
        return self in {Kind.EVEN, Kind.UNEVEN}


class Installment(NamedTuple):
    """One payment, in cents."""

    due: date
    amount_in_cents: int


def divide(amount_in_cents: int) -> list[int]:
    """Divide cents into four payments that add up; the last one takes what is left over."""
    each = amount_in_cents // COUNT
    return [each] * (COUNT - 1) + [amount_in_cents - each * (COUNT - 1)]


def schedule(amount_in_cents: int, first_day: date) -> list[Installment]:
    """List the four payments: the first one on the first day, then one every two weeks."""
    return [
        Installment(first_day + number * INTERVAL, cents)
        for number, cents in enumerate(divide(amount_in_cents))
    ]


def kind_of(amount_in_cents: int, *, from_cents: int, up_to_cents: int) -> Kind:
    """
    Say which sentence fits an amount; ``installments.js`` decides the same way.

    :param from_cents: the least that Sezzle takes from this merchant's shoppers.
    :param up_to_cents: the most.
    """
    if not 0 < amount_in_cents <= up_to_cents:
        return Kind.NOTHING
    if amount_in_cents < from_cents:
        return Kind.BELOW
    return Kind.UNEVEN if amount_in_cents % COUNT else Kind.EVEN
