"""Keys that do not fit, or no longer, or not yet: loud, and no event is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from tests.fixtures import PRIVATE_KEY
from tests.reliability.days import HELD_MINUTES, Days, live_through
from tests.services.rigs import check_books
from tests.webhooks import conftest as deliveries
from tests.webhooks.conftest import URL, Deliver, Later

pytestmark = pytest.mark.django_db

# Sezzle's deliveries and both clocks, as the tests of the webhook have them.
deliver = deliveries.deliver
later = deliveries.later

NEW_KEY = "sz_pr_of_this_year"
Started = Callable[..., SezzlePayment]


@pytest.fixture
def days(emulator: Emulator, deliver: Deliver, later: Later) -> Days:
    """Days of deliveries."""
    return Days(emulator, deliver, later)


@pytest.mark.fault(82)
def test_a_wrong_key_for_a_day_is_loud_and_loses_nothing(
    emulator: Emulator,
    started: Started,
    days: Days,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    payments = [started(str(number)) for number in range(1, 6)]
    emulator.profile.authorization_minutes = HELD_MINUTES
    right = django_settings.SEZZLE
    settings.SEZZLE = right | {"PRIVATE_KEY": "sz_pr_mistyped"}
    for _ in live_through(payments, emulator):
        days.deliver()
    days.pass_(timedelta(days=1))

    assert {each.status for each in days.sent} == {401}
    assert not SezzleWebhookEvent.objects.exists()
    loud = [r for r in caplog.records if r.name == "django_sezzle.webhooks"]
    assert len(loud) == len(days.sent) > 5 * len(payments)
    assert all(r.levelno == logging.ERROR and "PRIVATE_KEY" in r.getMessage() for r in loud)

    settings.SEZZLE = right
    days.pass_(timedelta(days=3))
    assert {tries[-1][1] for tries in days.times.values()} == {200}
    assert len(emulator.subscriptions) == 1
    assert not SezzleWebhookEvent.objects.exclude(state=EventState.DONE).exists()
    # Nothing announces a denial: that one is found by the pass over all payments.
    assert [check_books(emulator, payment).status for payment in payments[:4]] == [
        Status.PARTIALLY_REFUNDED,
        Status.CAPTURED,
        Status.REFUNDED,
        Status.AUTHORIZED,
    ]


@pytest.mark.fault(83)
@pytest.mark.parametrize("first", ["shop", "Sezzle"])
def test_a_rotation_in_the_middle_of_retries_loses_nothing(
    first: str, emulator: Emulator, started: Started, days: Days, settings: Any, client: Client
) -> None:
    payment = started()
    emulator.profile.authorization_minutes = HELD_MINUTES
    old = django_settings.SEZZLE
    new = old | {"PRIVATE_KEY": NEW_KEY, "PREVIOUS_PRIVATE_KEYS": [PRIVATE_KEY]}

    def rotate_at_sezzle() -> None:
        emulator.rotate_key(NEW_KEY)

    def rotate_in_the_shop() -> None:
        settings.SEZZLE = new

    emulator.faults.add("order_get", "503", times=None)
    emulator.approve(str(payment.order_uuid))
    assert days.deliver() == [503]
    signed_before = days.sent[0]
    emulator.faults.clear()

    steps = [rotate_in_the_shop, rotate_at_sezzle]
    for act in steps if first == "shop" else reversed(steps):
        act()
        # The processes of the shop come up again, and ask for a token with the key they have.
        tokens.clear()
        days.pass_(timedelta(minutes=3))
    # Between the two steps the shop's key and Sezzle's differ: asked again, or refused.
    assert [each.status for each in days.sent][1:2] == [503 if first == "shop" else 401]
    days.pass_(timedelta(days=1))
    assert days.sent[-1].status == 200
    assert days.sent[-1].headers["Sezzle-Signature"] != signed_before.headers["Sezzle-Signature"]
    assert check_books(emulator, payment).status == Status.AUTHORIZED

    def replay() -> int:
        signature = {"Sezzle-Signature": signed_before.headers["Sezzle-Signature"]}
        kind = "application/json"
        answer = client.post(URL, signed_before.body, content_type=kind, headers=signature)
        return answer.status_code

    # A retry that still carries the signature of the old key counts until the key is taken out.
    assert replay() == 200
    settings.SEZZLE = new | {"PREVIOUS_PRIVATE_KEYS": []}
    assert replay() == 401
    assert emulator.subscriptions
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
