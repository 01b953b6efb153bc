"""
Where a shopper who comes back from Sezzle stands, and where to go next.

Coming back proves nothing: the state is what Sezzle's order says.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from django_sezzle.exceptions import GatewayError, PaymentError
from django_sezzle.gateway.deadline import deadline
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import tokenization
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.telling import tell

#: A shopper's page waits so long for Sezzle, and asks at most so often for one payment.
SECONDS = 5.0
PAUSE = timedelta(seconds=2)

#: What a token may look like; PostgreSQL refuses to be asked for others, such as one with NUL.
TOKEN = re.compile(r"[0-9A-Za-z_-]{1,64}")


class ArrivalState(StrEnum):
    """What can be said to the shopper."""

    APPROVED = "approved"
    """Sezzle approved; the money is secured."""

    DENIED = "denied"
    """Sezzle did not approve. Nothing was charged."""

    CANCELED = "canceled"
    """The checkout is over without a payment. Nothing was charged."""

    CHECKING = "checking"
    """Something does not fit: the shop has to look."""

    WAITING = "waiting"
    """Not known yet."""

    LEFT = "left"
    """The shopper left Sezzle's checkout, which is still open as far as is known."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A payment, what to say about it, and where the shopper goes; empty: our own page."""

    payment: SezzlePayment
    state: ArrivalState
    next_url: str


def find_payment(token: str) -> SezzlePayment:
    """
    Find a payment by its public id.

    :raises Http404: there is none; every miss looks the same.
    """
    if not TOKEN.fullmatch(token):
        raise Http404
    try:
        return SezzlePayment.objects.using(database()).get(token=token)
    except SezzlePayment.DoesNotExist:
        raise Http404 from None


def look(payment: SezzlePayment) -> Arrival:
    """See where the payment stands, reading Sezzle's order when that may tell more."""
    if _may_change(payment) and _is_our_turn(payment):
        # Otherwise not known now; the page says so and asks again, and a webhook may be faster.
        with suppress(GatewayError, PaymentError), deadline(SECONDS):
            if not payment.approved:
                bring_up_to_date(payment, seconds=SECONDS, resend=False)
            _look_who_agreed(payment)
    state = _state(payment)
    return Arrival(payment, state, _next_url(payment, state))


def _may_change(payment: SezzlePayment) -> bool:
    # Only an approval is final: who paid while the shop canceled must not read "not charged".
    if not payment.approved:
        return bool(payment.order_uuid)
    return _may_have_agreed(payment)


def _may_have_agreed(payment: SezzlePayment) -> bool:
    if payment.tokenize_digest is None:
        return False
    return tokenization.unanswered().filter(pk=payment.pk).exists()


def _look_who_agreed(payment: SezzlePayment) -> None:
    """
    Learn whether the shopper agreed to be charged again, also where no webhook arrives.

    The address they came back to may name a customer; it is not looked at.
    """
    if payment.approved and _may_have_agreed(payment):
        tokenization.find_customer(payment, seconds=SECONDS)
        tell(payment)


def _is_our_turn(payment: SezzlePayment) -> bool:
    """Take turns: a page that is reloaded all the time must not hammer Sezzle."""
    now = timezone.now()
    idle = Q(asked_at=None) | Q(asked_at__lt=now - PAUSE)
    rows = SezzlePayment.objects.using(database()).filter(idle, pk=payment.pk)
    return bool(update_alone(rows, asked_at=now))


def _state(payment: SezzlePayment) -> ArrivalState:
    if payment.sends_link and not payment.order_uuid:
        # Whoever comes back had a link whose checkout we were never told: perhaps they paid.
        return ArrivalState.WAITING
    if payment.review_reason:
        # Sezzle may have approved what is not the shop's: "nothing was charged" would be a guess.
        return ArrivalState.CHECKING
    if payment.status == Status.DENIED:
        return ArrivalState.DENIED
    if payment.status == Status.CANCELED:
        return ArrivalState.CANCELED
    return ArrivalState.APPROVED if payment.approved else ArrivalState.WAITING


def _next_url(payment: SezzlePayment, state: ArrivalState) -> str:
    return {
        ArrivalState.APPROVED: payment.success_url,
        ArrivalState.DENIED: payment.failure_url,
        ArrivalState.CANCELED: payment.cancel_url,
        ArrivalState.CHECKING: "",
        ArrivalState.WAITING: "",
        ArrivalState.LEFT: payment.cancel_url,
    }[state]
