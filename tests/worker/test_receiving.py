"""A delivery is kept first, then given to the queue, and answered whatever the queue says."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from django_sezzle import worker
from django_sezzle.emulator import Emulator
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from django_sezzle.reconcile import Task
from django_sezzle.services.locking import database
from tests.reconcile.conftest import run
from tests.webhooks.conftest import URL, Later, Post, event
from tests.webhooks.counting import calls, statements
from tests.worker.conftest import DUMMY, IMMEDIATE, Queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

MINUTE = timedelta(seconds=61)


def state() -> tuple[str, int, str]:
    """Tell what became of the only event."""
    row = SezzleWebhookEvent.objects.get()
    return row.state, row.attempts, row.last_error


def test_an_event_is_kept_and_its_key_alone_is_enqueued(
    approved: SezzlePayment, emulator: Emulator, post: Post, queue: Queue
) -> None:
    body = event("order.authorized", str(approved.order_uuid))
    answer = post(body)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert queue.given == [("django_sezzle.worker.process_event", [body["uuid"]], {})]
    assert calls(emulator) == []
    assert state() == (EventState.PENDING, 0, "")

    queue.work()
    assert calls(emulator) == ["order_get"]
    assert state() == (EventState.DONE, 1, "")
    approved.refresh_from_db()
    assert approved.status == Status.AUTHORIZED


def test_it_costs_one_statement_and_a_forged_one_none(
    approved: SezzlePayment, post: Post, queue: Queue
) -> None:
    body = event("order.authorized", str(approved.order_uuid))
    with statements() as made:
        assert post(body, signature="a" * 64).status_code == 401
    assert (made, queue.given) == ([], [])
    with statements() as made:
        assert post(body).status_code == 200
    assert len(made) == 1, made
    with statements() as made:
        assert post(body).status_code == 200
    assert len(made) <= 2, made


@pytest.mark.django_db(transaction=True)
def test_the_event_is_committed_before_it_is_enqueued_and_no_transaction_is_open(
    approved: SezzlePayment, post: Post, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, list[str]]] = []
    connection = connections[database()]

    def look(kept: SezzleWebhookEvent) -> None:
        frames = [each["sql"].split()[0] for each in captured.captured_queries]
        seen.append((connection.in_atomic_block, frames))

    monkeypatch.setattr(worker, "enqueue", look)
    # The first request of a connection begins with what sets it up.
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as captured:
        post(event("order.authorized", str(approved.order_uuid)))
    assert seen == [(False, ["BEGIN", "INSERT", "COMMIT"])]
    assert len(captured) == 3


@pytest.mark.parametrize("failure", ["backend", "import", "unknown backend"])
def test_a_queue_that_takes_nothing_costs_no_delivery(
    failure: str,
    approved: SezzlePayment,
    emulator: Emulator,
    post: Post,
    later: Later,
    queue: Queue,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if failure == "backend":
        backend = worker.task_of("default").get_backend()

        def refuse(*_: Any) -> None:
            raise ConnectionError("redis://user:password@queue.example does not answer")

        monkeypatch.setattr(backend, "enqueue", refuse)
    elif failure == "import":
        monkeypatch.setitem(sys.modules, "django_sezzle.worker", None)
        monkeypatch.delattr("django_sezzle.worker")
    else:
        settings.TASKS = {"another": {"BACKEND": DUMMY}}
    with caplog.at_level(logging.INFO):
        assert post(event("order.authorized", str(approved.order_uuid))).status_code == 200
    assert state() == (EventState.PENDING, 0, "")
    (line,) = [r for r in caplog.records if r.name == "django_sezzle.webhooks"]
    assert line.levelno == logging.ERROR
    assert "queue=failed" in line.getMessage()
    assert str(approved.order_uuid) in line.getMessage()
    assert "password" not in caplog.text

    assert Task.EVENT not in run().done
    later(MINUTE)
    assert run().done[Task.EVENT] == 1
    assert state() == (EventState.DONE, 1, "")
    approved.refresh_from_db()
    assert approved.status == Status.AUTHORIZED


def test_what_the_queue_lost_is_processed_by_reconcile_after_a_minute(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    post(event("order.authorized", str(approved.order_uuid)))
    queue.lose()
    assert Task.EVENT not in run().done
    later(MINUTE)
    assert run().done[Task.EVENT] == 1
    assert state() == (EventState.DONE, 1, "")


def test_a_repeat_is_enqueued_only_when_nobody_begins(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    body = event("order.authorized", str(approved.order_uuid))
    for _ in range(3):
        assert post(body).status_code == 200
    assert queue.keys == [body["uuid"]]

    queue.lose()
    later(MINUTE)
    assert post(body).status_code == 200
    assert queue.keys == [body["uuid"]]
    queue.work()
    assert state() == (EventState.DONE, 1, "")

    assert post(body).status_code == 200
    assert queue.keys == []
    assert SezzleWebhookEvent.objects.count() == 1


def test_a_failure_is_waited_out_and_reconcile_comes_back_to_it(
    approved: SezzlePayment, emulator: Emulator, post: Post, later: Later, queue: Queue
) -> None:
    body = event("order.authorized", str(approved.order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    post(body)
    queue.work()
    assert state() == (EventState.PENDING, 1, "GatewayUnavailable")

    # Neither a repeat nor the same task once more is quicker than the pause.
    emulator.calls.clear()
    assert post(body).status_code == 200
    assert queue.keys == []
    worker.process_event.call(body["uuid"])
    assert calls(emulator) == []

    emulator.faults.clear()
    later(MINUTE)
    assert run().done[Task.EVENT] == 1
    assert state() == (EventState.DONE, 2, "")


def test_each_account_says_who_processes_its_events_and_where(
    emulator: Emulator, post: Post, queue: Queue, settings: Any
) -> None:
    canada = {"PUBLIC_KEY": "sz_pub_canada", "PRIVATE_KEY": "sz_pr_canada"}
    settings.TASKS = settings.TASKS | {"slow": {"BACKEND": DUMMY, "QUEUES": ["payments"]}}
    slow = {"TASK_BACKEND": "slow", "TASK_QUEUE": "payments"}
    url = f"{URL}canada/"

    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": canada | slow}}
    body = event("order.authorized", "unknown")
    assert post(body, key="sz_pr_canada", url=url).status_code == 200
    task = worker.task_of("canada")
    assert (task.backend, task.queue_name) == ("slow", "payments")
    (enqueued,) = task.get_backend().results  # type: ignore[attr-defined]
    assert (enqueued.args, enqueued.task.queue_name) == ([body["uuid"]], "payments")
    assert Queue().given == []

    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": canada | {"WEBHOOKS": "inline"}}}
    assert post(event("order.authorized", "other"), key="sz_pr_canada", url=url).status_code == 200
    assert SezzleWebhookEvent.objects.get(order_uuid="other").state == EventState.IGNORED
    assert Queue().given == []


def test_without_a_worker_an_event_is_processed_before_the_answer(
    approved: SezzlePayment, emulator: Emulator, post: Post, queue: Queue, settings: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": IMMEDIATE}}
    assert post(event("order.authorized", str(approved.order_uuid))).status_code == 200
    assert state() == (EventState.DONE, 1, "")
    assert calls(emulator) == ["order_get"]


def test_without_a_worker_a_failure_is_logged_and_tried_again(
    approved: SezzlePayment,
    emulator: Emulator,
    post: Post,
    later: Later,
    queue: Queue,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.TASKS = {"default": {"BACKEND": IMMEDIATE}}
    emulator.faults.add("order_get", "503", times=None)
    assert post(event("order.authorized", str(approved.order_uuid))).status_code == 200
    assert state() == (EventState.PENDING, 1, "GatewayUnavailable")
    assert "kept, and processed later" in caplog.text
    emulator.faults.clear()
    later(MINUTE)
    assert run().done[Task.EVENT] == 1
