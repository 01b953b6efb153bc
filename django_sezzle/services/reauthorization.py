"""Taking over the order that an approved reauthorization or an upcharge made."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from django_sezzle.gateway import Intent
from django_sezzle.gateway.messages import Amount, Kind, Transaction
from django_sezzle.models import (
    Evidence,
    Operation,
    SezzleOperation,
    SezzlePayment,
    State,
)
from django_sezzle.services import truth
from django_sezzle.services.children import make_child
from django_sezzle.services.consequences import another_current
from django_sezzle.services.locking import database, lock
from django_sezzle.services.matching import close, match_open_operation
from django_sezzle.services.merge import Facts, Joined, derive
from django_sezzle.services.truth import Reading

#: So long the order of a charge that was closed as not done may still show up.
LATE = timedelta(days=30)


def adopt(
    parent: SezzlePayment,
    operation: SezzleOperation,
    order_uuid: str,
    reading: Reading,
    evidence: Evidence,
) -> SezzlePayment:
    """
    Make the new order a payment of its own, and let it count in its parent's place.

    The parent is locked. Doing it twice changes nothing: the new order's id is unique.
    """
    known = SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid).first()
    child = known or _make(parent, operation, order_uuid, read_at=reading.read_at)
    truth.apply(child, reading)
    close(operation, State.SUCCEEDED, evidence, result_payment=child)
    return child


def find_maker(account: str, reading: Reading) -> SezzleOperation | None:
    """
    Find the operation whose lost answer made an order that we do not know.

    An order is ours only when it is approved and carries the amount and currency of a candidate,
    and the reference of a reauthorization's or a charge's payment, or the order that an upcharge
    belongs to.
    """
    order = reading.order
    if order is None or not order.is_approved or order.amount is None:
        return None
    alike = candidates(account).filter(
        amount_in_cents=order.amount.amount_in_cents, currency=order.amount.currency
    )
    if order.is_upcharge:
        parent = order.parent_order_uuid
        return alike.filter(kind=Operation.UPCHARGE, payment__order_uuid=parent).first()
    reference = order.reference_id
    makers = (Operation.REAUTHORIZE, Operation.CHARGE)
    return alike.filter(kind__in=makers, payment__reference_id=reference).first()


def adopt_as_made_by(
    maker: SezzleOperation, order_uuid: str, reading: Reading
) -> SezzlePayment | None:
    """Adopt an order, if its maker is still open; the caller's transaction begins with this."""
    parent = lock(maker.payment_id)
    operation = parent.open_operation()
    if operation is None or operation.pk != maker.pk:
        return None
    known = SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid).first()
    if known is not None and known.reauthorized_from_id != parent.pk:
        # The parent's own order, for one, has the same reference and perhaps the same amount.
        return None
    return adopt(parent, operation, order_uuid, reading, Evidence.MATCHED)


def adopt_upcharge(
    maker: SezzleOperation, order_uuid: str, reading: Reading
) -> SezzlePayment | None:
    """Adopt an upcharge's order, if its maker is still open; a transaction begins with this."""
    parent = lock(maker.payment_id)
    operation = parent.open_operation()
    if operation is None or operation.pk != maker.pk:
        return None
    if not SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid).exists():
        amount = Amount(operation.amount_in_cents, operation.currency)
        made = Transaction(Kind.UPCHARGE, order_uuid, amount)
        facts = Joined(Facts.of(parent), new=(made,), review=parent.review_reason)
        truth.write(parent, facts)
    match_open_operation(parent)
    child = SezzlePayment.objects.using(database()).get(order_uuid=order_uuid)
    truth.apply(lock(child.pk, last_read_at=reading.read_at), reading)
    child.refresh_from_db()
    return child


def decline(operation: SezzleOperation) -> None:
    """Close a reauthorization that Sezzle did not approve; its payment may lose its place."""
    parent = lock(operation.payment_id)
    close(operation, State.FAILED, Evidence.DECLINED)
    truth.write(parent, Joined(Facts.of(parent), review=parent.review_reason))


def candidates(account: str) -> models.QuerySet[SezzleOperation]:
    """
    Find what makes new orders, was sent for an account, and has no outcome yet.

    A charge that was closed as not done counts for a while: its payment has a reference of its own,
    so that an order under it can be nothing else.
    """
    is_late = Q(
        kind=Operation.CHARGE,
        closed_at__gt=timezone.now() - LATE,
        payment__order_uuid=None,
        payment__customer__isnull=False,
    )
    return SezzleOperation.objects.using(database()).filter(
        Q(is_open=True) | is_late,
        kind__in=Operation.that_make_orders(),
        attempts__gte=1,
        payment__account=account,
    )


def _make(
    parent: SezzlePayment, operation: SezzleOperation, order_uuid: str, *, read_at: datetime
) -> SezzlePayment:
    is_free = not another_current(parent)
    # The old authorization is over; held money must not be counted in both rows.
    parent.is_current = None
    parent.was_reauthorized = True
    parent.lapsed_at = parent.lapsed_at or timezone.now()
    parent.status = derive(Facts.of(parent), canceled=parent.canceled_at is not None)
    parent.save(
        using=database(),
        update_fields=["is_current", "was_reauthorized", "lapsed_at", "status", "updated_at"],
    )
    return make_child(
        parent,
        order_uuid,
        Amount(operation.amount_in_cents, operation.currency),
        intent=Intent.AUTH,
        is_current=True if is_free else None,
        reauthorized_from=parent,
        last_read_at=read_at,
    )
