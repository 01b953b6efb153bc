"""Sales at a till, and the page by which they are followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import refresh
from django_sezzle.services.in_store import ask_in_store
from tests.admin.conftest import MakeStaff
from tests.admin.test_in_store import SELL, TILL, VIEW
from tests.services.rigs import again

STATE, CANCEL, RECEIPT = (f"{TILL}_{name}" for name in ("state", "cancel", "receipt"))
RELEASE = "release_sezzlepayment"

MakeSale = Callable[..., SezzlePayment]


@pytest.fixture
def sale(emulator: Emulator, db: None) -> MakeSale:
    """Ask for $84.50 in store; the shopper has paid with ``approve=True``."""

    def make(number: int = 1, *, approve: bool = False) -> SezzlePayment:
        payment = ask_in_store(
            shop_reference=f"TILL-{number}",
            amount=Price(8450, "USD"),
            base_url="https://shop.example",
        )
        if approve:
            emulator.approve(str(payment.order_uuid))
            refresh(payment)
        emulator.calls.clear()
        return again(payment)

    return make


@pytest.fixture
def cashier(make_staff: MakeStaff, emulator: Emulator) -> Client:
    """A browser of somebody who may sell and release."""
    return make_staff(VIEW, SELL, RELEASE)


@pytest.fixture
def beginner(make_staff: MakeStaff, emulator: Emulator) -> Client:
    """A browser of somebody who may sell and nothing else."""
    return make_staff(VIEW, SELL)


def url(name: str, payment: SezzlePayment) -> str:
    return reverse(name, args=[payment.pk])


def text_of(client: Client, payment: SezzlePayment) -> str:
    page = client.get(url(TILL, payment))
    assert page.status_code == 200
    return str(page.content.decode())


def state(client: Client, payment: SezzlePayment, *, soon: bool = False) -> dict[str, Any]:
    """Ask as the page's script does; two seconds after the last time, unless ``soon``."""
    if not soon:
        SezzlePayment.objects.update(asked_at=None)
    found: dict[str, Any] = client.get(url(STATE, payment)).json()
    return found


def said(client: Client, payment: SezzlePayment) -> str:
    """Give the newest message above the till's page."""
    *_others, last = client.get(url(TILL, payment)).context["messages"]
    return f"{last.level_tag}: {last}"


def reads(emulator: Emulator) -> int:
    return [call.operation for call in emulator.calls].count("order_get")


def an_hour_ago(payment: SezzlePayment) -> None:
    SezzlePayment.objects.filter(pk=payment.pk).update(
        last_read_at=timezone.now() - timedelta(hours=1)
    )
