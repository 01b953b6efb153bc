"""
How orders follow their payments: the shop's side of the payment signals.

A fact may be told more than once. Nothing is counted up here: amounts are copied from the
payments, and the order's history keeps each fact under a unique key.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_noop

from django_sezzle.models import SezzleAnnouncement, SezzlePayment, SezzleTransaction, Status
from django_sezzle.signals import (
    payment_authorized,
    payment_captured,
    payment_closed,
    payment_refunded,
    payment_released,
    payment_review_needed,
)
from example_project.shop.models import Order, OrderEvent


@receiver(
    [
        payment_authorized,
        payment_captured,
        payment_refunded,
        payment_released,
        payment_closed,
        payment_review_needed,
    ]
)
def follow_payment(
    *,
    payment: SezzlePayment,
    announcement: SezzleAnnouncement,
    transaction: SezzleTransaction | None = None,
    **kwargs: Any,
) -> None:
    """Note the fact in the order's history and copy the amounts."""
    # Receivers run in a transaction, so the lock lasts until all of it is written.
    order = Order.objects.select_for_update().filter(number=payment.shop_reference).first()
    if order is None:
        return
    OrderEvent.objects.get_or_create(
        order=order,
        fact=f"{payment.pk}:{announcement.fact_key}",
        defaults={
            "text": _in_words(payment, announcement.fact),
            "amount_in_cents": (
                transaction.amount_in_cents if transaction else payment.authorized_in_cents
            ),
        },
    )
    order.follow()


def _in_words(payment: SezzlePayment, fact: str) -> str:
    if fact == "closed":
        if payment.status == Status.DENIED:
            return gettext_noop("Sezzle did not approve the purchase. Nothing was charged.")
        return gettext_noop("The checkout ended without a payment. Nothing was charged.")
    return {
        "authorized": gettext_noop("Sezzle approved %(amount)s."),
        "captured": gettext_noop("%(amount)s was charged."),
        "refunded": gettext_noop("%(amount)s was refunded."),
        "released": gettext_noop("%(amount)s was released and will not be charged."),
        "lapsed": gettext_noop("The approval ran out. What had not been charged will not be."),
        "review": gettext_noop("We are checking this payment."),
    }.get(fact, gettext_noop("The payment changed."))
