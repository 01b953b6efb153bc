"""
The row of a checkout that is being made: who may make it, and who waits.

The row and its lease are committed before Sezzle is asked. A unique slot lets one process per
order through; others wait for its result. When the lease has ended without one, the next takes
the row over.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from django_sezzle.exceptions import InvalidInput, OperationInProgress
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.messages.notices import digest
from django_sezzle.models import SezzlePayment
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.locking import database, update_alone

#: Longer than making a session may take; a killed process holds the order up for so long.
LEASE = timedelta(seconds=45)

#: So long a second click waits for the checkout that the first one is making.
PATIENCE = 5.0
PAUSE = 0.1

#: Under this name an order whose link Sezzle sends says whose it is.
MARK = "django_sezzle"

#: More digits behind a reference are no number of ours.
LONGEST_NUMBER = 9


class Plan(NamedTuple):
    """A checkout that was checked, with what is derived from it."""

    checkout: Checkout
    base_url: str
    fingerprint: str
    gateway: Gateway


def create(plan: Plan) -> SezzlePayment | None:
    """Write the row down and take its lease; None when somebody else was faster."""
    checkout = plan.checkout
    # Asked before the row exists, so that the row can say whose order it will be.
    merchant_uuid = plan.gateway.authenticate().merchant_uuid
    payment = SezzlePayment(
        shop_reference=checkout.shop_reference,
        reference_id=free_reference(checkout),
        is_checkout=True,
        is_current=True,
        account=checkout.account,
        environment=plan.gateway.settings.environment,
        merchant_uuid=merchant_uuid,
        start_attempt=1,
        start_lease_until=timezone.now() + LEASE,
        **_contents(plan),
    )
    try:
        with transaction.atomic(using=database(), durable=True):
            payment.save(using=database(), force_insert=True)
    except IntegrityError:
        # Somebody else took the slot or the reference; the next look sees who. But a database
        # that compares without case may hold the slot for another order for ever.
        refuse_lookalike(checkout)
        return None
    return payment


def _contents(plan: Plan) -> dict[str, object]:
    checkout = plan.checkout
    return {
        "user": checkout.user if checkout.user is not None and checkout.user.pk else None,
        "intent": checkout.intent.value,
        "currency": checkout.amount.currency,
        "amount_in_cents": checkout.amount.amount_in_cents,
        "before_expiry": checkout.before_expiry or "",
        "checkout_fingerprint": plan.fingerprint,
        "checkout_mode": checkout.checkout_mode.value if checkout.checkout_mode else "",
        "sends_link": checkout.send_to is not None,
        **checkout.urls,
    }


def free_reference(checkout: Checkout) -> str:
    """
    Find what this attempt is called at Sezzle: the shop's number, then with -2, -3 and so on.

    A number is never given out twice: Sezzle may know an order by it, whose answer was lost.
    """
    rows = SezzlePayment.objects.using(database()).filter(
        account=checkout.account, is_checkout=True
    )
    name = checkout.shop_reference
    used = rows.filter(Q(shop_reference=name) | Q(reference_id=name)).order_by()
    # Each attempt had one of its own, also where its row has been renamed since.
    attempts, numbers = 0, [0]
    for reference_id, start_attempt in used.values_list("reference_id", "start_attempt"):
        attempts += max(1, start_attempt)
        numbers.append(_number_of(reference_id, name))
    number = 1 + max(attempts, *numbers)
    # Another order of the shop may have this one for its own number.
    while number > 1 and rows.filter(reference_id=_numbered(name, number)).exists():
        number += 1
    return _numbered(name, number)


def _numbered(shop_reference: str, number: int) -> str:
    return shop_reference if number == 1 else f"{shop_reference}-{number}"


def _number_of(reference_id: str, shop_reference: str) -> int:
    suffix = reference_id.removeprefix(f"{shop_reference}-")
    is_number = suffix.isascii() and suffix.isdigit() and len(suffix) <= LONGEST_NUMBER
    return int(suffix) if is_number and suffix != reference_id else 1


def refuse_lookalike(checkout: Checkout) -> None:
    """
    Refuse an order whose slot another order has, as far as the database can tell.

    :raises InvalidInput: their references differ in upper and lower case only.
    """
    rows = SezzlePayment.objects.using(database()).filter(
        account=checkout.account, shop_reference=checkout.shop_reference, is_current=True
    )
    found = {row.shop_reference for row in rows}
    if found and checkout.shop_reference not in found:
        raise InvalidInput(
            "Another order's reference differs from this one in upper and lower case only, and "
            "this database cannot tell them apart. Nothing was sent."
        )


def may_be_sent(payment: SezzlePayment) -> bool:
    """Whether the shopper may have a link whose checkout nobody here knows; nobody is at it."""
    lease = payment.start_lease_until
    is_over = lease is None or lease <= timezone.now()
    return payment.sends_link and not payment.order_uuid and is_over


def take_over(current: SezzlePayment, plan: Plan) -> SezzlePayment | None:
    """Take the lease of a row whose process died; None when it has not ended."""
    now = timezone.now()
    if current.start_lease_until is not None and current.start_lease_until > now:
        return None
    contents = _contents(plan) | {
        "merchant_uuid": plan.gateway.authenticate().merchant_uuid,
        # Perhaps a session was made under the old one, and Sezzle may not take it twice.
        "reference_id": free_reference(plan.checkout),
    }
    try:
        taken = update_alone(
            SezzlePayment.objects.using(database()).filter(
                pk=current.pk,
                order_uuid=None,
                is_current=True,
                # A charge of a saved customer never becomes a checkout.
                customer=None,
                # Nor does a row whose link may be out become another's.
                sends_link=False,
                start_attempt=current.start_attempt,
            ),
            start_attempt=F("start_attempt") + 1,
            start_lease_until=now + LEASE,
            lock_seq=F("lock_seq") + 1,
            **contents,
        )
    except IntegrityError:
        # Another order took the reference just now.
        return None
    return SezzlePayment.objects.using(database()).get(pk=current.pk) if taken else None


def mark_of(payment: SezzlePayment) -> str:
    """Make what an order shows to be this payment's, without giving its address away."""
    return digest(f"{MARK} {payment.token}")


def end_lease(payment: SezzlePayment, *, is_unmade: bool) -> None:
    """Let the next one try at once. Of a checkout that was certainly not made no link is out."""
    unfinished = SezzlePayment.objects.using(database()).filter(
        pk=payment.pk, start_attempt=payment.start_attempt, order_uuid=None
    )
    sends_link = payment.sends_link and not is_unmade
    update_alone(unfinished, start_lease_until=timezone.now(), sends_link=sends_link)


def wait_for(current: SezzlePayment, plan: Plan) -> SezzlePayment | None:
    """
    Wait a little for the checkout that another process is making.

    :returns: that checkout; None when it is worth looking anew at what there is.
    :raises OperationInProgress: patience is over.
    """
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        time.sleep(PAUSE)
        current.refresh_from_db()
        if current.order_uuid:
            return current if current.checkout_fingerprint == plan.fingerprint else None
        lease = current.start_lease_until
        if not current.is_current or lease is None or lease <= timezone.now():
            return None
    raise others_are_at_it(current)


def others_are_at_it(payment: SezzlePayment | None) -> OperationInProgress:
    return OperationInProgress(
        "The checkout of this order is being made by another request. Nothing was sent by this "
        "one. Try again in a moment.",
        payment=payment,
    )
