"""Days on Sezzle's schedule, what happens in them, and the one pass that makes up for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django_sezzle.emulator import Delivery, Emulator
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from django_sezzle.reconcile import reconcile
from tests.webhooks.conftest import Deliver, Later

SIX_DAYS = timedelta(days=6)

#: So long is money held in these tests, or nothing would be left to come back to.
HELD_MINUTES = 30 * 24 * 60


def catch_up() -> None:
    """Bring everything up to date that may have changed, as an operator's one pass does."""
    for _ in reconcile():
        pass


class Days:
    """Time that passes as Sezzle's schedule has it: from one delivery that is due to the next."""

    def __init__(self, emulator: Emulator, deliver: Deliver, later: Later) -> None:
        self.emulator = emulator
        self.sent: list[Delivery] = []
        self.times: dict[bytes, list[tuple[timedelta, int | None]]] = defaultdict(list)
        self._first: dict[bytes, datetime] = {}
        self._deliver = deliver
        self._later = later

    def deliver(self) -> list[int | None]:
        """Have everything delivered that is due now."""
        now = datetime.now(UTC)
        sent = self._deliver()
        for each in sent:
            age = now - self._first.setdefault(each.body, now)
            self.times[each.body].append((age, each.status))
        self.sent += sent
        return [each.status for each in sent]

    def pass_(self, span: timedelta) -> None:
        """Let time pass, and have each delivery made at its moment."""
        end = datetime.now(UTC) + span
        while True:
            self.deliver()
            due = [each.due_at for each in self.emulator.pending_deliveries if each.due_at < end]
            if not due:
                break
            self._later(max(min(due) - datetime.now(UTC), timedelta(0)) + timedelta(seconds=1))
        self._later(max(end - datetime.now(UTC), timedelta(0)))


class Ears:
    """The shop's receivers: what it was told of each payment, and how often."""

    def __init__(self) -> None:
        self.told: Counter[tuple[str, str]] = Counter()

    def hear(self, payment: SezzlePayment, announcement: SezzleAnnouncement, **kwargs: Any) -> None:
        """Note a fact."""
        self.told[payment.shop_reference, announcement.fact_key] += 1


def live_through(payments: list[SezzlePayment], emulator: Emulator) -> Iterator[object]:
    """Do, one after another, what shoppers and merchant do while nothing can be read."""
    first, second, third = (str(payment.order_uuid) for payment in payments[:3])
    for payment in payments[:-1]:
        yield emulator.approve(str(payment.order_uuid))
    yield emulator.dashboard_capture(first, 10_000)
    yield emulator.dashboard_capture(second, 4_000)
    yield emulator.dashboard_refund(first, 2_500)
    yield emulator.dashboard_release(second, 6_000)
    yield emulator.dashboard_capture(third, 10_000)
    yield emulator.dashboard_refund(third, 10_000)
    yield emulator.deny(str(payments[-1].order_uuid))
