"""The button: a POST that ends at Sezzle, or back in the shop with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import DisallowedHost
from django.test import Client, RequestFactory

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from django_sezzle.services import refresh
from tests.fixtures import make_user
from tests.views.conftest import texts
from tests.views.urls import Pay
from tests.webhooks.counting import calls, statements

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.views.urls"),
    pytest.mark.usefixtures("no_pauses"),
]


def sent_urls(emulator: Emulator) -> tuple[str, str]:
    """Give the addresses that Sezzle was told to send the shopper back to."""
    body = next(call.body for call in emulator.calls if call.operation == "session_create")
    return body["complete_url"]["href"], body["cancel_url"]["href"]


def without_base_url(settings: Any) -> None:
    """Leave the shop's origin to the request."""
    settings.SEZZLE = {k: v for k, v in django_settings.SEZZLE.items() if k != "BASE_URL"}


def test_button_sends_the_shopper_to_sezzle(client: Client, emulator: Emulator) -> None:
    with statements() as made:
        answer = client.post("/pay/7/")
    payment = SezzlePayment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, payment.checkout_url)
    assert payment.checkout_url.startswith("https://sezzle-emulator.test/")
    assert "no-store" in answer["Cache-Control"]
    assert calls(emulator) == ["authentication", "session_create"]
    assert len(made) <= 6, "\n".join(made)


@pytest.mark.fault(17)
def test_second_press_gets_the_same_checkout(client: Client, emulator: Emulator) -> None:
    first = client.post("/pay/7/")
    emulator.calls.clear()
    assert client.post("/pay/7/")["Location"] == first["Location"]
    assert calls(emulator) == []
    assert SezzlePayment.objects.count() == 1


@pytest.mark.fault(31)
@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
def test_a_link_starts_nothing(method: str, client: Client, emulator: Emulator) -> None:
    assert getattr(client, method)("/pay/7/?amount=1").status_code == 405
    assert calls(emulator) == []
    assert not SezzlePayment.objects.exists()


@pytest.mark.fault(31)
def test_form_needs_its_token(emulator: Emulator) -> None:
    assert Client(enforce_csrf_checks=True).post("/pay/7/").status_code == 403
    assert calls(emulator) == []


@pytest.mark.fault(5)
def test_nothing_that_the_browser_says_counts(client: Client, emulator: Emulator) -> None:
    forged = {"amount": "1", "amount_in_cents": "1", "currency": "CAD", "success_url": "//evil"}
    client.post("/pay/7/?amount_in_cents=1", forged)
    payment = SezzlePayment.objects.get()
    assert (payment.amount_in_cents, payment.currency) == (2_500, "USD")
    assert payment.success_url == "/orders/7/"
    body = next(call.body for call in emulator.calls if call.operation == "session_create")
    assert body["order"]["order_amount"] == {"amount_in_cents": 2_500, "currency": "USD"}


def test_paid_order_goes_to_its_success_page(client: Client, emulator: Emulator) -> None:
    client.post("/pay/7/")
    payment = SezzlePayment.objects.get()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    answer = client.post("/pay/7/")
    assert (answer.status_code, answer["Location"]) == (303, "/orders/7/")
    assert texts(answer) == ["This order has its payment. Please do not pay again."]
    assert SezzlePayment.objects.count() == 1


def test_order_paid_at_this_moment_is_not_started_again(
    client: Client, emulator: Emulator, later: Any
) -> None:
    client.post("/pay/7/")
    emulator.approve(str(SezzlePayment.objects.get().order_uuid))
    later(61)
    answer = client.post("/pay/7/")
    assert (answer.status_code, answer["Location"]) == (303, "/orders/7/")


@pytest.mark.fault(93)
@pytest.mark.parametrize("fault", ["refused", "503", "timeout_before", "timeout_after", "html"])
def test_without_sezzle_the_shopper_is_back_with_a_reason(
    fault: str, client: Client, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.add("session_create", fault, times=None)
    answer = client.post("/pay/7/")
    assert (answer.status_code, answer["Location"]) == (303, "/checkout/")
    assert len(texts(answer)) == 1
    assert "This click charged nothing" in texts(answer)[0]
    assert "shop_reference=order-7 checkout=failed error=GatewayUnavailable" in caplog.text
    payment = SezzlePayment.objects.get()
    assert (payment.approved, payment.order_uuid) == (False, None)

    emulator.faults.clear()
    assert client.post("/pay/7/").status_code == 303
    assert SezzlePayment.objects.count() == 1


@pytest.mark.fault(77)
def test_addresses_come_from_the_setting(client: Client, emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = django_settings.SEZZLE | {"BASE_URL": "https://front.example"}
    client.post("/pay/7/", headers={"host": "testserver"})
    token = SezzlePayment.objects.get().token
    assert sent_urls(emulator) == (
        f"https://front.example/en/shop/sezzle/{token}/complete/",
        f"https://front.example/en/shop/sezzle/{token}/cancel/",
    )


@pytest.mark.fault(77)
def test_addresses_come_from_the_request_otherwise(
    client: Client, emulator: Emulator, settings: Any
) -> None:
    without_base_url(settings)
    forwarded = {"x-forwarded-host": "evil.example", "host": "shop.example"}
    client.post("/pay/7/", secure=True, headers=forwarded)
    assert all(url.startswith("https://shop.example/en/") for url in sent_urls(emulator))


@pytest.mark.fault(77)
def test_forged_host_starts_nothing(emulator: Emulator, settings: Any) -> None:
    without_base_url(settings)
    assert Client().post("/pay/7/", headers={"host": "evil.example"}).status_code == 400
    with pytest.raises(DisallowedHost):
        Pay.as_view()(RequestFactory().post("/", headers={"host": "evil.example"}), number=7)
    assert calls(emulator) == []


@pytest.mark.fault(76)
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "\thttps://evil.example/",
        "evil",
    ],
)
def test_browser_cannot_choose_another_host(url: str, client: Client, emulator: Emulator) -> None:
    answer = client.post("/careless/", {"next": url})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert calls(emulator) == []
    assert not SezzlePayment.objects.exists()


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["/pay/7/", "/members/pay/7/"])
def test_button_works_where_every_request_is_a_transaction(
    where: str, client: Client, emulator: Emulator, atomic_requests: None
) -> None:
    client.force_login(make_user("jane"))
    answer = client.post(where)
    payment = SezzlePayment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, payment.checkout_url)


def test_host_without_messages_gets_no_error(
    client: Client, emulator: Emulator, settings: Any
) -> None:
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if "messages" not in a]
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "messages" not in m]
    emulator.faults.add("session_create", "503", times=None)
    assert client.post("/pay/7/")["Location"] == "/checkout/"
