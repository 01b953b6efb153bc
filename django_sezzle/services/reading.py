"""Bringing a payment up to date, and looking at what Sezzle holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django_sezzle.exceptions import AuthenticationFailed, GatewayUnavailable
from django_sezzle.models import SezzlePayment
from django_sezzle.services import recovery, truth
from django_sezzle.services.locking import nothing_open
from django_sezzle.services.telling import tell

if TYPE_CHECKING:
    from django_sezzle.gateway import Order


def refresh(payment: SezzlePayment) -> SezzlePayment:
    """
    Read the order, join it into the payment, finish what is open, and tell the shop.

    Safe at any time and as often as you like. The given instance is brought up to date.

    :raises GatewayUnavailable: Sezzle could not be read; nothing has changed.
    :raises ActionNotAllowed: there is no order yet, the account is configured for another
        environment or merchant, or a database transaction is open.

    Sezzle: GET /v2/order/{order_uuid}
    https://docs.sezzle.com/docs/api/core/orders/getv2order
    """
    if payment.customer_id is not None and not payment.order_uuid:
        return _finish_charge(payment)
    return bring_up_to_date(payment)


def _finish_charge(payment: SezzlePayment) -> SezzlePayment:
    """Finish the charge of a saved customer; until it has an order, there is none to read."""
    nothing_open()
    trouble = recovery.finish(payment)
    payment.refresh_from_db()
    if payment.order_uuid:
        return bring_up_to_date(payment)
    tell(payment)
    operation = payment.open_operation()
    if isinstance(trouble, (AuthenticationFailed, GatewayUnavailable)):
        sent = operation is not None and operation.attempts
        known = "Money may or may not have moved" if sent else "No money moved"
        raise type(trouble)(
            f"Sezzle could not be asked about the charge ({type(trouble).__name__}). {known}: it "
            "is tried again. Do not charge in another way.",
            status=trouble.status,
            errors=trouble.errors,
            operation=operation,
        ) from trouble
    return payment


def read_order(payment: SezzlePayment) -> Order:
    """
    Read what Sezzle holds now, the shopper's address included. Nothing of it is stored.

    :raises GatewayUnavailable: Sezzle could not be read, or no longer knows the order.

    Sezzle: GET /v2/order/{order_uuid}
    https://docs.sezzle.com/docs/api/core/orders/getv2order
    """
    order = truth.read(payment).order
    if order is None:
        raise GatewayUnavailable("Sezzle no longer knows this order.")
    return order


def bring_up_to_date(
    payment: SezzlePayment,
    *,
    seconds: float | None = None,
    resend: bool = True,
    also: Callable[[], object] | None = None,
    untold: tuple[str, ...] = (),
) -> SezzlePayment:
    """
    Refresh within the time a doorway has.

    :param resend: whether an operation with an unknown outcome may be sent again from here.
    :param also: more to write in the transaction that records the reading.
    :param untold: facts that the shop need not be told, because it brings them about.
    """
    reading = truth.read(payment, seconds=seconds)
    still_open = truth.record(payment, reading, also=also, untold=untold)
    if resend:
        recovery.finish_after_reading(payment, still_open, seconds=seconds)
    tell(payment)
    return payment
