"""Every fault of a money call: what is said, what is kept, and that recovery moves money once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from django_sezzle.emulator import Emulator
from django_sezzle.emulator.faults import EXECUTES, FaultKind
from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import capture, refresh, refund, release
from django_sezzle.services.operations import QUIET_PERIOD
from django_sezzle.services.recovery import MOST_ATTEMPTS
from tests.services.conftest import MakePayment
from tests.services.rigs import again, called, check_books, grow_stale, let_lease_end, moved

pytestmark = pytest.mark.django_db

MONEY: dict[str, Callable[..., SezzleOperation]] = {
    "capture": capture,
    "refund": refund,
    "release": release,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0},
    "drip": {"delay": 0},
    "late": {"seconds": 60},
}
#: Faults that a whole and clear answer survives.
HARMLESS = {"slow", "drip", "401"}
FAULTS = sorted(str(kind) for kind in FaultKind)


@pytest.fixture(params=sorted(MONEY))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def payment(captured: MakePayment) -> SezzlePayment:
    """A payment of which some is captured and some held."""
    return captured(amount_in_cents=5_000)


def count(emulator: Emulator, payment: SezzlePayment, kind: str) -> int:
    return moved(emulator, payment).count((kind, 1_000))


def attempt(kind: str, payment: SezzlePayment) -> GatewayError | None:
    """Try to move 10.00; give the error, which must name its operation, if there was one."""
    try:
        MONEY[kind](payment, amount_in_cents=1_000)
    except GatewayError as error:
        raised = error
    else:
        return None
    assert raised.operation is not None
    return raised


@pytest.mark.fault(7, 64, 95)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_can_be_read_back_at_once(
    emulator: Emulator, payment: SezzlePayment, kind: str, fault: str
) -> None:
    emulator.faults.add(kind, fault, **OPTIONS.get(fault, {}))
    error = attempt(kind, payment)
    operation = SezzleOperation.objects.get(kind=kind, amount_in_cents=1_000)
    executed = fault in HARMLESS or FaultKind(fault) in EXECUTES
    if executed:
        assert error is None
        proof = Evidence.RESPONSE if fault in HARMLESS else Evidence.MATCHED
        assert (operation.state, operation.evidence) == (State.SUCCEEDED, proof)
    elif fault == "refused":
        assert type(error) is GatewayUnavailable
        assert (operation.state, operation.evidence) == (State.FAILED, Evidence.NOT_SENT)
    else:
        assert type(error) is OutcomeUnknown
        assert (operation.state, operation.is_open) == (State.UNKNOWN, True)
    assert operation.attempts == 1
    assert count(emulator, payment, kind) == executed
    check_books(emulator, payment)


@pytest.mark.fault(7)
@pytest.mark.parametrize("reading", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_hides_everything_is_recovered_to_one_execution(
    emulator: Emulator, payment: SezzlePayment, kind: str, fault: str, reading: str
) -> None:
    emulator.profile.change(request_id=reading)
    emulator.faults.add(kind, fault, **OPTIONS.get(fault, {}))
    emulator.faults.add("order_get", "503", times=3)
    error = attempt(kind, payment)
    if fault not in HARMLESS and fault != "refused":
        assert type(error) is OutcomeUnknown
    sent = called(emulator).count(kind)
    refresh(payment)
    assert called(emulator).count(kind) == sent, "sent again within the quiet period"
    emulator.clock.advance(timedelta(seconds=61))
    let_lease_end()
    refresh(payment)
    operation = SezzleOperation.objects.get(kind=kind, amount_in_cents=1_000)
    assert operation.is_open is None
    assert count(emulator, payment, kind) == (fault != "refused")
    row = check_books(emulator, payment)
    assert payment.captured_in_cents == row.captured_in_cents, "the instance was left behind"
    assert payment.refunded_in_cents == row.refunded_in_cents
    assert payment.released_in_cents == row.released_in_cents


@pytest.mark.fault(9)
def test_every_sending_is_the_same(emulator: Emulator, payment: SezzlePayment, kind: str) -> None:
    emulator.faults.add(kind, "drop_before", times=3)
    attempt(kind, payment)
    for _ in range(3):
        let_lease_end()
        refresh(payment)
    sent = [call for call in emulator.calls if call.operation == kind][-4:]
    assert len(sent) == 4
    assert len({(call.request_id, call.path, str(call.body)) for call in sent}) == 1
    assert count(emulator, payment, kind) == 1


@pytest.mark.fault(30)
def test_quiet_period_passes_by_the_clock(emulator: Emulator, payment: SezzlePayment) -> None:
    emulator.faults.add("capture", "drop_before")
    attempt("capture", payment)
    ends_at = SezzleOperation.objects.get(is_open=True).lease_until
    with time_machine.travel(ends_at - timedelta(seconds=5)) as clock:
        refresh(payment)
        assert count(emulator, payment, "capture") == 0
        clock.shift(timedelta(seconds=6))
        refresh(payment)
        assert count(emulator, payment, "capture") == 1


@pytest.mark.fault(30, 97)
def test_quiet_period_doubles_and_ends_with_a_human(
    emulator: Emulator, payment: SezzlePayment
) -> None:
    emulator.faults.add("capture", "drop_before", times=None)
    attempt("capture", payment)
    leases = []
    for _ in range(MOST_ATTEMPTS + 2):
        operation = SezzleOperation.objects.get(is_open=True)
        assert operation.first_sent_at is not None
        leases.append(operation.lease_until)
        let_lease_end()
        refresh(payment)
    operation = SezzleOperation.objects.get(is_open=True)
    assert (operation.attempts, operation.state) == (MOST_ATTEMPTS, State.UNKNOWN)
    assert called(emulator).count("capture") == MOST_ATTEMPTS + 1
    gaps = [later - earlier for earlier, later in pairwise(leases[:5])]
    assert all(gap > timedelta(seconds=100) * 2**n for n, gap in enumerate(gaps))


@pytest.mark.fault(30)
def test_nothing_is_sent_again_without_a_read(
    emulator: Emulator, payment: SezzlePayment, kind: str
) -> None:
    emulator.faults.add(kind, "drop_before")
    attempt(kind, payment)
    emulator.faults.add("order_get", "503", times=None)
    let_lease_end()
    with pytest.raises(GatewayUnavailable):
        refresh(payment)
    with pytest.raises(OperationInProgress):
        MONEY[kind](payment, amount_in_cents=7)
    assert called(emulator).count(kind) == (2 if kind == "capture" else 1)
    emulator.faults.clear()
    refresh(payment)
    assert count(emulator, payment, kind) == 1
    check_books(emulator, payment)


def test_nothing_is_sent_again_after_a_day(emulator: Emulator, payment: SezzlePayment) -> None:
    emulator.faults.add("refund", "drop_before")
    attempt("refund", payment)
    SezzleOperation.objects.filter(is_open=True).update(
        first_sent_at=payment.created_at - timedelta(hours=25)
    )
    let_lease_end()
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 5_000)]
    assert SezzleOperation.objects.get(is_open=True).state == State.UNKNOWN


@pytest.mark.fault(8, 97)
def test_the_next_click_finishes_what_a_dead_process_began(
    emulator: Emulator, payment: SezzlePayment
) -> None:
    emulator.faults.add("capture", "drop_after")
    emulator.faults.add("order_get", "503", times=3)
    attempt("capture", payment)
    let_lease_end()
    capture(payment, amount_in_cents=500)
    assert moved(emulator, payment)[1:] == [("capture", 1_000), ("capture", 500)]
    matched, answered = SezzleOperation.objects.order_by("created_at")[1:]
    assert (matched.evidence, answered.evidence) == (Evidence.MATCHED, Evidence.RESPONSE)
    check_books(emulator, payment)


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    ("fault", "executions"), [("drop_before", 0), ("drop_after", 1), ("500_after", 1)]
)
def test_a_no_to_the_second_sending_is_not_taken_for_the_first(
    emulator: Emulator, payment: SezzlePayment, fault: str, executions: int
) -> None:
    emulator.profile.change(request_id="ignored")
    emulator.faults.add("capture", fault)
    emulator.faults.add("order_get", "503", times=3)
    attempt("capture", payment)
    emulator.faults.add("capture", "422_duplicate")
    let_lease_end()
    refresh(payment)
    assert count(emulator, payment, "capture") == executions
    operation = SezzleOperation.objects.get(amount_in_cents=1_000)
    assert operation.state == (State.SUCCEEDED if executions else State.UNKNOWN)
    check_books(emulator, payment)


@pytest.mark.fault(28)
def test_a_refusal_is_final_only_with_a_read(emulator: Emulator, payment: SezzlePayment) -> None:
    emulator.clock.advance(timedelta(hours=1))
    emulator.faults.add("order_get", "503", times=3)
    error = attempt("capture", payment)
    assert type(error) is OutcomeUnknown
    assert SezzleOperation.objects.get(is_open=True).error_code == "invalid_authorization"
    let_lease_end()
    refresh(payment)
    operation = SezzleOperation.objects.get(amount_in_cents=1_000)
    # The first sending may still be executed: one refusal more is not yet the end.
    assert (operation.state, operation.evidence) == (State.UNKNOWN, Evidence.REJECTED)
    let_lease_end()
    sent = called(emulator).count("capture")
    refresh(payment)
    operation = SezzleOperation.objects.get(amount_in_cents=1_000)
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.REJECTED)
    assert called(emulator).count("capture") == sent
    check_books(emulator, payment)


def test_a_clear_refusal_is_told_with_sezzles_words(
    emulator: Emulator, payment: SezzlePayment, kind: str
) -> None:
    order = emulator.order(str(payment.order_uuid))
    rest = order.refundable_in_cents if kind == "refund" else order.capturable_in_cents
    act = emulator.dashboard_refund if kind == "refund" else emulator.dashboard_capture
    act(order.uuid, rest)
    with pytest.raises(GatewayRejected, match="0 cents available") as raised:
        MONEY[kind](payment, amount_in_cents=1_000)
    operation = raised.value.operation
    assert operation is not None
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.REJECTED)
    assert raised.value.debug_uuid
    assert operation.debug_uuid == raised.value.debug_uuid
    check_books(emulator, payment)


@pytest.mark.fault(94)
def test_a_token_that_is_refused_for_good(emulator: Emulator, payment: SezzlePayment) -> None:
    emulator.faults.add("capture", "401", times=2)
    with pytest.raises(AuthenticationFailed) as raised:
        capture(payment, amount_in_cents=1_000)
    assert raised.value.operation is not None
    assert raised.value.operation.evidence == Evidence.REJECTED
    assert count(emulator, payment, "capture") == 0


def test_no_token_means_nothing_was_sent(emulator: Emulator, payment: SezzlePayment) -> None:
    tokens.clear()
    emulator.faults.add("authentication", "503", times=None)
    with pytest.raises(GatewayUnavailable) as raised:
        capture(payment, amount_in_cents=1_000)
    operation = raised.value.operation
    assert operation is not None
    assert (operation.attempts, operation.evidence) == (0, Evidence.NOT_SENT)
    emulator.faults.clear()
    capture(payment, amount_in_cents=1_000)
    assert count(emulator, payment, "capture") == 1


@pytest.mark.fault(30)
def test_a_call_executed_late_is_found_before_it_is_sent_again(
    emulator: Emulator, payment: SezzlePayment, kind: str
) -> None:
    emulator.profile.change(request_id="ignored", limits=False)
    emulator.faults.add(kind, "late", seconds=90)
    attempt(kind, payment)
    emulator.clock.advance(QUIET_PERIOD)
    let_lease_end()
    grow_stale(payment)
    refresh(payment)
    assert count(emulator, payment, kind) == 1
    assert again(payment).open_operation() is None
    check_books(emulator, payment)


@pytest.mark.fault(97)
def test_a_dead_process_that_never_sent_is_given_up(
    emulator: Emulator, payment: SezzlePayment
) -> None:
    emulator.faults.add("capture", "refused")
    attempt("capture", payment)
    stored = SezzleOperation.objects.get(amount_in_cents=1_000)
    SezzleOperation.objects.filter(pk=stored.pk).update(
        attempts=0, state="started", is_open=True, evidence="", closed_at=None
    )
    let_lease_end()
    refresh(payment)
    assert again(payment).open_operation() == stored, "a click of a moment ago may still be sent"
    SezzleOperation.objects.filter(pk=stored.pk).update(
        created_at=stored.created_at - timedelta(minutes=16)
    )
    refresh(payment)
    stored.refresh_from_db()
    assert (stored.state, stored.evidence) == (State.FAILED, Evidence.NOT_SENT)
    assert count(emulator, payment, "capture") == 0
