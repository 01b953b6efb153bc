"""
Moving money. Each call returns only when Sezzle said yes, and raises otherwise.

``amount_in_cents`` is whole cents of the payment's currency; None means all that is possible.
``request_id`` is made when a form is shown: the same id gives the same operation, however often
it is sent. ``on_commit=True`` writes the intent into the transaction that is open and sends it
after the commit; look at the returned operation later, or listen to the signals.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from django_sezzle.exceptions import (
    AmountUnavailable,
    GatewayError,
    InvalidInput,
    OperationInProgress,
    PaymentError,
)
from django_sezzle.gateway import Intent
from django_sezzle.gateway.messages.money import check_cents
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment, State
from django_sezzle.services import recovery, truth
from django_sezzle.services.locking import database, nothing_open, short_transaction
from django_sezzle.services.operations import begin, execute, outcome_of
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.settling import reload
from django_sezzle.services.shipments import check_shipment

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger("django_sezzle.services")

#: What was read so recently need not be read again before money is moved.
FRESH = timedelta(minutes=1)

LONGEST_REQUEST_ID = 64


class Asked(NamedTuple):
    """What a call wants to be moved."""

    kind: Operation
    amount_in_cents: int | None
    request_id: str


def capture(
    payment: SezzlePayment,
    *,
    amount_in_cents: int | None = None,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
    shipment: str = "",
) -> SezzleOperation:
    """
    Take held money, wholly or in part.

    :param shipment: the shop's own number of what was shipped for it, 1 to 80 printable characters;
        empty for none. It is kept and shown (:func:`shipments_of`), and not sent to Sezzle.
    :raises InvalidInput: no whole cents, or no such shipment; nothing was sent.
    :raises AmountUnavailable: more than is held; nothing was sent.
    :raises ActionNotAllowed: not for this payment, or inside a transaction; nothing was sent.
    :raises NeedsReview: the payment is under review; nothing was sent.
    :raises OperationInProgress: another operation of this payment is open; nothing was sent.
    :raises RequestIdReused: the id stands for another operation; nothing was sent.
    :raises GatewayRejected: Sezzle refused, such as after expiry; no money moved.
    :raises GatewayUnavailable: Sezzle could not be reached; no money moved.
    :raises OutcomeUnknown: no clear answer; the payment is blocked until a refresh or
        ``sezzle_reconcile`` has settled it. Do not repeat.

    Sezzle: POST /v2/order/{order_uuid}/capture
    https://docs.sezzle.com/docs/api/core/orders/postv2capturebyorder
    """
    check_shipment(shipment)
    return _submit(
        payment,
        Operation.CAPTURE,
        amount_in_cents,
        request_id,
        actor,
        reason,
        on_commit,
        shipment=shipment,
    )


def refund(
    payment: SezzlePayment,
    *,
    amount_in_cents: int | None = None,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
) -> SezzleOperation:
    """
    Give captured money back to the shopper, wholly or in part. It cannot be taken back.

    Raises what :func:`capture` raises; ``AmountUnavailable`` when it is more than was captured
    and not yet given back.

    Sezzle: POST /v2/order/{order_uuid}/refund
    https://docs.sezzle.com/docs/api/core/orders/postv2refundbyorder
    """
    return _submit(payment, Operation.REFUND, amount_in_cents, request_id, actor, reason, on_commit)


def release(
    payment: SezzlePayment,
    *,
    amount_in_cents: int | None = None,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
) -> SezzleOperation:
    """
    Let held money go, wholly or in part. What was let go cannot be captured any more.

    Raises what :func:`capture` raises.

    Sezzle: POST /v2/order/{order_uuid}/release
    https://docs.sezzle.com/docs/api/core/orders/postv2releasebyorder
    """
    return _submit(
        payment, Operation.RELEASE, amount_in_cents, request_id, actor, reason, on_commit
    )


def reauthorize(
    payment: SezzlePayment,
    *,
    amount_in_cents: int | None = None,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
) -> SezzleOperation:
    """
    Ask for a new authorization after the old one ran out: a new instalment plan for the shopper.

    ``result_payment`` of the returned operation is the new payment; capture that one.

    :raises Declined: Sezzle did not approve; no money moved and there is no new payment.
    :raises OutcomeUnknown: no clear answer. It is never sent again by itself; an approved order
        is adopted when it shows up.

    Raises what :func:`capture` raises besides.

    Sezzle: POST /v2/order/{order_uuid}/reauthorize
    https://docs.sezzle.com/docs/api/core/orders/postv2reauthorizebyorder
    """
    return _submit(
        payment, Operation.REAUTHORIZE, amount_in_cents, request_id, actor, reason, on_commit
    )


def upcharge(
    payment: SezzlePayment,
    *,
    amount_in_cents: int,
    intent: Intent = Intent.CAPTURE,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
) -> SezzleOperation:
    """
    Charge extra for an order that was approved: at most 15 % of it, all upcharges together.

    Sezzle makes an order of its own for it, which the shopper pays in full. ``result_payment`` of
    the returned operation is that payment; it has its own captures and refunds, and does not
    change what ``payment.is_funded_for()`` says of the first.

    :param intent: ``CAPTURE`` takes the extra at once, ``AUTH`` holds it.
    :raises GatewayRejected: Sezzle refused; with 404 the account most likely has no upcharges.
    :raises OutcomeUnknown: no clear answer. It is never sent again by itself; it is found again in
        the order's list of upcharges.

    Raises what :func:`capture` raises besides.

    Sezzle: POST /v2/order/{order_uuid}/upcharge
    https://docs.sezzle.com/docs/api/core/orders/postv2upchargebyorder
    """
    check_cents(amount_in_cents)
    if intent not in list(Intent):
        raise InvalidInput("An intent is AUTH or CAPTURE. Nothing was sent.")
    return _submit(
        payment,
        Operation.UPCHARGE,
        amount_in_cents,
        request_id,
        actor,
        reason,
        on_commit,
        intent=Intent(intent).value,
    )


def _submit(
    payment: SezzlePayment,
    kind: Operation,
    amount_in_cents: int | None,
    request_id: str | None,
    actor: AbstractBaseUser | None,
    reason: str,
    on_commit: bool,
    *,
    intent: str = "",
    shipment: str = "",
) -> SezzleOperation:
    if amount_in_cents is not None:
        check_cents(amount_in_cents)
    request_id = checked_request_id(request_id) if request_id is not None else str(uuid.uuid4())
    write_down = partial(
        begin,
        payment,
        kind,
        amount_in_cents,
        request_id=request_id,
        actor=actor,
        reason=reason,
        deferred=on_commit,
        intent=intent,
        shipment=shipment,
    )
    if on_commit:
        return send_after_commit(write_down)
    nothing_open()
    try:
        asked = Asked(kind, amount_in_cents, request_id)
        _be_up_to_date(payment, asked)
        operation = _write_down(payment, asked, write_down)
        if operation.is_open and not operation.attempts:
            settled = execute(operation)
        else:
            settled = outcome_of(reload(operation))
    except (GatewayError, PaymentError):
        payment.refresh_from_db()
        raise
    truth.copy_row(settled.payment, payment)
    return settled


def _be_up_to_date(payment: SezzlePayment, asked: Asked) -> None:
    """Act on fresh facts: what was read for this form within the last minute, or is read now."""
    payment.refresh_from_db()
    if payment.order_uuid and not is_fresh(payment):
        before = payment.open_operation()
        bring_up_to_date(payment)
        _refuse_repeat(before, asked)


def is_fresh(payment: SezzlePayment) -> bool:
    """Tell whether a payment is acted on as it is stored, without reading its order before."""
    read_at = payment.last_read_at
    # A checkout that was made just now may have been approved since.
    return payment.approved and read_at is not None and timezone.now() < read_at + FRESH


def _write_down(
    payment: SezzlePayment, asked: Asked, intent: Callable[[], SezzleOperation]
) -> SezzleOperation:
    """Commit the intent; what a dead process left open is finished first."""
    try:
        return short_transaction(intent)
    except OperationInProgress as error:
        recovery.finish(payment)
        _refuse_repeat(error.operation, asked)
        try:
            return short_transaction(intent)
        except AmountUnavailable as refusal:
            # What was in the way took it, perhaps just now and by this very call.
            raise _done_now(error.operation) or refusal from refusal


def _refuse_repeat(before: SezzleOperation | None, asked: Asked) -> None:
    """
    Refuse to do once more what this very call has found to be done.

    Whoever asks for the same again after an unknown outcome most likely means the same money.
    """
    if before is None or before.request_id == asked.request_id:
        return
    if (before.kind, before.amount_in_cents) != (asked.kind, asked.amount_in_cents):
        return
    if done := _done_now(before):
        raise done


def _done_now(before: SezzleOperation | None) -> OperationInProgress | None:
    """Make the error that says so, if an operation that was open when it was met is done."""
    found = reload(before) if before is not None else None
    if found is None or found.state != State.SUCCEEDED:
        return None
    return OperationInProgress(
        f"An earlier {found.kind} of {found.price} had no answer yet, and is done now. Nothing "
        "else was sent. Look at the payment, and ask again if more is to be moved.",
        operation=found,
    )


def send_after_commit(intent: Callable[[], SezzleOperation]) -> SezzleOperation:
    """Write the intent down in the transaction that is open; send it after the commit."""
    if connections[database()].in_atomic_block:
        operation = _intent_of_the_host(intent)
    else:
        operation = short_transaction(intent)
    if operation.is_open and not operation.attempts:
        transaction.on_commit(partial(_send_deferred, operation), using=database(), robust=True)
    return operation


def _intent_of_the_host(intent: Callable[[], SezzleOperation]) -> SezzleOperation:
    try:
        with transaction.atomic(using=database()):
            return intent()
    except IntegrityError as error:
        # Written meanwhile by another process, and not visible to this older transaction.
        raise OperationInProgress(
            "Another operation of this payment has just begun. Nothing was sent."
        ) from error


def _send_deferred(operation: SezzleOperation) -> None:
    now = reload(operation)
    if not now.is_open or now.attempts:
        # Somebody else was first.
        return
    try:
        execute(now)
    except (GatewayError, PaymentError) as error:
        # There is nobody to raise to. What never left is sent by whoever comes next.
        logger.warning(
            "payment=%s operation=%s deferred=%s",
            operation.payment_id,
            operation.pk,
            type(error).__name__,
        )


def checked_request_id(request_id: Any) -> str:
    """
    Let a caller's request id in.

    :raises InvalidInput: Sezzle or the database might not take it as it is.
    """
    fits = isinstance(request_id, str) and 0 < len(request_id) <= LONGEST_REQUEST_ID
    if not (fits and request_id.isascii() and request_id.isprintable() and " " not in request_id):
        raise InvalidInput(
            f"A request id has 1 to {LONGEST_REQUEST_ID} printable ASCII characters. "
            "Nothing was sent."
        )
    return str(request_id)
