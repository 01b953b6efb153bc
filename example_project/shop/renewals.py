"""
How subscriptions follow their payments, are renewed, and are taken up again.

Whoever learns of a payment first, the command, a webhook or ``sezzle_reconcile``, it is noted by
the same receivers.
"""

from __future__ import annotations

import logging
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_noop

from django_sezzle.exceptions import AlreadyPaid, Declined, GatewayRejected, SezzleError
from django_sezzle.models import SezzleCustomer, SezzlePayment
from django_sezzle.services import charge_customer, preapprove
from django_sezzle.signals import customer_tokenized, payment_authorized
from example_project.shop.models import Subscription

logger = logging.getLogger(__name__)

NO_ACCOUNT = gettext_noop("There is no saved Sezzle account any more. Nothing was charged.")
CONSENT_ENDED = gettext_noop("Sezzle does not take charges to your saved account any more.")


@receiver(payment_authorized, dispatch_uid="subscription-paid")
def note_payment(*, payment: SezzlePayment, **kwargs: Any) -> None:
    """Note that a delivery is paid."""
    found = Subscription.locked(payment.shop_reference)
    if found is None:
        return
    subscription, period = found
    if subscription.is_paid_with(payment):
        subscription.pay(period, timezone.localdate())


@receiver(customer_tokenized, dispatch_uid="subscription-agreed")
def note_consent(*, payment: SezzlePayment, customer: SezzleCustomer, **kwargs: Any) -> None:
    """Note whom to charge from now on."""
    found = Subscription.locked(payment.shop_reference)
    if found is None:
        return
    subscription, _period = found
    subscription.customer = customer
    subscription.save(update_fields=["customer"])


class Outcome(StrEnum):
    """What became of one renewal."""

    PAID = "paid"
    DECLINED = "declined"
    """Sezzle did not approve; it is tried again in three days."""
    WAITING = "waiting"
    """
    Not known yet, or it cannot be asked now: no answer, wrong keys, another environment.

    It stays due, and the next run or ``sezzle_reconcile`` sees. The log says why.
    """
    ENDED = "ended"
    """The shopper took it back, or the consent ran out; nothing was charged."""


def renew(subscription: Subscription, on: date) -> Outcome:
    """
    Charge the next delivery to the shopper's saved account.

    Safe to repeat: the delivery's number is the payment's, and is never charged twice. Only what
    the shopper did ends a subscription; a mistake of ours, such as a wrong key, leaves it due.
    """
    customer = subscription.customer
    if customer is None or customer.forgotten_at is not None or customer.is_expired():
        subscription.end(NO_ACCOUNT)
        return Outcome.ENDED
    try:
        charge_customer(customer, subscription.checkout(), reason="renewal")
    except AlreadyPaid as error:
        _catch_up(error.payment)
    except Declined:
        subscription.postpone(on)
        return Outcome.DECLINED
    except SezzleError as error:
        if says_consent_ended(error):
            subscription.end(CONSENT_ENDED)
            return Outcome.ENDED
        logger.warning("%s stays due. %s", subscription.reference, error)
        return Outcome.WAITING
    return Outcome.PAID


def says_consent_ended(error: SezzleError) -> bool:
    """
    Tell whether Sezzle does not know the customer: they took it back there.

    A 404 without Sezzle's code is a proxy's. Any other refusal is about the request or the keys.
    """
    return (
        isinstance(error, GatewayRejected)
        and error.status == HTTPStatus.NOT_FOUND
        and bool(error.code)
    )


def take_up(subscription: Subscription, on: date) -> bool:
    """
    Begin an ended subscription anew with the saved account, if Sezzle would approve a charge.

    Nothing is charged here: the next run does that, and Sezzle may still decline then.

    :raises SezzleError: Sezzle could not be asked, or refused to say; nothing has changed.
    """
    customer = subscription.customer
    if customer is None or not preapprove(customer, subscription.price):
        return False
    with transaction.atomic():
        # Two presses of the button, or a payment at Sezzle meanwhile: the first one counts.
        Subscription.objects.select_for_update().get(pk=subscription.pk).resume(on)
    return True


def _catch_up(payment: SezzlePayment | None) -> None:
    """Note what was paid before and not noted, such as by a run that was killed."""
    if payment is not None:
        with transaction.atomic():
            note_payment(payment=payment)
