"""The button's script asks for a checkout that is shown in the page; the server decides."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import CheckoutMode, Customer
from django_sezzle.models import SezzlePayment
from django_sezzle.services import Checkout, refresh
from django_sezzle.views import SezzleCheckoutView
from tests.fixtures import a_checkout
from tests.views.conftest import PAGES, Later, Open, Started, address, texts
from tests.webhooks.counting import calls, statements

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.views.urls"),
    pytest.mark.usefixtures("no_pauses"),
]

SHOP = "https://shop.example"


def asking(mode: str = "popup", **headers: str) -> dict[str, Any]:
    """What the script sends beside the form, from a page of the shop."""
    named = {"accept": "application/json", "origin": SHOP, "sezzle-checkout-mode": mode}
    return {"headers": named | headers}


def sent_mode(emulator: Emulator) -> str | None:
    """How Sezzle was told to show the newest checkout."""
    bodies = [call.body for call in emulator.calls if call.operation == "session_create"]
    mode: str | None = bodies[-1]["order"].get("checkout_mode")
    return mode


@pytest.mark.parametrize("mode", ["popup", "iframe"])
def test_the_script_gets_the_addresses(mode: str, client: Client, emulator: Emulator) -> None:
    with statements() as made:
        answer = client.post("/pay/7/", **asking(mode))
    payment = SezzlePayment.objects.get()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer.json() == {
        "mode": mode,
        "checkout_url": payment.checkout_url,
        "complete_url": f"/en/shop/sezzle/{payment.token}/complete/",
        "cancel_url": f"/en/shop/sezzle/{payment.token}/cancel/",
    }
    assert (payment.checkout_mode, sent_mode(emulator)) == (mode, mode)
    assert calls(emulator) == ["authentication", "session_create"]
    assert len(made) <= 6, "\n".join(made)


@pytest.mark.parametrize(
    "given",
    [
        # A form is redirected, whatever else the browser sends.
        asking(accept="text/html,application/json;q=0.9,*/*;q=0.8"),
        asking(accept="*/*"),
    ],
)
def test_a_form_is_redirected(given: dict[str, Any], client: Client, emulator: Emulator) -> None:
    answer = client.post("/pay/7/", **given)
    payment = SezzlePayment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, payment.checkout_url)
    assert (payment.checkout_mode, sent_mode(emulator)) == ("", None)


@pytest.mark.parametrize("mode", ["", "redirect", "dance", "POPUP"])
def test_no_other_mode_can_be_asked_for(mode: str, client: Client, emulator: Emulator) -> None:
    answer = client.post("/pay/7/", **asking(mode))
    assert (answer.json()["mode"], sent_mode(emulator)) == ("redirect", None)


@pytest.mark.fault(17)
def test_asked_twice_there_is_one_checkout(client: Client, emulator: Emulator) -> None:
    first = client.post("/pay/7/", **asking()).json()
    assert client.post("/pay/7/", **asking()).json() == first
    assert calls(emulator).count("session_create") == 1


@pytest.mark.parametrize(("first", "second"), [("popup", ""), ("", "popup"), ("popup", "iframe")])
def test_another_mode_gets_a_checkout_of_its_own(
    first: str, second: str, client: Client, emulator: Emulator
) -> None:
    for mode in (first, second):
        client.post("/pay/7/", **(asking(mode) if mode else {}))
    assert [order.checkout_status for order in emulator.orders] == ["deleted", "active"]
    current = SezzlePayment.objects.current_for("order-7")
    assert current is not None
    assert (current.checkout_mode, sent_mode(emulator)) == (second, second or None)


def view_of(checkout: Checkout, **members: Any) -> Any:
    """Make a view of a checkout."""
    members["get_checkout"] = lambda self: checkout
    view: Any = type("View", (SezzleCheckoutView,), members)
    return view.as_view()


def post(view: Any, **given: Any) -> HttpResponse:
    """Send the form to a view."""
    response: HttpResponse = view(RequestFactory().post("/", secure=True, **given))
    return response


@pytest.mark.parametrize(
    "members", [{"tokenize": True}, {"customer": Customer(tokenize=True)}], ids=["own", "customer"]
)
def test_who_is_to_be_remembered_is_redirected(members: dict[str, Any], emulator: Emulator) -> None:
    post(view_of(a_checkout(**members)), **asking())
    assert sent_mode(emulator) is None


@pytest.mark.parametrize(("allowed", "mode"), [((), None), ((CheckoutMode.IFRAME,), None)])
def test_the_shop_says_which_modes_there_are(
    allowed: tuple[CheckoutMode, ...], mode: str | None, emulator: Emulator
) -> None:
    post(view_of(a_checkout(), checkout_modes=allowed), **asking("popup"))
    assert sent_mode(emulator) is mode


@pytest.mark.parametrize(
    ("given", "sent"), [({}, None), (asking("popup"), "popup"), (asking(""), None)]
)
def test_a_checkout_that_names_a_mode_is_shown_as_it_can_be(
    given: dict[str, Any], sent: str | None, emulator: Emulator
) -> None:
    post(view_of(a_checkout(checkout_mode=CheckoutMode.IFRAME)), **given)
    assert sent_mode(emulator) == sent


@pytest.mark.parametrize(
    "origin", ["https://www.shop.example", "http://shop.example", "null", "http://["]
)
def test_sezzle_cannot_speak_to_a_page_on_another_origin(
    origin: str, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    post(view_of(a_checkout()), **asking("popup", origin=origin))
    assert sent_mode(emulator) is None
    assert "checkout_mode=redirect: the page is not on BASE_URL" in caplog.text


def test_both_addresses_are_on_the_pages_origin(
    client: Client, emulator: Emulator, settings: Any
) -> None:
    settings.SEZZLE = {k: v for k, v in django_settings.SEZZLE.items() if k != "BASE_URL"}
    client.post("/pay/7/", secure=True, **asking(host="127.0.0.1", origin="https://127.0.0.1"))
    body = next(call.body for call in emulator.calls if call.operation == "session_create")
    assert body["order"]["checkout_mode"] == "popup"
    for name in ("complete_url", "cancel_url"):
        assert body[name]["href"].startswith("https://127.0.0.1/en/shop/sezzle/")


# No checkout


def test_a_paid_order_leads_to_its_page(client: Client, emulator: Emulator) -> None:
    client.post("/pay/7/", **asking())
    payment = SezzlePayment.objects.get()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    answer = client.post("/pay/7/", **asking())
    message = "This order has its payment. Please do not pay again."
    assert (answer.status_code, answer.json()) == (409, {"message": message, "next": "/orders/7/"})
    assert texts(answer) == [message]


@pytest.mark.fault(93)
def test_without_sezzle_there_is_a_reason_and_a_way_on(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("session_create", "503", times=None)
    answer = client.post("/pay/7/", **asking())
    assert (answer.status_code, answer.json()["next"]) == (409, "/checkout/")
    assert "This click charged nothing" in answer.json()["message"]
    assert texts(answer) == [answer.json()["message"]]


def test_a_page_that_the_shop_answers_with_is_left_as_it_is(emulator: Emulator) -> None:
    emulator.faults.add("session_create", "503", times=None)
    view = view_of(a_checkout(), failed=lambda self, checkout, error: HttpResponse("sorry"))
    assert post(view, **asking()).content == b"sorry"


@pytest.mark.fault(31)
def test_the_script_needs_the_forms_token(emulator: Emulator) -> None:
    assert Client(enforce_csrf_checks=True).post("/pay/7/", **asking()).status_code == 403
    assert calls(emulator) == []


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
def test_the_script_is_answered_where_every_request_is_a_transaction(
    client: Client, emulator: Emulator, atomic_requests: None
) -> None:
    assert client.post("/pay/7/", **asking()).json()["mode"] == "popup"


# Coming back with the name of an order


@pytest.mark.fault(5)
@pytest.mark.urls(django_settings.ROOT_URLCONF)
@pytest.mark.parametrize(
    ("named", "logged"),
    [
        ("{own}", None),
        ("", None),
        ("f36605a0-4a96-46d1-9d01-a0b17140dc57", "named=f36605a0-4a96-46d1-9d01-a0b17140dc57:"),
        ("ada@example.com%0Aforged", "named=-:"),
        ("x" * 65, "named=-:"),
    ],
)
def test_another_order_is_noted_and_changes_nothing(
    named: str,
    logged: str | None,
    emulator: Emulator,
    started: Started,
    open_page: Open,
    later: Later,
    caplog: pytest.LogCaptureFixture,
) -> None:
    payment, paid = started("1", **PAGES), started("2", **PAGES)
    emulator.approve(str(paid.order_uuid))
    caplog.set_level(logging.WARNING, "django_sezzle")
    query = f"?order={named.format(own=payment.order_uuid)}"
    assert "One moment" in open_page(payment, "complete", query).content.decode()
    noted = [r.getMessage() for r in caplog.records if "came back with" in r.getMessage()]
    assert [logged in line for line in noted if logged] == ([True] if logged else [])
    assert bool(noted) is bool(logged)
    assert "example.com" not in caplog.text

    emulator.approve(str(payment.order_uuid))
    later(3)
    assert open_page(payment, "complete", query)["Location"] == "/paid/"
    assert address(payment).endswith("/complete/")
