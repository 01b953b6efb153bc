"""
Believing that a shopper agreed to be charged again: never an event's or a browser's word for it.

Sezzle is asked for the session that the shop began, and with that session's token for who
agreed. The token lives for the length of the two calls and is never stored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from django_sezzle.exceptions import GatewayRejected, GatewayUnavailable
from django_sezzle.gateway.deadline import deadline
from django_sezzle.gateway.messages import TokenizedNotice, TokenSession
from django_sezzle.gateway.messages.notices import digest
from django_sezzle.models import SezzleAnnouncement, SezzleCustomer, SezzlePayment, fields
from django_sezzle.services.locking import database, lock, short_transaction
from django_sezzle.services.truth import announce, gateway_of, says_gone

logger = logging.getLogger("django_sezzle.services")

#: A session's token lives for about half an hour, by the published event from the approval on.
TOKEN_LIFE = timedelta(minutes=45)
#: No checkout that is older than this was approved just now.
CHECKOUT_LIFE = timedelta(days=7)


class NotConfirmed(Exception):
    """Sezzle contradicts what was claimed, or can no longer say. The text names no id."""


def payment_of(account: str, notice: TokenizedNotice) -> SezzlePayment | None:
    """Find the payment whose session a claim names; None when no session of ours has that token."""
    rows = SezzlePayment.objects.using(database()).filter(
        account=account, tokenize_digest=notice.token_digest
    )
    return rows.first()


def unanswered() -> QuerySet[SezzlePayment]:
    """
    Select the payments whose shopper was asked and has paid, while Sezzle may still tell more.

    Not who agreed, which is recorded; and not whose session's token is most likely gone.
    """
    told = SezzleAnnouncement.objects.using(database()).filter(payment=OuterRef("pk"))
    now = timezone.now()
    return SezzlePayment.objects.using(database()).filter(
        Exists(told.filter(fact_key="authorized", created_at__gt=now - TOKEN_LIFE)),
        ~Exists(told.filter(fact_key__startswith="tokenized:")),
        tokenize_digest__isnull=False,
        created_at__gt=now - CHECKOUT_LIFE,
    )


def find_customer(payment: SezzlePayment, *, seconds: float) -> SezzleCustomer | None:
    """
    Ask Sezzle who agreed at a payment's checkout, without anybody having said so.

    Safe to repeat. It is recorded and announced as by :func:`confirm_customer`; nobody is told
    yet.

    :param seconds: for both calls together.
    :returns: None when nobody agreed so far, or Sezzle can no longer say.
    :raises GatewayUnavailable: Sezzle could not be asked.
    """
    try:
        agreed = _ask(payment, seconds)
    except NotConfirmed:
        return None
    return None if agreed.customer_uuid is None else _keep(payment, agreed)


def confirm_customer(
    payment: SezzlePayment,
    notice: TokenizedNotice,
    *,
    seconds: float,
    also: Callable[[], object] | None = None,
) -> SezzleCustomer:
    """
    Ask Sezzle who agreed at a payment's checkout; record it, and announce it.

    Safe to repeat. Nobody is told yet.

    :param seconds: for both calls together.
    :param also: more to write in the transaction that records the customer.
    :raises NotConfirmed: nobody agreed, somebody else did, or the token has run out.
    :raises GatewayUnavailable: Sezzle could not be asked, or may show it a little later.

    Sezzle: GET /v2/session/{session_uuid}, then GET /v2/token/{token}/session
    https://docs.sezzle.com/docs/api/core/sessions/getv2session
    """
    agreed = _ask(payment, seconds)
    if agreed.customer_uuid is None:
        if agreed.expires_at is not None and timezone.now() < _comparable(agreed.expires_at):
            raise GatewayUnavailable("Sezzle does not show yet who agreed. It is asked again.")
        raise NotConfirmed("nobody agreed")
    if digest(agreed.customer_uuid) != notice.customer_digest:
        raise NotConfirmed("another customer agreed")

    return _keep(payment, agreed, also=also)


def _keep(
    payment: SezzlePayment, agreed: TokenSession, *, also: Callable[[], object] | None = None
) -> SezzleCustomer:
    """Record and announce what Sezzle said, in one transaction."""

    def work() -> SezzleCustomer:
        locked = lock(payment.pk)
        customer = _record(locked, agreed)
        announce(locked, [f"tokenized:{customer.pk}"])
        if also is not None:
            also()
        return customer

    return short_transaction(work)


def _ask(payment: SezzlePayment, seconds: float) -> TokenSession:
    try:
        with deadline(seconds):
            gateway = gateway_of(payment, seconds=seconds)
            session = gateway.get_session(payment.session_uuid)
            if not session.token or digest(session.token) != payment.tokenize_digest:
                raise NotConfirmed("the session has another token")
            return gateway.get_token_session(session)
    except GatewayRejected as error:
        if says_gone(error) or error.code == "token_is_expired":
            raise NotConfirmed("the token has run out") from error
        raise


def _comparable(moment: datetime) -> datetime:
    return fields.stored(moment) or moment


def _record(payment: SezzlePayment, agreed: TokenSession) -> SezzleCustomer:
    """
    Write down who agreed, for the user who paid and for nobody else.

    Whether Sezzle gives an account the same id each time is not known. If it does, two users of
    the shop with one account at Sezzle are two customers here: neither takes the other's away.
    """
    identity = {
        "account": payment.account,
        "environment": payment.environment,
        "uuid": agreed.customer_uuid,
        "user_id": payment.user_id,
    }
    known = SezzleCustomer.objects.using(database()).filter(**identity).first()
    customer = known or SezzleCustomer(**identity, agreed_at=payment.created_at)
    customer.agreed_at = max(customer.agreed_at, payment.created_at)
    customer.expires_at = fields.stored(agreed.customer_expires_at)
    if known is None:
        customer.save(using=database(), force_insert=True)
        return customer
    # A whole row would undo a removal of this very moment.
    customer.save(using=database(), update_fields=["agreed_at", "expires_at", "updated_at"])
    # They agreed anew; what they agreed to before they took it back does not count again.
    rows = SezzleCustomer.objects.using(database()).filter(pk=customer.pk)
    rows.filter(forgotten_at__lt=payment.created_at).update(forgotten_at=None)
    customer.refresh_from_db(using=database())
    return customer
