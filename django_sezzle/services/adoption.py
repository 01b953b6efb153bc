"""An order that we do not know: perhaps an operation made it whose answer was lost."""

from __future__ import annotations

import logging

from django.db.models import QuerySet
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import AuthenticationFailed, GatewayRejected
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services import charges, truth
from django_sezzle.services.attempts import MARK, mark_of
from django_sezzle.services.locking import database, lock, short_transaction
from django_sezzle.services.reauthorization import (
    LATE,
    adopt_as_made_by,
    adopt_upcharge,
    candidates,
    decline,
    find_maker,
)
from django_sezzle.services.telling import tell
from django_sezzle.services.truth import Reading

logger = logging.getLogger("django_sezzle.services")


def adopt_order(
    account: str, order_uuid: str, *, seconds: float | None = None
) -> SezzlePayment | None:
    """
    Take over an order that one of our reauthorizations, upcharges or charges made, or a checkout
    whose link Sezzle sent.

    Sezzle is asked only while such an operation is open, or a charge was closed or a link was lost
    not long ago.

    :returns: the new payment, or None when the order is not ours.
    :raises GatewayUnavailable: it could not be read.
    """
    operations, checkouts = candidates(account), lost_links(account)
    # In one query: most orders that we do not know are another shop's.
    if not operations.order_by().values("pk").union(checkouts.order_by().values("pk")).exists():
        return None
    try:
        reading = read_unknown(account, order_uuid, seconds=seconds)
    except AuthenticationFailed:
        raise
    except GatewayRejected:
        if operations.exists():
            raise
        # Somebody else's order, or none: a lost link is no reason to ask for it again and again.
        return None
    maker = find_maker(account, reading)
    if maker is not None:
        return _adopt(maker, order_uuid, reading)
    return _adopt_lost_link(account, order_uuid, reading)


def lost_links(account: str) -> QuerySet[SezzlePayment]:
    """Select checkouts whose link the shopper may have, and whose order we were never told."""
    return SezzlePayment.objects.using(database()).filter(
        account=account,
        environment=get_settings(account).environment,
        sends_link=True,
        order_uuid=None,
        created_at__gt=timezone.now() - LATE,
    )


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


def _adopt_lost_link(account: str, order_uuid: str, reading: Reading) -> SezzlePayment | None:
    """
    Let the payment whose checkout got lost have the order that was paid by its link.

    The order must say whose it is: other shops of the same merchant may use the same references.
    """
    order = reading.order
    if order is None or not order.is_approved or order.is_upcharge:
        return None
    alike = lost_links(account).filter(reference_id=order.reference_id)
    found = next((each for each in alike if order.metadata.get(MARK) == mark_of(each)), None)
    if found is None:
        return None

    def take() -> SezzlePayment | None:
        payment = lock(found.pk)
        rows = SezzlePayment.objects.using(database())
        if payment.order_uuid is not None or rows.filter(order_uuid=order_uuid).exists():
            return None
        payment.order_uuid = order_uuid
        payment.last_read_at = reading.read_at
        payment.save(using=database(), update_fields=["order_uuid", "last_read_at", "updated_at"])
        truth.apply(payment, reading)
        return payment

    payment = short_transaction(take)
    if payment is not None:
        logger.warning("payment=%s order=%s lost_link=paid", payment.pk, order_uuid)
        tell(payment)
    return payment


def _decline(operation: SezzleOperation) -> None:
    if operation.kind == Operation.CHARGE:
        charges.decline(lock(operation.payment_id), operation)
    else:
        decline(operation)
