"""
Whether a worker processes the events that are left to it.

Told from the inbox alone, as every queue has internals of its own. For a minute an event is the
worker's; only afterwards ``sezzle_reconcile`` takes it. So what was begun within that minute shows
that a worker runs, and what was not shows that it did not, although all events are processed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle.conf import accounts_with_worker
from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import EventState, SezzleWebhookEvent
from django_sezzle.services.locking import database
from django_sezzle.webhooks import LEASE, claimed_at

#: A worker begins within seconds. What waits for so long has none, or one that cannot keep up.
LATE = timedelta(minutes=5)

#: So many of the newest events in a row that no worker began are not chance.
ALARMING = 3

ADVICE = gettext_lazy(
    "Start the worker, and see its log: sezzle_reconcile does its work meanwhile, only later."
)


def examine() -> Iterator[Symptom]:
    """Look at the events of accounts with a worker, by two statements; nothing without one."""
    accounts = accounts_with_worker()
    if accounts:
        events = SezzleWebhookEvent.objects.using(database()).filter(account__in=accounts)
        yield _waiting(events) or _newest(events)


def _waiting(events: QuerySet[SezzleWebhookEvent]) -> Symptom | None:
    now = timezone.now()
    waiting = events.filter(
        state=EventState.PENDING, attempts=0, received_at__lt=now - LATE, lease_until__lt=now
    ).aggregate(count=Count("pk"), since=Min("received_at"))
    if not waiting["count"]:
        return None
    minutes = (now - waiting["since"]) // timedelta(minutes=1)
    return Symptom(
        "worker",
        Level.RED,
        _("Events wait for a worker: %(count)d, for up to %(minutes)d minutes.")
        % {"count": waiting["count"], "minutes": minutes},
        str(ADVICE),
    )


def _newest(events: QuerySet[SezzleWebhookEvent]) -> Symptom:
    # Of what was tried once: a second attempt hides who made the first.
    finished = events.exclude(state=EventState.PENDING).filter(attempts__lte=1)
    newest = list(finished.order_by("-received_at", "-pk")[:ALARMING])
    missed = list(takewhile(lambda event: not _was_begun_by_worker(event), newest))
    if missed:
        return Symptom(
            "worker",
            Level.RED if len(missed) == ALARMING else Level.YELLOW,
            _("Of the newest events, %(count)d in a row were not begun by a worker.")
            % {"count": len(missed)},
            str(ADVICE),
        )
    if not newest:
        return Symptom("worker", Level.GREEN, _("No event waits for a worker."))
    seconds = (claimed_at(newest[0]) - newest[0].received_at).total_seconds()
    return Symptom(
        "worker",
        Level.GREEN,
        _("A worker began the newest event %(seconds)s s after it came.")
        % {"seconds": f"{max(seconds, 0):.1f}"},
    )


def _was_begun_by_worker(event: SezzleWebhookEvent) -> bool:
    return event.attempts == 1 and claimed_at(event) < event.received_at + LEASE
