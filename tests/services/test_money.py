"""Capture, refund and release when nothing goes wrong, what is refused, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AmountUnavailable,
    GatewayRejected,
    NeedsReview,
    OperationInProgress,
)
from django_sezzle.gateway import Intent
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment, State, Status
from django_sezzle.services import capture, refresh, refund, release, start_checkout
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import Statements, called, check_books, grow_stale, moved

pytestmark = pytest.mark.django_db

MONEY = {"capture": capture, "refund": refund, "release": release}
MOST_STATEMENTS = 18


def test_capture_of_everything(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    operation = capture(payment)
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.RESPONSE)
    assert (operation.is_open, operation.amount_in_cents) == (None, 10_000)
    assert payment.status == Status.CAPTURED
    assert (payment.captured_in_cents, payment.capturable_in_cents) == (10_000, 0)
    assert moved(emulator, payment) == [("capture", 10_000)]
    check_books(emulator, payment)


@pytest.mark.fault(9, 25)
def test_what_is_sent_is_what_was_written_down(emulator: Emulator, authorized: MakePayment) -> None:
    operation = capture(authorized(), amount_in_cents=2_500, request_id="form-17")
    sent = next(call for call in emulator.calls if call.operation == "capture")
    assert (sent.request_id, operation.request_id) == ("form-17", "form-17")
    assert sent.body == {"capture_amount": {"amount_in_cents": 2_500, "currency": "USD"}}


def test_partial_steps_to_the_last_cent(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=3_333)
    assert payment.status == Status.PARTIALLY_CAPTURED
    assert payment.capturable_in_cents == 6_667
    refund(payment, amount_in_cents=3_333)
    assert payment.status == Status.PARTIALLY_CAPTURED
    capture(payment, amount_in_cents=6_666)
    assert release(payment).amount_in_cents == 1
    assert payment.status == Status.PARTIALLY_REFUNDED
    assert refund(payment).amount_in_cents == 6_666
    assert payment.status == Status.REFUNDED
    assert payment.is_current is None
    check_books(emulator, payment)


def test_release_of_everything_frees_the_order(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    release(payment)
    assert (payment.status, payment.is_current) == (Status.RELEASED, None)
    assert payment.held_in_cents == 0
    check_books(emulator, payment)


@pytest.mark.fault(11, 12, 26)
@pytest.mark.parametrize("kind", ["capture", "refund", "release"])
def test_a_cent_too_much_is_refused(emulator: Emulator, captured: MakePayment, kind: str) -> None:
    payment = captured(amount_in_cents=4_000)
    most = 4_000 if kind == "refund" else 6_000
    before = called(emulator)
    with pytest.raises(AmountUnavailable):
        MONEY[kind](payment, amount_in_cents=most + 1)
    assert called(emulator) == before
    assert SezzleOperation.objects.count() == 1
    MONEY[kind](payment, amount_in_cents=most)
    check_books(emulator, payment)


@pytest.mark.fault(26)
@pytest.mark.parametrize("kind", ["capture", "refund", "release"])
def test_all_of_nothing_is_refused(emulator: Emulator, captured: MakePayment, kind: str) -> None:
    payment = captured()
    if kind == "refund":
        refund(payment)
    before = called(emulator)
    with pytest.raises(AmountUnavailable):
        MONEY[kind](payment)
    assert called(emulator) == before


def test_money_that_sezzle_takes_itself_is_neither_captured_nor_released(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized(intent=Intent.CAPTURE)
    for call in (capture, release):
        with pytest.raises(ActionNotAllowed, match="intent CAPTURE"):
            call(payment)
    assert moved(emulator, payment) == [("capture", 10_000)]
    refund(payment, amount_in_cents=100)
    assert payment.status == Status.PARTIALLY_REFUNDED


@pytest.mark.parametrize("kind", ["capture", "refund", "release"])
def test_a_payment_that_is_not_approved(
    emulator: Emulator, started: MakePayment, kind: str
) -> None:
    payment = started()
    with pytest.raises(ActionNotAllowed, match="not approved"):
        MONEY[kind](payment)
    assert not SezzleOperation.objects.exists()


def test_an_approval_of_a_moment_ago_is_seen(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    capture(payment)
    assert payment.status == Status.CAPTURED


@pytest.mark.fault(36)
@pytest.mark.parametrize("kind", ["capture", "refund", "release"])
def test_nothing_moves_under_review(emulator: Emulator, captured: MakePayment, kind: str) -> None:
    payment = captured(amount_in_cents=4_000)
    SezzlePayment.objects.update(review_reason="totals_impossible")
    before = called(emulator)
    with pytest.raises(NeedsReview):
        MONEY[kind](payment)
    assert called(emulator) == before


@pytest.mark.fault(18)
@pytest.mark.parametrize("reason", ["late_authorization", "second_authorization"])
def test_what_came_too_late_may_only_go_back(
    emulator: Emulator, captured: MakePayment, reason: str
) -> None:
    payment = captured(amount_in_cents=4_000)
    SezzlePayment.objects.update(review_reason=reason)
    with pytest.raises(NeedsReview):
        MONEY["capture"](payment)
    MONEY["refund"](payment)
    MONEY["release"](payment)
    assert moved(emulator, payment)[1:] == [("refund", 4_000), ("release", 6_000)]


@pytest.mark.fault(36)
def test_another_environment_is_refused(
    emulator: Emulator, authorized: MakePayment, settings: Any
) -> None:
    payment = authorized()
    settings.SEZZLE = {**settings.SEZZLE, "ENVIRONMENT": "production", "GATEWAY_URL": None}
    before = called(emulator)
    for call in MONEY.values():
        with pytest.raises(ActionNotAllowed, match="environment"):
            call(payment)
    grow_stale(payment)
    with pytest.raises(ActionNotAllowed, match="production"):
        capture(payment)
    assert called(emulator) == before
    assert not SezzleOperation.objects.exists()


@pytest.mark.fault(36)
def test_another_merchant_is_refused(
    emulator: Emulator, authorized: MakePayment, settings: Any
) -> None:
    payment = authorized()
    emulator.add_merchant("sz_pub_other", "sz_pr_other")
    settings.SEZZLE = {
        **settings.SEZZLE,
        "PUBLIC_KEY": "sz_pub_other",
        "PRIVATE_KEY": "sz_pr_other",
    }
    with pytest.raises(ActionNotAllowed, match="another merchant"):
        capture(payment)
    assert moved(emulator, payment) == []
    assert not SezzleOperation.objects.filter(is_open=True).exists()


@pytest.mark.fault(15)
def test_expired_authorization_is_refused_by_sezzle_and_said_so(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    with pytest.raises(GatewayRejected, match="expired") as raised:
        capture(payment)
    operation = raised.value.operation
    assert operation is not None
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.REJECTED)
    assert operation.error_code == "invalid_authorization"
    assert moved(emulator, payment) == [("release", 10_000)]
    check_books(emulator, payment)


@pytest.mark.fault(6, 7)
def test_an_open_operation_blocks_every_other_one(
    emulator: Emulator, captured: MakePayment
) -> None:
    payment = captured(amount_in_cents=4_000)
    emulator.faults.add("refund", "drop_before")
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(Exception, match="no clear answer"):
        refund(payment, amount_in_cents=500)
    for call in MONEY.values():
        with pytest.raises(OperationInProgress) as raised:
            call(payment, amount_in_cents=100)
        assert raised.value.operation == SezzleOperation.objects.get(kind=Operation.REFUND)
    assert moved(emulator, payment) == [("capture", 4_000)]


@pytest.mark.parametrize("kind", ["capture", "refund", "release"])
def test_cost_of_moving_money(emulator: Emulator, captured: MakePayment, kind: str) -> None:
    payment = captured(amount_in_cents=4_000)
    emulator.calls.clear()
    with Statements() as fresh:
        MONEY[kind](payment, amount_in_cents=100)
    assert [call.operation for call in emulator.calls] == [kind, "order_get"]
    assert len(fresh.texts) <= MOST_STATEMENTS, fresh.texts
    grow_stale(payment)
    emulator.calls.clear()
    MONEY[kind](payment, amount_in_cents=100)
    assert [call.operation for call in emulator.calls] == ["order_get", kind, "order_get"]


def test_cost_of_checkouts_and_reads(emulator: Emulator) -> None:
    tokens.clear()
    first = start_checkout(a_checkout("1001"))
    assert [c.operation for c in emulator.calls] == ["authentication", "session_create"]
    emulator.calls.clear()
    start_checkout(a_checkout("1002"))
    assert [c.operation for c in emulator.calls] == ["session_create"]
    emulator.calls.clear()
    refresh(first)
    assert [c.operation for c in emulator.calls] == ["order_get"]
