"""
Races: sixteen callers let go by one barrier, nobody's limits but our own, and the books after it.

What one release may do is said by each test. What must hold after every one of them is said here.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.db import connections

from django_sezzle.emulator import Emulator, Request
from django_sezzle.emulator.outcome import Outcome
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzlePayment
from django_sezzle.services import capture, refresh, refund, release, start_checkout
from tests.fixtures import a_checkout
from tests.reliability import figures
from tests.reliability.scale import many
from tests.services.rigs import check_books, together

CALLERS = 16

MONEY: dict[str, Callable[..., SezzleOperation]] = {
    "capture": capture,
    "refund": refund,
    "release": release,
}

#: How the races of a full run are divided; a race is one release of sixteen callers.
SPLIT = {
    "full captures": 170,
    "partial captures": 80,
    "partial refunds": 80,
    "partial releases": 60,
    "captures, refunds and releases mixed": 120,
    "one form sent by all": 120,
    "recoverers of one operation": 60,
    "reauthorizations": 40,
    "starts of one order": 60,
    "starts of one order with different contents": 30,
    "the same webhook": 40,
    "different webhooks": 40,
    "webhooks, shoppers, staff, dashboard and reconcile mixed": 100,
}
assert sum(SPLIT.values()) == 1_000

T = TypeVar("T")


class Races:
    """Lets callers go together, again and again, and looks after each that all is well."""

    def __init__(self, emulator: Emulator, dice: random.Random) -> None:
        self.emulator = emulator
        self.dice = dice
        self.released = 0
        self._calls: list[str] = []
        self._open: list[str] = []
        self._numbers = itertools.count(1)
        self._exchange = emulator.exchange
        emulator.profile.change(limits=False)
        emulator.exchange = self._watch  # type: ignore[method-assign]

    def _watch(self, request: Request) -> Outcome:
        """Note every call, and those that are made while their thread has a transaction open."""
        call = f"{request.method} {request.path}"
        self._calls.append(call)
        if any(each.in_atomic_block for each in connections.all(initialized_only=True)):
            self._open.append(call)
        return self._exchange(request)

    def check_calls(self) -> None:
        """Assert that no transaction was open during any call; keep how many were watched."""
        assert not self._open, f"asked Sezzle inside a transaction: {self._open}"
        figures.count("calls to Sezzle, each without a transaction open", tried=len(self._calls))

    def until(self, name: str, few: int) -> Iterator[int]:
        """Go on until so many races were run; keep the figure when all of them held."""
        most = many(few, SPLIT[name])
        while self.released < most:
            yield self.released
        figures.count(f"races of 16 callers: {name}", tried=self.released)

    def payment(self, **members: Any) -> SezzlePayment:
        """Make a payment of 100.00 for a new order, approved and read."""
        payment = start_checkout(a_checkout(f"r-{next(self._numbers)}", **members))
        self.emulator.approve(str(payment.order_uuid))
        return refresh(payment)

    def captured(self, amount_in_cents: int | None = None) -> SezzlePayment:
        """Make a payment of which we captured some, or all."""
        payment = self.payment()
        capture(payment, amount_in_cents=amount_in_cents)
        return payment

    def release(self, work: Callable[[int], object], count: int = CALLERS) -> list[object]:
        """
        Let so many callers go at once; give what each got, or its Sezzle error.

        Who is how late, and who is which number, are in the dice; what threads then make of it
        is not.
        """
        numbers = self.shuffled(range(count))
        lateness = [self.dice.choice((0.0, 0.0, self.dice.random() / 300)) for _ in numbers]

        def run(place: int) -> object:
            time.sleep(lateness[place])
            return work(numbers[place])

        results = together(count, run)
        self.released += 1
        return results

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Bring things into an order that the dice say."""
        listed = list(items)
        self.dice.shuffle(listed)
        return listed

    def check(self, *payments: SezzlePayment) -> SezzlePayment:
        """Assert that the books are equal, nothing is open or untold; give the first row anew."""
        rows = [check_books(self.emulator, payment) for payment in payments]
        for row in rows:
            assert row.captured_in_cents + row.released_in_cents <= row.authorized_in_cents
            assert row.refunded_in_cents <= row.captured_in_cents
            assert row.review_reason == ""
        assert not SezzleOperation.objects.filter(is_open=True).exists()
        assert not SezzleAnnouncement.objects.filter(told_at=None).exists()
        return rows[0]


def succeeded(results: list[object]) -> list[SezzleOperation]:
    """Keep the operations that callers got."""
    return [result for result in results if isinstance(result, SezzleOperation)]


def refused(results: list[object]) -> set[type]:
    """Name the errors that callers got."""
    return {type(result) for result in results if isinstance(result, Exception)}
