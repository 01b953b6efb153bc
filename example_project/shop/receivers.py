"""
How orders follow their payments: the shop's side of the payment signals.

A fact may be told more than once. Nothing is counted up here: amounts are copied from the
payments, and the order's history keeps each fact under a unique key.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

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
from example_project.shop.money import dollars


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
        defaults={"text": _in_words(payment, announcement.fact, transaction)},
    )
    order.follow()


def _in_words(payment: SezzlePayment, fact: str, transaction: SezzleTransaction | None) -> str:
    amount = dollars(transaction.amount_in_cents if transaction else payment.authorized_in_cents)
    if fact == "closed":
        if payment.status == Status.DENIED:
            return "Sezzle did not approve the purchase. Nothing was charged."
        return "The checkout ended without a payment. Nothing was charged."
    return {
        "authorized": f"Sezzle approved {amount}.",
        "captured": f"{amount} was charged.",
        "refunded": f"{amount} was refunded.",
        "released": f"{amount} was released and will not be charged.",
        "lapsed": "The approval ran out. What had not been charged will not be.",
        "review": "We are checking this payment.",
    }.get(fact, "The payment changed.")
