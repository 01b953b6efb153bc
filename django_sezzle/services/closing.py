"""Ending a payment, renaming it at Sezzle, and taking a review away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.utils import timezone

from django_sezzle.exceptions import (
    ActionNotAllowed,
    GatewayError,
    GatewayRejected,
    InvalidInput,
    OperationInProgress,
)
from django_sezzle.gateway.messages.checkout import REFERENCE
from django_sezzle.models import Operation, SezzlePayment, Status
from django_sezzle.services import truth
from django_sezzle.services.consequences import may_tell_secured
from django_sezzle.services.locking import database, lock, nothing_open, short_transaction
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.money import release
from django_sezzle.services.operations import in_progress
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.telling import tell

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

LONGEST_REFERENCE = 80

#: Sezzle's code for a checkout that ran out.
EXPIRED = "checkout_expired"


def cancel(payment: SezzlePayment, *, actor: AbstractBaseUser | None = None) -> SezzlePayment:
    """
    Give up: delete the checkout, or release what is held if the shopper was faster.

    Money that was captured is not given back by this; refund it.

    :raises ActionNotAllowed: money was captured and nothing is held; nothing was sent.
    :raises GatewayRejected: Sezzle refused; no money moved.
    :raises GatewayUnavailable: Sezzle could not be asked; nothing was changed. Try again.
    :raises OutcomeUnknown: no clear answer to the release; it is being checked. Do not repeat.

    Sezzle: DELETE /v2/order/{order_uuid}/checkout, or POST /v2/order/{order_uuid}/release
    https://docs.sezzle.com/docs/api/core/orders/deletev2deletecheckoutbyorder
    """
    nothing_open()
    payment.refresh_from_db()
    if payment.order_uuid:
        bring_up_to_date(payment)
    if not payment.approved:
        if not payment.order_uuid or payment.status in (Status.DENIED, Status.CANCELED):
            return give_up(payment)
        try:
            return delete_checkout(payment)
        except GatewayRejected:
            # Most likely the shopper completed it just now; the order says.
            bring_up_to_date(payment)
            if not payment.approved:
                raise
    if payment.releasable_in_cents:
        release(payment, actor=actor, reason="canceled by the shop")
        return payment
    if payment.kept_in_cents or payment.held_in_cents:
        raise ActionNotAllowed(
            "Sezzle takes this money by itself, or has; refund it instead. Nothing was sent.",
            payment=payment,
        )
    return payment


def delete_checkout(payment: SezzlePayment, *, is_replaced: bool = False) -> SezzlePayment:
    """
    Delete an unfinished checkout at Sezzle, then close the payment.

    :param is_replaced: another checkout of the same order follows, so that the shop need not be
        told that this one is closed.
    :raises GatewayRejected: Sezzle refused: the shopper completed it.
    :raises GatewayUnavailable: no clear answer; nothing was recorded.
    """
    if payment.order_uuid is None:
        raise OperationInProgress("The checkout is just being made. Try again in a moment.")
    try:
        truth.gateway_of(payment).delete_checkout(payment.order_uuid)
    except GatewayError as error:
        is_gone = isinstance(error, GatewayRejected) and truth.says_gone(error)
        if not (is_gone or error.code == EXPIRED):
            raise
        # Nobody can complete it any more.
    return give_up(payment, untold=("closed",) if is_replaced else ())


def set_reference(payment: SezzlePayment, reference_id: str) -> SezzlePayment:
    """
    Give an approved payment another reference at Sezzle, such as the receipt's number.

    Ours is written first, so that a later read never looks foreign; ``reference_confirmed`` stays
    False until Sezzle has said yes, or a read shows it. Repeat it after an error.

    :param reference_id: 1 to 80 letters, digits, ``-`` and ``_``, not used by another payment.
    :raises InvalidInput: it has other characters, or another payment has it; nothing was sent.
    :raises ActionNotAllowed: the payment is not approved; nothing was sent.
    :raises OperationInProgress: an operation that makes a new order is open; nothing was sent.
    :raises GatewayRejected: Sezzle refused; ours is kept, unconfirmed.
    :raises GatewayUnavailable: Sezzle gave no clear answer; ours is kept, unconfirmed.

    Sezzle: PATCH /v2/order/{order_uuid}
    https://docs.sezzle.com/docs/api/core/orders/patchv2checkout
    """
    _check_reference(reference_id)
    nothing_open()
    gateway = truth.gateway_of(payment)

    def write_down() -> SezzlePayment:
        locked = lock(payment.pk)
        if not locked.approved or not locked.order_uuid:
            raise ActionNotAllowed("Sezzle has not approved this payment. Nothing was sent.")
        making = locked.open_operation()
        if making is not None and making.kind in Operation.that_make_orders():
            # Its order is found by the reference, should the answer be lost.
            raise in_progress(making)
        locked.reference_id = reference_id
        locked.reference_confirmed = False
        columns = ["reference_id", "reference_confirmed", "updated_at"]
        locked.save(using=database(), update_fields=columns)
        return locked

    def confirm() -> SezzlePayment:
        locked = lock(payment.pk)
        # Somebody may have given it yet another one meanwhile, which Sezzle has still to confirm.
        if locked.reference_id == reference_id:
            locked.reference_confirmed = True
            locked.save(using=database(), update_fields=["reference_confirmed", "updated_at"])
        return locked

    try:
        locked = short_transaction(write_down)
    except IntegrityError as error:
        raise InvalidInput("Another payment has this reference. Nothing was sent.") from error
    truth.copy_row(locked, payment)
    gateway.set_reference(locked.order_uuid or "", reference_id)
    truth.copy_row(short_transaction(confirm), payment)
    return payment


def clear_review(
    payment: SezzlePayment, *, actor: AbstractBaseUser | None, reason: str
) -> SezzlePayment:
    """
    Say that a human looked at the payment and found it in order.

    What Sezzle still says otherwise is flagged again by the next read. The shop is told now of
    an approval that was held back.

    :param reason: why, for whoever looks later; at most 200 characters are kept.
    :raises InvalidInput: no reason was given.
    """
    if not reason.strip():
        raise InvalidInput("Say why the review is cleared. Nothing was changed.")

    def work() -> SezzlePayment:
        locked = lock(payment.pk)
        locked.review_reason = ""
        locked.review_cleared_by_id = actor.pk if actor is not None else None
        locked.review_cleared_at = timezone.now()
        locked.review_cleared_because = reason.strip()[:200]
        columns = [
            "review_reason",
            "review_cleared_by",
            "review_cleared_at",
            "review_cleared_because",
            "updated_at",
        ]
        locked.save(using=database(), update_fields=columns)
        facts = Facts.of(locked)
        # It may count for its order now, and the shop may be told of an approval held back.
        truth.write(locked, Joined(facts))
        truth.announce(locked, ["authorized"] if may_tell_secured(locked, facts) else [])
        return locked

    nothing_open()
    truth.copy_row(short_transaction(work), payment)
    tell(payment)
    return payment


def _check_reference(value: Any) -> None:
    fits = isinstance(value, str) and len(value) <= LONGEST_REFERENCE and REFERENCE.fullmatch(value)
    if not fits:
        raise InvalidInput(
            f"A reference has 1 to {LONGEST_REFERENCE} letters, digits, '-' and '_'. "
            "Nothing was sent."
        )


def give_up(payment: SezzlePayment, *, untold: tuple[str, ...] = ()) -> SezzlePayment:
    """
    Close a payment that nobody can complete any more.

    :raises OperationInProgress: its checkout has just been made, so that somebody can, or its link
        is being sent, or a saved customer is being charged.
    """

    def work() -> SezzlePayment:
        locked = lock(payment.pk)
        if locked.customer_id is not None and (charge := locked.open_operation()):
            raise in_progress(charge)
        if locked.order_uuid and not payment.order_uuid:
            raise OperationInProgress(
                "The checkout has just been made. Nothing was changed. Cancel again.",
                payment=locked,
            )
        lease = locked.start_lease_until
        if locked.sends_link and lease is not None and lease > timezone.now():
            raise OperationInProgress(
                "The checkout is just being made, and its link is being sent. Nothing was changed. "
                "Cancel again in a minute.",
                payment=locked,
            )
        locked.canceled_at = timezone.now()
        locked.save(using=database(), update_fields=["canceled_at", "updated_at"])
        joined = Joined(Facts.of(locked), review=locked.review_reason)
        truth.write(locked, joined, untold=untold)
        return locked

    truth.copy_row(short_transaction(work), payment)
    tell(payment)
    return payment
