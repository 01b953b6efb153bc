"""What a till has to know beside the stage: whether that is so now, and what else may be paid."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from django_sezzle.models import SezzlePayment
from django_sezzle.services.in_store import Stage
from django_sezzle.services.locking import database

#: An answer of Sezzle so old says nothing about now. Who follows a payment asks more often.
STALE = timedelta(seconds=9)


def is_known(payment: SezzlePayment, stage: Stage) -> bool:
    """
    Tell whether a stage is so now: what is over or approved stays; what is not may have changed.

    :param stage: what :func:`django_sezzle.services.in_store.stage_of` says of the row.
    """
    if payment.approved or stage in (Stage.DENIED, Stage.CANCELED):
        return True
    read_at = payment.last_read_at
    if read_at is None:
        return False
    ends = payment.checkout_expires_at
    if stage is Stage.EXPIRED and ends is not None and read_at >= ends:
        return True
    return read_at > timezone.now() - STALE


def has_lost_link(payment: SezzlePayment) -> bool:
    """Tell whether the shopper may have a link to a checkout that Sezzle never told us of."""
    return payment.sends_link and not payment.order_uuid


def newer_of(payment: SezzlePayment) -> SezzlePayment | None:
    """Find the payment that a reauthorized one goes on with; costs a query only for such a one."""
    if not payment.was_reauthorized:
        return None
    rows = SezzlePayment.objects.using(database())
    return rows.filter(reauthorized_from=payment).first()
