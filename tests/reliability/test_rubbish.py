"""Signed rubbish of every kind: taken with 200, kept once without its text, and nothing else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.signature import sign
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleDispute,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services import capture, refresh
from tests.fixtures import PRIVATE_KEY
from tests.reliability import figures
from tests.reliability.forgery import LONGEST
from tests.reliability.rubbish import document_about
from tests.reliability.scale import many
from tests.services.rigs import check_books
from tests.webhooks.conftest import URL
from tests.webhooks.counting import calls

pytestmark = pytest.mark.django_db

MakePayment = Callable[..., SezzlePayment]

#: What a reading notes about itself; everything else stays as it is.
NOTED = {"last_read_at", "asked_at", "lock_seq", "updated_at"}

KEPT = {
    "key": re.compile(r"sha256:[0-9a-f]{64}|[0-9A-Za-z-]{1,64}"),
    "event_type": re.compile(r"[0-9A-Za-z._]{1,64}"),
    "order_uuid": re.compile(r"None|[0-9A-Za-z-]{1,64}"),
    "body_sha256": re.compile(r"[0-9a-f]{64}"),
    "last_error": re.compile("|GatewayUnavailable"),
    "account": re.compile("default"),
    "state": re.compile("pending|done|ignored"),
}


KEPT_OF_DISPUTES = {
    "dispute_id": re.compile(r"[0-9A-Za-z._-]{1,64}"),
    "order_uuid": KEPT["order_uuid"],
    "reference_id": re.compile(r"[0-9A-Za-z_-]{0,80}"),
    "dispute_type": re.compile(r"[0-9A-Za-z._-]{0,64}"),
    "currency": re.compile(r"([A-Z]{3})?"),
    "amount_in_cents": re.compile(r"None|[0-9]+"),
}
SAID = {
    "dispute_id": re.compile(r"[0-9A-Za-z._-]{0,64}"),
    "reference_id": re.compile(r"[0-9A-Za-z_-]{0,80}"),
    "token_digest": re.compile(r"([0-9a-f]{64})?"),
    "customer_digest": re.compile(r"([0-9a-f]{64})?"),
}


class Shop:
    """A shop with a payment that is known, one that Sezzle approved unheard, and one begun."""

    def __init__(self, authorized: MakePayment, started: MakePayment, emulator: Emulator) -> None:
        self.client = Client()
        self.emulator = emulator
        self.known, self.unheard = authorized("1"), started("2")
        self.begun = refresh(started("3"))
        capture(self.known, amount_in_cents=4_000)
        emulator.approve(str(self.unheard.order_uuid))
        self.orders = [str(row.order_uuid) for row in (self.known, self.unheard, self.begun)]
        emulator.calls.clear()

    def post(self, body: bytes) -> int:
        """Deliver a body with the right signature."""
        headers = {"Sezzle-Signature": sign(body, PRIVATE_KEY)}
        answer = self.client.post(URL, body, content_type="application/json", headers=headers)
        assert answer.status_code == 413 or set(answer.json()) == {"received"}
        return answer.status_code

    def books(self) -> dict[str, Any]:
        """Copy every row that is about money, without what a reading notes about itself."""
        payments = SezzlePayment.objects.order_by("pk").values()
        return {
            "payments": [
                {name: value for name, value in row.items() if name not in NOTED}
                for row in payments
            ],
            "ledger": list(SezzleTransaction.objects.order_by("pk").values()),
            "operations": list(SezzleOperation.objects.order_by("pk").values()),
            "told": list(
                # What is said of a dispute is kept for people to read; it moves no money.
                SezzleAnnouncement.objects.exclude(fact_key__startswith="dispute:")
                .order_by("pk")
                .values_list("payment", "fact_key")
            ),
        }


@pytest.fixture
def shop(authorized: MakePayment, started: MakePayment, emulator: Emulator) -> Shop:
    """A shop with payments that the rubbish may be about."""
    return Shop(authorized, started, emulator)


def check_events() -> None:
    """Assert that nothing but ids, words and states was kept of any event."""
    for rows, patterns in (
        (SezzleWebhookEvent.objects.values(), KEPT),
        (SezzleDispute.objects.values(), KEPT_OF_DISPUTES),
        (said_by_events(), SAID),
    ):
        for row in rows:
            for name, pattern in patterns.items():
                assert pattern.fullmatch(str(row.get(name, ""))), f"{name}: {row.get(name)!r}"


def said_by_events() -> list[dict[str, Any]]:
    """Give what is kept of what events say; that of an order's is nothing."""
    rows = SezzleWebhookEvent.objects.values_list("event_type", "said")
    assert not [said for kind, said in rows if kind.startswith("order.") and said]
    return [said for _kind, said in rows if said]


@pytest.mark.fault(3, 27, 40, 49, 80, 85, 86, 87, 89, 106)
def test_signed_rubbish_is_200_and_kept_once_and_changes_nothing(
    shop: Shop, dice: random.Random
) -> None:
    count = many(300, 20_000, on_servers=2_000)
    before, truth = shop.books(), None
    kept = 0
    for _ in range(count):
        body = document_about(shop.orders, dice)
        expected = 413 if len(body) > LONGEST else 200
        assert shop.post(body) == expected, body
        now = SezzleWebhookEvent.objects.count()
        assert now - kept in ((0,) if expected == 413 else (0, 1)), body
        if dice.random() < 0.3:
            assert shop.post(body) == expected, body
            assert SezzleWebhookEvent.objects.count() == now, body
        kept = now
        books = shop.books()
        if books != before and truth is None:
            # The one change there may be: what Sezzle's order says of the unheard payment.
            shop.unheard.refresh_from_db()
            assert shop.unheard.status == Status.AUTHORIZED, body
            truth = before = books
        assert books == before, body
    check_events()
    assert not SezzleWebhookEvent.objects.filter(state=EventState.PENDING).exists()
    assert set(calls(shop.emulator)) <= {"order_get"}
    for payment in (shop.known, shop.unheard, shop.begun):
        check_books(shop.emulator, refresh(payment))
    # Some of it did speak of our orders, and some was no event at all.
    states = set(SezzleWebhookEvent.objects.values_list("state", flat=True))
    assert states == {EventState.DONE, EventState.IGNORED}
    figures.count("signed rubbish, answered 200 or 413 and without effect", tried=count)


@pytest.mark.fault(49, 81, 86, 89)
def test_signed_rubbish_is_503_only_where_our_order_cannot_be_read(
    shop: Shop, emulator: Emulator, dice: random.Random
) -> None:
    emulator.faults.add("order_get", "503", times=None)
    before = shop.books()
    count = many(150, 5_000, on_servers=1_000)
    answers = set()
    for _ in range(count):
        body = document_about(shop.orders, dice)
        emulator.calls.clear()
        status = shop.post(body)
        answers.add(status)
        asked = {call.path.rpartition("/")[2] for call in emulator.calls}
        assert asked <= set(shop.orders), body
        assert (status == 503) == bool(asked), body
        assert status in (200, 503) or len(body) > LONGEST, body
    assert {200, 503} <= answers
    assert shop.books() == before
    check_events()
    waiting = SezzleWebhookEvent.objects.filter(state=EventState.PENDING)
    assert set(waiting.values_list("order_uuid", flat=True)) <= set(shop.orders)
    figures.count("signed rubbish while Sezzle is down, answered 200, 413 or 503", tried=count)
