"""Recording what is known after an operation was sent, in one short transaction."""

from __future__ import annotations

from typing import Any

from django.db import models

from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway.messages import Amount, Approval, Kind, Transaction
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import charges, truth
from django_sezzle.services.limits import is_blocked
from django_sezzle.services.locking import database, lock
from django_sezzle.services.matching import close
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.reauthorization import adopt
from django_sezzle.services.sending import Outcome
from django_sezzle.services.truth import Reading


def settle(
    operation: SezzleOperation, outcome: Outcome, reading: Reading | None
) -> SezzleOperation:
    """Record what is known after sending a capture, refund or release."""
    payment = _lock(operation, reading)
    answer = None
    if outcome.tx_uuid:
        amount = Amount(operation.amount_in_cents, operation.currency)
        answer = Transaction(Kind(operation.kind), outcome.tx_uuid, amount)
    still_open = truth.apply(payment, reading, answer=answer, operation=operation)
    if still_open is not None:
        # A read that contradicts itself does not show that nothing happened.
        is_clean = reading is not None and not is_blocked(payment, operation.kind)
        _conclude(operation, outcome, was_read=is_clean)
    return reload(operation)


def settle_reauthorization(
    operation: SezzleOperation, outcome: Outcome, child: Reading | None
) -> SezzleOperation:
    """Record what is known after asking for a new authorization."""
    parent = _lock(operation, None)
    approval = outcome.approval
    if approval is not None and reload(operation).is_open:
        is_other_order = approval.uuid is not None and approval.uuid != parent.order_uuid
        approved = approval.approved
        if approved is None and child is not None and child.order is not None:
            # The answer did not say; the order itself does. One without an approval may lag.
            approved = child.order.is_approved or None
        if approved and is_other_order and child is not None and approval.uuid is not None:
            adopt(parent, operation, approval.uuid, child, Evidence.RESPONSE)
        elif approved is False:
            close(operation, State.FAILED, Evidence.DECLINED)
        if is_other_order:
            _note_new_order(operation, approval.uuid or "")
    _conclude(operation, outcome, was_read=True)
    # The parent counts for its order while this is open, and perhaps no longer now.
    truth.write(parent, Joined(Facts.of(parent), review=parent.review_reason))
    return reload(operation)


def settle_charge(
    operation: SezzleOperation, outcome: Outcome, made: Reading | None
) -> SezzleOperation:
    """Record what is known after asking for a saved customer's order."""
    payment = lock(operation.payment_id)
    now = reload(operation)
    if outcome.approval is not None:
        _settle_approval(payment, now, outcome.approval, made)
    # There is no order to read beside a refusal, so only Sezzle's own word for it counts.
    is_sezzles = outcome.error is not None and bool(outcome.error.code)
    _conclude(now, outcome, was_read=is_sezzles)
    # The payment counts for its order while this is open, and perhaps no longer now.
    truth.write(payment, Joined(Facts.of(payment), review=payment.review_reason))
    return reload(operation)


def _settle_approval(
    payment: SezzlePayment, operation: SezzleOperation, approval: Approval, made: Reading | None
) -> None:
    """Record a charge's answer. The payment is locked."""
    if approval.approved is False:
        if operation.is_open and operation.attempts == 1:
            charges.decline(payment, operation)
        else:
            # The first sending may have been approved all the same.
            _still_open(operation).update(evidence=Evidence.DECLINED)
        return
    shows_it = made is not None and made.order is not None and made.order.is_approved
    if approval.uuid is not None and made is not None and (approval.approved or shows_it):
        # Also when it is closed: a second answer may name a second order.
        charges.take_order(payment, operation, approval.uuid, made, Evidence.RESPONSE)
        if not shows_it and approval.order is not None:
            # The answer knew it before the reading did.
            truth.apply(payment, Reading(approval.order, made.read_at))
    _note_new_order(operation, approval.uuid or "")


def _note_new_order(operation: SezzleOperation, order_uuid: str) -> None:
    """Keep which order to look for, of what makes an order and has no known outcome."""
    _still_open(operation).update(tx_uuid=order_uuid)


def _lock(operation: SezzleOperation, reading: Reading | None) -> SezzlePayment:
    if reading is None:
        return lock(operation.payment_id)
    return truth.lock_for_reading(operation.payment_id, reading)


def _conclude(operation: SezzleOperation, outcome: Outcome, *, was_read: bool) -> None:
    """Close an operation that did not happen, or say that it is not known."""
    said = _words(outcome.error)
    still_open = _still_open(operation)
    if outcome.not_sent and operation.attempts == 1:
        if operation.deferred:
            # The shop committed to it: it waits, as if it had not been tried.
            still_open.update(attempts=0, first_sent_at=None)
        else:
            close(operation, State.FAILED, Evidence.NOT_SENT)
    elif outcome.rejected and was_read and operation.attempts == 1:
        close(operation, State.FAILED, Evidence.REJECTED, **said)
    elif outcome.rejected and was_read:
        # The first sending may still be executed; a reading one lease later decides.
        still_open.update(state=State.UNKNOWN, evidence=Evidence.REJECTED, **said)
    else:
        still_open.update(state=State.UNKNOWN, **said)


def _still_open(operation: SezzleOperation) -> models.QuerySet[SezzleOperation]:
    return SezzleOperation.objects.using(database()).filter(pk=operation.pk, is_open=True)


def _words(error: GatewayError | None) -> dict[str, Any]:
    if error is None:
        return {}
    return {
        "error_code": error.code[:64],
        "error_message": (error.errors[0].message if error.errors else "")[:300],
        "debug_uuid": error.debug_uuid[:64],
    }


def reload(operation: SezzleOperation) -> SezzleOperation:
    """Read an operation as it is now, with its payments."""
    return (
        SezzleOperation.objects.using(database())
        .select_related("payment", "result_payment")
        .get(pk=operation.pk)
    )
