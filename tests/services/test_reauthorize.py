"""A new authorization: approved, declined, unclear, lost and found; never asked for twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    AmountUnavailable,
    Declined,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.models import (
    Evidence,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    State,
    Status,
)
from django_sezzle.services import (
    capture,
    reauthorize,
    refresh,
    set_reference,
    start_checkout,
)
from django_sezzle.services.adoption import adopt_order
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import (
    Wire,
    again,
    called,
    check_books,
    let_lease_end,
    says,
    together,
    with_authorization,
    with_members,
)

pytestmark = pytest.mark.django_db

UNCLEAR: dict[str, Any] = {"null": None, "missing": None, "text": "true", "number": 1}


@pytest.fixture
def expired(authorized: MakePayment, emulator: Emulator) -> SezzlePayment:
    """A payment whose authorization ran out at Sezzle."""
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    return refresh(payment)


def children(emulator: Emulator) -> list[str]:
    return [order.uuid for order in emulator.orders if order.reauthorized_from]


@pytest.mark.fault(16)
def test_approved(emulator: Emulator, expired: SezzlePayment) -> None:
    operation = reauthorize(expired)
    child = operation.result_payment
    assert child is not None
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.RESPONSE)
    assert (child.reauthorized_from, child.order_uuid) == (expired, children(emulator)[0])
    assert (child.status, child.is_current) == (Status.AUTHORIZED, True)
    assert child.reference_id == expired.reference_id
    assert child.is_funded_for(10_000, "USD")
    assert not expired.is_funded_for(1, "USD")
    assert (expired.is_current, expired.was_reauthorized, expired.held_in_cents) == (None, True, 0)
    assert SezzlePayment.objects.current_for("1001") == child
    capture(child)
    check_books(emulator, child)


@pytest.mark.fault(16)
def test_the_parent_refuses_everything_afterwards(
    emulator: Emulator, expired: SezzlePayment
) -> None:
    emulator.profile.change(expired_order="unchanged")
    reauthorize(expired)
    refresh(expired)
    before = called(emulator)
    with pytest.raises(AmountUnavailable):
        capture(expired)
    with pytest.raises(ActionNotAllowed, match="newer one"):
        reauthorize(expired)
    assert called(emulator) == before


@pytest.mark.fault(16)
def test_parent_that_sezzle_shows_unchanged_is_not_counted_twice(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(expired_order="unchanged")
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    reauthorize(payment)
    SezzlePayment.objects.filter(pk=payment.pk).update(
        lapsed_at=payment.created_at - timedelta(hours=1)
    )
    refresh(payment)
    assert (payment.held_in_cents, payment.is_current) == (0, None)
    assert not payment.is_funded_for(1, "USD")


def test_the_rest_of_a_partly_captured_payment(emulator: Emulator, captured: MakePayment) -> None:
    payment = captured(amount_in_cents=4_000)
    emulator.clock.advance(timedelta(hours=1))
    operation = reauthorize(refresh(payment))
    assert operation.amount_in_cents == 6_000
    assert payment.is_funded_for(4_000, "USD")
    assert not payment.is_funded_for(4_001, "USD")


@pytest.mark.fault(13)
def test_declined(emulator: Emulator, expired: SezzlePayment) -> None:
    emulator.decline_next_reauthorization()
    with pytest.raises(Declined) as raised:
        reauthorize(expired)
    operation = raised.value.operation
    assert operation is not None
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.DECLINED)
    assert SezzlePayment.objects.count() == 1
    assert not again(expired).was_reauthorized
    assert reauthorize(expired).state == State.SUCCEEDED


@pytest.mark.fault(13)
@pytest.mark.parametrize("name", sorted(UNCLEAR))
@pytest.mark.parametrize("approved", [True, False])
def test_answer_that_does_not_decide_is_decided_by_the_order(
    emulator: Emulator, wire: Wire, expired: SezzlePayment, name: str, approved: bool
) -> None:
    if not approved:
        emulator.decline_next_reauthorization()
    wire.falsify("reauthorize", with_authorization(approved=UNCLEAR[name]))
    if approved:
        assert reauthorize(expired).result_payment is not None
        return
    # No order under the new id is no proof that there will be none.
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    assert SezzlePayment.objects.count() == 1


@pytest.mark.parametrize("name", sorted(UNCLEAR))
def test_undecided_answer_and_unreadable_order_is_unknown_and_looked_for(
    emulator: Emulator, wire: Wire, expired: SezzlePayment, name: str
) -> None:
    emulator.profile.change(reauthorization_event=False)
    wire.falsify("reauthorize", with_authorization(approved=UNCLEAR[name]))
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    assert SezzleOperation.objects.get().is_open
    let_lease_end()
    refresh(expired)
    operation = SezzleOperation.objects.get()
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert operation.result_payment is not None
    assert operation.result_payment.order_uuid == children(emulator)[0]
    assert called(emulator).count("reauthorize") == 1


def test_clear_yes_with_unreadable_order_counts(emulator: Emulator, expired: SezzlePayment) -> None:
    emulator.faults.add("order_get", "503", times=3)
    child = reauthorize(expired).result_payment
    assert child is not None
    assert child.is_funded_for(10_000, "USD")


def test_yes_that_names_the_old_order_is_not_a_new_one(
    emulator: Emulator, wire: Wire, expired: SezzlePayment
) -> None:
    wire.falsify("reauthorize", with_members(uuid=expired.order_uuid))
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    assert SezzlePayment.objects.count() == 1


@pytest.mark.fault(14)
@pytest.mark.parametrize("fault", ["drop_after", "500_after", "timeout_after", "no_uuid_after"])
def test_lost_answer_is_adopted_and_never_sent_again(
    emulator: Emulator, expired: SezzlePayment, fault: str
) -> None:
    emulator.faults.add("reauthorize", fault)
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    for _ in range(3):
        let_lease_end()
        refresh(expired)
    with pytest.raises(OperationInProgress):
        reauthorize(expired)
    assert called(emulator).count("reauthorize") == 1
    child = adopt_order("default", children(emulator)[0])
    assert child is not None
    operation = SezzleOperation.objects.get()
    assert (operation.evidence, operation.result_payment) == (Evidence.MATCHED, child)
    assert (child.reauthorized_from, child.is_current) == (expired, True)
    assert adopt_order("default", children(emulator)[0]) is None
    assert SezzlePayment.objects.count() == 2
    capture(child)
    check_books(emulator, child)


@pytest.mark.fault(14, 48)
def test_foreign_orders_are_not_adopted(
    emulator: Emulator, authorized: MakePayment, expired: SezzlePayment
) -> None:
    emulator.faults.add("reauthorize", "drop_before")
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    other = authorized("1002")
    for order_uuid in (str(other.order_uuid), str(expired.order_uuid), "nobodys-order"):
        before = SezzlePayment.objects.count()
        assert adopt_order("default", order_uuid) is None
        assert SezzlePayment.objects.count() == before
    assert SezzleOperation.objects.get().is_open


def test_nothing_is_asked_while_no_reauthorization_is_open(
    emulator: Emulator, expired: SezzlePayment
) -> None:
    before = called(emulator)
    assert adopt_order("default", "nobodys-order") is None
    assert called(emulator) == before


@pytest.mark.fault(14)
@pytest.mark.parametrize("fault", ["drop_before", "500_before", "429", "409", "408", "redirect"])
def test_never_sent_again_whatever_happened(
    emulator: Emulator, expired: SezzlePayment, fault: str
) -> None:
    emulator.faults.add("reauthorize", fault)
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    let_lease_end()
    refresh(expired)
    assert called(emulator).count("reauthorize") == 1
    assert children(emulator) == []


@pytest.mark.fault(15)
def test_no_clock_of_ours_asks_for_a_new_authorization(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(expired_order="unchanged")
    payment = authorized()
    emulator.clock.advance(timedelta(days=40))
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        refresh(payment)
        assert payment.is_expired()
        with pytest.raises(GatewayRejected):
            capture(payment)
        start_checkout(a_checkout())
        refresh(payment)
    assert "capture" in called(emulator)
    assert "reauthorize" not in called(emulator)
    assert children(emulator) == []


def test_refused_before_expiry(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    with pytest.raises(GatewayRejected, match="has not lapsed"):
        reauthorize(payment)
    assert SezzleOperation.objects.get().state == State.FAILED
    assert again(payment).is_funded_for(10_000, "USD")


def test_refused_connection_may_be_tried_again(emulator: Emulator, expired: SezzlePayment) -> None:
    emulator.faults.add("reauthorize", "refused")
    with pytest.raises(GatewayUnavailable):
        reauthorize(expired)
    assert reauthorize(expired).state == State.SUCCEEDED


def test_refused_while_another_payment_counts(
    emulator: Emulator, expired: SezzlePayment, started: MakePayment
) -> None:
    assert expired.is_current is None
    started("1001")
    before = called(emulator)
    with pytest.raises(ActionNotAllowed, match="pay twice"):
        reauthorize(expired)
    assert called(emulator) == before


def test_no_new_checkout_while_the_answer_is_under_way(
    emulator: Emulator, wire: Wire, expired: SezzlePayment
) -> None:
    assert again(expired).is_current is None

    def start() -> None:
        with pytest.raises(AlreadyPaid):
            start_checkout(a_checkout("1001"))

    wire.before("reauthorize", start)
    child = reauthorize(expired).result_payment
    assert child is not None
    assert (child.review_reason, child.is_current) == ("", True)
    assert len(emulator.orders) == 2


def test_a_declined_reauthorization_makes_room_again(
    emulator: Emulator, expired: SezzlePayment
) -> None:
    emulator.decline_next_reauthorization()
    with pytest.raises(Declined):
        reauthorize(expired)
    assert again(expired).is_current is None
    assert start_checkout(a_checkout("1001")).reference_id == "1001-2"


def test_same_request_id_gives_the_same_child(emulator: Emulator, expired: SezzlePayment) -> None:
    first = reauthorize(expired, request_id="form-1")
    second = reauthorize(expired, request_id="form-1")
    assert (first, first.result_payment) == (second, second.result_payment)
    assert called(emulator).count("reauthorize") == 1


def test_the_shop_is_told_of_the_new_authorization(
    emulator: Emulator, expired: SezzlePayment
) -> None:
    child = reauthorize(expired).result_payment
    told = SezzleAnnouncement.objects.filter(payment=child).exclude(told_at=None)
    assert [announcement.fact_key for announcement in told] == ["authorized"]


@pytest.mark.fault(16)
@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_child(emulator: Emulator, expired: SezzlePayment) -> None:
    results = together(4, lambda _number: reauthorize(again(expired)))
    done = [result for result in results if isinstance(result, SezzleOperation)]
    assert len(done) == 1
    assert len(children(emulator)) == 1
    assert SezzlePayment.objects.filter(reauthorized_from=expired).count() == 1


def test_html_404_for_the_new_order_is_no_decline(
    emulator: Emulator, wire: Wire, expired: SezzlePayment
) -> None:
    wire.falsify("reauthorize", with_authorization(approved=None))
    wire.falsify("order_get", says(404, "<html>404</html>"))
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)


def test_no_receipt_number_while_a_new_order_is_sought_by_the_old_one(
    emulator: Emulator, expired: SezzlePayment
) -> None:
    emulator.faults.add("reauthorize", "drop_after")
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    with pytest.raises(OperationInProgress, match="being checked"):
        set_reference(expired, "R-77")
    assert adopt_order("default", children(emulator)[0]) is not None
