"""
Shoppers who agreed to be charged again: asking before a charge, removing, comparing with Sezzle.

Nothing here moves money. Who agreed is recorded by :mod:`django_sezzle.services.tokenization`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from django_sezzle.conf import DEFAULT_ACCOUNT
from django_sezzle.exceptions import (
    ActionNotAllowed,
    GatewayRejected,
    InvalidInput,
    OperationInProgress,
)
from django_sezzle.gateway import Gateway, Price
from django_sezzle.gateway.messages import SavedCustomer
from django_sezzle.gateway.messages.money import check_cents
from django_sezzle.models import SezzleAnnouncement, SezzleCustomer, SezzleOperation
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.truth import gateway_for, says_gone

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from django_sezzle.models.customer import SezzleCustomerQuerySet

logger = logging.getLogger("django_sezzle.services")


def preapprove(customer: SezzleCustomer, amount: Price) -> bool:
    """
    Ask whether Sezzle would approve a charge of this amount now.

    Nothing is held, and a yes says nothing about later: the charge itself may still be declined.

    :raises InvalidInput: the amount is no price, or is nothing; nothing was sent.
    :raises ActionNotAllowed: the customer was removed, belongs to another environment or
        merchant, or a database transaction is open; nothing was sent.
    :raises GatewayRejected: Sezzle refused to say; no money moved.
    :raises GatewayUnavailable: Sezzle could not be asked; no money moved.

    Sezzle: POST /v2/customer/{customer_uuid}/preapprove
    """
    if not isinstance(amount, Price):
        raise InvalidInput("An amount to ask about is a Price. Nothing was sent.")
    check_cents(amount.amount_in_cents)
    if customer.forgotten_at is not None:
        raise ActionNotAllowed("This saved customer was removed. Nothing was sent.")
    return _gateway_of(customer).preapprove_customer(customer.uuid, amount).approved


def forget_customer(
    customer: SezzleCustomer, *, actor: AbstractBaseUser | None = None
) -> SezzleCustomer:
    """
    End what a shopper agreed to, at Sezzle first: the shop cannot charge them any more.

    Payments that were made stay, and so does what is held or owed for them. Safe to repeat; the
    given instance is brought up to date.

    Where another user of the shop agreed with the same account at Sezzle, that one may still be
    charged: Sezzle is asked to remove the account when the last of them takes it back. What was
    agreed to as a guest ends with it, as a guest has no page to take it back.

    :param actor: who removes it; written to the log by primary key.
    :raises OperationInProgress: a payment of this customer has an open operation, such as a
        charge; nothing was sent. Try again in a few minutes.
    :raises ActionNotAllowed: the customer belongs to another environment or merchant, or a
        database transaction is open; nothing was sent.
    :raises GatewayRejected: Sezzle refused; nothing was removed.
    :raises GatewayUnavailable: no clear answer; nothing was recorded. Try again.

    Sezzle: DELETE /v2/customer/{customer_uuid}
    """
    customer.refresh_from_db(using=database())
    if customer.forgotten_at is not None:
        return customer
    same = _same_account(customer)
    others = same.not_expired().filter(forgotten_at=None, user__isnull=False)
    # Two at the same moment may both leave it to the other: Sezzle keeps it then, and no row of
    # ours charges it.
    is_shared = others.exclude(pk=customer.pk).exists()
    ending = same.filter(pk=customer.pk) if is_shared else same
    _refuse_while_charging(ending)
    gateway = _gateway_of(customer)
    if not is_shared:
        _delete(customer, gateway)
    _mark_forgotten(ending)
    customer.refresh_from_db(using=database())
    logger.info(
        "customer=%s account=%s removed_by=%s at_sezzle=%s",
        customer.pk,
        customer.account,
        "-" if actor is None else actor.pk,
        "kept_for_another_user" if is_shared else "removed",
    )
    return customer


def _same_account(customer: SezzleCustomer) -> SezzleCustomerQuerySet:
    """Select a customer and all who agreed with the same account at Sezzle."""
    return SezzleCustomer.objects.using(database()).filter(
        account=customer.account, environment=customer.environment, uuid=customer.uuid
    )


def _delete(customer: SezzleCustomer, gateway: Gateway) -> None:
    try:
        gateway.delete_customer(customer.uuid)
    except GatewayRejected as error:
        # Somebody else removed it, perhaps we ourselves before a crash.
        if not says_gone(error):
            raise


def customers_at_sezzle(account: str = DEFAULT_ACCOUNT) -> list[SavedCustomer]:
    """
    List everybody who agreed, as Sezzle knows it; ids and dates only.

    :raises GatewayRejected: Sezzle refused to say.
    :raises GatewayUnavailable: Sezzle could not be asked.
    :raises ActionNotAllowed: a database transaction is open; nothing was sent.

    Sezzle: GET /v2/customer
    """
    return gateway_for(account).list_customers()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between our customers and Sezzle's."""

    gone: tuple[SezzleCustomer, ...]
    """Ours that Sezzle no longer knows; they were marked as removed."""

    unknown: tuple[SavedCustomer, ...]
    """Sezzle's that we do not have: whose they are cannot be told, so nobody is charged."""


def compare_customers(account: str = DEFAULT_ACCOUNT) -> Comparison:
    """
    Compare our saved customers with Sezzle's, such as after a backup was restored.

    One call, and one more for each of ours that Sezzle's list lacks: the list may not be all.

    :raises GatewayRejected: Sezzle refused to say.
    :raises GatewayUnavailable: Sezzle could not be asked; what was found before is recorded.
    :raises ActionNotAllowed: a database transaction is open; nothing was sent.

    Sezzle: GET /v2/customer, GET /v2/customer/{customer_uuid}
    """
    listed = {customer.uuid: customer for customer in customers_at_sezzle(account)}
    environment = gateway_for(account).settings.environment
    ours = SezzleCustomer.objects.using(database()).filter(account=account, environment=environment)
    missing = ours.not_expired().filter(forgotten_at=None).exclude(uuid__in=listed)
    gone = []
    for customer in missing.order_by("pk"):
        if _is_gone(customer):
            _mark_forgotten(ours.filter(pk=customer.pk))
            customer.refresh_from_db(using=database())
            gone.append(customer)
    known = set(ours.filter(uuid__in=listed).values_list("uuid", flat=True))
    unknown = tuple(each for uuid, each in listed.items() if uuid not in known)
    return Comparison(tuple(gone), unknown)


def _is_gone(customer: SezzleCustomer) -> bool:
    try:
        _gateway_of(customer).get_customer(customer.uuid)
    except ActionNotAllowed:
        # Another merchant's, whom these keys cannot see.
        return False
    except GatewayRejected as error:
        if not says_gone(error):
            raise
        return True
    return False


def _gateway_of(customer: SezzleCustomer) -> Gateway:
    """
    Make a client for a customer, with a token of the merchant they agreed with.

    :raises ActionNotAllowed: environment or merchant are others; nothing was sent.
    """
    gateway = gateway_for(customer.account)
    if gateway.settings.environment != customer.environment:
        raise ActionNotAllowed(
            f"This customer agreed in {customer.environment}; the {customer.account} account is "
            f"configured for {gateway.settings.environment}. Nothing was sent."
        )
    check_merchant(customer, gateway.authenticate().merchant_uuid)
    return gateway


def check_merchant(customer: SezzleCustomer, merchant_uuid: str) -> None:
    """
    Refuse a customer who agreed with another merchant, as far as the shop knows.

    :param merchant_uuid: whose keys the account has; empty when that is not known.
    :raises ActionNotAllowed: nothing was sent.
    """
    agreed = SezzleAnnouncement.objects.using(database()).filter(
        fact_key=f"tokenized:{customer.pk}"
    )
    merchants = set(agreed.values_list("payment__merchant_uuid", flat=True)) - {""}
    if merchant_uuid and merchants and merchant_uuid not in merchants:
        raise ActionNotAllowed(
            f"The keys of the {customer.account} account belong to another merchant than the one "
            "this customer agreed with. Nothing was sent."
        )


def _refuse_while_charging(customers: SezzleCustomerQuerySet) -> None:
    operations = SezzleOperation.objects.using(database())
    under_way = operations.filter(payment__customer__in=customers, is_open=True).first()
    if under_way is not None:
        raise OperationInProgress(
            "A payment of this saved customer is under way or being checked. Nothing was sent "
            "and nothing was removed. Try again in a few minutes.",
            operation=under_way,
        )


def _mark_forgotten(customers: SezzleCustomerQuerySet) -> None:
    now = timezone.now()
    update_alone(customers.filter(forgotten_at=None), forgotten_at=now, updated_at=now)
