"""A sale at the till, whatever a host sets for its own views."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from django_sezzle.admin.in_store_form import language_of_page
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.admin.conftest import MakeStaff
from tests.admin.test_hostile_hosts import STAFF_HOSTS, token_in
from tests.admin.test_in_store import IN_STORE, PHONE, SELL, VIEW, fill_in, send
from tests.admin.tills import CANCEL, RECEIPT, RELEASE, TILL, beginner, said, state, url
from tests.services.rigs import again
from tests.webhooks.hosts import HOSTS

__all__ = ["beginner"]

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize("name", STAFF_HOSTS)
def test_a_sale_on_every_host(
    name: str,
    make_staff: MakeStaff,
    emulator: Emulator,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    client = make_staff(VIEW, SELL, RELEASE, checks_csrf=True)
    shown = client.get(reverse(IN_STORE))
    form = fill_in(client, phone=PHONE) | {"csrfmiddlewaretoken": token_in(shown)}

    asked = client.post(reverse(IN_STORE), form, follow=True)
    payment = SezzlePayment.objects.get()
    assert state(client, payment)["headline"] == "Waiting for the shopper"
    client.post(url(CANCEL, payment), {"csrfmiddlewaretoken": token_in(asked)})

    assert state(client, payment)["headline"] == "Canceled"
    assert len(emulator.sent_links) == 1


@pytest.mark.usefixtures("atomic_requests")
def test_a_sale_where_every_request_is_a_transaction(beginner: Client, emulator: Emulator) -> None:
    asked = send(beginner, fill_in(beginner))
    payment = SezzlePayment.objects.get()
    emulator.approve(str(payment.order_uuid))
    found = state(beginner, payment)
    named = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})

    assert asked["Location"] == url(TILL, payment)
    assert found["headline"] == "Approved"
    assert named.status_code == 303
    assert emulator.order(str(payment.order_uuid)).reference_id == "R-1"


@pytest.mark.usefixtures("atomic_requests")
def test_giving_up_where_every_request_is_a_transaction(
    beginner: Client, emulator: Emulator
) -> None:
    send(beginner, fill_in(beginner))
    payment = SezzlePayment.objects.get()

    beginner.post(url(CANCEL, payment))

    assert "nobody can pay it any more" in said(beginner, payment)
    assert again(payment).canceled_at is not None


@pytest.mark.parametrize(("reads", "proposed"), [("fr-ca", "fr-CA"), ("en", "en"), ("de", "en")])
def test_the_language_of_staff_is_proposed(reads: str, proposed: str) -> None:
    with translation.override(reads):
        assert language_of_page() == proposed
