"""What may be done with a payment now, and how much of it; asked under the lock."""

from __future__ import annotations

from django_sezzle.exceptions import ActionNotAllowed, AmountUnavailable, NeedsReview
from django_sezzle.gateway import Intent, Price
from django_sezzle.gateway.messages.money import check_cents
from django_sezzle.models import Operation, Review, SezzlePayment
from django_sezzle.services.consequences import another_current

TAKES_HELD_MONEY = (Operation.CAPTURE, Operation.RELEASE)


def available(payment: SezzlePayment, kind: Operation) -> int:
    """Tell how many cents an operation of this kind may move now."""
    if kind == Operation.UPCHARGE:
        return payment.upchargeable_in_cents()
    return {
        Operation.CAPTURE: payment.capturable_in_cents,
        Operation.REFUND: payment.refundable_in_cents,
        Operation.RELEASE: payment.releasable_in_cents,
        Operation.REAUTHORIZE: payment.reauthorizable_in_cents,
    }[kind]


def is_blocked(payment: SezzlePayment, kind: str) -> bool:
    """
    Tell whether a review keeps money from being moved in this way.

    What came too late, or a second time, may go back to the shopper; only that.
    """
    may_go_back = payment.review_reason in Review.that_only_a_human_clears()
    gives_back = kind in (Operation.RELEASE, Operation.REFUND)
    return bool(payment.review_reason) and not (may_go_back and gives_back)


def check_allowed(payment: SezzlePayment, kind: Operation, amount_in_cents: int | None) -> int:
    """
    Refuse what cannot be right, and say how many cents to move.

    Expiry is left to Sezzle, whose clock decides.

    :param amount_in_cents: None for all that is possible.
    :raises NeedsReview: the payment is under review.
    :raises ActionNotAllowed: not for this payment.
    :raises AmountUnavailable: more than there is.
    """
    if is_blocked(payment, kind):
        raise NeedsReview(
            f"This payment needs review: {payment.get_review_reason_display()}. Nothing was sent. "
            "Compare it with Sezzle's dashboard, then clear the review."
        )
    if not payment.approved:
        raise ActionNotAllowed(
            f"Sezzle has not approved this payment ({payment.get_status_display()}). "
            "Nothing was sent."
        )
    if not payment.is_of_configured_merchant():
        raise ActionNotAllowed(
            f"The {payment.account} account is configured for another environment or merchant "
            "than this payment. Nothing was sent."
        )
    if kind in TAKES_HELD_MONEY and payment.intent == Intent.CAPTURE:
        raise ActionNotAllowed(
            "Sezzle takes the money of this payment by itself (intent CAPTURE). Nothing was sent."
        )
    if kind == Operation.REAUTHORIZE:
        _check_reauthorizable(payment)
    if kind == Operation.UPCHARGE and payment.upcharge_of_id is not None:
        raise ActionNotAllowed(
            "This payment is itself an extra charge; charge more for the order it belongs to. "
            "Nothing was sent."
        )
    most = available(payment, kind)
    amount = most if amount_in_cents is None else check_cents(amount_in_cents)
    if not most:
        raise AmountUnavailable(f"There is nothing to {kind.value}. Nothing was sent.")
    if amount > most:
        raise AmountUnavailable(
            f"{Price(amount, payment.currency)} is more than there is to {kind.value} now: "
            f"{Price(most, payment.currency)}. Nothing was sent."
        )
    return amount


def _check_reauthorizable(payment: SezzlePayment) -> None:
    if payment.was_reauthorized:
        raise ActionNotAllowed(
            "This payment was reauthorized already; use the newer one. Nothing was sent."
        )
    if another_current(payment):
        raise ActionNotAllowed(
            "Another payment counts for this order of the shop; a new authorization would make "
            "the shopper pay twice. Nothing was sent."
        )
