"""
What to do with a delivery that was signed: keep it once, find its order, refresh.

Nothing in an event is believed but which order to read.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from django_sezzle.exceptions import GatewayError, GatewayRejected, GatewayUnavailable, SezzleError
from django_sezzle.gateway.messages import Event
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, fields
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.patience import pause_after
from django_sezzle.services.reading import bring_up_to_date

logger = logging.getLogger("django_sezzle.webhooks")

#: How long one delivery may wait for Sezzle's order.
SECONDS = 10.0

#: An event so young may be sent again by Sezzle; an older one must not cost the subscription.
YOUNG = timedelta(hours=24)

#: So long a delivery may take before ``sezzle_reconcile`` looks at its event.
LEASE = timedelta(seconds=60)


def receive(account: str, body: bytes) -> bool:
    """
    Take a delivery whose signature was checked.

    :returns: False when Sezzle should send it again: it is kept, its order could not be read,
        and it is young. True otherwise, also for what nobody can use.
    """
    given = Event.from_body(body)
    # Error reports show local variables, and this one may hold a shopper's token.
    del body
    event, is_new = keep(account, given)
    if not is_new and event.state != EventState.PENDING:
        return True
    return process(event)


def keep(account: str, event: Event) -> tuple[SezzleWebhookEvent, bool]:
    """Keep an event once, committed by itself; a repeat gives the row that is there."""
    now = timezone.now()
    rows = SezzleWebhookEvent.objects.using(database())
    row = SezzleWebhookEvent(
        key=event.key,
        account=account,
        event_type=event.type,
        order_uuid=event.order_uuid,
        created_at=fields.stored(event.created_at),
        received_at=now,
        lease_until=now + LEASE,
        body_sha256=event.body_sha256,
    )
    try:
        with transaction.atomic(using=database(), durable=True):
            row.save(using=database(), force_insert=True)
    except IntegrityError:
        return rows.get(key=event.key), False
    return row, True


def claim(event: SezzleWebhookEvent) -> bool:
    """Take a pending event for a while; False when somebody else has it or it must wait."""
    now = timezone.now()
    due = SezzleWebhookEvent.objects.using(database()).filter(
        pk=event.pk, state=EventState.PENDING, lease_until__lte=now
    )
    return bool(update_alone(due, lease_until=now + LEASE))


def process(event: SezzleWebhookEvent) -> bool:
    """
    Do what a kept event asks for: read its order and join it.

    :returns: False when it could not be read and Sezzle should send the event again.
    """
    if event.order_uuid is None:
        _finish(event, EventState.IGNORED)
        return True
    payment = (
        SezzlePayment.objects.using(database())
        .filter(order_uuid=event.order_uuid, account=event.account)
        .first()
    )
    try:
        if payment is not None:
            bring_up_to_date(payment, seconds=SECONDS, also=partial(_finish, event))
        elif adopt_order(event.account, event.order_uuid, seconds=SECONDS) is not None:
            _finish(event)
        else:
            _finish(event, EventState.IGNORED)
    except (GatewayUnavailable, GatewayRejected) as error:
        _postpone(event, error)
        return timezone.now() - event.received_at >= YOUNG
    except SezzleError as error:
        # Another try would end the same way; the inbox keeps it for a human.
        _postpone(event, error)
    except Exception as error:
        # A fault of ours must not cost the subscription.
        logger.critical("event=%s", event.key, exc_info=True)
        _postpone(event, error)
        return timezone.now() - event.received_at >= YOUNG
    return True


def _finish(event: SezzleWebhookEvent, state: EventState = EventState.DONE) -> None:
    pending = SezzleWebhookEvent.objects.using(database()).filter(
        pk=event.pk, state=EventState.PENDING
    )
    update_alone(pending, state=state, attempts=F("attempts") + 1, last_error="")


def _postpone(event: SezzleWebhookEvent, error: Exception) -> None:
    debug_uuid = error.debug_uuid if isinstance(error, GatewayError) else ""
    logger.warning(
        "event=%s type=%s order=%s error=%s debug_uuid=%s: kept, and processed later",
        event.key,
        event.event_type,
        event.order_uuid,
        type(error).__name__,
        debug_uuid or "-",
    )
    update_alone(
        SezzleWebhookEvent.objects.using(database()).filter(pk=event.pk),
        attempts=F("attempts") + 1,
        last_error=type(error).__name__[:64],
        lease_until=timezone.now() + pause_after(event.attempts),
    )
