"""
The outbox: telling the shop what happened, at least once and in order.

Telling is a plain call after the transaction that recorded the fact. Whoever touches the payment
next tells what a dead process left untold.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from django_sezzle.counting import count
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleDispute,
    SezzlePayment,
)
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.patience import pause_after
from django_sezzle.signals import BY_FACT

logger = logging.getLogger("django_sezzle.services")

#: How long one teller may take before another one takes over.
LEASE = timedelta(seconds=60)


def tell(payment: SezzlePayment) -> int:
    """
    Tell the shop every fact of this payment that it has not been told, oldest first.

    Stops at the first that fails, so that the order is kept; a receiver's error is logged and
    never raised from here.

    :returns: how many facts it has been told.
    """
    told = 0
    while untold := _untold(payment):
        for announcement in untold:
            if not (_claim(announcement) and _tell_one(payment, announcement)):
                return told
            told += 1
    return told


def _untold(payment: SezzlePayment) -> list[SezzleAnnouncement]:
    rows = SezzleAnnouncement.objects.using(database()).filter(payment=payment.pk, told_at=None)
    # A fact that a newer version recorded is left to it.
    return [row for row in rows.order_by("pk")[:50] if row.fact in BY_FACT]


def _claim(announcement: SezzleAnnouncement) -> bool:
    """Take the announcement for a while; False when somebody else has it or it must wait."""
    now = timezone.now()
    due = SezzleAnnouncement.objects.using(database()).filter(
        pk=announcement.pk, told_at=None, lease_until__lte=now
    )
    return bool(update_alone(due, lease_until=now + LEASE, attempts=F("attempts") + 1))


def _tell_one(payment: SezzlePayment, announcement: SezzleAnnouncement) -> bool:
    """Tell one fact; the receivers' database work and the mark commit together."""
    try:
        with transaction.atomic(using=database(), durable=True):
            marked = (
                SezzleAnnouncement.objects.using(database())
                .filter(pk=announcement.pk, told_at=None)
                .update(told_at=timezone.now(), last_error="")
            )
            if marked:
                _send(payment, announcement)
    except Exception as error:  # noqa: BLE001 - a doorway: the host's code may raise anything
        count("announcement", fact=announcement.fact, outcome="failed")
        _postpone(announcement, error)
        return False
    count("announcement", fact=announcement.fact, outcome="told")
    return True


def _send(payment: SezzlePayment, announcement: SezzleAnnouncement) -> None:
    signal = BY_FACT[announcement.fact]
    if not signal.has_listeners(SezzlePayment):
        return
    # Plain send(): the first receiver that raises undoes the mark.
    signal.send(
        sender=SezzlePayment,
        payment=payment,
        announcement=announcement,
        **_about(payment, announcement),
    )


def _about(payment: SezzlePayment, announcement: SezzleAnnouncement) -> dict[str, Any]:
    """Give what the fact is about, as it is now, by the name that receivers know."""
    subject = announcement.subject
    if announcement.fact in _KINDS:
        moved = payment.transactions.using(database())
        return {"transaction": moved.get(kind=_KINDS[announcement.fact], uuid=subject)}
    if announcement.fact == "dispute":
        dispute = SezzleDispute.objects.using(database()).get(pk=subject)
        dispute.payment = payment
        return {"transaction": None, "dispute": dispute}
    if announcement.fact == "tokenized":
        customers = SezzleCustomer.objects.using(database()).select_related("user")
        return {"transaction": None, "customer": customers.get(pk=subject)}
    return {"transaction": None}


def _postpone(announcement: SezzleAnnouncement, error: Exception) -> None:
    # Only the class is kept: an error's text may hold anything about the shopper.
    logger.error(
        "payment=%s fact=%s attempt=%s error=%s: the shop was not told and will be told again",
        announcement.payment_id,
        announcement.fact,
        announcement.attempts + 1,
        type(error).__name__,
    )
    update_alone(
        SezzleAnnouncement.objects.using(database()).filter(pk=announcement.pk, told_at=None),
        lease_until=timezone.now() + pause_after(announcement.attempts),
        last_error=type(error).__name__[:100],
    )


_KINDS = {"captured": "capture", "refunded": "refund", "released": "release"}
