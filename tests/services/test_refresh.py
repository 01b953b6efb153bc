"""Reading the order and joining it: what Sezzle did without us, and what it says wrongly."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ActionNotAllowed, GatewayUnavailable
from django_sezzle.gateway import Intent
from django_sezzle.models import Review, SezzleAnnouncement, SezzlePayment, Status
from django_sezzle.services import capture, refresh
from tests.services.conftest import MakePayment
from tests.services.rigs import Statements, Wire, again, called, check_books, says, with_members

pytestmark = pytest.mark.django_db

GONE = says(404, '[{"code": "record_not_found", "message": "not found"}]')


def forget_minutes(payment: SezzlePayment, minutes: int) -> None:
    """Let the moment in which the order was gone lie further back."""
    row = again(payment)
    assert row.lapsed_at is not None
    SezzlePayment.objects.filter(pk=row.pk).update(
        lapsed_at=row.lapsed_at - timedelta(minutes=minutes)
    )


@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("finished", ["complete", "completed"])
@pytest.mark.parametrize("lists", ["present", "missing"])
def test_both_documented_readings(
    emulator: Emulator, started: MakePayment, shape: str, finished: str, lists: str
) -> None:
    emulator.profile.change(transaction_entries=shape, finished_status=finished, empty_lists=lists)
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.dashboard_capture(str(payment.order_uuid), 4_000)
    refresh(payment)
    assert payment.status == Status.PARTIALLY_CAPTURED
    assert payment.checkout_status == "complete"
    check_books(emulator, payment)


@pytest.mark.fault(44)
def test_everything_done_in_the_dashboard(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    order = str(payment.order_uuid)
    emulator.dashboard_capture(order, 4_000)
    emulator.dashboard_release(order, 1_000)
    emulator.dashboard_refund(order, 500)
    refresh(payment)
    assert payment.capturable_in_cents == 5_000
    assert payment.refundable_in_cents == 3_500
    assert not payment.transactions.exclude(operation=None).exists()
    check_books(emulator, payment)


@pytest.mark.fault(50)
def test_a_second_read_of_the_same_writes_almost_nothing(
    emulator: Emulator, captured: MakePayment
) -> None:
    payment = captured()
    before = again(payment)
    with Statements() as statements:
        refresh(payment)
    writes = [text for text in statements.texts if not text.startswith("SELECT")]
    assert len(writes) == 1, writes
    assert again(payment).updated_at == before.updated_at


def test_intent_capture_is_paid_by_one_read(emulator: Emulator, started: MakePayment) -> None:
    payment = started(intent=Intent.CAPTURE)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert payment.status == Status.CAPTURED
    assert payment.is_funded_for(10_000, "USD")
    facts = SezzleAnnouncement.objects.values_list("fact_key", flat=True)
    assert [fact.partition(":")[0] for fact in facts] == ["authorized", "captured"]


@pytest.mark.fault(110)
@pytest.mark.parametrize("expired", ["deleted", "not_found", "unchanged"])
@pytest.mark.parametrize("cents", [0, 4_000])
def test_every_reading_of_an_expiry(
    emulator: Emulator, authorized: MakePayment, expired: str, cents: int
) -> None:
    emulator.profile.change(expired_order=expired)
    payment = authorized()
    if cents:
        capture(payment, amount_in_cents=cents)
    emulator.clock.advance(timedelta(hours=1))
    # Where Sezzle's order says nothing of it, the moment that it gave must do.
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        check_expired(refresh(payment), cents, is_said=expired != "unchanged")


def check_expired(payment: SezzlePayment, cents: int, *, is_said: bool) -> None:
    assert not payment.is_funded_for(cents + 1, "USD")
    assert payment.is_funded_for(cents, "USD") == bool(cents)
    assert payment.is_expired() or not payment.held_in_cents
    assert payment.is_current == (True if cents else None)
    if is_said:
        assert payment.held_in_cents == 0


@pytest.mark.fault(42)
@pytest.mark.parametrize("approved", [True, False])
def test_an_order_that_was_gone_for_a_moment(
    emulator: Emulator, wire: Wire, started: MakePayment, approved: bool
) -> None:
    payment = started()
    if approved:
        emulator.approve(str(payment.order_uuid))
        refresh(payment)
    wire.falsify("order_get", GONE)
    refresh(payment)
    assert (payment.held_in_cents, payment.is_expired()) == (0, True)
    assert not payment.is_funded_for(1, "USD")
    if not approved:
        emulator.approve(str(payment.order_uuid))
    forget_minutes(payment, 2)
    refresh(payment)
    assert (payment.status, payment.held_in_cents) == (Status.AUTHORIZED, 10_000)
    assert payment.is_funded_for(10_000, "USD")
    capture(payment)
    check_books(emulator, payment)


def test_an_order_that_is_gone_keeps_its_facts(
    emulator: Emulator, wire: Wire, captured: MakePayment
) -> None:
    payment = captured(amount_in_cents=4_000)
    wire.falsify("order_get", GONE, times=2)
    refresh(payment)
    first = payment.lapsed_at
    refresh(payment)
    assert (payment.captured_in_cents, payment.lapsed_at) == (4_000, first)
    assert (payment.status, payment.is_current) == (Status.CAPTURED, True)
    lapsed = SezzleAnnouncement.objects.filter(fact_key__startswith="lapsed:")
    assert lapsed.count() == 1


def test_an_edited_reference_is_a_warning_only(
    emulator: Emulator, authorized: MakePayment, caplog: pytest.LogCaptureFixture
) -> None:
    payment = authorized()
    emulator.dashboard_set_reference(str(payment.order_uuid), "edited")
    refresh(payment)
    assert payment.review_reason == ""
    assert payment.reference_id == "1001"
    assert "reference=edited" in caplog.text
    capture(payment)


@pytest.mark.fault(3)
def test_another_reference_before_the_approval_is_not_ours(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    emulator.dashboard_set_reference(str(payment.order_uuid), "edited")
    refresh(payment)
    assert payment.review_reason == Review.REFERENCE_DIFFERS
    emulator.dashboard_set_reference(str(payment.order_uuid), "1001")
    refresh(payment)
    assert payment.review_reason == ""


@pytest.mark.fault(3)
def test_an_approval_that_does_not_add_up_is_not_told_before_it_does(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    order = emulator.state.orders.get(str(payment.order_uuid))
    assert order is not None
    order.amount_in_cents = 100
    refresh(payment)
    assert payment.review_reason == Review.AMOUNT_DIFFERS
    facts = SezzleAnnouncement.objects.values_list("fact_key", flat=True)
    assert [fact.partition(":")[0] for fact in facts] == ["review"]
    assert payment.is_current, "a doubtful payment must not let the order be sold again"
    order.amount_in_cents = 10_000
    refresh(payment)
    assert [fact.partition(":")[0] for fact in facts.all()] == ["review", "authorized"]


@pytest.mark.fault(3, 22)
def test_two_orders_are_never_mixed_up(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    rich, poor = authorized("1001"), authorized("1002", 100)
    body = emulator.order(str(rich.order_uuid))
    wire.falsify("order_get", says(200, f'{{"uuid": "{body.uuid}"}}'))
    with pytest.raises(GatewayUnavailable, match="another order"):
        refresh(poor)


@pytest.mark.fault(42)
@pytest.mark.parametrize("ending", ["denied", "deleted"])
def test_a_payment_that_was_over_is_captured_after_all(
    emulator: Emulator, wire: Wire, started: MakePayment, ending: str
) -> None:
    payment = started()
    wire.falsify("order_get", with_members(checkout_status=ending))
    refresh(payment)
    assert payment.status == (Status.DENIED if ending == "denied" else Status.CANCELED)
    emulator.approve(str(payment.order_uuid))
    emulator.dashboard_capture(str(payment.order_uuid), 4_000)
    refresh(payment)
    assert payment.status == Status.PARTIALLY_CAPTURED
    assert payment.is_current
    check_books(emulator, payment)


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    "order", list(itertools.permutations(["capture", "refund", "release", "read"]))
)
def test_callers_in_any_order_end_alike(
    emulator: Emulator, captured: MakePayment, order: tuple[str, ...]
) -> None:
    payment = captured(amount_in_cents=4_000)
    uuid = str(payment.order_uuid)
    acts = {
        "capture": lambda: emulator.dashboard_capture(uuid, 1_000),
        "refund": lambda: emulator.dashboard_refund(uuid, 2_000),
        "release": lambda: emulator.dashboard_release(uuid, 3_000),
        "read": lambda: refresh(again(payment)),
    }
    for name in order:
        acts[name]()
    refresh(payment)
    assert payment.status == Status.PARTIALLY_CAPTURED
    assert (payment.capturable_in_cents, payment.refundable_in_cents) == (2_000, 3_000)
    check_books(emulator, payment)


def test_a_failed_read_changes_nothing(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    before = SezzlePayment.objects.values().get()
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(GatewayUnavailable):
        refresh(payment)
    assert SezzlePayment.objects.values().get() == before


@pytest.mark.fault(93)
def test_a_read_is_tried_three_times(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("order_get", "drop_before")
    emulator.faults.add("order_get", "500_before")
    emulator.calls.clear()
    refresh(payment)
    assert called(emulator) == ["order_get"] * 3


@pytest.mark.fault(36)
def test_another_environment_is_not_read(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    SezzlePayment.objects.update(environment="production")
    emulator.calls.clear()
    payment.refresh_from_db()
    with pytest.raises(ActionNotAllowed, match="production"):
        refresh(payment)
    assert emulator.calls == []
