"""Deleting what nobody needs any more; never what tells where money went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Model, QuerySet

from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services.locking import database

#: So many rows go at once: the shop's own statements are not held up.
BATCH = 1_000


def purge(before: datetime, *, dry_run: bool = False) -> Iterator[tuple[type[Model], int]]:
    """
    Delete webhook events that were dealt with, and announcements that were told.

    Announcements stay while their payment may still change, and those of approval, end and consent
    for ever: they are what keeps a fact from being told twice, or tells whose customer somebody is.
    Gives each model with the rows just deleted, or that would be.

    :param before: what happened since then is kept.
    """
    for rows in (_events(before), _announcements(before)):
        if dry_run:
            yield rows.model, rows.count()
            continue
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            rows.model._base_manager.using(database()).filter(pk__in=keys).delete()
            yield rows.model, len(keys)


def _events(before: datetime) -> QuerySet[SezzleWebhookEvent]:
    return SezzleWebhookEvent.objects.using(database()).filter(
        state__in=(EventState.DONE, EventState.IGNORED), received_at__lt=before
    )


def _announcements(before: datetime) -> QuerySet[SezzleAnnouncement]:
    rows = SezzleAnnouncement.objects.using(database()).filter(told_at__lt=before)
    # These name no transaction: only their row keeps them from being told once more.
    rows = rows.exclude(fact_key__in=("authorized", "closed"))
    # These say with which merchant a saved customer agreed, for as long as the consent lasts.
    rows = rows.exclude(fact_key__startswith="tokenized:")
    unsettled = SezzlePayment.objects.filter(status__in=Status.that_may_change())
    reviewed = SezzlePayment.objects.exclude(review_reason="")
    moving = SezzleOperation.objects.filter(is_open=True)
    return (
        rows.exclude(payment__in=unsettled)
        .exclude(payment__in=reviewed)
        .exclude(payment__in=moving.values("payment"))
    )
