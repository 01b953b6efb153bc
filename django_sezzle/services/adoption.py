"""An order that we do not know: perhaps an operation made it whose answer was lost."""

from __future__ import annotations

from django.utils import timezone

from django_sezzle.exceptions import GatewayRejected
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services import charges, truth
from django_sezzle.services.locking import lock, short_transaction
from django_sezzle.services.reauthorization import (
    adopt_as_made_by,
    adopt_upcharge,
    candidates,
    decline,
    find_maker,
)
from django_sezzle.services.telling import tell
from django_sezzle.services.truth import Reading


def adopt_order(
    account: str, order_uuid: str, *, seconds: float | None = None
) -> SezzlePayment | None:
    """
    Take over an order that one of our reauthorizations, upcharges or charges made.

    Sezzle is asked only while such an operation is open, or a charge was closed not long ago.

    :returns: the new payment, or None when the order is not ours.
    :raises GatewayUnavailable: it could not be read.
    """
    if not candidates(account).exists():
        return None
    reading = read_unknown(account, order_uuid, seconds=seconds)
    maker = find_maker(account, reading)
    return None if maker is None else _adopt(maker, order_uuid, reading)


def look_for_named_order(operation: SezzleOperation, *, seconds: float | None = None) -> None:
    """
    Settle an operation whose answer named an order that could not be read then.

    An order that is there and not approved was declined, unless the operation was sent more than
    once: then another sending may have been approved. One that is not there says nothing.

    :raises GatewayUnavailable: it could not be read.
    """
    reading = read_unknown(operation.payment.account, operation.tx_uuid, seconds=seconds)
    if reading.order is None:
        return
    if reading.order.is_approved:
        _adopt(operation, operation.tx_uuid, reading)
    elif operation.attempts == 1:
        short_transaction(lambda: _decline(operation))


def read_unknown(account: str, order_uuid: str, *, seconds: float | None = None) -> Reading:
    """
    Read an order that no payment belongs to.

    :raises GatewayUnavailable: it could not be read.
    """
    gateway = truth.gateway_for(account, seconds=seconds)
    read_at = timezone.now()
    try:
        return Reading(gateway.get_order(order_uuid), read_at)
    except GatewayRejected as error:
        if truth.says_gone(error):
            return Reading(None, read_at)
        raise


def _adopt(maker: SezzleOperation, order_uuid: str, reading: Reading) -> SezzlePayment | None:
    adopt = {
        Operation.REAUTHORIZE: adopt_as_made_by,
        Operation.UPCHARGE: adopt_upcharge,
        Operation.CHARGE: charges.take_found_order,
    }[Operation(maker.kind)]
    child = short_transaction(lambda: adopt(maker, order_uuid, reading))
    if child is not None:
        if child.reauthorized_from is not None:
            tell(child.reauthorized_from)
        tell(child)
    return child


def _decline(operation: SezzleOperation) -> None:
    if operation.kind == Operation.CHARGE:
        charges.decline(lock(operation.payment_id), operation)
    else:
        decline(operation)
