"""
How subscriptions follow their payments, and how the next delivery is charged.

Whoever learns of a payment first, the command, a webhook or ``sezzle_reconcile``, it is noted by
the same receivers.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_noop

from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    Declined,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.models import SezzleCustomer, SezzlePayment
from django_sezzle.services import charge_customer
from django_sezzle.signals import customer_tokenized, payment_authorized
from example_project.shop.models import Subscription


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
    """Not known yet, or Sezzle could not be reached; the next run or ``sezzle_reconcile`` sees."""
    ENDED = "ended"
    """The shopper took it back, or Sezzle refuses; nothing was charged."""


def renew(subscription: Subscription, on: date) -> Outcome:
    """
    Charge the next delivery to the shopper's saved account.

    Safe to repeat: the delivery's number is the payment's, and is never charged twice.
    """
    customer = subscription.customer
    if customer is None or not customer.is_chargeable:
        subscription.end(
            gettext_noop("There is no saved Sezzle account any more. Nothing was charged.")
        )
        return Outcome.ENDED
    try:
        charge_customer(customer, subscription.checkout(), reason="renewal")
    except AlreadyPaid as error:
        _catch_up(error.payment)
    except Declined:
        subscription.postpone(on)
        return Outcome.DECLINED
    except (OutcomeUnknown, OperationInProgress, GatewayUnavailable):
        return Outcome.WAITING
    except (GatewayRejected, ActionNotAllowed):
        subscription.end(
            gettext_noop("Sezzle does not take charges to your saved account any more.")
        )
        return Outcome.ENDED
    return Outcome.PAID


def _catch_up(payment: SezzlePayment | None) -> None:
    """Note what was paid before and not noted, such as by a run that was killed."""
    if payment is not None:
        with transaction.atomic():
            note_payment(payment=payment)
