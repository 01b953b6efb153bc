"""The order that charging a saved customer made, and the payment that waits for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from django.db import transaction

from django_sezzle.conf import get_settings
from django_sezzle.gateway import Intent, known_merchant
from django_sezzle.gateway.messages import Amount
from django_sezzle.models import Evidence, Review, SezzleOperation, SezzlePayment, State
from django_sezzle.services import truth
from django_sezzle.services.children import make_child
from django_sezzle.services.locking import database, lock
from django_sezzle.services.matching import close
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.telling import tell
from django_sezzle.services.truth import Reading

logger = logging.getLogger("django_sezzle.services")


def take_order(
    payment: SezzlePayment,
    operation: SezzleOperation,
    order_uuid: str,
    reading: Reading,
    evidence: Evidence,
) -> SezzlePayment | None:
    """
    Let a payment be the order that its charge made. The payment is locked.

    Doing it twice changes nothing. Should Sezzle have made a second order for the same charge, that
    becomes a payment of its own, which staff must look at.

    :returns: the payment that the order now is; None when it was another payment's already.
    """
    rows = SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid)
    known = rows.exclude(pk=payment.pk).first()
    if known is not None:
        return known if known.customer_id == payment.customer_id else None
    if payment.order_uuid not in (None, order_uuid):
        return _enter_second(payment, operation, order_uuid, reading)
    if payment.order_uuid is None:
        payment.order_uuid = order_uuid
        payment.merchant_uuid = (
            payment.merchant_uuid or known_merchant(get_settings(payment.account)) or ""
        )
        payment.last_read_at = reading.read_at
        columns = ["order_uuid", "merchant_uuid", "last_read_at", "updated_at"]
        payment.save(using=database(), update_fields=columns)
    close(operation, State.SUCCEEDED, evidence, tx_uuid=order_uuid, result_payment=payment)
    truth.apply(payment, reading)
    return payment


def _enter_second(
    payment: SezzlePayment, operation: SezzleOperation, order_uuid: str, reading: Reading
) -> SezzlePayment:
    logger.error(
        "payment=%s operation=%s order=%s charged=twice: refund one of the two orders",
        payment.pk,
        operation.pk,
        order_uuid,
    )
    second = make_child(
        payment,
        order_uuid,
        Amount(operation.amount_in_cents, operation.currency),
        intent=Intent(payment.intent),
        last_read_at=reading.read_at,
    )
    # Whatever became of the first one meanwhile; this tells the shop, too.
    truth.write(second, Joined(Facts.of(second), review=Review.SECOND_AUTHORIZATION))
    truth.apply(second, reading)
    transaction.on_commit(partial(tell, second), using=database(), robust=True)
    return second


def take_found_order(
    maker: SezzleOperation, order_uuid: str, reading: Reading
) -> SezzlePayment | None:
    """
    Take an order that was found, if its charge has none yet; a transaction begins with this.

    The charge may have been closed as not done: then the shop must look at what came after all.
    """
    payment = lock(maker.payment_id)
    if payment.order_uuid is not None:
        return None
    return take_order(payment, maker, order_uuid, reading, Evidence.MATCHED)


def decline(payment: SezzlePayment, operation: SezzleOperation) -> None:
    """Close a charge that Sezzle did not approve. The payment is locked."""
    close(operation, State.FAILED, Evidence.DECLINED)
    facts = replace(Facts.of(payment), checkout_status="denied")
    truth.write(payment, Joined(facts, review=payment.review_reason))
