"""Whatever a host sets for its own views, a till works, and no transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.urls import resolve, reverse

from django_sezzle.emulator import Emulator
from tests.services.rigs import moved
from tests.till.conftest import ROLES, MakeTill, Till
from tests.webhooks.hosts import HOSTS

pytestmark = pytest.mark.urls("tests.till.urls")

NAMES = ("schema", "payments", "payment", "capture", "cancel", "refund")
#: Without sessions nobody is logged in.
USUAL = [name for name in HOSTS if name != "no middleware"]


def sell(till: Till, emulator: Emulator) -> list[tuple[str, int]]:
    """Sell something, and take a part of it back."""
    till.ask(phone="415 555 0142")
    emulator.approve(str(till.payment.order_uuid))
    assert till.read().json()["stage"] == "approved"
    till.receipt("R-1")
    till.capture()
    assert till.refund(amount_in_cents=500).json()["stage"] == "paid"
    return moved(emulator, till.payment)


@pytest.mark.django_db
@pytest.mark.parametrize("name", USUAL)
def test_a_till_sells_on_every_host(
    name: str,
    emulator: Emulator,
    make_till: MakeTill,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    till = make_till(*ROLES)
    assert sell(till, emulator) == [("capture", 10_000), ("refund", 500)]
    for accept in ("text/html", "application/json; version=9", "image/png"):
        till.headers = {"Accept": accept}
        assert till.read().status_code == 200
        assert till.capture("other").status_code == 422


@pytest.mark.django_db
def test_nobody_gets_in_where_nobody_is_logged_in(
    emulator: Emulator,
    make_till: MakeTill,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = make_till(*ROLES)
    HOSTS["no middleware"](settings, monkeypatch)
    assert till.ask().status_code == 403
    assert emulator.orders == []


@pytest.mark.django_db(transaction=True)
def test_a_till_sells_where_every_request_is_a_transaction(
    emulator: Emulator, make_till: MakeTill, atomic_requests: None
) -> None:
    exchange: Callable[..., Any] = emulator.exchange
    found: list[str] = []

    def look(request: Any) -> Any:
        found.extend(alias for alias in connections if connections[alias].in_atomic_block)
        return exchange(request)

    emulator.exchange = look  # type: ignore[method-assign]
    till = make_till(*ROLES)
    assert sell(till, emulator) == [("capture", 10_000), ("refund", 500)]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_no_endpoint_runs_in_a_transaction_of_any_database(name: str) -> None:
    arguments = () if name in ("schema", "payments") else ("token",)
    view = resolve(reverse(f"sezzle-till:{name}", args=arguments)).func
    assert getattr(view, "_non_atomic_requests", set()) == set(connections)
