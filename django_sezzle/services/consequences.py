"""
What follows from the facts: the status, whether the payment counts for its order, whether a human
must look, and what the shop must be told. The payment is locked, and saved by the caller.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from django_sezzle.gateway import Intent
from django_sezzle.models import Operation, Review, SezzlePayment, Status
from django_sezzle.services.locking import database
from django_sezzle.services.merge import Facts, Joined, derive

#: Clocks may differ by so much before an expiry frees the slot of the shop's order.
CLOCK_SLACK = timedelta(seconds=60)

CLOSED = (Status.DENIED, Status.CANCELED)

_DONE = {"capture": "captured", "refund": "refunded", "release": "released"}


def draw(payment: SezzlePayment, before: Facts, joined: Joined) -> list[str]:
    """
    Set what is derived, on the instance.

    :returns: the keys of the facts that are new to the shop, in the order to tell them.
    """
    facts = joined.facts
    old_status, old_review = payment.status, payment.review_reason
    if _came_to_nothing(payment):
        payment.canceled_at = payment.canceled_at or timezone.now()
    payment.status = derive(facts, canceled=payment.canceled_at is not None)
    payment.review_reason = _review_reason(payment, before, joined)
    payment.is_current = _is_current(payment, facts)
    keys = _secured_again(payment, before, facts, was_reviewed=bool(old_review))
    # An upcharge is a payment of its own, which tells its own facts.
    keys += [f"{_DONE[t.kind.value]}:{t.uuid}" for t in joined.new if t.kind in _DONE]
    still_held = replace(facts, lapsed_at=None).held_in_cents
    if facts.lapsed_at is not None and before.lapsed_at is None and still_held:
        keys.append(f"lapsed:{payment.lock_seq}")
    if payment.status in CLOSED and old_status not in CLOSED:
        keys.append("closed")
    if payment.review_reason and payment.review_reason != old_review:
        keys.append(f"review:{payment.review_reason}:{payment.lock_seq}")
    return keys


def _came_to_nothing(payment: SezzlePayment) -> bool:
    """Tell whether a saved customer was to be charged, and is not: nobody can complete it."""
    is_charge = payment.customer_id is not None and not payment.order_uuid
    return is_charge and payment.open_operation() is None


def may_tell_secured(payment: SezzlePayment, facts: Facts) -> bool:
    """Tell whether the money is secured, and nothing about it needs a human first."""
    return facts.approved and _secures(payment, facts) and not payment.review_reason


def _secured_again(
    payment: SezzlePayment, before: Facts, facts: Facts, *, was_reviewed: bool
) -> list[str]:
    """Say that the money is secured: the first time, or after it was said to be gone."""
    if not may_tell_secured(payment, facts):
        return []
    if before.lapsed_at is not None and facts.lapsed_at is None:
        return [f"authorized:{payment.lock_seq}"]
    was_secured = before.approved and _secures(payment, before) and not was_reviewed
    return [] if was_secured else ["authorized"]


def another_current(payment: SezzlePayment) -> bool:
    """Tell whether another payment counts for the same order of the shop."""
    return (
        SezzlePayment.objects.using(database())
        .filter(account=payment.account, shop_reference=payment.shop_reference, is_current=True)
        .exclude(pk=payment.pk)
        .exists()
    )


def _review_reason(payment: SezzlePayment, before: Facts, joined: Joined) -> str:
    if payment.review_reason in Review.that_only_a_human_clears():
        return payment.review_reason
    # Asked only when it happens, so these go before what a later read finds again or clears.
    if joined.facts.approved and not before.approved and payment.canceled_at is not None:
        return Review.LATE_AUTHORIZATION
    if payment.upcharge_of_id is not None:
        # It belongs beside the payment that counts for the order.
        return joined.review
    begins_to_secure = _secures(payment, joined.facts) and not _secures(payment, before)
    if begins_to_secure and not payment.is_current and another_current(payment):
        return Review.SECOND_AUTHORIZATION
    return joined.review


def _is_current(payment: SezzlePayment, facts: Facts) -> bool | None:
    """Whether the payment counts for its order from now on: True, or None as the column has it."""
    if payment.upcharge_of_id is not None:
        return None
    if payment.is_current:
        # What is being moved keeps its place: a reauthorization, or a capture just after expiry.
        stays = _secures(payment, facts) or payment.status == Status.CREATED
        return True if stays or _is_being_moved(payment, facts) else None
    if payment.review_reason in Review.that_only_a_human_clears():
        return None
    return True if _secures(payment, facts) and not another_current(payment) else None


def _is_being_moved(payment: SezzlePayment, facts: Facts) -> bool:
    operation = payment.open_operation() if facts.approved else None
    if operation is None:
        return False
    return operation.kind == Operation.REAUTHORIZE or facts.held_in_cents > 0


def _secures(payment: SezzlePayment, facts: Facts) -> bool:
    """Tell whether the payment holds or keeps money for its order now."""
    if payment.was_reauthorized:
        return False
    held = facts.held_in_cents
    ends = facts.authorization_expires_at
    if payment.intent == Intent.AUTH and ends is not None and ends + CLOCK_SLACK < timezone.now():
        held = 0
    return held + facts.captured_in_cents - facts.refunded_in_cents > 0
