"""
What most tests begin with: Sezzle without sockets, and payments in the state they need.

Everything here goes the product's own way: a payment is authorized because a shopper approved it
at the emulator, not because a row says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.gateway import Intent, Price, transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment
from django_sezzle.services import Checkout, refresh, start_checkout
from django_sezzle.services.locking import database

GATEWAY_URL = "https://sezzle-emulator.test"
PUBLIC_KEY, PRIVATE_KEY = "sz_pub_test", "sz_pr_test"

MakeStaff = Callable[..., Client]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A gateway of its own for this test, reached without sockets."""
    emulator = Emulator(base_url=GATEWAY_URL, public_key=PUBLIC_KEY, private_key=PRIVATE_KEY)
    unmount = transport.mount(GATEWAY_URL, EmulatorAdapter(emulator))
    tokens.clear()
    yield emulator
    unmount()
    tokens.clear()


def a_checkout(reference: str = "1001", cents: int = 10_000, **members: Any) -> Checkout:
    """Describe a checkout of 100.00 USD with intent AUTH, unless told otherwise."""
    members = {
        "amount": Price(cents, "USD"),
        "success_url": f"/orders/{reference}/",
        "intent": Intent.AUTH,
    } | members
    return Checkout(shop_reference=reference, **members)


def payments_connection() -> BaseDatabaseWrapper:
    """Give this thread's connection to the database that payments are in."""
    return connections[database()]


def hosts_transaction() -> transaction.Atomic:
    """Begin what a host begins around its own work: a transaction where payments are, too."""
    return transaction.atomic(using=database())


def make_user(name: str, **members: Any) -> Any:
    """Make a user of whatever model the host has."""
    model: Any = get_user_model()
    login = f"{name}@shop.example" if model.USERNAME_FIELD == "email" else name
    return model.objects.create_user(**{model.USERNAME_FIELD: login}, **members)


@pytest.fixture
def make_staff(db: None) -> MakeStaff:
    """Make a browser that is logged in as staff with the named permissions."""
    numbers = count(1)

    def make(*codenames: str, checks_csrf: bool = False) -> Client:
        user = make_user(f"staff{next(numbers)}", password="x", is_staff=True)
        chosen = Permission.objects.filter(
            content_type__app_label="django_sezzle", codename__in=codenames
        )
        assert len(chosen) == len(codenames)
        user.user_permissions.set(chosen)
        client = Client(enforce_csrf_checks=checks_csrf)
        client.force_login(user)
        return client

    return make


@pytest.fixture
def atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrap every request in a transaction, on every database, as some hosts do."""
    for alias in connections:
        monkeypatch.setitem(connections.settings[alias], "ATOMIC_REQUESTS", True)


@pytest.fixture
def started(emulator: Emulator) -> Callable[..., SezzlePayment]:
    """Make a payment whose shopper is at Sezzle."""

    def make(reference: str = "1001", cents: int = 10_000, **members: Any) -> SezzlePayment:
        return start_checkout(a_checkout(reference, cents, **members))

    return make


@pytest.fixture
def authorized(
    emulator: Emulator, started: Callable[..., SezzlePayment]
) -> Callable[..., SezzlePayment]:
    """Make a payment that was approved at Sezzle and read back."""

    def make(reference: str = "1001", cents: int = 10_000, **members: Any) -> SezzlePayment:
        payment = started(reference, cents, **members)
        assert payment.order_uuid
        emulator.approve(payment.order_uuid)
        return refresh(payment)

    return make
