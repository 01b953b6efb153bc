"""A money call on a wire that breaks twice, and what must be true when it has stopped breaking."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.exceptions import GatewayError, OutcomeUnknown, SezzleError
from django_sezzle.gateway import transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import (
    Evidence,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    State,
)
from django_sezzle.reconcile import Done, Finding, reconcile
from django_sezzle.services import capture, refresh, start_checkout
from tests.fixtures import GATEWAY_URL, PRIVATE_KEY, PUBLIC_KEY, a_checkout
from tests.reliability.barrier import MONEY
from tests.reliability.scale import IS_FULL
from tests.services.rigs import again, check_books, grow_stale, let_lease_end, moved
from tests.services.test_faults import FAULTS, OPTIONS

#: How Sezzle may take a request id that it has seen.
READINGS = ("honoured", "ignored", "refused")

#: A read is repeated so often before it is given up.
READ_TRIES = 3

#: A late call is executed so long after it was made.
LATE = timedelta(seconds=61)

CENTS = 1_000

FAULT_OPTIONS = OPTIONS | {"endless": {"bytes": 2**20 + 2**16}}


@dataclass(frozen=True)
class Case:
    """What is done, how Sezzle takes repeats, and the faults in the order they are met."""

    kind: str
    reading: str
    faults: tuple[str, ...]
    cents: int = CENTS


class Gateway:
    """A Sezzle of its own for each case, so that the books of one do not weigh on the next."""

    def __init__(self, case: Case, number: int) -> None:
        self.case = case
        forget_earlier_payments()
        self.emulator = Emulator(
            base_url=GATEWAY_URL, public_key=PUBLIC_KEY, private_key=PRIVATE_KEY
        )
        transport.mount(GATEWAY_URL, EmulatorAdapter(self.emulator))
        tokens.clear()
        self.payment = start_checkout(a_checkout(f"f-{number}"))
        self.emulator.approve(str(self.payment.order_uuid))
        capture(self.payment, amount_in_cents=5_000)
        # Nobody's limits but our own: what is sent twice is booked twice.
        self.emulator.profile.change(request_id=case.reading, limits=False)

    def plan(self, operation: str, fault: str, *, times: int = 1) -> None:
        """Let the next calls of an operation meet a fault."""
        options = FAULT_OPTIONS.get(fault, {})
        self.emulator.faults.add(operation, fault, times=times, **options)

    def plan_read(self, fault: str) -> None:
        """Let the next read meet a fault as often as it is tried."""
        self.plan("order_get", fault, times=READ_TRIES)

    def click(self) -> SezzleError | None:
        """Move the case's amount; give the error, if there was one."""
        try:
            MONEY[self.case.kind](self.payment, amount_in_cents=self.case.cents)
        except GatewayError as error:
            return error
        return None

    def pass_quiet_period(self) -> None:
        """Let time go by; what Sezzle does late is done by then."""
        self.emulator.clock.advance(LATE)
        let_lease_end()
        grow_stale(self.payment)

    def recover(self) -> None:
        """Let whoever comes next look, be it in vain."""
        with suppress(GatewayError):
            refresh(again(self.payment))

    @property
    def operation(self) -> SezzleOperation:
        """The operation of the click: the last one."""
        rows = SezzleOperation.objects.filter(payment=self.payment, kind=self.case.kind)
        return rows.latest("created_at")

    @property
    def executions(self) -> int:
        """How often Sezzle moved the case's amount, after what was captured to begin with."""
        done = moved(self.emulator, self.payment)[1:]
        return done.count((self.case.kind, self.case.cents))

    def reconcile(self) -> list[Done | Finding]:
        """Stop the faults, let one quiet period pass, and run reconcile once."""
        self.emulator.faults.clear()
        self.pass_quiet_period()
        return list(reconcile())

    def check_converged(self) -> None:
        """Assert that all is known and told after one quiet period and one pass of reconcile."""
        self.reconcile()
        operation, where = self.operation, str(self.case)
        assert operation.is_open is None, f"{where}: {operation.state} after one pass"
        assert self.executions == (operation.state == State.SUCCEEDED), where
        if operation.state == State.FAILED:
            # Only where it is certain that nothing was ever done.
            assert operation.evidence in (Evidence.NOT_SENT, Evidence.REJECTED), where
        check_books(self.emulator, self.payment)
        assert not SezzleAnnouncement.objects.filter(payment=self.payment, told_at=None), where

    def check_said(self, error: SezzleError | None) -> None:
        """Assert that the click was told no more and no less than was known then."""
        operation = self.operation
        if operation.is_open:
            assert type(error) is OutcomeUnknown, self.case
        else:
            assert (error is None) == (operation.state == State.SUCCEEDED), self.case


def forget_earlier_payments() -> None:
    """Delete what earlier cases left: their payments are not known to the next one's Sezzle."""
    for model in (SezzleTransaction, SezzleAnnouncement, SezzleOperation):
        model._default_manager.all().delete()
    SezzlePayment.objects.update(reauthorized_from=None, upcharge_of=None)
    SezzlePayment.objects.all().delete()


def cases(dice: random.Random, positions: int, part: int, few: int | None = None) -> Iterator[Case]:
    """
    Choose the cases of one test.

    In a full run these are all, the parts together; else so many that every fault is met in
    every position, with kinds and readings from the dice.

    :param few: so many do for a small run; another test meets the same faults there.
    """
    if IS_FULL:
        whole = itertools.product(MONEY, READINGS, itertools.product(FAULTS, repeat=positions))
        for kind, reading, faults in itertools.islice(whole, part, None, PARTS):
            yield Case(kind, reading, faults)
        return
    columns = [dice.sample(FAULTS, len(FAULTS)) for _ in range(positions)]
    for faults in itertools.islice(zip(*columns, strict=True), few):
        yield Case(dice.choice(sorted(MONEY)), dice.choice(READINGS), faults)


#: The cases of a full run are divided between so many tests, for processes beside each other.
PARTS = 6 if IS_FULL else 1


def run(chosen: Iterable[Case], live: Callable[[Gateway], Any]) -> int:
    """Live through each case and look at its end; give how many there were."""
    number = 0
    for number, case in enumerate(chosen, 1):
        gateway = Gateway(case, number)
        live(gateway)
        gateway.check_converged()
    return number
