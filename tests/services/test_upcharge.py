"""Charging extra: a payment of its own, never twice, and found again when the answer was lost."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AmountUnavailable,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    OperationInProgress,
    OutcomeUnknown,
    RequestIdReused,
)
from django_sezzle.gateway import Intent
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State, Status
from django_sezzle.reconcile import Code, Finding, reconcile
from django_sezzle.services import (
    capture,
    close_unknown,
    refresh,
    refund,
    release,
    send_again,
    upcharge,
)
from django_sezzle.services.adoption import adopt_order
from tests.services.conftest import MakePayment
from tests.services.rigs import (
    Wire,
    again,
    called,
    check_books,
    grow_stale,
    let_lease_end,
    together,
    with_members,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def allowed(emulator: Emulator) -> None:
    """An account for which Sezzle has switched upcharges on."""
    emulator.profile.change(upcharge=True)


def made(emulator: Emulator) -> list[tuple[str, int]]:
    """Sezzle's own books: each upcharge's order, and its cents."""
    return [(o.uuid, o.amount_in_cents) for o in emulator.orders if o.parent_order_uuid]


def test_a_payment_of_its_own(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.calls.clear()

    operation = upcharge(payment, amount_in_cents=1_500, reason="another pair of socks")

    child = operation.result_payment
    assert child is not None
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.RESPONSE)
    assert made(emulator) == [(child.order_uuid, 1_500)]
    assert called(emulator) == ["upcharge", "order_get", "order_get"]
    assert (child.upcharge_of, child.shop_reference) == (payment, payment.shop_reference)
    assert (child.intent, child.status, child.captured_in_cents) == (
        Intent.CAPTURE,
        Status.CAPTURED,
        1_500,
    )
    assert child.is_funded_for(1_500, "USD")
    # The order's own payment is what it was.
    payment = again(payment)
    assert (payment.status, payment.held_in_cents, payment.is_current) == (
        Status.AUTHORIZED,
        10_000,
        True,
    )
    assert SezzlePayment.objects.current_for("1001") == payment
    check_books(emulator, payment)


def test_the_extra_is_held_and_taken_by_itself(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    child = upcharge(payment, amount_in_cents=1_000, intent=Intent.AUTH).result_payment
    assert child is not None
    assert (child.status, child.held_in_cents) == (Status.AUTHORIZED, 1_000)
    capture(payment)
    capture(child)
    refund(child, amount_in_cents=400)
    for row in (payment, child):
        check_books(emulator, row)
    assert again(child).kept_in_cents == 600


def test_it_belongs_beside_its_order(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    child = upcharge(payment, amount_in_cents=1_000).result_payment
    assert child is not None
    for row in (payment, child):
        refresh(row)
    assert (child.is_current, child.review_reason) == (None, "")
    found = [item for item in reconcile() if isinstance(item, Finding)]
    assert not [item for item in found if item.code in (Code.UNACCOUNTED, Code.NEEDS_REVIEW)]
    # Not even when the first is gone: the extra alone does not pay the order.
    release(payment)
    refresh(child)
    assert child.is_current is None


def test_fifteen_percent_in_all(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.profile.change(limits=False)
    with pytest.raises(AmountUnavailable, match=r"\$15\.01 USD is more .*\$15\.00 USD"):
        upcharge(payment, amount_in_cents=1_501)
    upcharge(payment, amount_in_cents=1_000)
    assert payment.upchargeable_in_cents() == 500
    with pytest.raises(AmountUnavailable):
        upcharge(payment, amount_in_cents=600)
    upcharge(payment, amount_in_cents=500)
    with pytest.raises(AmountUnavailable, match="nothing to upcharge"):
        upcharge(payment, amount_in_cents=1)
    assert [cents for _uuid, cents in made(emulator)] == [1_000, 500]


def test_nothing_to_add_to(
    emulator: Emulator, authorized: MakePayment, started: MakePayment
) -> None:
    released = authorized("1001")
    release(released)
    with pytest.raises(AmountUnavailable):
        upcharge(released, amount_in_cents=100)
    with pytest.raises(ActionNotAllowed, match="not approved"):
        upcharge(started("1002"), amount_in_cents=100)
    child = upcharge(authorized("1003"), amount_in_cents=100).result_payment
    assert child is not None
    with pytest.raises(ActionNotAllowed, match="itself an extra charge"):
        upcharge(child, amount_in_cents=1)
    assert len(made(emulator)) == 1


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True, None])
def test_amounts_that_are_none(authorized: MakePayment, amount: Any) -> None:
    with pytest.raises(InvalidInput):
        upcharge(authorized(), amount_in_cents=amount)


def test_an_intent_that_is_none(authorized: MakePayment) -> None:
    with pytest.raises(InvalidInput, match="AUTH or CAPTURE"):
        upcharge(authorized(), amount_in_cents=100, intent="LATER")  # type: ignore[arg-type]


def test_an_account_that_does_not_have_it(emulator: Emulator, authorized: MakePayment) -> None:
    emulator.profile.change(upcharge=False)
    payment = authorized()
    with pytest.raises(GatewayRejected, match="not switched on for this account") as raised:
        upcharge(payment, amount_in_cents=1_000)
    operation = raised.value.operation
    assert operation is not None
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.REJECTED)
    # What the record keeps are Sezzle's own words.
    assert operation.error_message == "not found"
    capture(payment)


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "timeout_after", "no_uuid_after"])
def test_a_lost_answer_is_found_in_the_order(
    emulator: Emulator, authorized: MakePayment, fault: str
) -> None:
    payment = authorized()
    emulator.faults.add("upcharge", fault)

    operation = upcharge(payment, amount_in_cents=1_000, intent=Intent.CAPTURE)

    child = operation.result_payment
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert child is not None
    assert (child.order_uuid, child.intent) == (made(emulator)[0][0], Intent.CAPTURE)
    assert refresh(child).captured_in_cents == 1_000
    assert called(emulator).count("upcharge") == 1


def test_a_lost_answer_and_an_unreadable_order_is_found_later(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("upcharge", "drop_after")
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(OutcomeUnknown, match="clear answer to an upcharge"):
        upcharge(payment, amount_in_cents=1_000)
    with pytest.raises(OperationInProgress, match="An upcharge of"):
        upcharge(payment, amount_in_cents=500)
    let_lease_end()
    refresh(payment)
    operation = SezzleOperation.objects.get()
    assert (operation.evidence, operation.result_payment) == (
        Evidence.MATCHED,
        SezzlePayment.objects.get(upcharge_of=payment),
    )
    assert len(made(emulator)) == 1


@pytest.mark.parametrize("fault", ["drop_before", "500_before", "429", "409", "408", "redirect"])
def test_it_is_never_sent_again_by_itself(
    emulator: Emulator, authorized: MakePayment, fault: str
) -> None:
    payment = authorized()
    emulator.faults.add("upcharge", fault)
    with pytest.raises(OutcomeUnknown):
        upcharge(payment, amount_in_cents=1_000)
    for _ in range(3):
        let_lease_end()
        refresh(payment)
    let_lease_end()
    operation = SezzleOperation.objects.get()
    with pytest.raises(ActionNotAllowed, match="never sent twice"):
        send_again(operation)
    assert called(emulator).count("upcharge") == 1
    closed = close_unknown(operation, actor=None, reason="not in the dashboard")
    assert closed.state == State.FAILED
    assert upcharge(payment, amount_in_cents=1_000).state == State.SUCCEEDED
    assert len(made(emulator)) == 1


def test_where_orders_list_no_upcharges_an_event_of_its_order_finds_it(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("order_get", with_members(upcharges=None), times=1)
    emulator.faults.add("upcharge", "drop_after")
    with pytest.raises(OutcomeUnknown):
        upcharge(payment, amount_in_cents=1_000)

    child = adopt_order("default", made(emulator)[0][0])

    operation = SezzleOperation.objects.get()
    assert child is not None
    assert (operation.evidence, operation.result_payment) == (Evidence.MATCHED, child)
    assert (child.upcharge_of, child.captured_in_cents) == (payment, 1_000)
    assert adopt_order("default", made(emulator)[0][0]) is None
    assert SezzlePayment.objects.count() == 2


def test_one_made_elsewhere_is_no_doing_of_ours(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    entry = {"uuid": "made-in-the-dashboard", "amount": {"amount_in_cents": 700, "currency": "USD"}}
    wire.falsify("order_get", with_members(upcharges=[entry, entry]), times=1)
    grow_stale(payment)

    (found,) = [item for item in reconcile() if getattr(item, "code", "") == Code.MOVED_ELSEWHERE]

    assert "an upcharge of $7.00 USD was made outside this shop" in found.message
    child = SezzlePayment.objects.get(upcharge_of=payment)
    assert (child.order_uuid, child.amount_in_cents) == ("made-in-the-dashboard", 700)
    # The next one of the same amount is another one.
    emulator.faults.add("upcharge", "drop_before")
    wire.falsify("order_get", with_members(upcharges=[entry]), times=1)
    with pytest.raises(OutcomeUnknown):
        upcharge(payment, amount_in_cents=700)
    assert payment.upchargeable_in_cents() == 800


def test_the_same_form_charges_once(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    first = upcharge(payment, amount_in_cents=500, request_id="form-1")
    second = upcharge(payment, amount_in_cents=500, request_id="form-1")
    assert (first, first.result_payment) == (second, second.result_payment)
    with pytest.raises(RequestIdReused):
        upcharge(payment, amount_in_cents=500, request_id="form-1", intent=Intent.AUTH)
    assert len(made(emulator)) == 1


def test_what_never_left_may_be_tried_again(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("upcharge", "refused")
    with pytest.raises(GatewayUnavailable):
        upcharge(payment, amount_in_cents=500)
    upcharge(payment, amount_in_cents=500)
    assert len(made(emulator)) == 1


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once(emulator: Emulator, authorized: MakePayment) -> None:
    emulator.profile.change(limits=False)
    payment = authorized()

    results = together(16, lambda _n: upcharge(again(payment), amount_in_cents=1_500))

    assert len(made(emulator)) == 1
    assert sum(isinstance(result, SezzleOperation) for result in results) == 1
    assert SezzlePayment.objects.filter(upcharge_of=payment).count() == 1
