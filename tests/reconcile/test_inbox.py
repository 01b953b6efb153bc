"""Kept webhook events are processed when Sezzle can be read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_sezzle import webhooks
from django_sezzle.emulator import Emulator
from django_sezzle.gateway.signature import sign
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from django_sezzle.reconcile import Task
from tests.fixtures import PRIVATE_KEY
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import again, called
from tests.webhooks.conftest import URL, as_body, event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]


def deliver(kind: str, order_uuid: str) -> int:
    body = as_body(event(kind, order_uuid))
    headers = {"Sezzle-Signature": sign(body, PRIVATE_KEY)}
    return Client().post(URL, body, content_type="application/json", headers=headers).status_code


@pytest.fixture
def pending(emulator: Emulator, started: MakePayment) -> SezzlePayment:
    """A payment that was approved, and whose event came while its order could not be read."""
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.faults.add("order_get", "503", times=3)
    assert deliver("order.authorized", str(payment.order_uuid)) == 503
    return payment


@pytest.mark.fault(81)
def test_an_event_is_processed_when_its_pause_is_over(
    emulator: Emulator, pending: SezzlePayment, later: Later
) -> None:
    assert run().codes == ["event_pending"]
    assert again(pending).status == Status.CREATED
    later(timedelta(seconds=61))
    result = run()
    assert (result.done[Task.EVENT], result.codes) == (1, [])
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    assert again(pending).status == Status.AUTHORIZED


def test_pauses_grow_and_end(pending: SezzlePayment, emulator: Emulator, later: Later) -> None:
    emulator.faults.add("order_get", "503", times=None)
    pauses = []
    for _ in range(12):
        kept = SezzleWebhookEvent.objects.get()
        pauses.append(round((kept.lease_until - timezone.now()).total_seconds() / 60))
        later(kept.lease_until - timezone.now() + timedelta(seconds=1))
        run()
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


@pytest.mark.fault(81)
def test_what_is_stuck_for_an_hour_needs_a_human(
    pending: SezzlePayment, emulator: Emulator, later: Later
) -> None:
    emulator.faults.add("order_get", "503", times=None)
    later(timedelta(minutes=61))
    result = run()
    assert "event_pending" in result.needs_human
    assert "could not be processed (GatewayUnavailable" in result.findings[0].message


def test_an_event_that_somebody_is_processing_is_left_alone(
    pending: SezzlePayment, emulator: Emulator
) -> None:
    SezzleWebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    kept = SezzleWebhookEvent.objects.get()
    assert webhooks.claim(kept)
    assert not webhooks.claim(kept)
    before = called(emulator).count("order_get")
    assert Task.EVENT not in run().done
    assert called(emulator).count("order_get") == before


def test_an_event_whose_process_died_before_it_began_is_found(
    emulator: Emulator, started: MakePayment, later: Later, monkeypatch: Any
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    monkeypatch.setattr(webhooks, "process", lambda kept: True)
    deliver("order.authorized", str(payment.order_uuid))
    monkeypatch.undo()
    assert run().codes == []
    later(timedelta(seconds=61))
    assert run().done[Task.EVENT] == 1
    assert again(payment).status == Status.AUTHORIZED


def test_a_reading_since_then_answers_an_event(
    emulator: Emulator, pending: SezzlePayment, later: Later
) -> None:
    emulator.faults.add("order_get", "503", times=3)
    later(timedelta(seconds=61))
    SezzlePayment.objects.update(asked_at=None, last_read_at=timezone.now() - timedelta(hours=1))
    # The event is due and fails again; the payment's own turn comes right after, and succeeds.
    result = run()
    assert (result.done[Task.PAYMENT], result.codes) == (1, ["unreadable"])
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE


@pytest.mark.fault(57)
def test_a_reading_by_another_clock_answers_nothing(pending: SezzlePayment) -> None:
    """A machine whose clock is ahead read the order just before the event came."""
    SezzlePayment.objects.update(last_read_at=timezone.now() + timedelta(seconds=2))
    assert run().codes == ["event_pending"]


def test_what_nobody_could_process_for_a_month_is_given_up(
    pending: SezzlePayment, emulator: Emulator
) -> None:
    emulator.faults.add("order_get", "503", times=None)
    SezzleWebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=31))
    assert "event_pending" not in run().codes
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED
