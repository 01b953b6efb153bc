"""Whatever a host sets for its own views, a delivery is answered as Sezzle needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.schemas.openapi import AutoSchema
from rest_framework.views import APIView

from django_sezzle.api import StatusView, WebhookView
from django_sezzle.emulator import Emulator
from django_sezzle.gateway.signature import sign
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from tests.fixtures import PRIVATE_KEY
from tests.webhooks.conftest import URL, as_body, event
from tests.webhooks.hosts import HOSTS

ACCEPTED = ("", "text/plain", "application/json; version=9", "image/png", "rubbish")

Started = Callable[..., SezzlePayment]


def deliver(body: bytes, *, url: str = URL, signature: str | None = None, **headers: str) -> Any:
    """Post as a stranger would whom the host checks for forgery."""
    return Client(enforce_csrf_checks=True).post(
        url,
        body,
        content_type=headers.pop("content_type", "application/json"),
        headers={"Sezzle-Signature": signature or sign(body, PRIVATE_KEY)} | headers,
    )


@pytest.mark.fault(84)
@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTS)
def test_delivery_is_taken_or_refused_on_every_host(
    name: str,
    emulator: Emulator,
    started: Started,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    payment = started()
    emulator.approve(str(payment.order_uuid))
    for accept in ACCEPTED:
        body = as_body(event("order.authorized", str(payment.order_uuid)))
        answer = deliver(body, accept=accept)
        assert (answer.status_code, answer.json()) == (200, {"received": True}), accept
        assert deliver(body, signature="a" * 64, accept=accept).status_code == 401
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert deliver(b"{}", content_type=content_type).status_code == 200, content_type
    assert deliver(b"x" * 70_000).status_code == 413
    payment.refresh_from_db()
    assert payment.status == Status.AUTHORIZED


@pytest.mark.fault(84)
@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTS)
def test_delivery_that_is_to_come_again_is_told_so_on_every_host(
    name: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    HOSTS[name](settings, monkeypatch)
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": ""}
    assert deliver(b"{}").status_code == 503


@pytest.mark.fault(10, 84)
@pytest.mark.django_db(transaction=True)
def test_delivery_outlives_the_request_where_every_request_is_a_transaction(
    emulator: Emulator, started: Started, atomic_requests: None
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    body = as_body(event("order.authorized", str(payment.order_uuid)))
    emulator.faults.add("order_get", "401", times=None)
    assert deliver(body).status_code == 503
    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING
    emulator.faults.clear()
    assert deliver(body).status_code == 200
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    payment.refresh_from_db()
    assert payment.status == Status.AUTHORIZED


@pytest.mark.fault(84)
@pytest.mark.django_db
@pytest.mark.urls("tests.views.urls")
def test_delivery_under_a_language_is_not_redirected(settings: Any) -> None:
    url = reverse("sezzle:webhook")
    assert url == "/en/shop/sezzle/webhook/"
    body = as_body(event("order.authorized", "unknown"))
    for language in ("fr-CA", "de;q=0.5", "*", "rubbish"):
        answer = deliver(body, url=url, **{"accept-language": language})
        assert answer.status_code == 200, language


@pytest.mark.fault(84)
@pytest.mark.django_db
def test_delivery_by_https_is_not_redirected(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    body = as_body(event("order.authorized", "unknown"))
    answer = Client().post(
        URL,
        body,
        content_type="application/json",
        secure=True,
        headers={"Sezzle-Signature": sign(body, PRIVATE_KEY)},
    )
    assert answer.status_code == 200


def test_views_stay_out_of_a_hosts_api_description(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(APIView, "schema", AutoSchema())
    assert WebhookView.schema is None
    assert StatusView.schema is None
