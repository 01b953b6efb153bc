"""What a monitor can count: the events, their labels, and that a bad counter disturbs nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_sezzle.conf import get_settings
from django_sezzle.counting import count, counted
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayRejected
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.tokens import tokens
from django_sezzle.services import capture, refresh
from django_sezzle.signals import payment_captured
from tests.reconcile.conftest import URL, MakePayment
from tests.services.rigs import listening
from tests.webhooks.conftest import event, post

__all__ = ["post"]

Counted = list[tuple[str, dict[str, str]]]


@pytest.fixture
def seen() -> Iterator[Counted]:
    """Keep what is counted, without how long it took."""
    kept: Counted = []

    def keep(event: str, labels: dict[str, str], seconds: float | None, **rest: Any) -> None:
        kept.append((event, labels))

    counted.connect(keep)
    yield kept
    counted.disconnect(keep)


def test_calls_to_sezzle_are_counted_without_their_ids(emulator: Emulator, seen: Counted) -> None:
    tokens.clear()
    gateway = Gateway(get_settings())
    gateway.test_webhook(URL)
    with pytest.raises(GatewayRejected):
        gateway.get_order("no-such-order")

    assert [(event, *labels.values()) for event, labels in seen] == [
        ("gateway_call", "default", "POST", "/v2/authentication", "201"),
        ("gateway_call", "default", "POST", "/v2/webhooks/test", "201"),
        ("gateway_call", "default", "GET", "/v2/order/{id}", "404"),
    ]
    assert list(seen[0][1]) == ["account", "method", "path", "status"]


@pytest.mark.django_db(transaction=True)
def test_the_end_of_an_operation_is_counted_once(authorized: MakePayment, seen: Counted) -> None:
    payment = authorized()
    seen.clear()

    capture(payment)

    ended = [labels for event, labels in seen if event == "operation"]
    assert ended == [{"kind": "capture", "state": "succeeded", "evidence": "response"}]


@pytest.mark.django_db(transaction=True)
def test_events_and_what_the_shop_was_told(
    authorized: MakePayment, post: Any, emulator: Emulator, seen: Counted
) -> None:
    payment = authorized()
    seen.clear()
    emulator.faults.add("order_get", "503", times=3)
    body = event("order.authorized", str(payment.order_uuid))
    for _ in range(2):
        post(body)
    post(body, signature="forged")

    def outcomes(name: str) -> list[str]:
        return [labels["outcome"] for event, labels in seen if event == name]

    assert outcomes("delivery") == ["kept", "repeated", "refused"]
    assert outcomes("event") == ["postponed", "done"]


@pytest.mark.django_db(transaction=True)
def test_what_the_shop_was_told_and_would_not_hear(
    started: MakePayment, emulator: Emulator, seen: Counted
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    with listening(fail, payment_captured):
        capture(payment)

    told = [tuple(labels.values()) for event, labels in seen if event == "announcement"]
    assert told == [("authorized", "told"), ("captured", "failed")]


def fail(**kwargs: Any) -> None:
    """Be a receiver that does not want to hear."""
    raise RuntimeError


def test_a_counter_that_raises_disturbs_nobody(
    seen: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(**kwargs: Any) -> None:
        raise RuntimeError("no room for more numbers")

    counted.connect(raises)
    try:
        count("checkout", account="default", outcome="started")
    finally:
        counted.disconnect(raises)

    assert seen == [("checkout", {"account": "default", "outcome": "started"})]
    assert "no room for more numbers" in caplog.text
