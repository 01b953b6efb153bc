"""Real threads with connections of their own, all let go at once; Sezzle's own limits are off."""

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
from django_sezzle.services import capture, recovery, refresh, refund, release, start_checkout
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


def test_full_captures(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    results = together(THREADS, lambda _number: capture(again(payment)))
    assert len(successes(results)) == 1
    assert moved(emulator, payment) == [("capture", 10_000)]
    refused = [result for result in results if isinstance(result, SezzleError)]
    assert {type(error) for error in refused} <= {AmountUnavailable, OperationInProgress}
    assert len(refused) == THREADS - 1
    check_books(emulator, payment)


@pytest.mark.parametrize("call", [capture, release])
def test_partial_amounts_never_exceed_what_is_held(
    emulator: Emulator, authorized: MakePayment, call: object
) -> None:
    payment = authorized()
    for _round in range(3):
        together(8, lambda _number: call(again(payment), amount_in_cents=3_000))  # type: ignore[operator]
    assert 1 <= len(moved(emulator, payment)) <= 3
    check_books(emulator, payment)


def test_partial_refunds_never_exceed_what_was_captured(
    emulator: Emulator, captured: MakePayment
) -> None:
    payment = captured()
    for _round in range(3):
        together(8, lambda _number: refund(again(payment), amount_in_cents=4_000))
    assert 1 <= moved(emulator, payment).count(("refund", 4_000)) <= 2
    check_books(emulator, payment)


def test_everything_at_once_keeps_the_books_equal(
    emulator: Emulator, captured: MakePayment
) -> None:
    payment = captured(amount_in_cents=4_000)

    def act(number: int) -> object:
        row = again(payment)
        match number % 4:
            case 0:
                return refresh(row)
            case 1:
                return capture(row, amount_in_cents=1_500)
            case 2:
                return refund(row, amount_in_cents=1_500)
            case _:
                return release(row, amount_in_cents=1_500)

    for _round in range(2):
        together(THREADS, act)
    row = check_books(emulator, payment)
    assert row.captured_in_cents + row.released_in_cents <= 10_000
    assert row.refunded_in_cents <= row.captured_in_cents
    assert not SezzleOperation.objects.filter(is_open=True).exists()


def test_starts_of_one_order(emulator: Emulator) -> None:
    payments = together(THREADS, lambda _number: start_checkout(a_checkout()))
    assert {getattr(payment, "pk", payment) for payment in payments} == {
        SezzlePayment.objects.get().pk
    }
    assert len({getattr(payment, "checkout_url", payment) for payment in payments}) == 1
    assert len(emulator.orders) == 1


def test_starts_with_different_contents_leave_one_usable_checkout(emulator: Emulator) -> None:
    together(6, lambda number: start_checkout(a_checkout(cents=10_000 + number % 2)))
    current = SezzlePayment.objects.get(is_current=True)
    live = [order.uuid for order in emulator.orders if order.checkout_status == "active"]
    assert live == [current.order_uuid]


def test_recoverers_send_once(emulator: Emulator, authorized: MakePayment) -> None:
    emulator.profile.change(request_id="ignored")
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(SezzleError):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    together(12, lambda _number: refresh(again(payment)))
    assert moved(emulator, payment) == [("capture", 1_000)]
    assert SezzleOperation.objects.get().attempts == 2
    check_books(emulator, payment)


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


def test_every_increment_of_the_lock_is_kept(authorized: MakePayment) -> None:
    payment = authorized()
    before = again(payment).lock_seq
    together(THREADS, lambda _number: short_transaction(lambda: lock(payment.pk)))
    assert again(payment).lock_seq == before + THREADS


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
