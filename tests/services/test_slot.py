"""Which payment counts for the shop's order: never two, and never none that is paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    AlreadyPaid,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.gateway import Intent
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Review, SezzleOperation, SezzlePayment, Status
from django_sezzle.services import capture, reauthorize, refresh, refund, start_checkout, truth
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import (
    Wire,
    again,
    let_lease_end,
    moved,
    says,
    with_authorization,
    with_members,
)

pytestmark = pytest.mark.django_db

NOT_FOUND = '[{"code": "record_not_found", "message": "not found"}]'


def test_an_order_that_was_gone_and_is_back_takes_its_place_again(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("order_get", says(404, NOT_FOUND))
    refresh(payment)
    assert (payment.status, payment.is_current) == (Status.RELEASED, None)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        refresh(payment)
        assert (payment.status, payment.is_current) == (Status.AUTHORIZED, True)
        with pytest.raises(AlreadyPaid):
            start_checkout(a_checkout())


@pytest.mark.fault(17)
def test_an_order_that_is_back_beside_another_needs_a_human(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("order_get", says(404, NOT_FOUND))
    refresh(payment)
    other = start_checkout(a_checkout())
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        refresh(payment)
    assert payment.review_reason == Review.SECOND_AUTHORIZATION
    assert (payment.is_current, again(other).is_current) == (None, True)


def test_a_capture_after_what_our_clock_took_for_expiry_takes_the_place_again(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    past = (timezone.now() - timedelta(minutes=5)).isoformat()
    wire.falsify("order_get", with_authorization(expiration=past), times=2)
    refresh(payment)
    assert (payment.status, payment.is_current) == (Status.AUTHORIZED, None)
    capture(payment)
    assert (payment.status, payment.is_current) == (Status.CAPTURED, True)
    with pytest.raises(AlreadyPaid):
        start_checkout(a_checkout())


@pytest.mark.fault(110)
@pytest.mark.parametrize("nothing", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_that_means_none_is_no_expiry(
    emulator: Emulator, wire: Wire, started: MakePayment, nothing: str
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    wire.falsify("order_get", with_authorization(expiration=nothing))
    refresh(payment)
    assert payment.authorization_expires_at is None
    assert payment.is_current
    assert payment.is_funded_for(10_000, "USD")


def test_with_intent_capture_no_clock_of_ours_ends_the_payment(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started(intent=Intent.CAPTURE)
    emulator.approve(str(payment.order_uuid))
    wire.falsify("order_get", with_authorization(captures=None))
    refresh(payment)
    assert payment.captured_in_cents == 0
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        wire.falsify("order_get", with_authorization(captures=None))
        refresh(payment)
        assert payment.is_current
        assert payment.is_funded_for(10_000, "USD")


@pytest.mark.fault(7)
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_the_same_asked_again_after_an_unknown_outcome_is_done_once(
    emulator: Emulator, authorized: MakePayment, fault: str
) -> None:
    payment = authorized()
    capture(payment)
    emulator.faults.add("refund", fault)
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(Exception, match="Do not repeat"):
        refund(payment, amount_in_cents=3_000)
    let_lease_end()
    with pytest.raises(OperationInProgress, match="had no answer yet, and is done now") as raised:
        refund(payment, amount_in_cents=3_000)
    assert moved(emulator, payment)[1:] == [("refund", 3_000)]
    assert raised.value.operation == SezzleOperation.objects.get(kind="refund")
    assert payment.refunded_in_cents == 3_000


@pytest.mark.fault(7)
def test_what_the_earlier_one_took_is_not_said_to_be_untouched(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=3_000)
    let_lease_end()
    # This very call sends the earlier one again; "nothing was sent" would be untrue.
    with pytest.raises(OperationInProgress, match=r"capture of \$30\.00 USD .* is done now"):
        capture(payment, amount_in_cents=10_000)
    assert moved(emulator, payment) == [("capture", 3_000)]
    capture(payment, amount_in_cents=7_000)


@pytest.mark.fault(37, 38)
def test_an_older_reading_does_not_clear_what_a_newer_one_found(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    older = truth.read(payment)
    wire.falsify("order_get", with_members(order_amount=_usd(99)))
    refresh(payment)
    assert payment.review_reason == Review.AMOUNT_DIFFERS
    read_at = payment.last_read_at
    truth.record(payment, older)
    assert payment.review_reason == Review.AMOUNT_DIFFERS
    assert payment.last_read_at == read_at
    refresh(payment)
    assert payment.review_reason == ""


def test_wrong_keys_put_right_make_the_row_say_whose_order_it_is(
    emulator: Emulator, settings: Any
) -> None:
    other = emulator.add_merchant("sz_pub_other", "sz_pr_other")
    emulator.faults.add("session_create", "422_duplicate")
    with pytest.raises(GatewayRejected):
        start_checkout(a_checkout())
    keys = {"PUBLIC_KEY": "sz_pub_other", "PRIVATE_KEY": "sz_pr_other"}
    settings.SEZZLE = {**settings.SEZZLE, **keys}
    payment = start_checkout(a_checkout())
    assert payment.merchant_uuid == other
    emulator.approve(str(payment.order_uuid))
    assert refresh(payment).status == Status.AUTHORIZED


def test_after_a_lost_answer_another_reference_is_used(emulator: Emulator) -> None:
    emulator.profile.change(unique_reference_ids=True)
    emulator.faults.add("session_create", "drop_after")
    with pytest.raises(Exception, match="No money moved"):
        start_checkout(a_checkout())
    payment = start_checkout(a_checkout())
    assert payment.reference_id == "1001-2"
    assert SezzlePayment.objects.count() == 1


def _usd(cents: int) -> dict[str, object]:
    return {"amount_in_cents": cents, "currency": "USD"}


def test_a_refused_capture_after_expiry_makes_room_at_once(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    with pytest.raises(GatewayRejected):
        capture(payment)
    assert (payment.status, payment.is_current) == (Status.RELEASED, None)


def test_what_never_left_waits_for_the_shop_that_committed_to_it(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "refused")
    operation = capture(payment, amount_in_cents=1_000, on_commit=True)
    refresh(payment)
    operation.refresh_from_db()
    assert (operation.is_open, operation.attempts) == (True, 0)
    assert moved(emulator, payment) == []
    let_lease_end()
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)]


def test_without_a_token_a_reauthorization_gives_the_place_back(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    tokens.clear()
    emulator.faults.add("authentication", "refused", times=None)
    with pytest.raises(GatewayUnavailable):
        reauthorize(payment)
    assert again(payment).is_current is None


def test_lost_answers_never_use_a_reference_twice(emulator: Emulator) -> None:
    emulator.profile.change(unique_reference_ids=True)
    emulator.faults.add("session_create", "drop_after", times=3)
    for _ in range(3):
        with pytest.raises(GatewayUnavailable):
            start_checkout(a_checkout())
    assert start_checkout(a_checkout()).reference_id == "1001-4"


def test_money_that_was_said_to_be_gone_and_is_not_is_told_again(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("order_get", says(404, NOT_FOUND))
    refresh(payment)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        refresh(payment)
    told = [each.fact_key.partition(":")[0] for each in payment.announcements.all()]
    assert told == ["authorized", "lapsed", "authorized"]


def test_an_authorization_read_after_it_ran_out_was_never_secured(
    emulator: Emulator, started: MakePayment
) -> None:
    emulator.profile.change(expired_order="unchanged")
    payment = started()
    emulator.approve(str(payment.order_uuid))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        refresh(payment)
        assert not payment.announcements.filter(fact_key="authorized").exists()
        assert not payment.is_funded_for(1, "USD")
