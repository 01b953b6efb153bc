"""Staff without user names, at an admin of the host's own."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import LIST, MakePayment
from tests.fixtures import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.fault(84)]


def test_staff_log_in_with_their_address_and_arrive_at_the_payments(
    make_payment: MakePayment,
) -> None:
    make_payment()
    make_user("ann", password="x", is_staff=True, is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse(LIST), follow=True)
    assert page.request["PATH_INFO"] == "/en/staff/desk/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token is not None

    form = {"username": "ann@shop.example", "password": "x", "tenant": "shop"}
    sent = {**form, "next": reverse(LIST), "csrfmiddlewaretoken": token[1]}
    listed = client.post("/en/staff/desk/login/", sent, follow=True)

    assert listed.request["PATH_INFO"] == "/en/staff/desk/django_sezzle/sezzlepayment/"
    assert "SHOP-1001" in listed.content.decode()


def test_addresses_of_the_admin_are_those_of_the_hosts_own(admin_client: Client) -> None:
    text = admin_client.get(reverse(LIST)).content.decode()
    assert "The desk" in text
    assert 'href="/admin/' not in text


def test_the_webhook_has_no_language_in_its_address() -> None:
    assert reverse("sezzle:webhook") == "/till/sezzle/webhook/"
