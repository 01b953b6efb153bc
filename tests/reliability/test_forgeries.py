"""A hundred thousand deliveries that Sezzle did not sign: 401, no query, no trace."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment, SezzleWebhookEvent, Status
from tests.fixtures import PRIVATE_KEY
from tests.reliability import figures
from tests.reliability.forgery import LONGEST, Delivery, Forger, event_about, is_authentic
from tests.reliability.listening import listening
from tests.reliability.scale import many
from tests.webhooks.conftest import URL
from tests.webhooks.counting import calls

pytestmark = pytest.mark.django_db

PREVIOUS = "sz_pr_of_last_year"
NOTE = "ada@canary.example"
REFUSED = b'{"detail":"The signature does not fit."}'
TOO_LARGE = b'{"detail":"The body is too large."}'


@contextmanager
def no_query() -> Iterator[list[str]]:
    """Refuse every statement inside the block and collect it, so that a swallowed error shows."""
    asked: list[str] = []

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        asked.append(sql)
        raise AssertionError(f"the database was asked: {sql}")

    with connection.execute_wrapper(refuse):
        yield asked


class Doorway:
    """The webhook's address, with the host's whole stack in front of it."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.client = Client(raise_request_exception=False)
        self.wrong: list[str] = []
        self.said: list[str] = []
        self.forged = 0
        self.genuine: list[Delivery] = []

    def post(self, delivery: Delivery) -> Any:
        """Send a delivery as it is."""
        headers: dict[str, Any] = dict(delivery.headers)
        return self.client.post(URL, delivery.body, content_type="application/json", **headers)

    def try_forgery(self, delivery: Delivery) -> None:
        """Send a delivery unless it is genuine by chance, and note what is wrong about it."""
        is_large = len(delivery.body) > LONGEST
        if is_authentic(delivery, self.keys) and not is_large:
            self.genuine.append(delivery)
            return
        self.forged += 1
        answer = self.post(delivery)
        got = (answer.status_code, answer.content)
        if got != ((413, TOO_LARGE) if is_large else (401, REFUSED)):
            self.wrong.append(f"{delivery.made_by}: {got}")

    def hear(self, logger: str, text: str) -> None:
        """Note a log line that repeats what nobody may read."""
        if any(secret in text for secret in (NOTE, *self.keys)):
            self.said.append(f"{logger}: {text}")


@pytest.fixture
def unheard_of(emulator: Emulator, started: Callable[..., SezzlePayment]) -> SezzlePayment:
    """A payment that Sezzle approved: whoever is believed makes us read it."""
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    return payment


def storm(doorway: Doorway, order_uuid: str, count: int, dice: random.Random) -> None:
    """Send so many forgeries, made of events about an order that is there."""
    forgers = [Forger(key, dice) for key in doorway.keys]
    with listening(doorway.hear) as listener, no_query() as asked:
        while doorway.forged < count:
            body = event_about(order_uuid, NOTE, dice)
            doorway.try_forgery(dice.choice(forgers).forge(body))
    assert doorway.wrong == []
    assert asked == []
    assert doorway.said == []
    # Each refusal is told, by us and by Django.
    assert listener.heard >= count


@pytest.mark.fault(2, 19, 21, 71, 82, 85, 88)
def test_no_forgery_is_accepted_or_costs_a_query(
    unheard_of: SezzlePayment, emulator: Emulator, settings: Any, dice: random.Random
) -> None:
    settings.SEZZLE = django_settings.SEZZLE | {"PREVIOUS_PRIVATE_KEYS": [PREVIOUS]}
    doorway = Doorway((PRIVATE_KEY, PREVIOUS))
    count = many(2_000, 100_000, on_servers=10_000)

    storm(doorway, str(unheard_of.order_uuid), count, dice)

    assert calls(emulator) == []
    assert not SezzleWebhookEvent.objects.exists()
    unheard_of.refresh_from_db()
    assert unheard_of.status == Status.CREATED
    # What only looked forged is let in, or this test would pass with the door walled up.
    let_in = doorway.genuine[:200]
    assert len({delivery.made_by for delivery in let_in}) >= 3
    assert [doorway.post(delivery).status_code for delivery in let_in] == [200] * len(let_in)
    unheard_of.refresh_from_db()
    assert unheard_of.status == Status.AUTHORIZED
    figures.count("forged webhooks, each refused without a query", tried=doorway.forged)


@pytest.mark.fault(2, 20)
def test_no_forgery_is_accepted_while_debugging(
    unheard_of: SezzlePayment, emulator: Emulator, settings: Any, dice: random.Random
) -> None:
    settings.DEBUG = True
    doorway = Doorway((PRIVATE_KEY,))
    count = many(100, 2_000)

    storm(doorway, str(unheard_of.order_uuid), count, dice)

    assert calls(emulator) == []
    assert not SezzleWebhookEvent.objects.exists()
    figures.count("forged webhooks with DEBUG on, each refused", tried=doorway.forged)


@pytest.mark.fault(19)
@pytest.mark.parametrize("key", ["", " ", None, b"", 0], ids=repr)
def test_without_a_usable_key_nothing_is_let_in(
    key: Any, unheard_of: SezzlePayment, settings: Any, dice: random.Random
) -> None:
    settings.SEZZLE = django_settings.SEZZLE | {"PRIVATE_KEY": key}
    doorway = Doorway(("",))
    forgers = [Forger(made_up, dice) for made_up in ("", " ", "None", "0", PRIVATE_KEY)]
    statuses = set()
    with no_query() as asked:
        for _ in range(many(20, 1_000)):
            body = event_about(str(unheard_of.order_uuid), NOTE, dice)
            statuses.add(doorway.post(dice.choice(forgers).forge(body)).status_code)
    assert asked == []
    # 503: Sezzle keeps what it has for us, 413: nobody read it.
    assert 503 in statuses
    assert statuses <= {503, 413}
