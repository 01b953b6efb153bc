"""Giving up, renaming, looking, and taking a review away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    NeedsReview,
    OutcomeUnknown,
)
from django_sezzle.gateway import Intent
from django_sezzle.models import Review, SezzleAnnouncement, SezzlePayment, Status
from django_sezzle.services import (
    cancel,
    capture,
    clear_review,
    read_order,
    refresh,
    refund,
    set_reference,
    start_checkout,
    truth,
)
from tests.fixtures import a_checkout, make_user
from tests.services.conftest import MakePayment
from tests.services.rigs import Wire, again, called, check_books, moved, says

pytestmark = pytest.mark.django_db


def told(payment: SezzlePayment) -> list[str]:
    done = SezzleAnnouncement.objects.filter(payment=payment).exclude(told_at=None)
    return [announcement.fact_key.partition(":")[0] for announcement in done]


@pytest.mark.fault(18)
def test_cancel_deletes_an_unfinished_checkout(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    cancel(payment)
    assert (payment.status, payment.is_current) == (Status.CANCELED, None)
    assert emulator.order(str(payment.order_uuid)).checkout_status == "deleted"
    assert told(payment) == ["closed"]
    again_canceled = cancel(payment)
    assert again_canceled.status == Status.CANCELED
    assert told(payment) == ["closed"]


def test_cancel_releases_what_the_shopper_was_faster_to_approve(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    cancel(payment)
    assert moved(emulator, payment) == [("release", 10_000)]
    assert payment.status == Status.RELEASED
    check_books(emulator, payment)


@pytest.mark.fault(18)
def test_cancel_sees_an_approval_of_the_last_moment(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    wire.before("checkout_delete", lambda: emulator.approve(str(payment.order_uuid)))
    cancel(payment)
    assert moved(emulator, payment) == [("release", 10_000)]
    assert payment.canceled_at is None


def test_cancel_keeps_what_was_captured(emulator: Emulator, captured: MakePayment) -> None:
    payment = captured(amount_in_cents=4_000)
    cancel(payment)
    assert moved(emulator, payment) == [("capture", 4_000), ("release", 6_000)]
    with pytest.raises(ActionNotAllowed, match="refund it"):
        cancel(payment)
    refund(payment)
    assert cancel(payment).status == Status.REFUNDED


def test_cancel_of_money_that_sezzle_took_itself(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized(intent=Intent.CAPTURE)
    with pytest.raises(ActionNotAllowed, match="refund it"):
        cancel(payment)
    assert moved(emulator, payment) == [("capture", 10_000)]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "500_after", "503"])
def test_cancel_without_a_clear_answer_changes_nothing(
    emulator: Emulator, started: MakePayment, fault: str
) -> None:
    payment = started()
    emulator.faults.add("checkout_delete", fault)
    with pytest.raises(GatewayUnavailable):
        cancel(payment)
    assert (again(payment).status, again(payment).is_current) == (Status.CREATED, True)
    cancel(payment)
    assert payment.status == Status.CANCELED


def test_cancel_does_not_believe_a_bare_404(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(404, "<html>404</html>"))
    with pytest.raises(GatewayRejected):
        cancel(payment)
    assert again(payment).is_current


def test_cancel_of_an_order_that_sezzle_forgot(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.clock.advance(timedelta(days=2))
    cancel(payment)
    assert payment.status == Status.CANCELED


def test_cancel_deletes_a_checkout_that_counts_no_longer_but_lives(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    SezzlePayment.objects.update(is_current=None)
    cancel(payment)
    assert emulator.order(str(payment.order_uuid)).checkout_status == "deleted"


@pytest.mark.fault(18, 42)
def test_approved_after_the_shop_canceled(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    # Sezzle's answer says that it is gone; the shopper's window says otherwise.
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(204, ""))
    cancel(payment)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert payment.review_reason == Review.LATE_AUTHORIZATION
    assert payment.is_current is None
    assert not payment.is_funded_for(1, "USD")
    assert told(payment) == ["closed", "review"], "an approval under review must not be told"
    refresh(payment)
    assert payment.review_reason == Review.LATE_AUTHORIZATION, "only a human clears it"
    with pytest.raises(NeedsReview):
        capture(payment)
    cancel(payment)
    assert moved(emulator, payment) == [("release", 10_000)], "it may go back, and only that"
    clear_review(payment, actor=None, reason="released by hand")
    refresh(payment)
    assert payment.review_reason == ""
    assert payment.is_current is None
    assert told(payment) == ["closed", "review", "released"], "what is gone was never secured"


def test_a_late_approval_that_a_human_accepts_counts_for_its_order(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(204, ""))
    cancel(payment)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    clear_review(payment, actor=None, reason="the shopper called")
    assert told(payment) == ["closed", "review", "authorized"]
    assert payment.is_current
    with pytest.raises(AlreadyPaid):
        start_checkout(a_checkout())


@pytest.mark.fault(18)
def test_a_late_approval_is_not_hidden_by_another_reason(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    payment = started()
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(204, ""))
    cancel(payment)
    emulator.dashboard_set_reference(str(payment.order_uuid), "edited")
    emulator.approve(str(payment.order_uuid))
    emulator.state.orders.get(str(payment.order_uuid)).amount_in_cents = 20_000  # type: ignore[union-attr]
    refresh(payment)
    emulator.state.orders.get(str(payment.order_uuid)).amount_in_cents = 10_000  # type: ignore[union-attr]
    refresh(payment)
    assert payment.review_reason == Review.LATE_AUTHORIZATION


@pytest.mark.fault(17)
def test_second_approval_for_one_order(
    emulator: Emulator, wire: Wire, started: MakePayment
) -> None:
    first = started()
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(204, ""))
    second = start_checkout(a_checkout(cents=12_000))
    SezzlePayment.objects.filter(pk=first.pk).update(canceled_at=None)
    emulator.approve(str(first.order_uuid))
    refresh(first)
    assert first.review_reason == Review.SECOND_AUTHORIZATION
    assert (first.is_current, again(second).is_current) == (None, True)
    assert "authorized" not in told(first)


def test_an_approval_that_comes_late_for_nobody_counts(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    SezzlePayment.objects.update(is_current=None)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert (payment.is_current, payment.review_reason) == (True, "")


def test_clear_review_says_who_and_why(authorized: MakePayment) -> None:
    payment = authorized()
    SezzlePayment.objects.update(review_reason=Review.SECOND_AUTHORIZATION)
    actor = make_user("ann")
    clear_review(payment, actor=actor, reason="  spoke to the shopper  " + "x" * 300)
    row = again(payment)
    assert (row.review_reason, row.review_cleared_by) == ("", actor)
    assert row.review_cleared_because.startswith("spoke to the shopper")
    assert row.review_cleared_at is not None
    capture(row)


def test_set_reference(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    set_reference(payment, "R-2026_17")
    assert emulator.order(str(payment.order_uuid)).reference_id == "R-2026_17"
    assert (again(payment).reference_id, payment.reference_id) == ("R-2026_17", "R-2026_17")
    assert again(payment).reference_confirmed
    assert payment.reference_confirmed
    refresh(payment)
    assert (payment.review_reason, payment.reference_confirmed) == ("", True)


def test_set_reference_may_be_repeated_after_silence(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("order_update", "drop_before")
    with pytest.raises(GatewayUnavailable):
        set_reference(payment, "R-17")
    assert not payment.reference_confirmed
    refresh(payment)
    assert (payment.review_reason, payment.reference_confirmed) == ("", False)
    set_reference(payment, "R-17")
    assert emulator.order(str(payment.order_uuid)).reference_id == "R-17"
    assert again(payment).reference_confirmed


@pytest.mark.parametrize("fault", ["drop_after", "500_after"])
def test_a_reference_whose_answer_was_lost_is_confirmed_by_the_next_reading(
    emulator: Emulator, authorized: MakePayment, fault: str
) -> None:
    payment = authorized()
    emulator.faults.add("order_update", fault)
    with pytest.raises(GatewayUnavailable):
        set_reference(payment, "R-17")
    assert not again(payment).reference_confirmed
    capture(payment)
    assert again(payment).reference_confirmed


def test_a_reference_that_sezzle_refused_is_not_confirmed(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("order_update", "422_duplicate")
    with pytest.raises(GatewayRejected):
        set_reference(payment, "R-17")
    capture(payment)
    assert not again(payment).reference_confirmed


def test_an_answer_confirms_its_own_reference_and_no_newer_one(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()

    def another() -> None:
        with pytest.raises(GatewayUnavailable):
            set_reference(again(payment), "R-18")

    emulator.faults.add("order_update", "drop_before")
    wire.before("order_update", another)
    set_reference(payment, "R-17")

    assert emulator.order(str(payment.order_uuid)).reference_id == "R-17"
    assert (payment.reference_id, payment.reference_confirmed) == ("R-18", False)


def test_an_older_reading_says_nothing_of_the_reference(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    older = truth.read(payment)
    set_reference(payment, "R-17")
    refresh(payment)
    truth.record(payment, older)
    assert again(payment).reference_confirmed


def test_set_reference_before_the_approval(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    with pytest.raises(ActionNotAllowed):
        set_reference(payment, "R-17")
    assert again(payment).reference_id == "1001"
    assert "order_update" not in called(emulator)


@pytest.mark.django_db(transaction=True)
def test_set_reference_of_another_payment(emulator: Emulator, authorized: MakePayment) -> None:
    authorized("1001")
    payment = authorized("1002")
    with pytest.raises(InvalidInput, match="Another payment"):
        set_reference(payment, "1001")
    assert again(payment).reference_id == "1002"
    assert "order_update" not in called(emulator)


def test_a_taken_reference_is_stepped_over(emulator: Emulator, authorized: MakePayment) -> None:
    set_reference(authorized("1001"), "1002")
    assert start_checkout(a_checkout("1002")).reference_id == "1002-2"


@pytest.mark.fault(75)
def test_read_order_stores_nothing(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    rows = list(SezzlePayment.objects.values())
    order = read_order(payment)
    assert order.is_approved
    assert order.customer["email"] == "shopper@example.com"
    assert "shopper@example.com" not in repr(order)
    assert list(SezzlePayment.objects.values()) == rows


def test_read_order_that_cannot_be_read(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("order_get", "html", times=3)
    with pytest.raises(GatewayUnavailable):
        read_order(payment)
    emulator.profile.change(expired_order="not_found")
    emulator.clock.advance(timedelta(hours=1))
    with pytest.raises(GatewayUnavailable, match="no longer knows"):
        read_order(payment)


@pytest.mark.fault(7)
def test_cancel_with_an_unknown_release(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("release", "drop_before")
    with pytest.raises(OutcomeUnknown):
        cancel(payment)
    assert again(payment).status == Status.AUTHORIZED
