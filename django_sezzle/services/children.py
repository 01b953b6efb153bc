"""Payments that another payment leads to: its new authorization, and its extra charges."""

from __future__ import annotations

from typing import Any

from django_sezzle.gateway.messages import Amount
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database


def make_child(
    parent: SezzlePayment, order_uuid: str, amount: Amount, **columns: Any
) -> SezzlePayment:
    """Make a payment for an order that Sezzle made from another one; the parent is locked."""
    child = SezzlePayment(
        shop_reference=parent.shop_reference,
        reference_id=parent.reference_id,
        account=parent.account,
        environment=parent.environment,
        merchant_uuid=parent.merchant_uuid,
        user_id=parent.user_id,
        customer_id=parent.customer_id,
        currency=amount.currency,
        amount_in_cents=amount.amount_in_cents,
        success_url=parent.success_url,
        failure_url=parent.failure_url,
        cancel_url=parent.cancel_url,
        before_expiry=parent.before_expiry,
        order_uuid=order_uuid,
        lock_seq=1,
        **columns,
    )
    child.save(using=database(), force_insert=True)
    return child
