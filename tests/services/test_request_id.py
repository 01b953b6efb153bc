"""The same request id again: the same operation, whoever sends it and however often."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
    RequestIdReused,
)
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import capture, refund, release
from tests.services.conftest import MakePayment
from tests.services.rigs import again, called, check_books, moved, together

pytestmark = pytest.mark.django_db


@pytest.mark.fault(35)
def test_sent_again_in_sequence(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    done = {
        capture(again(payment), amount_in_cents=1_000, request_id="form-1").pk for _ in range(5)
    }
    assert len(done) == 1
    assert moved(emulator, payment) == [("capture", 1_000)]


def test_all_that_is_possible_is_not_counted_anew(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    first = capture(payment, request_id="form-1")
    assert capture(payment, request_id="form-1") == first
    assert moved(emulator, payment) == [("capture", 10_000)]


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    "other",
    [
        lambda p: capture(p, amount_in_cents=1_001, request_id="form-1"),
        lambda p: release(p, amount_in_cents=1_000, request_id="form-1"),
        lambda p: refund(p, amount_in_cents=1_000, request_id="form-1"),
    ],
)
def test_other_contents(
    emulator: Emulator, authorized: MakePayment, other: Callable[[SezzlePayment], object]
) -> None:
    payment = authorized()
    first = capture(payment, amount_in_cents=1_000, request_id="form-1")
    before = called(emulator)
    with pytest.raises(RequestIdReused) as raised:
        other(payment)
    assert raised.value.operation == first
    assert called(emulator) == before


@pytest.mark.fault(35)
def test_another_payment(emulator: Emulator, authorized: MakePayment) -> None:
    capture(authorized("1001"), amount_in_cents=1_000, request_id="form-1")
    other = authorized("1002")
    with pytest.raises(RequestIdReused):
        capture(other, amount_in_cents=1_000, request_id="form-1")
    assert moved(emulator, other) == []


def test_another_case_is_never_taken_for_the_same(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=1_000, request_id="form-a")
    try:
        capture(payment, amount_in_cents=2_000, request_id="FORM-A")
    except RequestIdReused:
        # A database that compares without case cannot keep both.
        assert moved(emulator, payment) == [("capture", 1_000)]
    else:
        assert moved(emulator, payment) == [("capture", 1_000), ("capture", 2_000)]
    check_books(emulator, payment)


@pytest.mark.fault(35)
def test_every_end_is_told_again(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("capture", "refused")
    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            capture(payment, amount_in_cents=1_000, request_id="never-left")
    emulator.dashboard_release(str(payment.order_uuid), 9_500)
    for _ in range(2):
        with pytest.raises(GatewayRejected, match="500 cents available"):
            capture(payment, amount_in_cents=1_000, request_id="refused")
    emulator.faults.add("capture", "drop_before")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            capture(payment, amount_in_cents=400, request_id="unknown")
    assert called(emulator).count("capture") == 2
    assert moved(emulator, payment) == [("release", 9_500)]


@pytest.mark.fault(34)
@pytest.mark.django_db(transaction=True)
def test_one_form_sixteen_times_at_once(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    results = together(
        16,
        lambda _number: capture(again(payment), amount_in_cents=1_000, request_id="form-1"),
    )
    assert moved(emulator, payment) == [("capture", 1_000)]
    operation = SezzleOperation.objects.get()
    assert operation.attempts == 1
    for result in results:
        assert result == operation or isinstance(result, OperationInProgress)
    check_books(emulator, payment)


@pytest.mark.django_db(transaction=True)
def test_one_id_for_two_payments_at_once(emulator: Emulator, authorized: MakePayment) -> None:
    payments = [authorized("1001"), authorized("1002")]
    results = together(2, lambda number: capture(again(payments[number]), request_id="form-1"))
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [
        RequestIdReused
    ]
    assert SezzleOperation.objects.count() == 1
