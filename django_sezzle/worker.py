"""
Webhook events in the host's worker: what ``SEZZLE["WEBHOOKS"] = "task"`` puts into its queue.

The queue carries an event's key and nothing else, and nothing depends on it: the event is in the
inbox before it is enqueued, and ``sezzle_reconcile`` processes what the queue has lost. The order
in which events are processed does not matter: each has its order read, which says all there is.

Only the processes that enqueue or process import this; the framework need not be there otherwise.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import django

from django_sezzle import webhooks
from django_sezzle.conf import DEFAULT_ACCOUNT, accounts_with_worker, get_settings
from django_sezzle.models import SezzleWebhookEvent
from django_sezzle.services.locking import database

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import Task, task
else:
    from django_tasks import task

logger = logging.getLogger("django_sezzle.webhooks")


def _queue_of(account: str) -> tuple[str, str]:
    """Name the backend that an account's events are enqueued to, and its queue."""
    settings = get_settings(account)
    return settings.task_backend, settings.task_queue


# A task is checked against its backend when it is defined, and not every host has the default one.
_backend, _queue = _queue_of(next(iter(accounts_with_worker()), DEFAULT_ACCOUNT))


@task(backend=_backend, queue_name=_queue)
def process_event(key: str) -> None:
    """
    Process a kept event, unless somebody else does or did.

    It never raises: a queue that repeats what failed would not wait, and the event's own pause
    does. ``sezzle_reconcile`` comes back to it then.
    """
    try:
        event = SezzleWebhookEvent.objects.using(database()).filter(key=key).first()
        if event is None:
            logger.warning("event=%s task=ignored: it is not in the inbox", key)
        elif webhooks.claim(event, from_queue=True):
            webhooks.process(event)
    except Exception:
        logger.critical("event=%s task=failed: processed later", key, exc_info=True)


def task_of(account: str) -> Task[[str], None]:
    """
    Give the task as an account has it processed.

    What is wrong with the backend is raised as the framework or the backend raises it.
    """
    backend, queue = _queue_of(account)
    return process_event.using(backend=backend, queue_name=queue)


def enqueue(event: SezzleWebhookEvent) -> None:
    """Give a kept event to the worker; what the queue's own library raises is not caught."""
    task_of(event.account).enqueue(event.key)
