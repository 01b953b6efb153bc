"""Webhook events that were kept and could not be processed when they came."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_sezzle import webhooks
from django_sezzle.exceptions import GatewayUnavailable
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent
from django_sezzle.reconcile.findings import Code, Finding, moment
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.patience import STUCK_AFTER

logger = logging.getLogger("django_sezzle.reconcile")

#: Clocks of two machines may differ by so much.
CLOCK_SLACK = timedelta(seconds=60)

#: What could not be processed for so long never will be.
GIVE_UP_AFTER = timedelta(days=30)


def process(run: Run) -> Iterator[Done | Finding]:
    """Process what is pending and due, oldest first."""

    def due(behind: Q) -> QuerySet[SezzleWebhookEvent]:
        return _pending().filter(behind, lease_until__lte=run.started_at)

    return run.work(
        Task.EVENT,
        run.page(due, "received_at", "pk"),
        partial(_process, run),
        about=lambda event: (event.account, f"Event {event.key}"),
    )


def _process(run: Run, event: SezzleWebhookEvent) -> Iterator[Done | Finding]:
    if not webhooks.claim(event):
        return
    webhooks.process(event)
    event.refresh_from_db(using=database())
    if event.state != EventState.PENDING:
        run.reach.succeeded(event.account)
        yield Done(Task.EVENT)
    elif event.last_error == GatewayUnavailable.__name__:
        outage = GatewayUnavailable("The order of an event could not be read.")
        run.reach.failed(event.account, outage, read_at=event.received_at)


def close_answered(run: Run) -> None:
    """
    Finish the events whose order was read in this run: that is all they ask for.

    By this machine's clock the reading began after the run did; the event's moment is another
    machine's, perhaps.
    """
    if run.dry_run:
        return
    was_read = SezzlePayment.objects.using(database()).filter(
        account=OuterRef("account"),
        order_uuid=OuterRef("order_uuid"),
        last_read_at__range=(run.started_at, timezone.now()),
    )
    older = _pending().filter(received_at__lt=run.started_at - CLOCK_SLACK)
    # One that says something has more to do than to have its order read.
    older = older.filter(said__isnull=True)
    update_alone(older.filter(Exists(was_read)), state=EventState.DONE, last_error="")
    hopeless = _pending().filter(received_at__lt=run.started_at - GIVE_UP_AFTER)
    for event in hopeless[:100]:
        logger.error("event=%s order=%s given_up=%s", event.key, event.order_uuid, event.last_error)
    update_alone(hopeless, state=EventState.IGNORED)


def report(run: Run) -> Iterator[Finding]:
    """Say which events are stuck."""
    for event in run.page(lambda behind: _pending().filter(behind), "received_at", "pk"):
        if event.attempts:
            yield _finding(event)


def _pending() -> QuerySet[SezzleWebhookEvent]:
    return SezzleWebhookEvent.objects.using(database()).filter(state=EventState.PENDING)


def _finding(event: SezzleWebhookEvent) -> Finding:
    return Finding(
        Code.EVENT_PENDING,
        f"Event {event.event_type} of order {event.order_uuid}, received at "
        f"{moment(event.received_at)}, could not be processed ({event.last_error}, "
        f"{event.attempts} times). No money moved by it. It is tried again for 30 days.",
        needs_human=event.received_at < timezone.now() - STUCK_AFTER,
        account=event.account,
        order_uuid=event.order_uuid or "",
    )
