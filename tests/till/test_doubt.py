"""What a till is told where Sezzle has not answered, and where a sale goes on elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import close_unknown, reauthorize, refresh
from django_sezzle.services.adoption import adopt_order
from tests.fixtures import make_user
from tests.services.rigs import called, grow_stale, let_lease_end, moved
from tests.till.conftest import PHONE, SELL, MakeTill, Till

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]


# Sezzle has not answered lately


def test_what_sezzle_has_not_said_lately_is_not_called_waiting(
    till: Till, emulator: Emulator
) -> None:
    asked = till.ask().json()
    assert asked["read_at"]
    emulator.approve(str(till.payment.order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    # What it said just now still counts.
    assert till.read().json()["stage"] == "waiting"
    grow_stale(till.payment, timedelta(hours=1))

    found = till.read().json()
    emulator.faults.clear()
    SezzlePayment.objects.update(asked_at=None)
    later = till.read().json()

    assert (found["stage"], found["checkout_url"]) == ("checking", asked["checkout_url"])
    assert found["read_at"] < asked["read_at"]
    assert later["stage"] == "approved"
    assert later["read_at"] > found["read_at"]


def test_what_may_have_been_paid_in_the_last_moment_is_not_called_expired(
    till: Till, emulator: Emulator
) -> None:
    till.ask()
    grow_stale(till.payment)
    SezzlePayment.objects.update(checkout_expires_at=timezone.now() - timedelta(minutes=1))
    emulator.faults.add("order_get", "503", times=None)
    assert till.read().json()["stage"] == "checking"

    # Sezzle was read after the end: nobody can have paid since.
    SezzlePayment.objects.update(checkout_expires_at=timezone.now() - timedelta(minutes=3))
    assert till.read().json()["stage"] == "expired"


def test_the_answer_to_a_repeated_question_has_the_link(till: Till, emulator: Emulator) -> None:
    first = till.ask().json()
    grow_stale(till.payment, timedelta(seconds=40))
    emulator.calls.clear()
    again = till.ask().json()
    assert called(emulator) == []
    assert (again["stage"], again["checkout_url"]) == ("waiting", first["checkout_url"])


# The sale goes on with another payment


def test_a_reauthorized_payment_says_where_the_sale_goes_on(
    approved: Till, emulator: Emulator
) -> None:
    first = approved.token
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        emulator.clock.advance(timedelta(hours=1))
        newer = reauthorize(refresh(approved.payment)).result_payment
        assert newer is not None

        found = approved.read().json()
        assert (found["stage"], found["continued_as"]) == ("checking", newer.token)
        approved.token = found["continued_as"]
        assert approved.capture().json()["stage"] == "paid"
        assert approved.read().json()["continued_as"] == ""
        approved.token = first
        assert approved.read().json()["stage"] == "checking"


# A link may be out that we know no checkout of


def test_a_lost_link_is_followed_by_another_and_the_till_is_told(
    till: Till, emulator: Emulator
) -> None:
    emulator.faults.add("session_create", "drop_after")
    refused = till.ask(phone=PHONE)
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert "a link may have been sent" in refused.json()["detail"]
    assert "newest link only" in refused.json()["detail"]

    repeated = till.ask(phone=PHONE)

    first, second = SezzlePayment.objects.order_by("pk")
    assert (repeated.status_code, repeated.json()["token"]) == (201, second.token)
    assert repeated.json()["link_may_work"] is False
    assert [link.to for link in emulator.sent_links] == [PHONE, PHONE]
    till.token = first.token
    found = till.read().json()
    assert (found["stage"], found["link_may_work"]) == ("canceled", True)

    # What the detail promises: what is paid by the first one waits for a person.
    lost = emulator.orders[0]
    emulator.approve(lost.uuid)
    assert adopt_order("default", lost.uuid) == first
    found = till.read().json()
    assert (found["stage"], found["link_may_work"]) == ("checking", False)


@pytest.mark.parametrize("role", [SELL, "everything"])
def test_to_cancel_it_does_not_end_its_link(
    till: Till, make_till: MakeTill, emulator: Emulator, role: str
) -> None:
    emulator.faults.add("session_create", "drop_after")
    till.ask(phone=PHONE)
    who = make_till(SELL) if role == SELL else till
    who.token = SezzlePayment.objects.get().token
    assert who.read().json()["stage"] == "checking"

    answer = who.cancel()

    assert (answer.status_code, answer.json()["stage"]) == (200, "canceled")
    assert answer.json()["link_may_work"] is True


@pytest.mark.parametrize(
    ("operation", "asks"), [("session_create", {}), ("authentication", {"phone": PHONE})]
)
def test_no_link_is_spoken_of_that_cannot_be_out(
    till: Till, emulator: Emulator, operation: str, asks: dict[str, str]
) -> None:
    emulator.faults.add(operation, "503", times=None)
    refused = till.ask(**asks)
    assert refused.status_code == 503
    assert "link" not in refused.json()["detail"]


# Staff decided


def test_what_staff_closed_is_not_called_a_refusal_of_sezzle(
    approved: Till, emulator: Emulator
) -> None:
    emulator.faults.add("capture", "drop_before")
    emulator.faults.add("order_get", "503", times=None)
    assert approved.capture("c-1").status_code == 202
    emulator.faults.clear()
    let_lease_end()
    close_unknown(SezzleOperation.objects.get(), actor=make_user("boss"), reason="not there")

    answer = approved.capture("c-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "closed_by_staff")
    assert "Sezzle refused" not in answer.json()["detail"]
    assert "no money moved" in answer.json()["detail"]
    assert moved(emulator, approved.payment) == []
    assert approved.capture("c-2").json()["stage"] == "paid"
    assert moved(emulator, approved.payment) == [("capture", 10_000)]
