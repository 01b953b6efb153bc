"""Answers get lost, and shoppers are fast: nothing is done twice, and nothing untrue is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import refresh
from tests.services.rigs import (
    Wire,
    called,
    check_books,
    grow_stale,
    let_lease_end,
    moved,
    together,
)
from tests.till.conftest import SELL, MakeTill, Till

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]


def test_the_same_request_id_captures_once(approved: Till, emulator: Emulator) -> None:
    first, second = approved.capture("c-1"), approved.capture("c-1")
    assert first.json() == second.json()
    assert (first.status_code, first.json()["stage"]) == (200, "paid")
    assert moved(emulator, approved.payment) == [("capture", 10_000)]


@pytest.mark.parametrize("named", [None, 4_000])
def test_the_same_request_id_refunds_once(
    approved: Till, emulator: Emulator, named: int | None
) -> None:
    approved.capture()
    amount = {} if named is None else {"amount_in_cents": named}
    for _ in range(3):
        grow_stale(approved.payment)
        assert approved.refund("r-1", **amount).status_code == 200
    assert moved(emulator, approved.payment)[1:] == [("refund", named or 10_000)]


def test_the_same_request_id_for_another_amount(approved: Till, emulator: Emulator) -> None:
    approved.capture(amount_in_cents=4_000)
    answer = approved.capture(amount_in_cents=5_000)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_id_reused")
    assert moved(emulator, approved.payment) == [("capture", 4_000)]
    # It may be used anew for another kind of movement, and for another payment.
    assert approved.refund("c-1", amount_in_cents=1_000).status_code == 200


def test_one_request_id_at_two_payments(approved: Till, emulator: Emulator) -> None:
    first = approved.payment
    assert approved.capture("c-1").status_code == 200
    approved.ask(shop_reference="T-1002")
    emulator.approve(str(approved.payment.order_uuid))
    approved.read()
    assert approved.capture("c-1").status_code == 200
    for payment in (first, approved.payment):
        assert moved(emulator, payment) == [("capture", 10_000)]


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "timeout_after", "drop_before"])
def test_an_unknown_outcome_is_settled_by_asking_again(
    approved: Till, emulator: Emulator, fault: str
) -> None:
    emulator.faults.add("capture", fault)
    emulator.faults.add("order_get", "503", times=None)
    assert approved.capture("c-1").status_code == 202
    assert approved.read().json()["stage"] == "checking"
    emulator.faults.clear()
    let_lease_end()
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        settled = approved.capture("c-1")
        assert (settled.status_code, settled.json()["stage"]) == (200, "paid")
    assert moved(emulator, approved.payment) == [("capture", 10_000)]
    check_books(emulator, approved.payment)


def test_what_never_left_is_sent_with_the_same_request_id(
    approved: Till, emulator: Emulator
) -> None:
    for _ in range(2):
        emulator.faults.add("capture", "refused")
        answer = approved.capture("c-1")
        assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert approved.capture("c-1").json()["stage"] == "paid"
    assert approved.capture("c-1").json()["stage"] == "paid"
    assert moved(emulator, approved.payment) == [("capture", 10_000)]
    assert SezzleOperation.objects.count() == 3


def test_a_lost_answer_and_then_an_outage_refund_once(approved: Till, emulator: Emulator) -> None:
    approved.capture()
    approved.refund("r-1", amount_in_cents=1_000)
    # The till heard nothing of it, asks again, and now the order cannot be read.
    grow_stale(approved.payment)
    emulator.faults.add("order_get", "503", times=None)
    assert approved.refund("r-1", amount_in_cents=1_000).status_code == 503
    emulator.faults.clear()
    assert approved.refund("r-1", amount_in_cents=1_000).status_code == 200
    assert moved(emulator, approved.payment) == [("capture", 10_000), ("refund", 1_000)]


@pytest.mark.parametrize(
    ("fault", "status"), [("503", 503), ("drop_before", 503), ("422_duplicate", 422)]
)
def test_a_receipt_number_that_sezzle_does_not_have_is_not_called_sezzles(
    approved: Till, emulator: Emulator, fault: str, status: int
) -> None:
    emulator.faults.add("order_update", fault)
    assert approved.receipt("R-77").status_code == status
    assert receipts(approved.read()) == ("", "R-77")
    assert receipts(approved.capture()) == ("", "R-77")
    assert emulator.orders[-1].reference_id == "T-1001"

    assert receipts(approved.receipt("R-77")) == ("R-77", "")
    assert receipts(approved.read()) == ("R-77", "")
    assert emulator.orders[-1].reference_id == "R-77"


def test_a_receipt_number_whose_answer_was_lost_is_confirmed_by_the_next_reading(
    approved: Till, emulator: Emulator
) -> None:
    emulator.faults.add("order_update", "drop_after")
    assert approved.receipt("R-77").status_code == 503
    assert receipts(approved.read()) == ("", "R-77")
    assert receipts(approved.capture()) == ("R-77", "")


def receipts(answer: Any) -> tuple[str, str]:
    """Give the number that Sezzle has, and the one that it has not confirmed."""
    found = answer.json()
    return found["receipt"], found["unconfirmed_receipt"]


def test_a_lost_answer_to_a_cancel(approved: Till, emulator: Emulator, wire: Wire) -> None:
    emulator.faults.add("release", "drop_after")
    wire.before("release", lambda: emulator.faults.add("order_get", "503", times=None))
    assert approved.cancel().status_code == 202
    emulator.faults.clear()
    again = approved.cancel()
    assert (again.status_code, again.json()["stage"]) == (200, "canceled")
    assert moved(emulator, approved.payment) == [("release", 10_000)]


def test_the_shopper_is_faster_and_the_money_is_let_go(
    till: Till, emulator: Emulator, wire: Wire
) -> None:
    till.ask()
    order_uuid = str(till.payment.order_uuid)
    wire.before("checkout_delete", lambda: emulator.approve(order_uuid))
    answer = till.cancel().json()
    assert (answer["stage"], answer["released_in_cents"]) == ("canceled", 10_000)
    assert moved(emulator, till.payment) == [("release", 10_000)]
    check_books(emulator, till.payment)


def test_the_shopper_is_faster_and_the_money_stays_held(
    make_till: MakeTill, emulator: Emulator, wire: Wire
) -> None:
    till = make_till(SELL)
    till.ask()
    order_uuid = str(till.payment.order_uuid)
    wire.before("checkout_delete", lambda: emulator.approve(order_uuid))
    refused = till.cancel()
    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_release")
    assert called(emulator)[-2:] == ["checkout_delete", "order_get"]
    answer = till.read().json()
    assert (answer["stage"], answer["capturable_in_cents"]) == ("approved", 10_000)
    assert moved(emulator, till.payment) == []


def test_a_cancel_that_wins_leaves_no_link(till: Till, emulator: Emulator) -> None:
    till.ask()
    assert till.cancel().json()["stage"] == "canceled"
    assert SezzlePayment.objects.current_for("T-1001") is None
    assert till.ask().status_code == 201


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_the_same_moment_ask_once_and_capture_once(
    till: Till, emulator: Emulator
) -> None:
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(till.user)
    tills = [Till(client, till.contract, till.user) for client in clients]

    asked: list[Any] = together(4, lambda number: tills[number].ask(phone="415 555 0142"))

    assert {answer.status_code for answer in asked} <= {200, 201, 409}
    assert (len(emulator.sent_links), len(emulator.orders)) == (1, 1)
    payment = SezzlePayment.objects.get()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    for each in tills:
        each.token = payment.token
    captured: list[Any] = together(4, lambda number: tills[number].capture("c-1"))
    assert {answer.status_code for answer in captured} <= {200, 202, 409}
    assert till_says(till, payment, "c-1") == "paid"
    assert moved(emulator, payment) == [("capture", 10_000)]


def till_says(till: Till, payment: SezzlePayment, request_id: str) -> str:
    """Repeat a capture, and tell how the payment stands."""
    till.token = payment.token
    return str(till.capture(request_id).json()["stage"])
