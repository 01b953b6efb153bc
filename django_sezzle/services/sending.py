"""Sending what an operation says, and reading what became of it. Nothing is written here."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus

from django.utils import timezone

from django_sezzle.exceptions import (
    ActionNotAllowed,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    PaymentError,
)
from django_sezzle.gateway import Gateway, Intent
from django_sezzle.gateway.messages import Approval
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services import truth
from django_sezzle.services.truth import Reading

logger = logging.getLogger("django_sezzle.services")

#: Codes of a refusal that may mean: this was done already.
DONE_BEFORE = frozenset({"duplicate", "already_completed"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one sending brought: an answer, or the error that stands for none."""

    tx_uuid: str = ""
    approval: Approval | None = None
    error: GatewayError | None = None
    #: The request never left; nothing can have happened.
    not_sent: bool = False

    @property
    def rejected(self) -> bool:
        """Sezzle said no. Final only together with a successful read."""
        return isinstance(self.error, GatewayRejected) and self.error.code not in DONE_BEFORE


def send(operation: SezzleOperation, gateway: Gateway) -> Outcome:
    """Send exactly what the row says: every attempt carries the same id, path and body."""
    order_uuid = operation.payment.order_uuid or ""
    amount, request_id = operation.price, operation.request_id
    try:
        match operation.kind:
            case Operation.CAPTURE:
                return Outcome(tx_uuid=gateway.capture(order_uuid, amount, request_id=request_id))
            case Operation.REFUND:
                return Outcome(tx_uuid=gateway.refund(order_uuid, amount, request_id=request_id))
            case Operation.RELEASE:
                return Outcome(tx_uuid=gateway.release(order_uuid, amount, request_id=request_id))
            case Operation.REAUTHORIZE:
                approval = gateway.reauthorize(order_uuid, amount, request_id=request_id)
                return Outcome(approval=approval)
            case Operation.UPCHARGE:
                intent = Intent(operation.intent)
                made = gateway.upcharge(order_uuid, amount, intent=intent, request_id=request_id)
                return Outcome(tx_uuid=made)
            case Operation.CHARGE:
                return Outcome(approval=_charge(operation, gateway))
    except GatewayUnavailable as error:
        return Outcome(error=error, not_sent=True)
    except GatewayError as error:
        return Outcome(error=_explained(operation, error))
    raise ActionNotAllowed(
        f"This version does not know operations of kind {operation.kind!r}. Nothing was sent."
    )


def _charge(operation: SezzleOperation, gateway: Gateway) -> Approval:
    payment = operation.payment
    if payment.customer is None:
        raise ActionNotAllowed("This charge names no customer. Nothing was sent.")
    return gateway.charge_customer(
        payment.customer.uuid,
        operation.price,
        intent=Intent(payment.intent),
        reference_id=payment.reference_id,
        request_id=operation.request_id,
    )


#: What a 404 most likely means.
_MISSING = {
    Operation.UPCHARGE: "upcharges are not switched on for this account; ask Sezzle for them",
    Operation.CHARGE: "the shopper has taken the consent back, or it has run out",
}


def _explained(operation: SezzleOperation, error: GatewayError) -> GatewayError:
    """Say what a 404 most likely means where Sezzle does not say it."""
    is_missing = isinstance(error, GatewayRejected) and error.status == HTTPStatus.NOT_FOUND
    words = _MISSING.get(Operation(operation.kind))
    if not is_missing or words is None:
        return error
    return GatewayRejected(
        f"Sezzle refused (HTTP 404): most likely {words}. No money moved.",
        status=error.status,
        errors=error.errors,
    )


def read_made(outcome: Outcome, gateway: Gateway) -> Reading | None:
    """Read the order that an upcharge made; None when it cannot be read now."""
    if not outcome.tx_uuid:
        return None
    read_at = timezone.now()
    try:
        return Reading(gateway.get_order(outcome.tx_uuid), read_at)
    except GatewayError as error:
        logger.warning("order=%s read_back=%s", outcome.tx_uuid, type(error).__name__)
        return None


def read_back(payment: SezzlePayment, seconds: float | None) -> Reading | None:
    """Read the order after sending; None when it cannot be read now."""
    try:
        return truth.read(payment, seconds=seconds)
    except (GatewayError, PaymentError) as error:
        logger.warning(
            "payment=%s order=%s read_back=%s", payment.pk, payment.order_uuid, type(error).__name__
        )
        return None


def read_child(outcome: Outcome, gateway: Gateway) -> Reading | None:
    """Read the order that a reauthorization or a charge made, or take what its answer says."""
    approval = outcome.approval
    if approval is None or approval.uuid is None or approval.approved is False:
        return None
    read_at = timezone.now()
    try:
        return Reading(gateway.get_order(approval.uuid), read_at)
    except GatewayRejected as error:
        if truth.says_gone(error) and approval.approved is None:
            return Reading(None, read_at)
    except GatewayError as error:
        logger.warning("order=%s read_back=%s", approval.uuid, type(error).__name__)
    # What the answer says of the order counts only together with a clear yes.
    is_told = approval.approved is True and approval.order is not None
    return Reading(approval.order, read_at) if is_told else None
