"""Every symptom: green while all is well, and what is said when it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_sezzle import signals
from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway, transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.health import Level, Symptom, examine
from django_sezzle.models import SezzleAnnouncement, SezzlePayment, SezzleWebhookEvent
from django_sezzle.services import capture
from tests.fixtures import payments_connection
from tests.reconcile.conftest import URL, MakePayment
from tests.reconcile.test_inbox import deliver
from tests.reconcile.test_operations import lose_a_capture
from tests.services.rigs import listening

pytestmark = pytest.mark.django_db

HOUR_AGO = timedelta(minutes=61)


@pytest.fixture(autouse=True)
def healthy(emulator: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shop where all is well: subscribed, and listening."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)
    Gateway(get_settings()).create_webhook(URL)
    with listening(lambda **_: None, signals.payment_authorized):
        yield


def found(**asked: Any) -> dict[str, Symptom]:
    """Examine; the worst symptom of each kind."""
    worst: dict[str, Symptom] = {}
    order = list(Level)
    for symptom in examine(**asked):
        known = worst.get(symptom.id)
        if known is None or order.index(symptom.level) > order.index(known.level):
            worst[symptom.id] = symptom
    return worst


def is_lite() -> bool:
    return payments_connection().vendor == "sqlite"


def test_a_healthy_shop_is_green() -> None:
    levels = {name: symptom.level for name, symptom in found().items()}
    expected = dict.fromkeys(
        [
            "settings",
            "database",
            "keys",
            "clock",
            "subscription",
            "events",
            "reconcile",
            "operations",
            "reviews",
            "announcements",
            "inbox",
            "expiry",
            "disputes",
        ],
        Level.GREEN,
    )
    assert levels == expected | ({"database": Level.YELLOW} if is_lite() else {})


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [
        (-30, Level.GREEN, r"The clock is Sezzle's\."),
        (-180, Level.YELLOW, r"This machine's clock is (179|18\d) s ahead of Sezzle's\."),
        (180, Level.YELLOW, r"This machine's clock is (17\d|180) s behind Sezzle's\."),
        (600, Level.RED, r"This machine's clock is (59\d|600) s behind Sezzle's\."),
    ],
)
def test_a_clock_that_differs(emulator: Emulator, seconds: int, level: Level, said: str) -> None:
    tokens.clear()
    emulator.state.clock.offset = timedelta(seconds=seconds)
    clock = found()["clock"]
    assert clock.level is level
    assert re.fullmatch(said, clock.message)


def test_it_costs_few_statements_and_two_calls(emulator: Emulator) -> None:
    emulator.calls.clear()
    tokens.clear()
    with CaptureQueriesContext(payments_connection()) as queries:
        found()
    assert [call.operation for call in emulator.calls] == ["authentication", "webhook_list"]
    assert len(queries) <= 22


def test_offline_nobody_is_asked(emulator: Emulator) -> None:
    emulator.calls.clear()
    assert "keys" not in found(ask_sezzle=False)
    assert emulator.calls == []


@pytest.mark.fault(105)
def test_unusable_settings_are_named_and_end_it(settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "", "RUBBISH": 1}
    symptoms = list(examine())
    assert {s.id for s in symptoms} == {"settings", "database"}
    said = " ".join(s.message for s in symptoms)
    assert "sezzle.E002" in said
    assert "sezzle.E004" in said


@pytest.mark.fault(82)
def test_wrong_keys(settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    symptoms = found()
    assert symptoms["keys"].level is Level.RED
    assert "does not accept the keys in sandbox" in symptoms["keys"].message
    assert "subscription" not in symptoms
    assert "sz_pr_wrong" not in repr(symptoms)


def test_an_unreachable_gateway(emulator: Emulator) -> None:
    tokens.clear()
    emulator.faults.add("authentication", "refused", times=None)
    assert "could not be reached" in found()["keys"].message


@pytest.mark.fault(36)
def test_another_merchants_keys(started: MakePayment) -> None:
    started()
    SezzlePayment.objects.update(merchant_uuid="another-merchant")
    assert "another merchant than 1 payment of" in found()["keys"].message


@pytest.mark.fault(45)
def test_a_lost_subscription(emulator: Emulator) -> None:
    for subscription in emulator.subscriptions:
        Gateway(get_settings()).delete_webhook(subscription.uuid)
    symptom = found()["subscription"]
    assert symptom.level is Level.RED
    assert "Run sezzle_webhooks apply" in symptom.message


@pytest.mark.fault(45)
def test_payments_move_and_no_event_comes(emulator: Emulator, authorized: MakePayment) -> None:
    capture(authorized(), amount_in_cents=1_000)
    assert "no event ever" in found()["events"].message
    deliver("order.captured", "anything")
    assert found()["events"].level is Level.GREEN
    SezzleWebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=3))
    symptom = found()["events"]
    assert symptom.level is Level.YELLOW
    assert "no event since" in symptom.message


def test_an_outcome_that_stays_unknown(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    lose_a_capture(emulator, payment)
    assert found()["operations"].level is Level.GREEN
    payment.operations.update(created_at=timezone.now() - HOUR_AGO)
    symptom = found()["operations"]
    assert symptom.level is Level.RED
    assert symptom.message == "1 outcome is not known for an hour."


def test_a_review(authorized: MakePayment) -> None:
    for number in range(2):
        authorized(str(number))
    SezzlePayment.objects.update(review_reason="amount_differs")
    symptom = found()["reviews"]
    assert (symptom.level, symptom.message) == (Level.RED, "2 payments need a human.")


def test_a_shop_that_does_not_hear(authorized: MakePayment) -> None:
    authorized()
    long_ago = timezone.now() - HOUR_AGO
    SezzleAnnouncement.objects.update(told_at=None, attempts=3, created_at=long_ago)
    assert found()["announcements"].level is Level.RED


def test_an_event_that_waits(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.faults.add("order_get", "503", times=3)
    deliver("order.authorized", str(payment.order_uuid))
    assert found()["inbox"].level is Level.GREEN
    SezzleWebhookEvent.objects.update(received_at=timezone.now() - HOUR_AGO)
    assert found()["inbox"].level is Level.RED


def test_an_authorization_that_ends_soon(authorized: MakePayment) -> None:
    payment = authorized()
    assert found()["expiry"].level is Level.YELLOW
    capture(payment)
    assert found()["expiry"].level is Level.GREEN


def _payment_unread(payment: SezzlePayment) -> None:
    SezzlePayment.objects.update(last_read_at=timezone.now() - HOUR_AGO)


def _event_left(payment: SezzlePayment) -> None:
    deliver("order.authorized", "anything")
    SezzleWebhookEvent.objects.update(
        state="pending", lease_until=timezone.now() - timedelta(minutes=31)
    )


def _fact_untold(payment: SezzlePayment) -> None:
    due = timezone.now() - timedelta(minutes=31)
    SezzleAnnouncement.objects.update(told_at=None, attempts=0, lease_until=due)


@pytest.mark.parametrize("leave", [_payment_unread, _event_left, _fact_untold])
def test_a_cron_job_that_does_not_run(
    authorized: MakePayment, leave: Callable[[SezzlePayment], None]
) -> None:
    payment = authorized()
    assert found()["reconcile"].level is Level.GREEN
    leave(payment)
    symptom = found()["reconcile"]
    assert symptom.level is Level.YELLOW
    assert "sezzle_reconcile" in symptom.advice
