"""The doctor sees from the inbox whether a worker runs, whatever the queue is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from django_sezzle import webhooks
from django_sezzle.emulator import Emulator
from django_sezzle.health import Level, Symptom, examine, worker
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent
from tests.fixtures import payments_connection
from tests.reconcile.conftest import run
from tests.webhooks.conftest import Later, Post, event
from tests.worker.conftest import Queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

MINUTE = timedelta(seconds=61)


def symptom() -> Symptom:
    (found,) = worker.examine()
    return found


def test_nobody_looks_for_a_worker_where_there_is_none(emulator: Emulator) -> None:
    assert "worker" not in {found.id for found in examine(ask_sezzle=False)}


def test_a_worker_that_had_nothing_to_do_yet(emulator: Emulator, queue: Queue) -> None:
    assert symptom().level is Level.GREEN
    assert "worker" in {found.id for found in examine(ask_sezzle=False)}


def test_a_worker_that_is_alive(
    approved: SezzlePayment, post: Post, later: Later, queue: Queue
) -> None:
    post(event("order.authorized", str(approved.order_uuid)))
    later(timedelta(seconds=3))
    queue.work()
    with CaptureQueriesContext(payments_connection()) as made:
        found = symptom()
    assert found.level is Level.GREEN
    assert "3.0 s after it came" in found.message
    assert len(made) == 2


def test_events_that_wait_for_a_worker(
    approved: SezzlePayment, post: Post, later: Later, queue: Queue
) -> None:
    for _ in range(2):
        post(event("order.authorized", str(approved.order_uuid)))
    later(timedelta(minutes=4))
    assert symptom().level is Level.GREEN
    later(timedelta(minutes=3))
    found = symptom()
    assert found.level is Level.RED
    assert found.message == "Events wait for a worker: 2, for up to 7 minutes."
    assert "Start the worker" in found.advice
    queue.work()
    assert symptom().level is not Level.RED


def test_an_event_that_is_begun_late_waits_no_more(
    approved: SezzlePayment, post: Post, later: Later, queue: Queue
) -> None:
    post(event("order.authorized", str(approved.order_uuid)))
    later(timedelta(minutes=7))
    assert symptom().level is Level.RED
    assert webhooks.claim(SezzleWebhookEvent.objects.get())
    assert symptom().level is Level.GREEN


def test_what_failed_for_another_reason_is_not_the_workers_fault(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    emulator.faults.add("order_get", "503", times=None)
    post(event("order.authorized", str(approved.order_uuid)))
    queue.work()
    later(timedelta(minutes=10))
    assert symptom().level is Level.GREEN


def test_a_worker_whose_events_reconcile_processes(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    """All is processed and nothing waits, yet nobody does the worker's work."""
    levels = []
    for _ in range(3):
        post(event("order.authorized", str(approved.order_uuid)))
        queue.lose()
        later(MINUTE)
        run()
        levels.append(symptom().level)
    assert levels == [Level.YELLOW, Level.YELLOW, Level.RED]
    assert "3 in a row were not begun by a worker" in symptom().message

    post(event("order.authorized", str(approved.order_uuid)))
    queue.work()
    assert symptom().level is Level.GREEN


def test_events_that_reconcile_answers_by_reading_the_payment(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    for _ in range(3):
        post(event("order.authorized", str(approved.order_uuid)))
    queue.lose()
    later(MINUTE)
    # One of them is processed; the reading of the payment is what the others ask for, too.
    run(limit=1)
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    assert set(SezzleWebhookEvent.objects.values_list("attempts", flat=True)) == {0, 1}
    assert symptom().level is Level.RED


def test_events_of_accounts_without_a_worker_say_nothing(
    post: Post, later: Later, queue: Queue, settings: Any
) -> None:
    inline = {"PUBLIC_KEY": "sz_pub_1", "PRIVATE_KEY": "sz_pr_1", "WEBHOOKS": "inline"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": inline}}
    post(event("order.authorized", "unknown"))
    queue.lose()
    settings.SEZZLE = settings.SEZZLE | {"WEBHOOKS": "inline"}
    settings.SEZZLE["ACCOUNTS"]["canada"]["WEBHOOKS"] = "task"
    later(timedelta(minutes=7))
    assert symptom().level is Level.GREEN
