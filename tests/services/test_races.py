"""
Real threads with connections of their own, all let go at once; Sezzle's own limits are off.

These are the guards one by one; races by the hundred are in ``tests/reliability``.
"""

from __future__ import annotations

import threading

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    AmountUnavailable,
    OperationInProgress,
    OutcomeUnknown,
    SezzleError,
)
from django_sezzle.models import SezzleOperation, SezzlePayment, State
from django_sezzle.services import capture, recovery, start_checkout
from django_sezzle.services import operations as operations_module
from django_sezzle.services.locking import lock, short_transaction
from django_sezzle.services.operations import execute
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import again, check_books, let_lease_end, moved, together

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16


@pytest.fixture(autouse=True)
def no_limits(emulator: Emulator) -> None:
    """Let Sezzle book whatever arrives, so that only our own guards hold."""
    emulator.profile.change(limits=False)


def successes(results: list[object]) -> list[SezzleOperation]:
    return [result for result in results if isinstance(result, SezzleOperation)]


@pytest.mark.fault(6)
def test_full_captures(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    results = together(THREADS, lambda _number: capture(again(payment)))
    assert len(successes(results)) == 1
    assert moved(emulator, payment) == [("capture", 10_000)]
    refused = [result for result in results if isinstance(result, SezzleError)]
    assert {type(error) for error in refused} <= {AmountUnavailable, OperationInProgress}
    assert len(refused) == THREADS - 1
    check_books(emulator, payment)


@pytest.mark.fault(17)
def test_starts_of_one_order(emulator: Emulator) -> None:
    payments = together(THREADS, lambda _number: start_checkout(a_checkout()))
    assert {getattr(payment, "pk", payment) for payment in payments} == {
        SezzlePayment.objects.get().pk
    }
    assert len({getattr(payment, "checkout_url", payment) for payment in payments}) == 1
    assert len(emulator.orders) == 1


@pytest.mark.fault(30, 98)
def test_a_sender_that_overslept_its_lease_sends_nothing(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(SezzleError):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    stale = SezzleOperation.objects.select_related("payment").get()
    recovery.finish(again(payment))
    let_lease_end()
    assert execute(stale).state == State.SUCCEEDED
    assert moved(emulator, payment) == [("capture", 1_000)]


@pytest.mark.fault(30, 98)
def test_a_sender_whose_read_is_older_than_the_last_sending_sends_nothing(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(request_id="ignored")
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(SezzleError):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    stale = SezzleOperation.objects.select_related("payment").get()
    emulator.faults.add("capture", "drop_after")
    emulator.faults.add("order_get", "503", times=3)
    recovery.finish_after_reading(again(payment), stale)
    let_lease_end()
    overslept = SezzleOperation.objects.select_related("payment").get()
    overslept.attempts = 1
    with pytest.raises(OutcomeUnknown):
        execute(overslept)
    assert moved(emulator, payment) == [("capture", 1_000)]


@pytest.mark.fault(41, 91)
def test_every_increment_of_the_lock_is_kept(authorized: MakePayment) -> None:
    payment = authorized()
    before = again(payment).lock_seq
    together(THREADS, lambda _number: short_transaction(lambda: lock(payment.pk)))
    assert again(payment).lock_seq == before + THREADS


@pytest.mark.fault(6)
def test_while_one_is_open_the_constraint_alone_lets_no_other_begin(
    emulator: Emulator, authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the lock sees is an operation that was opened and closed in between."""
    payment = authorized()
    all_have_read = threading.Barrier(8)
    have_waited = threading.local()

    def no_lock(pk: int) -> SezzlePayment:
        found = SezzlePayment.objects.get(pk=pk)
        if not getattr(have_waited, "done", False):
            have_waited.done = True
            all_have_read.wait(20)
        return found

    monkeypatch.setattr(operations_module, "lock", no_lock)
    emulator.faults.add("capture", "slow", seconds=2)
    together(8, lambda _number: capture(again(payment)))
    assert moved(emulator, payment) == [("capture", 10_000)]
    check_books(emulator, payment)
