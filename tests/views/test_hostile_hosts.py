"""Whatever a host sets for its own views, a shopper comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.views.conftest import PAGES, SHOPPER_PATH, Started, address
from tests.views.html import inline_code
from tests.webhooks.hosts import HOSTS


@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTS)
def test_shopper_comes_back_on_every_host(
    name: str,
    emulator: Emulator,
    started: Started,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    client = Client(enforce_csrf_checks=True)
    payment, denied = started("1", **PAGES), started("2", **PAGES)
    page = client.get(address(payment))
    assert (page.status_code, page["Referrer-Policy"]) == (200, "same-origin")
    assert "One moment" in page.content.decode()
    for accept in ("text/html", "application/json; version=9", "image/png"):
        status = client.get(address(payment, "status"), headers={"accept": accept})
        assert status.json() == {"state": "waiting", "next": ""}, accept
    assert client.get(f"{SHOPPER_PATH}nobody/status/").status_code == 404

    emulator.approve(str(payment.order_uuid))
    emulator.deny(str(denied.order_uuid))
    SezzlePayment.objects.update(asked_at=None)
    assert client.get(address(payment))["Location"] == "/paid/"
    assert client.get(address(denied, "cancel"))["Location"] == "/not-approved/"


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
def test_shopper_comes_back_where_every_request_is_a_transaction(
    emulator: Emulator, started: Started, client: Client, atomic_requests: None
) -> None:
    for name, reference in (("complete", "1"), ("cancel", "2"), ("status", "3")):
        payment = started(reference, **PAGES)
        emulator.approve(str(payment.order_uuid))
        client.get(address(payment, name))
        payment.refresh_from_db()
        assert payment.approved, name


@pytest.mark.django_db
@pytest.mark.urls("tests.views.urls")
def test_shopper_comes_back_in_the_language_of_the_checkout(
    emulator: Emulator, started: Started, client: Client
) -> None:
    with translation.override("fr"):
        payment = started(**PAGES)
        url = reverse("sezzle:complete", args=[payment.token])
    assert url.startswith("/fr/shop/sezzle/")
    returned = emulator.approve(str(payment.order_uuid))
    assert returned == f"https://shop.example{url}"
    assert client.get(url, headers={"accept-language": "de"})["Location"] == "/paid/"


@pytest.mark.django_db
def test_no_page_of_arrival_has_what_a_strict_policy_stops(
    emulator: Emulator, started: Started, client: Client
) -> None:
    waiting, left = started("1"), started("2")
    approved, denied, checking = started("3"), started("4"), started("5")
    for payment in (approved, checking):
        emulator.approve(str(payment.order_uuid))
    emulator.deny(str(denied.order_uuid))
    client.get(address(checking))
    SezzlePayment.objects.filter(pk=checking.pk).update(review_reason="amount_differs")
    SezzlePayment.objects.update(success_url="", failure_url="", cancel_url="", asked_at=None)
    pages = {
        "One moment": client.get(address(waiting)),
        "Not paid yet": client.get(address(left, "cancel")),
        "Thank you": client.get(address(approved)),
        "Not approved": client.get(address(denied)),
        "is checking your payment": client.get(address(checking)),
    }
    for words, answer in pages.items():
        text = answer.content.decode()
        assert words in text
        assert inline_code(text) == [], words


@pytest.mark.django_db
def test_page_that_asks_points_to_where_the_package_is(started: Started, client: Client) -> None:
    payment = started(**PAGES)
    page = client.get(address(payment)).content.decode()
    assert f'data-status-url="{address(payment, "status")}"' in page
