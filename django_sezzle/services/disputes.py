"""
Writing down what an event says about a dispute. No money moves here, and none is booked.

Events come late, twice and in any order. The one that happened last by Sezzle's clock is the one
the row follows; an older one only fills in what is not known yet. So a dispute that was closed
is not opened again by an event that was overtaken.
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db.models import F

from django_sezzle.conf import get_settings
from django_sezzle.gateway.messages import DisputeNotice
from django_sezzle.models import DisputeStatus, SezzleDispute, SezzlePayment, SezzleWebhookEvent
from django_sezzle.services.locking import database, lock, short_transaction
from django_sezzle.services.truth import announce

logger = logging.getLogger("django_sezzle.services")

#: What happens later in a dispute counts more where moments are equal or missing.
_RANKS = {
    DisputeStatus.MERCHANT_INPUT_REQUESTED.value: 1,
    DisputeStatus.DEADLINE_APPROACHING.value: 2,
}
_CLOSED = 3

#: What may change after a dispute was opened; the shop is told when one of these does.
_TOLD = ("status", "dispute_type", "amount_in_cents", "currency", "due_on", "payment_id")


def record_dispute(event: SezzleWebhookEvent, payment: SezzlePayment | None) -> SezzleDispute:
    """
    Join what a dispute's event says into the dispute's row, and announce what is new in it.

    Doing it twice changes nothing. One short transaction; nothing is asked, nobody is told yet.

    :param event: one of the five dispute events, with what it says.
    :param payment: whose order it is about; None when that order is none of ours.
    """
    notice = DisputeNotice.from_dict(event.said or {})
    environment = (payment or get_settings(event.account)).environment

    def work() -> SezzleDispute:
        if payment is not None:
            lock(payment.pk)
        same = SezzleDispute.objects.using(database()).filter(
            account=event.account, environment=environment, dispute_id=notice.dispute_id
        )
        # An UPDATE that changes nothing: whoever comes second waits here, on every database.
        same.update(changes=F("changes"))
        row = same.first() or SezzleDispute(
            account=event.account,
            environment=environment,
            dispute_id=notice.dispute_id,
            order_uuid=event.order_uuid,
        )
        before = {name: getattr(row, name) for name in _TOLD}
        _follow(row, event, notice)
        _link(row, payment)
        is_news = row._state.adding or any(
            getattr(row, name) != old for name, old in before.items()
        )
        row.changes += is_news
        row.save(using=database())
        if is_news and payment is not None and row.payment_id == payment.pk:
            announce(payment, [f"dispute:{row.pk}:{row.changes}"])
        return row

    row = short_transaction(work)
    if row.payment_id is None:
        logger.warning(
            "dispute=%s account=%s order=%s status=%s payment=none",
            row.dispute_id,
            row.account,
            row.order_uuid,
            row.status,
        )
    else:
        logger.info(
            "dispute=%s payment=%s status=%s due=%s",
            row.dispute_id,
            row.payment_id,
            row.status,
            row.due_on or "-",
        )
    return row


def _follow(row: SezzleDispute, event: SezzleWebhookEvent, notice: DisputeNotice) -> None:
    """Take over what a newer event says; of an older one only what was not known."""
    status = event.event_type.rpartition(".")[2]
    said: dict[str, str | int | date | None] = {
        "reference_id": notice.reference_id,
        "dispute_type": notice.dispute_type,
        "amount_in_cents": notice.amount_in_cents,
        "currency": notice.currency,
        "due_on": date.fromisoformat(notice.due_on) if notice.due_on else None,
    }
    is_newer = _is_newer(row, status, event.created_at)
    for name, value in said.items():
        if value not in ("", None) and (is_newer or getattr(row, name) in ("", None)):
            setattr(row, name, value)
    at = event.created_at
    if at is not None:
        row.opened_at = at if row.opened_at is None else min(row.opened_at, at)
    if is_newer:
        row.status = status
        row.said_at = at or row.said_at
        is_closed = status in DisputeStatus.that_are_closed()
        row.closed_at = (at or event.received_at) if is_closed else None


def _is_newer(row: SezzleDispute, status: str, at: datetime | None) -> bool:
    if not row.status:
        return True
    rank, known = _RANKS.get(status, _CLOSED), _RANKS.get(row.status, _CLOSED)
    if at is None or row.said_at is None:
        # Without moments a dispute only goes forward.
        return rank >= known
    # The word itself decides last, so that the order of arrival never does.
    return (at, rank, status) >= (row.said_at, known, row.status)


def _link(row: SezzleDispute, payment: SezzlePayment | None) -> None:
    if payment is None:
        return
    if row.payment_id is None:
        row.payment = payment
        row.order_uuid = payment.order_uuid
    elif row.payment_id != payment.pk:
        logger.error(
            "dispute=%s payment=%s order=%s: Sezzle used one dispute's id for two orders",
            row.dispute_id,
            row.payment_id,
            payment.order_uuid,
        )
