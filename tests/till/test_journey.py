"""A sale in a store, from the question to the refund, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.services.rigs import called, check_books, moved
from tests.till.conftest import PHONE, Till
from tests.webhooks.counting import statements

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]

#: Who asks: the session, the user, and the permissions of the user and of the groups.
LOGIN = 4


def test_from_the_question_to_the_refund(till: Till, emulator: Emulator) -> None:
    asked = till.ask(phone="(415) 555-0142", language="en")
    assert asked.status_code == 201
    answer = asked.json()
    assert (answer["stage"], answer["receipt"]) == ("waiting", "T-1001")
    assert (answer["amount_in_cents"], answer["currency"]) == (10_000, "USD")
    payment = till.payment
    assert answer["checkout_url"] == payment.checkout_url
    (link,) = emulator.sent_links
    assert (link.to, link.checkout_url) == (PHONE, payment.checkout_url)

    assert till.read().json()["stage"] == "waiting"
    emulator.approve(str(payment.order_uuid))
    with time_machine.travel(timezone.now() + timedelta(seconds=3)):
        approved = till.read().json()
    assert (approved["stage"], approved["capturable_in_cents"]) == ("approved", 10_000)
    assert approved["checkout_url"] == ""
    ends_at = datetime.fromisoformat(approved["expires_at"])
    assert timedelta(minutes=29) < ends_at - datetime.now(ends_at.tzinfo) < timedelta(minutes=31)

    named = till.receipt("R-2026-77").json()
    assert (named["receipt"], named["shop_reference"]) == ("R-2026-77", "T-1001")
    assert emulator.orders[-1].reference_id == "R-2026-77"
    paid = till.capture().json()
    assert (paid["stage"], paid["captured_in_cents"], paid["expires_at"]) == ("paid", 10_000, None)
    part = till.refund("r-1", amount_in_cents=2_500).json()
    assert (part["stage"], part["refundable_in_cents"]) == ("paid", 7_500)
    assert till.refund("r-2").json()["stage"] == "refunded"

    assert moved(emulator, payment) == [("capture", 10_000), ("refund", 2_500), ("refund", 7_500)]
    check_books(emulator, payment)
    operation = SezzleOperation.objects.order_by("created_at")[0]
    assert (operation.actor, operation.reason) == (till.user, "till request c-1")


def test_asking_again_gives_the_same_payment_and_no_second_link(
    till: Till, emulator: Emulator
) -> None:
    first = till.ask(phone="415 555 0142")
    again = till.ask(phone="+1 (415) 555-0142")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (len(emulator.sent_links), len(emulator.orders)) == (1, 1)


def test_asking_for_something_else_ends_the_first_link(till: Till, emulator: Emulator) -> None:
    first = till.ask(phone=PHONE).json()
    second = till.ask(phone=PHONE, amount_in_cents=12_000)
    assert second.status_code == 201
    assert second.json()["token"] != first["token"]
    assert [order.checkout_status for order in emulator.orders] == ["deleted", "active"]
    till.token = first["token"]
    assert till.read().json()["stage"] == "canceled"


def test_without_a_phone_or_an_address_nothing_is_sent(till: Till, emulator: Emulator) -> None:
    assert till.ask().json()["checkout_url"]
    assert emulator.sent_links == []


def test_a_till_that_lost_the_answer_finds_the_payment(approved: Till) -> None:
    token = approved.token
    answer = approved.ask()
    assert (answer.status_code, answer.json()["code"]) == (409, "already_paid")
    assert answer.json()["token"] == token


def test_what_a_till_costs(till: Till, emulator: Emulator) -> None:
    till.ask(shop_reference="warm-up")
    emulator.calls.clear()

    with statements() as asking:
        till.ask()
    assert called(emulator) == ["session_create"]
    emulator.calls.clear()
    with statements() as again:
        till.ask()
    with statements() as looking:
        till.read()
    assert called(emulator) == ["order_get"]
    with statements() as polling:
        till.read()
    assert called(emulator) == ["order_get"]
    emulator.approve(str(till.payment.order_uuid))
    SezzlePayment.objects.update(asked_at=None)
    till.read()
    emulator.calls.clear()
    with statements() as following:
        till.read()
    assert called(emulator) == []
    with statements() as capturing:
        till.capture()
    assert called(emulator) == ["capture", "order_get"]

    counts = {
        "asking": len(asking),
        "again": len(again),
        "looking": len(looking),
        "polling": len(polling),
        "following": len(following),
        "capturing": len(capturing),
    }
    assert {name: number - LOGIN for name, number in counts.items()} == {
        "asking": 5,
        "again": 1,
        "looking": 8,
        "polling": 2,
        "following": 2,
        "capturing": 21,
    }


def test_a_link_that_nobody_used_runs_out(till: Till, emulator: Emulator) -> None:
    till.ask()
    till.read()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert till.read().json()["stage"] == "expired"


def test_held_money_that_nobody_took_runs_out(approved: Till, emulator: Emulator) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        answer = approved.read().json()
        assert (answer["stage"], answer["expires_at"]) == ("expired", None)
        assert approved.capture().status_code == 422
    assert "capture" not in dict(moved(emulator, approved.payment))


def test_a_shopper_who_is_denied(till: Till, emulator: Emulator) -> None:
    till.ask()
    emulator.deny(str(till.payment.order_uuid))
    assert till.read().json()["stage"] == "denied"


def test_what_the_website_sells_is_not_shown(
    till: Till, authorized: Callable[..., SezzlePayment], emulator: Emulator
) -> None:
    payment = authorized("W-1")
    till.token = payment.token
    emulator.calls.clear()
    answers = (till.read(), till.receipt("R-1"), till.capture(), till.refund(), till.cancel())
    assert {answer.status_code for answer in answers} == {404}
    assert called(emulator) == []
    refused = till.ask(shop_reference="W-1")
    assert (refused.status_code, "token" in refused.json()) == (409, False)
