"""An outcome that stays unknown: staff close it, or have it sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    NeedsReview,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import (
    capture,
    close_unknown,
    reauthorize,
    refresh,
    send_again,
    start_checkout,
    truth,
)
from django_sezzle.services.operations import claim
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import (
    Wire,
    again,
    called,
    check_books,
    let_lease_end,
    moved,
    says,
    with_authorization,
)

pytestmark = [pytest.mark.django_db, pytest.mark.fault(97)]


@pytest.fixture
def staff(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("staff@shop.example")


@pytest.fixture
def stuck(emulator: Emulator, authorized: MakePayment) -> SezzleOperation:
    """A capture of 10.00 that never arrived, and that nobody sends again by itself any more."""
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    yesterday = timezone.now() - timedelta(hours=25)
    SezzleOperation.objects.update(created_at=yesterday, first_sent_at=yesterday)
    let_lease_end()
    refresh(payment)
    emulator.calls.clear()
    return SezzleOperation.objects.get()


def test_closing_says_who_and_why(emulator: Emulator, stuck: SezzleOperation, staff: Any) -> None:
    closed = close_unknown(stuck, actor=staff, reason=" not in the dashboard ")
    assert (closed.state, closed.evidence, closed.is_open) == (State.FAILED, Evidence.STAFF, None)
    assert (closed.closed_by, closed.closed_because) == (staff, "not in the dashboard")
    assert closed.closed_at is not None
    assert called(emulator) == ["order_get"]
    assert capture(again(stuck.payment)).state == State.SUCCEEDED
    assert moved(emulator, stuck.payment) == [("capture", 10_000)]
    check_books(emulator, stuck.payment)


def test_what_was_done_after_all_is_not_closed_as_not_done(
    emulator: Emulator, stuck: SezzleOperation
) -> None:
    emulator.dashboard_capture(str(stuck.payment.order_uuid), 1_000)
    closed = close_unknown(stuck, actor=None, reason="not in the dashboard")
    assert (closed.state, closed.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert closed.closed_because == ""


def test_nothing_is_closed_without_a_reason(emulator: Emulator, stuck: SezzleOperation) -> None:
    with pytest.raises(InvalidInput):
        close_unknown(stuck, actor=None, reason="  ")
    assert called(emulator) == []


def test_nothing_is_closed_unread(emulator: Emulator, stuck: SezzleOperation) -> None:
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(GatewayUnavailable):
        close_unknown(stuck, actor=None, reason="not in the dashboard")
    stuck.refresh_from_db()
    assert stuck.is_open


@pytest.mark.parametrize(
    "act",
    [lambda operation: close_unknown(operation, actor=None, reason="impatient"), send_again],
    ids=["close", "send"],
)
def test_what_was_just_sent_is_left_alone(
    emulator: Emulator, stuck: SezzleOperation, act: Callable[[SezzleOperation], object]
) -> None:
    soon = timezone.now() + timedelta(seconds=60)
    SezzleOperation.objects.update(lease_until=soon)
    with pytest.raises(OperationInProgress):
        act(stuck)
    assert called(emulator) == []


def test_a_late_execution_shows_up_all_the_same(emulator: Emulator, stuck: SezzleOperation) -> None:
    close_unknown(stuck, actor=None, reason="not in the dashboard")
    emulator.dashboard_capture(str(stuck.payment.order_uuid), 1_000)
    refresh(stuck.payment)
    assert again(stuck.payment).captured_in_cents == 1_000
    stuck.refresh_from_db()
    assert stuck.state == State.FAILED


def test_sending_again_uses_the_same_id(emulator: Emulator, stuck: SezzleOperation) -> None:
    done = send_again(stuck)
    assert (done.pk, done.state, done.attempts) == (stuck.pk, State.SUCCEEDED, 2)
    sent = [call.request_id for call in emulator.calls if call.operation == "capture"]
    assert sent == [stuck.request_id]
    assert moved(emulator, stuck.payment) == [("capture", 1_000)]
    check_books(emulator, stuck.payment)


def test_what_was_done_after_all_is_not_sent_again(
    emulator: Emulator, stuck: SezzleOperation
) -> None:
    emulator.dashboard_capture(str(stuck.payment.order_uuid), 1_000)
    assert send_again(stuck).evidence == Evidence.MATCHED
    assert "capture" not in called(emulator)


def test_what_is_closed_is_not_sent_again(emulator: Emulator, stuck: SezzleOperation) -> None:
    close_unknown(stuck, actor=None, reason="not in the dashboard")
    with pytest.raises(GatewayRejected, match="closed by staff"):
        send_again(stuck)
    assert "capture" not in called(emulator)


def test_nothing_is_sent_again_under_review(emulator: Emulator, stuck: SezzleOperation) -> None:
    SezzlePayment.objects.update(amount_in_cents=9_000)
    with pytest.raises(NeedsReview):
        send_again(stuck)
    assert "capture" not in called(emulator)


def test_a_reauthorization_is_closed_and_never_sent_again(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    emulator.faults.add("reauthorize", "drop_before")
    with pytest.raises(OutcomeUnknown):
        reauthorize(payment)
    let_lease_end()
    operation = SezzleOperation.objects.get()
    with pytest.raises(ActionNotAllowed, match="never sent twice"):
        send_again(operation)
    assert again(payment).is_current
    close_unknown(operation, actor=None, reason="no new order in the dashboard")
    assert again(payment).is_current is None, "the place is free again"
    assert start_checkout(a_checkout()).reference_id == "1001-2"
    assert called(emulator).count("reauthorize") == 1


def test_what_is_claimed_at_this_moment_is_not_closed(
    emulator: Emulator, stuck: SezzleOperation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody takes the lease after we looked; its request may be leaving."""
    read = truth.read

    def read_and_be_overtaken(payment: SezzlePayment, **kwargs: Any) -> truth.Reading:
        reading = read(payment, **kwargs)
        assert claim(SezzleOperation.objects.select_related("payment").get())
        return reading

    monkeypatch.setattr(truth, "read", read_and_be_overtaken)
    with pytest.raises(OperationInProgress):
        close_unknown(stuck, actor=None, reason="not in the dashboard")
    assert SezzleOperation.objects.get().is_open


@pytest.mark.fault(14)
def test_the_order_that_an_unclear_answer_named_is_looked_for(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    wire = Wire(emulator)
    wire.falsify("reauthorize", with_authorization(approved=None))
    wire.falsify("order_get", says(404, "<html>404</html>"))
    with pytest.raises(OutcomeUnknown):
        reauthorize(payment)
    let_lease_end()
    closed = close_unknown(SezzleOperation.objects.get(), actor=None, reason="no new order")
    assert closed.state == State.SUCCEEDED
    assert closed.result_payment is not None
