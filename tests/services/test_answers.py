"""Answers that are none, or say what cannot be: no crash, nothing lost, nothing doubled."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayRejected, GatewayUnavailable, OutcomeUnknown
from django_sezzle.models import (
    Evidence,
    Review,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    State,
)
from django_sezzle.services import capture, refresh
from tests.services.conftest import MakePayment
from tests.services.rigs import (
    Edit,
    Wire,
    again,
    called,
    check_books,
    let_lease_end,
    moved,
    says,
    with_authorization,
    with_members,
)

pytestmark = pytest.mark.django_db

USD = {"amount_in_cents": 10_000, "currency": "USD"}
UNREADABLE = {
    "empty": says(200, ""),
    "HTML": says(200, "<html>200</html>", "text/html"),
    "not JSON": says(200, '{"uuid": '),
    "not UTF-8": says(200, b"\xff\xfe"),
    "null": says(200, "null"),
    "a list": says(200, "[]"),
    "a number": says(200, "17"),
    "deep": says(200, "[" * 100_000),
    "no id": with_members(uuid=None),
    "an id that is none": with_members(uuid="../../etc"),
    "an id that is a number": with_members(uuid=17),
}
UNREADABLE_ORDERS = UNREADABLE | {
    "another order": with_members(uuid="another-order"),
    "a float amount": with_members(order_amount={**USD, "amount_in_cents": 10_000.0}),
    "a text amount": with_members(order_amount={**USD, "amount_in_cents": "10000"}),
    "a true amount": with_members(order_amount={**USD, "amount_in_cents": True}),
    "a negative amount": with_members(order_amount={**USD, "amount_in_cents": -1}),
    "captures that are no list": with_authorization(captures={}),
    "a capture without an id": with_authorization(captures=[{"amount": USD}]),
    "a capture listed twice": with_authorization(captures=[{"uuid": "a", "amount": USD}] * 2),
    "a capture of NaN": says(200, '{"uuid": "x", "order_amount": {"amount_in_cents": NaN}}'),
    "an expiry that is no moment": with_authorization(expiration="soon"),
}
REFUSED_BARE = {
    "bare object": says(422, '{"code": "invalid", "message": "no", "debug_uuid": "d-1"}'),
    "HTML": says(403, "<html>Forbidden</html>", "text/html"),
    "empty": says(400, ""),
    "list of numbers": says(422, "[1, 2]"),
}


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_yes_that_cannot_be_read(
    emulator: Emulator, wire: Wire, authorized: MakePayment, name: str
) -> None:
    payment = authorized()
    wire.falsify("capture", UNREADABLE[name])
    operation = capture(payment, amount_in_cents=1_000)
    assert operation.evidence == Evidence.MATCHED
    check_books(emulator, payment)


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_yes_that_cannot_be_read_and_neither_can_the_order(
    emulator: Emulator, wire: Wire, authorized: MakePayment, name: str
) -> None:
    payment = authorized()
    wire.falsify("capture", UNREADABLE[name])
    wire.falsify("order_get", UNREADABLE_ORDERS[name], times=3)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    assert again(payment).captured_in_cents == 0
    let_lease_end()
    while SezzleOperation.objects.filter(is_open=True).exists():
        try:
            refresh(payment)
        except GatewayUnavailable:
            continue
    assert moved(emulator, payment) == [("capture", 1_000)]
    check_books(emulator, payment)


@pytest.mark.fault(27)
@pytest.mark.parametrize("name", sorted(UNREADABLE_ORDERS))
def test_order_that_cannot_be_read(
    emulator: Emulator, wire: Wire, captured: MakePayment, name: str
) -> None:
    payment = captured(amount_in_cents=4_000)
    before = again(payment)
    wire.falsify("order_get", UNREADABLE_ORDERS[name])
    with pytest.raises(GatewayUnavailable):
        refresh(payment)
    assert again(payment).lock_seq == before.lock_seq
    wire.falsify("order_get", UNREADABLE_ORDERS[name])
    capture(payment, amount_in_cents=1_000)
    check_books(emulator, payment)


@pytest.mark.parametrize("name", sorted(REFUSED_BARE))
def test_no_in_an_undocumented_shape(
    emulator: Emulator, wire: Wire, authorized: MakePayment, name: str
) -> None:
    payment = authorized()
    emulator.dashboard_capture(str(payment.order_uuid), 10_000)
    wire.falsify("capture", REFUSED_BARE[name])
    with pytest.raises(GatewayRejected) as raised:
        capture(payment, amount_in_cents=1_000)
    assert raised.value.operation is not None
    assert raised.value.operation.state == State.FAILED
    check_books(emulator, payment)


@pytest.mark.parametrize("status", [200, 201, 202, 206])
def test_every_2xx_with_an_id_is_a_yes(
    emulator: Emulator, wire: Wire, authorized: MakePayment, status: int
) -> None:
    def edit(response: Any) -> Any:
        return type(response)(status, response.headers, response.body)

    payment = authorized()
    wire.falsify("capture", edit)
    assert capture(payment).evidence == Evidence.RESPONSE
    check_books(emulator, payment)


CONTRADICTIONS: dict[str, tuple[Edit, Review]] = {
    "amount": (with_members(order_amount={**USD, "amount_in_cents": 100}), Review.AMOUNT_DIFFERS),
    "granted more": (
        with_authorization(authorization_amount={**USD, "amount_in_cents": 99_999}),
        Review.AMOUNT_DIFFERS,
    ),
    "currency": (
        with_members(order_amount={**USD, "currency": "CAD"}),
        Review.CURRENCY_DIFFERS,
    ),
    "refunds over captures": (
        with_authorization(refunds=[{"uuid": "r-1", "amount": USD}]),
        Review.TOTALS_IMPOSSIBLE,
    ),
    "captures over the hold": (
        with_authorization(
            captures=[{"uuid": f"c-{n}", "amount": USD} for n in range(2)], releases=None
        ),
        Review.TOTALS_IMPOSSIBLE,
    ),
}


@pytest.mark.fault(3, 25, 46)
@pytest.mark.parametrize("name", sorted(CONTRADICTIONS))
def test_contradiction_is_flagged_counted_on_never_and_cleared_by_the_next_good_read(
    emulator: Emulator, wire: Wire, authorized: MakePayment, name: str
) -> None:
    edit, reason = CONTRADICTIONS[name]
    payment = authorized()
    wire.falsify("order_get", edit)
    refresh(payment)
    assert payment.review_reason == reason
    assert not payment.is_funded_for(100, "USD")
    assert payment.authorized_in_cents == 10_000
    assert payment.captured_in_cents == payment.refunded_in_cents == 0
    refresh(payment)
    assert payment.review_reason == ""
    assert payment.is_funded_for(10_000, "USD")
    check_books(emulator, payment)


@pytest.mark.fault(7, 30)
@pytest.mark.parametrize("name", sorted(CONTRADICTIONS))
def test_nothing_is_sent_again_or_called_refused_on_a_read_that_contradicts_itself(
    emulator: Emulator, wire: Wire, authorized: MakePayment, name: str
) -> None:
    edit, _reason = CONTRADICTIONS[name]
    emulator.profile.change(request_id="ignored", limits=False)
    payment = authorized()
    emulator.faults.add("capture", "drop_after")
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    wire.falsify("order_get", edit)
    refresh(payment)
    assert called(emulator).count("capture") == 1
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)]
    assert SezzleOperation.objects.get().evidence == Evidence.MATCHED
    check_books(emulator, payment)


@pytest.mark.fault(28)
def test_refusal_beside_a_contradiction_stays_unknown(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("capture", REFUSED_BARE["bare object"])
    wire.falsify("order_get", CONTRADICTIONS["currency"][0])
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    refresh(payment)
    assert SezzleOperation.objects.get().evidence == Evidence.MATCHED
    check_books(emulator, payment)


@pytest.mark.fault(50)
def test_answer_that_names_an_older_transaction_proves_nothing(
    emulator: Emulator, wire: Wire, captured: MakePayment
) -> None:
    payment = captured(amount_in_cents=1_000)
    old = SezzleTransaction.objects.get()
    emulator.faults.add("capture", "422_duplicate", executes=False)
    wire.falsify("capture", says(200, f'{{"uuid": "{old.uuid}"}}'))
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    old.refresh_from_db()
    assert old.operation == SezzleOperation.objects.get(state=State.SUCCEEDED)
    check_books(emulator, payment)


def test_answer_that_names_a_dashboard_capture_of_before_proves_nothing(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    old = emulator.dashboard_capture(str(payment.order_uuid), 1_000)
    refresh(payment)
    emulator.faults.add("capture", "422_duplicate")
    wire.falsify("capture", says(200, f'{{"uuid": "{old.uuid}"}}'))
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    assert SezzleTransaction.objects.get().operation is None


@pytest.mark.fault(44, 57)
def test_dashboard_capture_of_before_is_not_taken_for_a_lost_one(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.dashboard_capture(str(payment.order_uuid), 1_000)
    refresh(payment)
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)] * 2
    check_books(emulator, payment)


@pytest.mark.fault(44)
def test_dashboard_capture_beside_a_lost_one_is_not_taken_for_it(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    order = str(payment.order_uuid)
    wire.before("capture", lambda: emulator.dashboard_capture(order, 700))
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    assert SezzleTransaction.objects.get().operation is None
    let_lease_end()
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 700), ("capture", 1_000)]
    check_books(emulator, payment)


@pytest.mark.fault(37, 50)
def test_a_read_during_the_call_closes_it_first(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    order = str(payment.order_uuid)

    def meanwhile() -> None:
        emulator.dashboard_refund(order, 300)
        refresh(again(payment))

    wire.after("capture", meanwhile)
    operation = capture(payment, amount_in_cents=1_000)
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    check_books(emulator, payment)


@pytest.mark.fault(44)
def test_a_dashboard_capture_taken_for_ours_while_ours_is_under_way(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    order = str(payment.order_uuid)

    def meanwhile() -> None:
        emulator.dashboard_capture(order, 1_000)
        refresh(again(payment))

    wire.before("capture", meanwhile)
    assert capture(payment, amount_in_cents=1_000).state == State.SUCCEEDED
    assert moved(emulator, payment) == [("capture", 1_000)] * 2
    check_books(emulator, payment)


@pytest.mark.fault(46)
def test_answer_that_is_impossible_together_with_what_we_know(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    emulator.profile.change(limits=False)
    payment = authorized()
    emulator.dashboard_capture(str(payment.order_uuid), 9_500)
    operation = capture(payment, amount_in_cents=1_000)
    assert operation.state == State.SUCCEEDED
    assert payment.review_reason == Review.TOTALS_IMPOSSIBLE
    assert not payment.is_funded_for(1, "USD")
    refresh(payment)
    assert payment.review_reason == Review.TOTALS_IMPOSSIBLE


def test_a_bare_404_is_not_an_order_that_is_gone(
    emulator: Emulator, wire: Wire, authorized: MakePayment
) -> None:
    payment = authorized()
    wire.falsify("order_get", says(404, "<html>404</html>", "text/html"))
    with pytest.raises(GatewayRejected):
        refresh(payment)
    assert again(payment).lapsed_at is None
    assert again(payment).is_funded_for(10_000, "USD")


@pytest.mark.fault(73)
def test_no_shopper_data_is_kept(
    emulator: Emulator, wire: Wire, authorized: MakePayment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    payment = authorized()
    wire.falsify("capture", says(200, '{"customer": {"email": "canary@example.com"}, "uuid": 17}'))
    wire.falsify("order_get", with_members(uuid=None, customer={"email": "canary@example.com"}))
    with pytest.raises(OutcomeUnknown) as raised:
        capture(payment)
    kept = [*SezzlePayment.objects.values(), *SezzleOperation.objects.values()]
    assert "canary" not in f"{kept} {caplog.text} {raised.value} {raised.value.__cause__}"
    assert "sz_pr_test" not in caplog.text
