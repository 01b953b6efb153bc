"""Sezzle's side of a delivery: signing, posting, and the emulator's own deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Delivery, Emulator
from django_sezzle.gateway import Gateway, transport
from django_sezzle.gateway.signature import sign
from tests.fixtures import PRIVATE_KEY

URL: str = settings.WEBHOOK_PATH

Post = Callable[..., Any]
Deliver = Callable[[], list[Delivery]]
Later = Callable[[timedelta], None]


def event(kind: str, order_uuid: str, **members: Any) -> dict[str, Any]:
    """Make the body of an event about an order, with an id of its own."""
    where = "uuid" if kind.startswith("order.") else "order_uuid"
    return {
        "uuid": str(uuid4()),
        "created_at": "2026-11-20T00:15:39.281826Z",
        "event": kind,
        "data_type": kind.partition(".")[0],
        "data": {where: order_uuid},
    } | members


def as_body(body: bytes | str | Mapping[str, Any]) -> bytes:
    """Write a body as it goes over the wire."""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.fixture
def post(client: Client) -> Post:
    """Post a delivery signed with the account's key, unless another key or header is given."""

    def send(
        body: bytes | str | Mapping[str, Any],
        *,
        key: str = PRIVATE_KEY,
        signature: str | None = None,
        url: str = URL,
        **extra: Any,
    ) -> Any:
        raw = as_body(body)
        header = sign(raw, key) if signature is None else signature
        extra = {"content_type": "application/json", "HTTP_SEZZLE_SIGNATURE": header} | extra
        return client.post(url, raw, **extra)

    return send


@pytest.fixture
def deliver(client: Client, emulator: Emulator) -> Deliver:
    """Have the emulator deliver what is due, through the host's whole stack."""
    Gateway(get_settings()).create_webhook(f"https://shop.example{URL}")
    emulator.calls.clear()

    def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert url == f"https://shop.example{URL}"
        return client.post(
            URL,
            body,
            content_type=headers["Content-Type"],
            headers={"Sezzle-Signature": headers["Sezzle-Signature"]},
        ).status_code

    return lambda: emulator.deliver_due(send=send)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed reads at once instead of after a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


@pytest.fixture
def later() -> Iterator[Later]:
    """Move every clock on, ours and Sezzle's."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller.shift
