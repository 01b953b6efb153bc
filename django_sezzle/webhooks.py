"""
What to do with a delivery that was signed: keep it once, find its order, refresh.

Nothing in an event is believed but which order to read; and of a dispute, which no call shows,
what people are to be told. No money moves or is booked because of what an event says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from django_sezzle.counting import count
from django_sezzle.exceptions import GatewayError, GatewayRejected, GatewayUnavailable, SezzleError
from django_sezzle.gateway.messages import Event, EventType, TokenizedNotice
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, fields
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.disputes import record_dispute
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.patience import pause_after
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.telling import tell
from django_sezzle.services.tokenization import NotConfirmed, confirm_customer, payment_of

logger = logging.getLogger("django_sezzle.webhooks")

#: How long one delivery may wait for Sezzle's order.
SECONDS = 10.0

#: An event so young may be sent again by Sezzle; an older one must not cost the subscription.
YOUNG = timedelta(hours=24)

#: So long a delivery or a worker may take before ``sezzle_reconcile`` looks at the event.
LEASE = timedelta(seconds=60)


def receive(
    account: str, body: bytes, *, hand_over: Callable[[SezzleWebhookEvent], object] | None = None
) -> bool:
    """
    Take a delivery whose signature was checked.

    :param hand_over: gives a kept event to a worker; without it, the event is processed here.
    :returns: False when Sezzle should send it again: it is kept, its order could not be read,
        and it is young. True otherwise, also for what nobody can use.
    """
    given = Event.from_body(body)
    # Error reports show local variables, and this one may hold a shopper's token.
    del body
    event, is_new = keep(account, given)
    count("delivery", account=account, outcome="kept" if is_new else "repeated")
    if not is_new and event.state != EventState.PENDING:
        return True
    if hand_over is None:
        return process(event)
    # A repeat is in vain while a worker has time to begin, or a failure is waited out.
    if is_new or event.lease_until <= timezone.now():
        _try_to_hand_over(event, hand_over)
    return True


def _try_to_hand_over(
    event: SezzleWebhookEvent, hand_over: Callable[[SezzleWebhookEvent], object]
) -> None:
    """Give an event to a worker; when that fails, it is due for ``sezzle_reconcile`` soon."""
    try:
        hand_over(event)
    except Exception as error:  # noqa: BLE001 - any queue's any fault: it must not cost the delivery
        logger.error(
            "event=%s type=%s order=%s queue=failed error=%s: kept, and processed later",
            event.key,
            event.event_type,
            event.order_uuid,
            type(error).__name__,
        )


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
        said=event.said,
    )
    try:
        with transaction.atomic(using=database(), durable=True):
            row.save(using=database(), force_insert=True)
    except IntegrityError:
        return rows.get(key=event.key), False
    return row, True


def claim(event: SezzleWebhookEvent, *, from_queue: bool = False) -> bool:
    """
    Take a pending event for a while; False when somebody else has it or it must wait.

    :param from_queue: take it also when it was kept for a worker, and nobody has begun.
    """
    now = timezone.now()
    is_free = Q(lease_until__lte=now)
    if from_queue:
        # The lease it was kept with: whoever begins writes another one, by whatever clock.
        is_free |= Q(lease_until=event.received_at + LEASE)
    free = SezzleWebhookEvent.objects.using(database()).filter(
        is_free, pk=event.pk, state=EventState.PENDING
    )
    return bool(update_alone(free, lease_until=now + LEASE))


def claimed_at(event: SezzleWebhookEvent) -> datetime:
    """Say when the only attempt at an event was begun, which nothing but its lease tells."""
    return event.lease_until - LEASE


def process(event: SezzleWebhookEvent) -> bool:
    """
    Do what a kept event asks for: read its order and join it, or ask who agreed.

    Everything it needs is in the event's row, so it may run later and elsewhere.

    :returns: False when Sezzle could not be read and should send the event again.
    """
    try:
        if event.event_type == EventType.CUSTOMER_TOKENIZED:
            _confirm(event)
        else:
            _read_order(event)
    except (GatewayUnavailable, GatewayRejected) as error:
        _postpone(event, error)
        return timezone.now() - event.received_at >= YOUNG
    except SezzleError as error:
        # Another try would end the same way; the inbox keeps it for a human.
        _postpone(event, error)
    except Exception as error:
        # A fault of ours must not cost the subscription.
        logger.critical("event=%s fault", event.key, exc_info=True)
        _postpone(event, error)
        return timezone.now() - event.received_at >= YOUNG
    return True


def _read_order(event: SezzleWebhookEvent) -> None:
    payment = _payment_of(event)
    is_dispute = event.said is not None
    if is_dispute:
        # Before Sezzle is asked: whoever must answer it does not wait for a gateway.
        record_dispute(event, payment)
    if payment is not None:
        try:
            bring_up_to_date(payment, seconds=SECONDS, also=partial(_finish, event))
        except SezzleError:
            if is_dispute:
                tell(payment)
            raise
        return
    if event.order_uuid is not None:
        payment = adopt_order(event.account, event.order_uuid, seconds=SECONDS)
        if payment is None and _payment_of(event) is not None:
            # Its payment was recorded in this moment, perhaps with an older reading.
            _read_order(event)
            return
    if payment is not None and is_dispute:
        record_dispute(event, payment)
        tell(payment)
    _finish(event, EventState.IGNORED if payment is None else EventState.DONE)


def _payment_of(event: SezzleWebhookEvent) -> SezzlePayment | None:
    if event.order_uuid is None:
        return None
    rows = SezzlePayment.objects.using(database())
    return rows.filter(order_uuid=event.order_uuid, account=event.account).first()


def _confirm(event: SezzleWebhookEvent) -> None:
    """Ask Sezzle whether a shopper agreed to be charged again; its event is no proof."""
    notice = TokenizedNotice.from_dict(event.said) if event.said else None
    payment = None if notice is None else payment_of(event.account, notice)
    why = "no payment of ours asked for it"
    if notice is not None and payment is not None:
        try:
            confirm_customer(payment, notice, seconds=SECONDS, also=partial(_finish, event))
        except NotConfirmed as error:
            why = str(error)
        else:
            tell(payment)
            return
    logger.warning(
        "event=%s type=%s payment=%s not_confirmed: %s",
        event.key,
        event.event_type,
        "none" if payment is None else payment.pk,
        why,
    )
    _finish(event, EventState.IGNORED)


def _finish(event: SezzleWebhookEvent, state: EventState = EventState.DONE) -> None:
    pending = SezzleWebhookEvent.objects.using(database()).filter(
        pk=event.pk, state=EventState.PENDING
    )
    if update_alone(pending, state=state, attempts=F("attempts") + 1, last_error=""):
        count("event", outcome=state.value)


def _postpone(event: SezzleWebhookEvent, error: Exception) -> None:
    count("event", outcome="postponed")
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
