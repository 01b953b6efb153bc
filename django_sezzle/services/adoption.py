"""An order that we do not know: perhaps a reauthorization made it whose answer was lost."""

from __future__ import annotations

from django.utils import timezone

from django_sezzle.exceptions import GatewayRejected
from django_sezzle.models import SezzlePayment
from django_sezzle.services import truth
from django_sezzle.services.locking import short_transaction
from django_sezzle.services.reauthorization import (
    adopt_as_made_by,
    candidates,
    find_maker,
)
from django_sezzle.services.telling import tell
from django_sezzle.services.truth import Reading


def adopt_order(
    account: str, order_uuid: str, *, seconds: float | None = None
) -> SezzlePayment | None:
    """
    Take over an order that one of our open reauthorizations made.

    Sezzle is asked only while such a reauthorization is open.

    :returns: the new payment, or None when the order is not ours.
    :raises GatewayUnavailable: it could not be read.
    """
    if not candidates(account).exists():
        return None
    gateway = truth.gateway_for(account, seconds=seconds)
    read_at = timezone.now()
    try:
        reading = Reading(gateway.get_order(order_uuid), read_at)
    except GatewayRejected as error:
        if truth.says_gone(error):
            return None
        raise
    maker = find_maker(account, reading)
    if maker is None:
        return None
    child = short_transaction(lambda: adopt_as_made_by(maker, order_uuid, reading))
    if child is not None:
        if child.reauthorized_from is not None:
            tell(child.reauthorized_from)
        tell(child)
    return child
