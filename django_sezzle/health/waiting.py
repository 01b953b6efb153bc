"""What waits in the database: for the shop, for a human."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services.locking import database
from django_sezzle.services.patience import STUCK_AFTER

#: An authorization that ends so soon should be captured or released.
SOON = timedelta(hours=24)


def examine() -> Iterator[Symptom]:
    """Count what waits; one statement for each kind."""
    now = timezone.now()
    operations = _rows(SezzleOperation).filter(is_open=True)
    events = _rows(SezzleWebhookEvent).filter(state=EventState.PENDING)
    untold = _rows(SezzleAnnouncement).filter(told_at=None)
    payments = _rows(SezzlePayment)
    yield _counted(
        "operations",
        operations.filter(created_at__lt=now - STUCK_AFTER),
        lambda count: ngettext(
            "%(count)d outcome is not known for an hour.",
            "%(count)d outcomes are not known for an hour.",
            count,
        ),
        _("Compare with Sezzle's dashboard, then close_unknown() or send_again()."),
        Level.RED,
    )
    yield _counted(
        "reviews",
        payments.exclude(review_reason=""),
        lambda count: ngettext(
            "%(count)d payment needs a human.", "%(count)d payments need a human.", count
        ),
        _("Compare with Sezzle's dashboard, then clear the review."),
        Level.RED,
    )
    yield _counted(
        "announcements",
        untold.filter(created_at__lt=now - STUCK_AFTER),
        lambda count: ngettext(
            "%(count)d fact the shop does not know for an hour.",
            "%(count)d facts the shop does not know for an hour.",
            count,
        ),
        _("Correct the receiver that raises; see the log."),
        Level.RED,
    )
    yield _counted(
        "inbox",
        events.filter(received_at__lt=now - STUCK_AFTER),
        lambda count: ngettext(
            "%(count)d event waits for an hour.", "%(count)d events wait for an hour.", count
        ),
        _("See the log, and run sezzle_reconcile."),
        Level.RED,
    )
    yield _counted(
        "expiry",
        payments.filter(
            status__in=Status.that_hold_money(),
            lapsed_at=None,
            authorization_expires_at__range=(now, now + SOON),
            intent="AUTH",
        ),
        lambda count: ngettext(
            "%(count)d authorization ends within 24 hours.",
            "%(count)d authorizations end within 24 hours.",
            count,
        ),
        _("Capture what was shipped, release the rest."),
        Level.YELLOW,
    )


def _rows(model: type[Model]) -> QuerySet[Model]:
    return model._default_manager.using(database())


def _counted(
    id: str, rows: QuerySet[Model], words: Callable[[int], str], advice: str, level: Level
) -> Symptom:
    count = rows.count()
    message = words(count) % {"count": count}
    return Symptom(id, level, message, advice) if count else Symptom(id, Level.GREEN, message)
