"""What staff may do about an operation whose outcome stays unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.text import capfirst

from django_sezzle.exceptions import ActionNotAllowed, InvalidInput, NeedsReview
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment, State
from django_sezzle.services import truth
from django_sezzle.services.adoption import look_for_named_order
from django_sezzle.services.limits import is_blocked
from django_sezzle.services.locking import lock, nothing_open, short_transaction
from django_sezzle.services.matching import close
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.operations import execute, in_progress, outcome_of
from django_sezzle.services.settling import reload
from django_sezzle.services.telling import tell

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def close_unknown(
    operation: SezzleOperation, *, actor: AbstractBaseUser | None, reason: str
) -> SezzleOperation:
    """
    Say that an operation did not happen, after looking in Sezzle's dashboard.

    The order is read first: what shows up there closes the operation as done instead. Should
    Sezzle execute it later all the same, that shows up like anything made in the dashboard. A
    saved customer's charge has no order to read; one that shows up later needs a review.

    :param reason: how that is known; at most 200 characters are kept.
    :returns: the operation, closed: look at its state.
    :raises InvalidInput: no reason was given.
    :raises OperationInProgress: it was sent just now; nothing was changed.
    :raises GatewayUnavailable: the order could not be read; nothing was changed.
    """
    if not reason.strip():
        raise InvalidInput("Say how it is known that no money moved. Nothing was changed.")
    payment = _look(operation)

    def work() -> None:
        locked = lock(payment.pk)
        closed = close(
            operation,
            State.FAILED,
            Evidence.STAFF,
            unless_claimed=True,
            closed_by_id=actor.pk if actor is not None else None,
            closed_because=reason.strip()[:200],
        )
        now = reload(operation)
        if not closed and now.is_open:
            raise in_progress(now)
        # The payment kept its order's place for it, perhaps.
        truth.write(locked, Joined(Facts.of(locked), review=locked.review_reason))

    short_transaction(work)
    tell(payment)
    return reload(operation)


def send_again(operation: SezzleOperation) -> SezzleOperation:
    """
    Send an operation with an unknown outcome again, with its own request id.

    For one that is not sent again by itself any more. The order is read first: what shows up
    there closes the operation as done, and nothing is sent.

    :raises ActionNotAllowed: what makes an order, which might charge the shopper twice; nothing
        was sent.
    :raises NeedsReview: a review keeps the money from being moved; nothing was sent.
    :raises OperationInProgress: it was sent just now; nothing was sent.

    Raises what :func:`django_sezzle.services.capture` raises besides.
    """
    if operation.kind == Operation.CHARGE:
        raise ActionNotAllowed(
            f"{capfirst(operation.phrase)} has no order to read beforehand; it is asked again "
            "by itself as long as that is safe. Nothing was sent. Close it when Sezzle's "
            "dashboard shows no order for it, then charge anew."
        )
    if operation.kind in Operation.that_charge_anew():
        raise ActionNotAllowed(
            f"{capfirst(operation.phrase)} is never sent twice: it could charge the shopper "
            "twice. Nothing was sent. Close it when Sezzle's dashboard shows no new order, then "
            "ask anew."
        )
    payment = _look(operation)
    now = reload(operation)
    if not now.is_open:
        return outcome_of(now)
    if is_blocked(payment, now.kind):
        raise NeedsReview(
            f"This payment needs review: {payment.get_review_reason_display()}. Nothing was sent."
        )
    return execute(now)


def _look(operation: SezzleOperation) -> SezzlePayment:
    """Read the order, which closes the operation if it was done after all."""
    nothing_open()
    now = reload(operation)
    if now.is_open and (now.lease_until > timezone.now() or not now.is_understood):
        raise in_progress(now)
    if now.is_open:
        if now.kind != Operation.CHARGE:
            truth.record(now.payment, truth.read(now.payment))
        if now.kind in (Operation.REAUTHORIZE, Operation.CHARGE) and now.tx_uuid:
            # Its own order is another one than the payment's.
            look_for_named_order(now)
    return now.payment
