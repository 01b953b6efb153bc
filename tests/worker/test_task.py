"""The task: whoever runs it, however often, an event is processed once, and nothing is raised."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_sezzle import webhooks, worker
from django_sezzle.emulator import Emulator
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from django_sezzle.reconcile import Task
from django_sezzle.signals import payment_authorized
from tests.reconcile.conftest import run
from tests.services.rigs import listening, together
from tests.webhooks.conftest import Later, Post, event
from tests.webhooks.counting import calls, statements
from tests.worker.conftest import Queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]


@pytest.fixture
def kept(approved: SezzlePayment, post: Post, queue: Queue) -> str:
    """The key of an event that is in the inbox and in the queue."""
    post(event("order.authorized", str(approved.order_uuid)))
    return SezzleWebhookEvent.objects.get().key


def work(key: str) -> None:
    """Run the task as a worker does."""
    worker.process_event.call(key)


def test_a_task_that_comes_twice_is_done_once(emulator: Emulator, kept: str) -> None:
    work(kept)
    with statements() as made:
        work(kept)
    assert calls(emulator) == ["order_get"]
    assert len(made) == 2, made
    assert SezzleWebhookEvent.objects.get().attempts == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_sweep_at_once_process_an_event_once(
    emulator: Emulator, kept: str
) -> None:
    told: list[str] = []

    def hear(announcement: object, **_: object) -> None:
        told.append(str(announcement))

    with listening(hear, payment_authorized):
        together(3, lambda number: work(kept) if number else run())
    event_ = SezzleWebhookEvent.objects.get()
    assert (event_.state, event_.attempts) == (EventState.DONE, 1)
    assert calls(emulator).count("order_get") == 1
    assert len(told) == 1


def test_an_event_that_somebody_is_processing_is_left_to_them(
    emulator: Emulator, kept: str, later: Later
) -> None:
    assert webhooks.claim(SezzleWebhookEvent.objects.get(), from_queue=True)
    work(kept)
    later(timedelta(seconds=59))
    work(kept)
    assert Task.EVENT not in run().done
    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING
    # Whoever it was died. Its time is over.
    later(timedelta(seconds=2))
    work(kept)
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE


def test_an_event_that_was_not_left_to_a_worker_is_taken_by_none(
    emulator: Emulator, kept: str
) -> None:
    """Only the queue's task may begin before the minute is over."""
    assert not webhooks.claim(SezzleWebhookEvent.objects.get())


@pytest.mark.parametrize("skew", [timedelta(seconds=-50), timedelta(seconds=50)])
def test_a_worker_whose_clock_is_wrong_takes_it_at_once(
    emulator: Emulator, approved: SezzlePayment, kept: str, skew: timedelta
) -> None:
    with time_machine.travel(timezone.now() + skew):
        work(kept)
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    approved.refresh_from_db()
    assert approved.status == Status.AUTHORIZED


def test_events_that_come_in_another_order_end_the_same(
    emulator: Emulator, approved: SezzlePayment, post: Post, queue: Queue
) -> None:
    uuid = str(approved.order_uuid)
    emulator.dashboard_capture(uuid, 4_000)
    keys = []
    for kind in ("order.authorized", "order.captured"):
        body = event(kind, uuid)
        keys.append(body["uuid"])
        post(body)
    for key in reversed(keys):
        work(key)
    approved.refresh_from_db()
    assert (approved.status, approved.captured_in_cents) == (Status.PARTIALLY_CAPTURED, 4_000)
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


def test_an_event_that_is_not_there_is_said_and_not_raised(
    emulator: Emulator, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    work("purged-long-ago")
    assert "event=purged-long-ago task=ignored" in caplog.text
    assert calls(emulator) == []


def test_a_fault_is_said_and_not_raised_and_reconcile_comes_back(
    emulator: Emulator,
    kept: str,
    later: Later,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(given: SezzleWebhookEvent) -> bool:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(webhooks, "process", fail)
    work(kept)
    monkeypatch.undo()
    (line,) = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert f"event={kept} task=failed" in line.getMessage()
    assert Task.EVENT not in run().done
    later(timedelta(seconds=61))
    assert run().done[Task.EVENT] == 1
