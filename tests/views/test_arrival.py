"""Coming back proves nothing: what Sezzle's order says decides where the shopper ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Intent
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import cancel as give_up
from tests.views.conftest import FORGED, PAGES, SHOPPER_PATH, Later, Open, Started, texts
from tests.views.html import Page
from tests.webhooks.counting import calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

NAMES = ("complete", "cancel")
Situation = Callable[[Emulator, SezzlePayment], object]


def expire(emulator: Emulator) -> None:
    """Let the checkout run out at Sezzle."""
    emulator.clock.advance(timedelta(hours=25))


def forget(emulator: Emulator) -> None:
    """Let the checkout run out, after which Sezzle does not know the order."""
    emulator.profile.expired_order = "not_found"
    expire(emulator)


UNREADABLE: dict[str, Situation] = {
    fault: lambda emulator, payment, fault=fault: emulator.faults.add(  # type: ignore[misc]
        "order_get", fault, times=None
    )
    for fault in ("500_before", "timeout_before", "drop_before", "html", "refused", "401")
}
NOT_PAID: dict[str, Situation] = {
    "active": lambda emulator, payment: None,
    "denied": lambda emulator, payment: emulator.deny(str(payment.order_uuid)),
    "deleted": lambda emulator, payment: expire(emulator),
    "404": lambda emulator, payment: forget(emulator),
    **UNREADABLE,
}


@pytest.mark.fault(1, 76)
@pytest.mark.parametrize("query", ["", *FORGED])
@pytest.mark.parametrize("situation", NOT_PAID)
def test_opening_the_complete_address_pays_nothing(
    situation: str, query: str, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    NOT_PAID[situation](emulator, payment)
    for name in NAMES:
        answer = open_page(payment, name, query)
        assert answer.status_code in {200, 302}
        assert answer.headers.get("Location") != "/paid/"
        assert "Thank you" not in answer.content.decode()
    payment.refresh_from_db()
    assert (payment.approved, payment.authorized_in_cents) == (False, 0)
    assert not payment.is_funded_for(1, "USD")
    assert not payment.announcements.filter(fact_key="authorized").exists()


@pytest.mark.fault(1, 93)
@pytest.mark.parametrize("situation", UNREADABLE)
def test_what_cannot_be_read_is_waited_for(
    situation: str, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    emulator.approve(str(payment.order_uuid))
    UNREADABLE[situation](emulator, payment)
    answer = open_page(payment)
    assert answer.status_code == 200
    assert "One moment" in answer.content.decode()
    assert "Nothing was charged" not in answer.content.decode()


@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("name", NAMES)
def test_approved_shopper_goes_on_for_one_call(
    name: str, intent: Intent, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES, intent=intent)
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    answer = open_page(payment, name)
    assert (answer.status_code, answer["Location"]) == (302, "/paid/")
    assert calls(emulator) == ["order_get"]
    payment.refresh_from_db()
    assert payment.is_funded_for(10_000, "USD")
    assert texts(answer) == []


@pytest.mark.parametrize("name", NAMES)
def test_denied_shopper_is_told_that_nothing_was_charged(
    name: str, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    emulator.deny(str(payment.order_uuid))
    answer = open_page(payment, name)
    assert (answer.status_code, answer["Location"]) == (302, "/not-approved/")
    assert texts(answer) == ["Sezzle did not approve this payment. Nothing was charged."]
    payment.refresh_from_db()
    assert payment.status == Status.DENIED


@pytest.mark.parametrize("end", [expire, forget])
def test_checkout_that_ran_out_goes_to_the_cancel_page(
    end: Callable[[Emulator], None], emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    end(emulator)
    assert open_page(payment)["Location"] == "/cart/"
    payment.refresh_from_db()
    assert payment.status == Status.CANCELED


@pytest.mark.fault(3)
def test_payment_under_review_has_a_page_of_its_own(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    SezzlePayment.objects.filter(pk=payment.pk).update(amount_in_cents=9_999)
    emulator.approve(str(payment.order_uuid))
    for name in NAMES:
        answer = open_page(payment, name)
        assert answer.status_code == 200
        assert "The shop is checking your payment" in answer.content.decode()
        assert "do not pay again" in answer.content.decode()
        assert len(Page(answer.content.decode()).all("h1")) == 1
    payment.refresh_from_db()
    assert payment.review_reason == "amount_differs"


@pytest.mark.fault(18, 42)
def test_shopper_who_paid_while_the_shop_canceled_is_not_told_otherwise(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    SezzlePayment.objects.filter(pk=payment.pk).update(
        status=Status.CANCELED, canceled_at=timezone.now(), is_current=None
    )
    emulator.approve(str(payment.order_uuid))
    answer = open_page(payment)
    assert answer.status_code == 200
    assert "The shop is checking your payment" in answer.content.decode()


@pytest.mark.fault(102)
def test_cancel_address_destroys_nothing(
    emulator: Emulator, started: Started, open_page: Open, later: Later
) -> None:
    payment = started(**PAGES)
    emulator.calls.clear()
    answer = open_page(payment, "cancel")
    assert (answer.status_code, answer["Location"]) == (302, "/cart/")
    assert texts(answer) == []
    assert calls(emulator) == ["order_get"]
    payment.refresh_from_db()
    assert (payment.status, payment.is_current) == (Status.CREATED, True)

    emulator.approve(str(payment.order_uuid))
    later(3)
    assert open_page(payment, "cancel")["Location"] == "/paid/"
    assert {call.method for call in emulator.calls} == {"GET"}


def test_cancel_address_does_not_promise_what_is_not_known(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    # In store there is no page of the shop to go back to, and the shopper may have paid.
    payment = started(success_url="")
    emulator.approve(str(payment.order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    page = open_page(payment, "cancel").content.decode()
    assert "Not paid yet" in page
    assert len(Page(page).all("h1")) == 1
    assert "Nothing was charged" not in page


IN_STORE: dict[str, Situation] = {
    "Thank you": lambda emulator, payment: emulator.approve(str(payment.order_uuid)),
    "Not approved": lambda emulator, payment: emulator.deny(str(payment.order_uuid)),
    "This checkout is over": lambda emulator, payment: give_up(payment),
}


@pytest.mark.parametrize("said", IN_STORE)
def test_payment_without_a_browser_ends_on_our_own_page(
    said: str, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(success_url="")
    IN_STORE[said](emulator, payment)
    answer = open_page(payment)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert said in page
    assert "Back to the shop" not in page
    assert len(Page(page).all("h1")) == 1
    assert "<script" not in page
    assert "refresh" not in page
    # What the page says itself must not come up again on another page.
    assert texts(answer) == []


@pytest.mark.fault(102)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
@pytest.mark.parametrize("name", [*NAMES, "status"])
def test_nothing_can_be_sent_here(
    name: str, method: str, emulator: Emulator, started: Started, client: Any
) -> None:
    payment = started(**PAGES)
    emulator.calls.clear()
    answer = getattr(client, method)(f"{SHOPPER_PATH}{payment.token}/{name}/")
    assert answer.status_code == 405
    assert calls(emulator) == []
