"""Whether ``sezzle_reconcile`` runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Model, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from django_sezzle.conf import account_names, get_settings
from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import (
    BeforeExpiry,
    EventState,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleRun,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services.locking import database
from django_sezzle.services.patience import STUCK_AFTER

#: What was due so long ago shows that nobody runs sezzle_reconcile.
OVERDUE = timedelta(minutes=30)

#: Where money is to be moved before an authorization ends, silence is an alarm sooner: of Sezzle's
#: usual 30 minutes, notice is given after half.
PROMPT = timedelta(minutes=15)

#: Cron runs it every five minutes; one run that is late is no alarm, however short the notice.
TWO_RUNS = timedelta(minutes=10)

#: By these policies money moves only if sezzle_reconcile runs in time.
MOVES = (BeforeExpiry.CAPTURE, BeforeExpiry.RELEASE)


def examine() -> Iterator[Symptom]:
    """Look at the last run, and at what nobody picked up; six statements at most."""
    now = timezone.now()
    silence, is_overdue = _silence(now), _is_overdue(now)
    moves = (silence >= TWO_RUNS or is_overdue) and _moves_money(now)
    if silence >= _patience(moves=moves):
        said = _("sezzle_reconcile has not run to its end for %(minutes)d minutes.")
        said %= {"minutes": silence // timedelta(minutes=1)}
    elif is_overdue:
        said = _("Something was due half an hour ago or more, and nobody picked it up.")
    else:
        yield Symptom("reconcile", Level.GREEN, _("Nothing is overdue."))
        return
    if moves:
        advice = _(
            "Let cron run sezzle_reconcile every five minutes, or what is to be captured or "
            "released before an authorization ends is not."
        )
    else:
        advice = _("Let cron run sezzle_reconcile every five minutes.")
    yield Symptom("reconcile", Level.RED if moves else Level.YELLOW, said, advice)


def _moves_money(now: datetime) -> bool:
    """Tell whether an account, or a payment that may need it, has money moved before an end."""
    if any(get_settings(account).before_expiry in MOVES for account in account_names()):
        return True
    at_sezzle = Q(status=Status.CREATED, checkout_expires_at__gt=now)
    holds = Q(status__in=Status.that_hold_money(), lapsed_at=None)
    return _payments().filter(at_sezzle | holds, before_expiry__in=MOVES).exists()


def _patience(*, moves: bool) -> timedelta:
    """Say how long no run may end: never longer than there is notice, if money is to be moved."""
    if not moves:
        return OVERDUE
    notices = [get_settings(account).expiry_notice_minutes for account in account_names()]
    return max(TWO_RUNS, min(PROMPT, timedelta(minutes=min(notices))))


def _silence(now: datetime) -> timedelta:
    """Measure the time since the last run, or since the first payment if there was none."""
    # A moment far in the future is a wrong clock's.
    last = SezzleRun.objects.filter(pk=SezzleRun.ONLY, ended_at__lt=now + OVERDUE)
    first = _rows(SezzlePayment).order_by("pk")[:1]
    for began_at, ended_at in first.values_list("created_at", Subquery(last.values("ended_at"))):
        since: datetime = max(began_at, ended_at or began_at)
        return now - since
    return timedelta()


def _is_overdue(now: datetime) -> bool:
    """Tell from what nobody picked up: it may be just one kind of work that is not done."""
    due = Q(lease_until__lt=now - OVERDUE)
    live = Q(
        Q(checkout_expires_at__gt=now) | Q(authorization_expires_at__gt=now),
        status__in=Status.that_may_change(),
        order_uuid__isnull=False,
        last_read_at__lt=now - STUCK_AFTER,
    )
    # Whether the money is gone is not known before somebody has looked.
    ended = Q(
        Q(last_read_at=None) | Q(last_read_at__lt=F("authorization_expires_at")),
        Q(asked_at=None) | Q(asked_at__lt=F("authorization_expires_at")),
        status__in=Status.that_hold_money(),
        lapsed_at=None,
        authorization_expires_at__lt=now - OVERDUE,
    )
    return any(
        rows.exists()
        for rows in (
            _rows(SezzleOperation).filter(due, is_open=True),
            _rows(SezzleWebhookEvent).filter(due, state=EventState.PENDING),
            _payments().filter(live | ended),
            _rows(SezzleAnnouncement).filter(due, told_at=None, attempts=0),
        )
    )


def _payments() -> QuerySet[Model]:
    """Give those that can be read: what is configured no more has a finding of its own."""
    readable = Q(pk__in=[])
    for account in account_names():
        readable |= Q(account=account, environment=get_settings(account).environment)
    return _rows(SezzlePayment).filter(readable)


def _rows(model: type[Model]) -> QuerySet[Model]:
    return model._default_manager.using(database())
