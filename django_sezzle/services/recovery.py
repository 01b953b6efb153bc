"""
Finishing what a dead process began: by whoever touches the payment next.

Never a resend without a successful read just before it, never within the quiet period, and
never of a reauthorization or an upcharge, which would charge the shopper a second time. Nothing is
sent that a review keeps from being moved. Only a saved customer's charge has no order to read: it
is asked again with its own id, once its event had the time to come.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayError,
    GatewayUnavailable,
    OutcomeUnknown,
    PaymentError,
)
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment, State
from django_sezzle.services import truth
from django_sezzle.services.adoption import look_for_named_order
from django_sezzle.services.limits import is_blocked
from django_sezzle.services.locking import lock, short_transaction
from django_sezzle.services.matching import close
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.operations import execute, give_up_unsent, mark_unknown
from django_sezzle.services.telling import tell

logger = logging.getLogger("django_sezzle.services")

#: Nobody wants yesterday's click to fire now.
ABANDONED_AFTER = timedelta(minutes=15)

MOST_ATTEMPTS = 5
RESEND_FOR = timedelta(hours=24)


def finish(
    payment: SezzlePayment, *, seconds: float | None = None, untold: tuple[str, ...] = ()
) -> GatewayError | PaymentError | None:
    """
    Finish the payment's open operation, if its sender is gone.

    Never raises for what Sezzle answers: that is recorded with the operation.

    :param untold: facts about what was never sent that the shop need not be told.
    :returns: why Sezzle could not be asked, or gave no clear answer, if that is so.
    """
    operation = payment.open_operation()
    if operation is None or not _is_due(operation):
        return None
    if not operation.attempts:
        return _outage(_finish_unsent(payment, operation, seconds, untold))
    if operation.kind == Operation.CHARGE:
        return _finish_charge(operation, seconds)
    try:
        reading = truth.read(payment, seconds=seconds)
    except (GatewayError, PaymentError) as error:
        # No successful read, no resend.
        logger.warning("payment=%s operation=%s read=%s", payment.pk, operation.pk, _name(error))
        mark_unknown(operation)
        return error
    finish_after_reading(payment, truth.record(payment, reading), seconds=seconds)
    tell(payment)
    return None


def finish_after_reading(
    payment: SezzlePayment, still_open: SezzleOperation | None, *, seconds: float | None = None
) -> None:
    """
    Send the operation again that is open although the order was just read.

    The given payment is brought up to date with what became of it.
    """
    if still_open is None or not _is_due(still_open):
        return
    if not still_open.attempts:
        _finish_unsent(payment, still_open, seconds)
    elif still_open.kind == Operation.REAUTHORIZE:
        # Looking for its order sends nothing, so a review does not keep us from it.
        mark_unknown(still_open)
        _look_for_new_order(still_open, seconds)
    elif is_blocked(payment, still_open.kind):
        mark_unknown(still_open)
    elif still_open.evidence == Evidence.REJECTED:
        _close_refused(still_open)
    elif may_resend(still_open):
        _execute(still_open, seconds)
    else:
        mark_unknown(still_open)
    payment.refresh_from_db()


def _finish_charge(operation: SezzleOperation, seconds: float | None) -> GatewayError | None:
    """Look for the order that a charge made, or ask for it again with the same request id."""
    if operation.tx_uuid:
        try:
            look_for_named_order(operation, seconds=seconds)
        except GatewayError as error:
            logger.warning("operation=%s new_order=%s", operation.pk, _name(error))
            mark_unknown(operation)
            return error
        return None
    # What was refused or declined when it was asked again may have been done the first time.
    if operation.evidence or not may_resend(operation):
        mark_unknown(operation)
        return None
    return _outage(_execute(operation, seconds))


def _outage(error: GatewayError | PaymentError | None) -> GatewayError | None:
    """Take what tells of an outage: of what had no order to read, nothing else does."""
    outages = (AuthenticationFailed, GatewayUnavailable, OutcomeUnknown)
    return error if isinstance(error, outages) else None


def _close_refused(operation: SezzleOperation) -> None:
    """Believe Sezzle's refusal, now that a reading a lease later shows nothing either."""

    def work() -> None:
        payment = lock(operation.payment_id)
        if close(operation, State.FAILED, Evidence.REJECTED, unless_claimed=True):
            # The payment kept its order's place for it, perhaps.
            truth.write(payment, Joined(Facts.of(payment), review=payment.review_reason))

    short_transaction(work)


def _is_due(operation: SezzleOperation) -> bool:
    return operation.is_understood and operation.lease_until <= timezone.now()


def may_resend(operation: SezzleOperation) -> bool:
    """Tell whether an operation with an unknown outcome may be sent again with its own id."""
    if operation.kind in Operation.that_charge_anew() or operation.attempts >= MOST_ATTEMPTS:
        return False
    first = operation.first_sent_at
    return first is not None and timezone.now() < first + RESEND_FOR


def is_abandoned(operation: SezzleOperation) -> bool:
    """Tell whether an operation was begun by a click so long ago that it is never sent any more."""
    is_unsent = operation.is_open and not operation.attempts and not operation.deferred
    return bool(is_unsent) and operation.created_at + ABANDONED_AFTER < timezone.now()


def _finish_unsent(
    payment: SezzlePayment,
    operation: SezzleOperation,
    seconds: float | None,
    untold: tuple[str, ...] = (),
) -> GatewayError | PaymentError | None:
    if operation.deferred:
        if not is_blocked(payment, operation.kind):
            return _execute(operation, seconds)
    elif is_abandoned(operation):
        give_up_unsent(operation, untold=untold)
    return None


def _look_for_new_order(operation: SezzleOperation, seconds: float | None) -> None:
    """Read the order that Sezzle's answer to a reauthorization named, and could not be read."""
    if not operation.tx_uuid:
        return
    try:
        look_for_named_order(operation, seconds=seconds)
    except GatewayError as error:
        logger.warning("operation=%s new_order=%s", operation.pk, _name(error))


def _execute(
    operation: SezzleOperation, seconds: float | None
) -> GatewayError | PaymentError | None:
    try:
        execute(operation, seconds=seconds)
    except (GatewayError, PaymentError) as error:
        logger.warning(
            "payment=%s operation=%s finished=%s",
            operation.payment_id,
            operation.pk,
            _name(error),
        )
        return error
    return None


def _name(error: Exception) -> str:
    return type(error).__name__
