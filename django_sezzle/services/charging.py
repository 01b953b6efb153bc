"""
Charging a saved customer: an order that Sezzle makes at once, without a checkout.

Its answer cannot be read back, because the order's id is in the answer. So the payment and the
intent are committed before it is sent; a lost answer is found by Sezzle's event, or by asking again
with the same request id.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    InvalidInput,
    OperationInProgress,
    RequestIdReused,
)
from django_sezzle.gateway import known_merchant
from django_sezzle.models import Operation, SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services.attempts import free_reference, others_are_at_it, refuse_lookalike
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import give_up
from django_sezzle.services.customers import check_merchant
from django_sezzle.services.locking import database, nothing_open, short_transaction
from django_sezzle.services.money import checked_request_id, send_after_commit
from django_sezzle.services.operations import execute, in_progress, outcome_of
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.settling import reload
from django_sezzle.services.starting import await_charge, current_of, make_room, refuse_paid
from django_sezzle.services.truth import gateway_for

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

ROUNDS = 5


class Charge(NamedTuple):
    """What is asked for."""

    customer: SezzleCustomer
    checkout: Checkout
    request_id: str
    actor: AbstractBaseUser | None
    reason: str
    deferred: bool


def charge_customer(
    customer: SezzleCustomer,
    checkout: Checkout,
    *,
    request_id: str | None = None,
    actor: AbstractBaseUser | None = None,
    reason: str = "",
    on_commit: bool = False,
) -> SezzleOperation:
    """
    Let a saved customer pay for an order of the shop, without a checkout.

    ``result_payment`` of the returned operation is the new payment, and is the only thing to ask
    whether the order is paid. An order of the shop is never charged twice: repeat the call with the
    same ``shop_reference`` after any error; what went through raises ``AlreadyPaid``.

    :param checkout: ``shop_reference``, ``amount``, ``intent``, ``before_expiry``, ``user`` and
        ``account`` count; Sezzle takes nothing else, and lets the shopper pay in full.
    :param request_id: the same id gives the same operation, however often it is sent.
    :param on_commit: write it into the transaction that is open, and send it after the commit.
    :raises InvalidInput: another account than the customer's; nothing was sent.
    :raises ActionNotAllowed: the customer was removed, or belongs to the other environment or
        another merchant, or a transaction is open; nothing was sent.
    :raises AlreadyPaid: the order has its payment; nothing was sent.
    :raises OperationInProgress: the order is being paid already; nothing was sent.
    :raises RequestIdReused: the id stands for something else; nothing was sent.
    :raises Declined: Sezzle did not approve; no money moved.
    :raises GatewayRejected: Sezzle refused, such as after the consent ended; no money moved.
    :raises GatewayUnavailable: Sezzle could not be reached; no money moved.
    :raises OutcomeUnknown: no clear answer: it is being checked. Do not charge in another way.

    Sezzle: POST /v2/customer/{customer_uuid}/order
    https://docs.sezzle.com, page postv2customerorder
    """
    if request_id is None:
        request_id = str(uuid.uuid4())
    charge = Charge(
        customer, checkout, checked_request_id(request_id), actor, reason, deferred=on_commit
    )
    if on_commit:
        return _after_commit(charge)
    nothing_open()
    operation = _begin(charge)
    if operation.is_open and not operation.attempts:
        return execute(operation)
    return outcome_of(reload(operation))


def _after_commit(charge: Charge) -> SezzleOperation:
    try:
        return send_after_commit(partial(_write_down, charge))
    except (IntegrityError, OperationInProgress) as error:
        if isinstance(error, IntegrityError) or isinstance(error.__cause__, IntegrityError):
            refuse_lookalike(charge.checkout)
        if isinstance(error, OperationInProgress):
            raise
        raise others_are_at_it(None) from error


def _begin(charge: Charge) -> SezzleOperation:
    """Commit the intent, when nothing else pays for the order."""
    stored = _stored(charge)
    if stored is not None:
        return stored
    _check_chargeable(charge)
    # So that the payment can say whose it is, and before anything is written.
    gateway_for(charge.checkout.account).authenticate()
    for _ in range(ROUNDS):
        current = current_of(charge.checkout)
        if current is not None:
            _make_way(current)
        try:
            return short_transaction(partial(_write_down, charge))
        except IntegrityError:
            # Somebody else took the slot or the reference; the next look sees who.
            refuse_lookalike(charge.checkout)
    raise others_are_at_it(None)


def _make_way(current: SezzlePayment) -> None:
    """
    Let nothing else pay for the order: an unfinished checkout is ended, at Sezzle first.

    :raises AlreadyPaid: it is paid.
    :raises OperationInProgress: it is being paid.
    """
    if current.order_uuid:
        bring_up_to_date(current, untold=("closed",))
    elif current.customer_id is not None:
        await_charge(current, resend=True)
        if current.approved and current.is_current:
            raise AlreadyPaid(
                f"Order {current.shop_reference} is paid by an earlier charge, which has just been "
                "found to be done. Nothing was charged a second time.",
                payment=current,
            )
    elif current.start_lease_until is not None and current.start_lease_until > timezone.now():
        raise others_are_at_it(current)
    elif current.sends_link:
        raise OperationInProgress(
            f"A checkout of order {current.shop_reference} was begun, and its link may have been "
            "sent to the shopper. Nothing was sent. Cancel that payment first.",
            payment=current,
        )
    else:
        # Whoever was making its checkout is gone, and nobody has that one's address.
        give_up(current, untold=("closed",))
    refuse_paid(current)
    if current.order_uuid:
        make_room(current)


def _write_down(charge: Charge) -> SezzleOperation:
    """
    Write the payment and the intent down. The caller is inside a transaction.

    :raises OperationInProgress: something pays, or may pay, for the order.
    """
    stored = _stored(charge)
    if stored is not None:
        return stored
    customer = _check_chargeable(charge)
    checkout = charge.checkout
    current = current_of(checkout)
    if current is not None:
        refuse_paid(current)
        if charged := current.open_operation():
            raise in_progress(charged)
        raise OperationInProgress(
            f"Order {checkout.shop_reference} has an unfinished payment. Nothing was sent. Cancel "
            "it, or charge outside a transaction.",
            payment=current,
        )
    settings = get_settings(checkout.account)
    payment = SezzlePayment(
        shop_reference=checkout.shop_reference,
        reference_id=free_reference(checkout),
        is_checkout=True,
        is_current=True,
        account=checkout.account,
        environment=settings.environment,
        merchant_uuid=known_merchant(settings) or "",
        customer=customer,
        user_id=_user_of(charge),
        intent=checkout.intent.value,
        currency=checkout.amount.currency,
        amount_in_cents=checkout.amount.amount_in_cents,
        before_expiry=checkout.before_expiry or "",
    )
    payment.save(using=database(), force_insert=True)
    return SezzleOperation.objects.using(database()).create(
        payment=payment,
        kind=Operation.CHARGE,
        amount_in_cents=payment.amount_in_cents,
        currency=payment.currency,
        request_id=charge.request_id,
        opened_seq=payment.lock_seq,
        lease_until=timezone.now(),
        deferred=charge.deferred,
        actor_id=charge.actor.pk if charge.actor is not None else None,
        reason=charge.reason[:200],
    )


def _user_of(charge: Charge) -> Any:
    user = charge.checkout.user
    return user.pk if user is not None and user.pk else charge.customer.user_id


def _stored(charge: Charge) -> SezzleOperation | None:
    """
    Find what was written down under the request id.

    :raises RequestIdReused: it is something else.
    """
    rows = SezzleOperation.objects.using(database()).select_related("payment")
    stored = rows.filter(request_id=charge.request_id).first()
    if stored is None:
        return None
    payment, checkout = stored.payment, charge.checkout
    was = (
        stored.request_id,
        stored.kind,
        payment.customer_id,
        payment.shop_reference,
        payment.account,
        payment.intent,
    )
    asked = (
        charge.request_id,
        Operation.CHARGE,
        charge.customer.pk,
        checkout.shop_reference,
        checkout.account,
        checkout.intent.value,
    )
    if was != asked or stored.price != checkout.amount:
        raise RequestIdReused(
            "This request id stands for another operation. Nothing was sent. Use a new one.",
            operation=stored,
        )
    return stored


def _check_chargeable(charge: Charge) -> SezzleCustomer:
    """
    Refuse to charge whom the shop may not charge. Whether the consent has ended, Sezzle says.

    :returns: the customer as it is now.
    """
    customer = SezzleCustomer.objects.using(database()).filter(pk=charge.customer.pk).first()
    if customer is None:
        raise ActionNotAllowed("There is no such saved customer. Nothing was sent.")
    if customer.account != charge.checkout.account:
        raise InvalidInput(
            f"The customer agreed to be charged by the {customer.account} account; the checkout is "
            f"for {charge.checkout.account}. Nothing was sent."
        )
    if customer.forgotten_at is not None:
        raise ActionNotAllowed("This saved customer was removed. Nothing was sent.")
    settings = get_settings(customer.account)
    if customer.environment != settings.environment:
        raise ActionNotAllowed(
            f"This customer agreed in {customer.environment}; the {customer.account} account is "
            f"configured for {settings.environment}. Nothing was sent."
        )
    check_merchant(customer, known_merchant(settings) or "")
    return customer
