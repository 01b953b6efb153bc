"""The payment that an upcharge makes: an order of its own, beside the one that it belongs to."""

from __future__ import annotations

from django.db.models import F

from django_sezzle.gateway.messages import Transaction
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services.children import make_child
from django_sezzle.services.locking import database


def enter_upcharge(
    parent: SezzlePayment, upcharge: Transaction, operation: SezzleOperation | None
) -> SezzlePayment:
    """
    Make a new upcharge's order a payment; it is read by whoever comes next.

    The parent is locked. The extra never takes the place of the payment that counts for the
    shop's order.

    :param operation: whose doing it is, where that is known already.
    """
    known = SezzlePayment.objects.using(database()).filter(order_uuid=upcharge.uuid).first()
    child = known or make_child(
        parent,
        upcharge.uuid,
        upcharge.amount,
        # Of one made in the dashboard only Sezzle knows.
        intent=operation.intent if operation is not None else parent.intent,
        upcharge_of=parent,
    )
    if operation is not None:
        name_result(operation, upcharge.uuid)
    return child


def name_result(operation: SezzleOperation, order_uuid: str) -> None:
    """Say which payment an upcharge made, and with which intent that payment was asked for."""
    if operation.kind != Operation.UPCHARGE:
        return
    rows = SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid)
    rows.exclude(intent=operation.intent).update(
        intent=operation.intent, lock_seq=F("lock_seq") + 1
    )
    operations = SezzleOperation.objects.using(database()).filter(pk=operation.pk)
    operations.update(result_payment=rows.first())
