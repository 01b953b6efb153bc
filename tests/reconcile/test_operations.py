"""Operations that a dead process left open are finished, or said to be stuck."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.reconcile import Task
from django_sezzle.services import capture, reauthorize, refresh
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import (
    Wire,
    again,
    check_books,
    let_lease_end,
    moved,
    says,
    with_authorization,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]


def lose_a_capture(emulator: Emulator, payment: SezzlePayment, fault: str = "drop_after") -> None:
    """Capture 10.00; the answer and the read after it are lost."""
    emulator.faults.add("capture", fault)
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)


@pytest.mark.fault(8, 97)
def test_a_lost_answer_is_found_and_the_operation_closed(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment)
    let_lease_end()
    result = run()
    assert (result.done[Task.OPERATION], result.codes) == (1, [])
    operation = SezzleOperation.objects.get()
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert moved(emulator, payment) == [("capture", 1_000)]
    check_books(emulator, payment)


def test_what_never_arrived_is_sent_again(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment, "drop_before")
    let_lease_end()
    assert run().codes == []
    assert moved(emulator, payment) == [("capture", 1_000)]
    assert SezzleOperation.objects.get().attempts == 2


def test_what_has_no_answer_again_is_not_counted_as_finished(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment, "drop_before")
    emulator.faults.add("capture", "drop_before")
    let_lease_end()
    result = run()
    assert Task.OPERATION not in result.done
    assert result.codes == ["operation_open"]
    assert SezzleOperation.objects.get().attempts == 2


def test_within_its_lease_an_operation_is_left_alone(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment, "drop_before")
    emulator.calls.clear()
    result = run()
    assert Task.OPERATION not in result.done
    assert (result.codes, result.needs_human) == (["operation_open"], [])
    assert "may or may not have moved" in result.findings[0].message
    assert "Do not repeat" in result.findings[0].message
    assert "capture" not in [call.operation for call in emulator.calls]


@pytest.mark.fault(97)
def test_what_is_unknown_for_an_hour_needs_a_human(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment, "drop_before")
    emulator.faults.add("order_get", "503", times=None)
    later(timedelta(minutes=59))
    assert run().needs_human == []
    later(timedelta(minutes=2))
    result = run()
    stuck = next(found for found in result.findings if found.code == "operation_open")
    assert stuck.needs_human
    assert (stuck.shop_reference, stuck.operation) == (
        "1001",
        str(SezzleOperation.objects.get().pk),
    )
    assert ("capture", 1_000) not in moved(emulator, payment)


def test_a_click_that_was_never_sent_is_closed_after_a_while(authorized: MakePayment) -> None:
    payment = authorized()
    operation = SezzleOperation.objects.create(
        payment=payment,
        kind="capture",
        amount_in_cents=1_000,
        currency="USD",
        request_id="never-sent",
        opened_seq=payment.lock_seq,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    assert run().codes == ["operation_open"]
    long_ago = timezone.now() - timedelta(minutes=16)
    SezzleOperation.objects.update(created_at=long_ago)
    assert run().codes == []
    operation.refresh_from_db()
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.NOT_SENT)


def test_what_the_shop_committed_to_is_sent(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    SezzleOperation.objects.create(
        payment=payment,
        kind="capture",
        amount_in_cents=1_000,
        currency="USD",
        request_id="deferred",
        opened_seq=payment.lock_seq,
        lease_until=timezone.now() - timedelta(seconds=1),
        created_at=timezone.now() - timedelta(days=2),
        deferred=True,
    )
    assert run().codes == []
    assert moved(emulator, payment) == [("capture", 1_000)]


@pytest.mark.fault(14)
def test_a_reauthorization_is_never_sent_again(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    emulator.faults.add("reauthorize", "drop_after")
    with pytest.raises(OutcomeUnknown):
        reauthorize(payment)
    later(timedelta(hours=2))
    assert run().needs_human == ["operation_open"]
    asked = [call for call in emulator.calls if call.operation == "reauthorize"]
    assert len(asked) == 1


@pytest.mark.fault(14)
def test_a_named_reauthorization_is_found_though_its_parent_is_under_review(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    parents_order = payment.order_uuid
    # The answer names the new order and does not say whether it is approved; it cannot be read.
    wire = Wire(emulator)
    wire.falsify("reauthorize", with_authorization(approved=None))
    wire.falsify("order_get", says(404, "<html>404</html>"))
    with pytest.raises(OutcomeUnknown):
        reauthorize(payment)
    SezzlePayment.objects.filter(pk=payment.pk).update(amount_in_cents=9_999)
    let_lease_end()
    run()
    operation = SezzleOperation.objects.get(kind="reauthorize")
    assert operation.state == State.SUCCEEDED
    assert operation.result_payment is not None
    assert operation.result_payment.order_uuid != parents_order
    parent = again(payment)
    assert (parent.was_reauthorized, parent.review_reason) == (True, "amount_differs")
