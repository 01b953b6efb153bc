"""Gateways to call: at the emulator through both of its doors, and at a scripted server."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.gateway import Gateway, Intent, Price, transport
from django_sezzle.gateway.messages import SessionRequest
from django_sezzle.gateway.tokens import tokens


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    """Begin and end without a token and without an open connection."""
    tokens.clear()
    yield
    tokens.clear()
    transport.session().close()


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not spend the test's time on the pauses between tries of a read."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)


def gateway_at(url: str, *, seconds: float | None = None, **members: Any) -> Gateway:
    """Give a client of the default account whose gateway is elsewhere."""
    settings = dataclasses.replace(get_settings(), gateway_url=url, **members)
    return Gateway(settings, seconds=seconds)


@pytest.fixture(params=["adapter", "server"])
def gateway(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Gateway]:
    """A client of the emulator, without sockets and with them."""
    if request.param == "adapter":
        yield Gateway(get_settings())
        return
    with EmulatorServer(emulator, delivers=False) as server:
        yield gateway_at(server.url)


def a_session(cents: int = 10_000, **members: Any) -> SessionRequest:
    """Describe a checkout of 100.00 USD with intent AUTH, unless told otherwise."""
    values: dict[str, Any] = {
        "complete_url": "https://shop.example/complete/",
        "cancel_url": "https://shop.example/cancel/",
        "intent": Intent.AUTH,
        "reference_id": "order-1",
        "description": "Order 1",
        "amount": Price(cents, "USD"),
    }
    return SessionRequest(**values | members)


@pytest.fixture
def authorized(emulator: Emulator, gateway: Gateway) -> Callable[..., str]:
    """Make an order that the shopper approved; returns its uuid."""

    def make(cents: int = 10_000, **members: Any) -> str:
        order_uuid = gateway.create_session(a_session(cents, **members)).order_uuid
        assert order_uuid
        emulator.approve(order_uuid)
        emulator.calls.clear()
        return order_uuid

    return make
