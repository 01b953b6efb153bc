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
from django_sezzle.services import capture
from tests.reconcile.conftest import URL, MakePayment

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
