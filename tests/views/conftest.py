"""A shopper's browser: comes back from Sezzle, and says where it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from django_sezzle.gateway import transport
from django_sezzle.models import SezzlePayment

Started = Callable[..., SezzlePayment]
Open = Callable[..., Any]
Later = Callable[[float], None]

SHOPPER_PATH: str = settings.SHOPPER_PATH

#: Three different pages of the shop, so that a test sees which one was taken.
PAGES = {"success_url": "/paid/", "failure_url": "/not-approved/", "cancel_url": "/cart/"}

#: What a forger would add to the address in the hope of being believed.
FORGED = (
    "?status=approved",
    "?order_uuid=f36605a0-4a96-46d1-9d01-a0b17140dc57&status=complete",
    "?customer-uuid=e0003e6a-7234-4440-9265-61906e8b8879",
    "?session_uuid=1&approved=true&next=https://evil.example/",
    "?n=0&state=approved",
    "?n=%00&%00=1",
)


def address(payment: SezzlePayment, name: str = "complete") -> str:
    """Give one of a payment's three addresses."""
    return f"{SHOPPER_PATH}{payment.token}/{name}/"


def texts(answer: Any) -> list[str]:
    """Give the messages that wait for the shopper."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def open_page(client: Client) -> Open:
    """Open one of a payment's addresses."""

    def get(payment: SezzlePayment, name: str = "complete", query: str = "") -> Any:
        return client.get(address(payment, name) + query)

    return get


@pytest.fixture
def later() -> Iterator[Later]:
    """Move every clock on by seconds, ours and Sezzle's; they stand still otherwise."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield lambda seconds: traveller.shift(timedelta(seconds=seconds))


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed reads at once instead of after a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)
