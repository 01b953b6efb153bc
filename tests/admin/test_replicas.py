"""Reads may go to replicas that lag behind; nothing that is decided or shown comes from one."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment, Status
from tests.admin.conftest import CHANGE, LIST, Desk, MakePayment, kinds, moved
from tests.webhooks.conftest import event, post

__all__ = ["post"]

pytestmark = [pytest.mark.django_db, pytest.mark.fault(55)]


@pytest.fixture(autouse=True)
def no_replica(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """Send the product's reads nowhere, in a host that has no replica of its own."""
    if len(django_settings.DATABASES) == 1:
        # A host with ATOMIC_REQUESTS opens a transaction on each database that has it set.
        nowhere = connections.settings["default"] | {
            "ENGINE": "django.db.backends.dummy",
            "ATOMIC_REQUESTS": False,
        }
        monkeypatch.setitem(connections.settings, "nowhere", nowhere)
        settings.DATABASE_ROUTERS = ["tests.hosts.routers.NoReplica"]


def test_the_life_of_a_payment_never_reads_a_replica(
    make_payment: MakePayment, manager: Client, client: Client, post: Any, emulator: Emulator
) -> None:
    first, second = make_payment(approve=False), make_payment(approve=False)
    for payment in (first, second):
        emulator.approve(str(payment.order_uuid))

    assert post(event("order.authorized", str(first.order_uuid))).status_code == 200
    answer = client.get(reverse("sezzle:status", args=[second.token])).json()
    assert answer["state"] == "approved"
    for payment in (first, second):
        payment.refresh_from_db()
        assert payment.status == Status.AUTHORIZED

    for action, change in (("capture", "30.00"), ("release", "20.00"), ("refund", "5.00")):
        desk = Desk(manager, action).open(first)
        page = desk.send(**{f"amount-{first.pk}": change})
        assert kinds(page) == ["done"], action
    assert moved(emulator) == [("capture", 3000), ("release", 2000), ("refund", 500)]
    shown = manager.get(reverse(CHANGE, args=[first.pk])).content.decode()
    assert "$5.00 USD" in shown
    assert len(manager.get(reverse(LIST)).context["cl"].result_list) == 2
    found = SezzlePayment.objects.current_for(first.shop_reference)
    assert found == first
