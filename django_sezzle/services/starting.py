"""
Starting a checkout, so that an order of the shop has one usable checkout and never two.

The row is committed with a lease before Sezzle is asked. The one process that made it asks;
others wait for its URL. A row whose process died is taken over when the lease ends: the session
it may have made is harmless, because nobody has its URL. A checkout with other contents is
deleted at Sezzle before a new one is made.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from django_sezzle.conf import LOOPBACK, SANDBOX, get_settings
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    OperationInProgress,
)
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.deadline import deadline
from django_sezzle.gateway.messages import Session
from django_sezzle.models import SezzlePayment
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import delete_checkout
from django_sezzle.services.locking import database, nothing_open
from django_sezzle.services.money import FRESH
from django_sezzle.services.reading import bring_up_to_date

logger = logging.getLogger("django_sezzle.services")

#: Sezzle may take so long to make a session; giving up sooner leaves the shopper without one.
SECONDS = 20.0
LEASE = timedelta(seconds=120)

#: So long a second click waits for the checkout that the first one is making.
PATIENCE = 5.0
PAUSE = 0.1

ROUNDS = 5


class Plan(NamedTuple):
    """A checkout that was checked, with what is derived from it."""

    checkout: Checkout
    base_url: str
    fingerprint: str
    gateway: Gateway


def start_checkout(checkout: Checkout, *, base_url: str | None = None) -> SezzlePayment:
    """
    Give the payment whose ``checkout_url`` the shopper is to be sent to.

    Safe to repeat: while nothing changed, the same order gets the same checkout.

    :param base_url: the shop's public origin; ``SEZZLE["BASE_URL"]`` goes before it.
    :raises InvalidInput: something cannot be sent; nothing was sent or written.
    :raises AlreadyPaid: the order has its payment; ``.payment`` is that one.
    :raises OperationInProgress: another process is making the checkout and does not get on.
    :raises GatewayRejected: Sezzle refused, such as an amount below the merchant's minimum.
    :raises GatewayUnavailable: Sezzle could not be asked; try again.
    :raises ActionNotAllowed: a database transaction is open; nothing was sent.

    Sezzle: POST /v2/session
    https://docs.sezzle.com/docs/api/core/sessions/postv2session
    """
    with deadline(SECONDS):
        return _start(_plan(checkout, base_url))


def _start(plan: Plan) -> SezzlePayment:
    checkout = plan.checkout
    for _ in range(ROUNDS):
        current = _current(checkout)
        if current is None:
            if made := _create(plan):
                return _open_session(made, plan)
        elif not current.order_uuid:
            if taken := _take_over(current, plan):
                return _open_session(taken, plan)
            if ready := _wait_for(current, plan):
                return ready
        elif _is_reusable(current, plan):
            return current
        else:
            _make_room(current)
    raise _others_are_at_it(None)


def _plan(checkout: Checkout, base_url: str | None) -> Plan:
    settings = get_settings(checkout.account)
    origin = settings.base_url or base_url
    if not origin:
        raise InvalidInput(
            'Without a request, SEZZLE["BASE_URL"] must say where the shop is. Nothing was sent.'
        )
    checkout.check_urls(origin)
    nothing_open()
    gateway = Gateway(settings, seconds=SECONDS, guard=nothing_open)
    return Plan(checkout, origin, checkout.fingerprint(origin), gateway)


def _current(checkout: Checkout) -> SezzlePayment | None:
    rows = SezzlePayment.objects.using(database())
    found = rows.current_for(checkout.shop_reference, checkout.account)
    if found is None:
        return None
    if found.environment == get_settings(checkout.account).environment:
        return found
    if found.environment != SANDBOX:
        raise ActionNotAllowed(
            f"Order {checkout.shop_reference} has a payment in {found.environment}, and the "
            f"{checkout.account} account is configured for the sandbox. Nothing was sent."
        )
    # A trial in the sandbox does not count for the same order number in production.
    rows.filter(pk=found.pk).update(is_current=None, lock_seq=F("lock_seq") + 1)
    return None


def _create(plan: Plan) -> SezzlePayment | None:
    """Write the row down and take its lease; None when somebody else was faster."""
    checkout = plan.checkout
    # Asked before the row exists, so that the row can say whose order it will be.
    merchant_uuid = plan.gateway.authenticate().merchant_uuid
    payment = SezzlePayment(
        shop_reference=checkout.shop_reference,
        reference_id=_free_reference(checkout),
        is_checkout=True,
        is_current=True,
        account=checkout.account,
        environment=plan.gateway.settings.environment,
        merchant_uuid=merchant_uuid,
        start_attempt=1,
        start_lease_until=timezone.now() + LEASE,
        **_contents(plan),
    )
    try:
        with transaction.atomic(using=database(), durable=True):
            payment.save(using=database(), force_insert=True)
    except IntegrityError:
        # Somebody else took the slot or the reference; the next look sees who. But a database
        # that compares without case may hold the slot for another order for ever.
        _refuse_lookalike(checkout)
        return None
    return payment


def _contents(plan: Plan) -> dict[str, object]:
    checkout = plan.checkout
    return {
        "user": checkout.user if checkout.user is not None and checkout.user.pk else None,
        "intent": checkout.intent.value,
        "currency": checkout.amount.currency,
        "amount_in_cents": checkout.amount.amount_in_cents,
        "checkout_fingerprint": plan.fingerprint,
        **checkout.urls,
    }


def _free_reference(checkout: Checkout) -> str:
    """Find what this attempt is called at Sezzle: the shop's number, then with -2, -3 and so on."""
    taken = set(
        SezzlePayment.objects.using(database())
        .filter(
            account=checkout.account,
            reference_id__istartswith=checkout.shop_reference,
            is_checkout=True,
        )
        .values_list("reference_id", flat=True)
    )
    lowered = {reference.lower() for reference in taken}
    number = 1
    candidate = checkout.shop_reference
    while candidate.lower() in lowered:
        number += 1
        candidate = f"{checkout.shop_reference}-{number}"
    return candidate


def _refuse_lookalike(checkout: Checkout) -> None:
    rows = SezzlePayment.objects.using(database()).filter(
        account=checkout.account, shop_reference__iexact=checkout.shop_reference, is_current=True
    )
    other = next((row for row in rows if row.shop_reference != checkout.shop_reference), None)
    if other is not None and rows.count() == 1 and _current(checkout) is None:
        raise InvalidInput(
            "Another order's reference differs from this one in upper and lower case only, and "
            "this database cannot tell them apart. Nothing was sent."
        )


def _take_over(current: SezzlePayment, plan: Plan) -> SezzlePayment | None:
    """Take the lease of a row whose process died; None when it has not ended."""
    now = timezone.now()
    if current.start_lease_until is not None and current.start_lease_until > now:
        return None
    contents = _contents(plan) | {"merchant_uuid": plan.gateway.authenticate().merchant_uuid}
    if current.start_lease_until is not None:
        # Perhaps a session was made under the old reference, and Sezzle may not take it twice.
        contents["reference_id"] = _free_reference(plan.checkout)
    try:
        taken = (
            SezzlePayment.objects.using(database())
            .filter(
                pk=current.pk,
                order_uuid=None,
                is_current=True,
                start_attempt=current.start_attempt,
            )
            .update(
                start_attempt=F("start_attempt") + 1,
                start_lease_until=now + LEASE,
                lock_seq=F("lock_seq") + 1,
                **contents,
            )
        )
    except IntegrityError:
        # Another order took the reference just now.
        return None
    return SezzlePayment.objects.using(database()).get(pk=current.pk) if taken else None


def _open_session(payment: SezzlePayment, plan: Plan) -> SezzlePayment:
    """Ask Sezzle for the session and record it, if the lease is still ours by then."""
    complete, cancel = (
        urljoin(plan.base_url, reverse(f"sezzle:{name}", args=[payment.token]))
        for name in ("complete", "cancel")
    )
    request = plan.checkout.session_request(payment.reference_id, complete, cancel)
    if not plan.checkout.adds_up():
        logger.warning(
            "payment=%s items=left_out: items, tax, shipping and discounts do not add up to the "
            "amount",
            payment.pk,
        )
    started_at = timezone.now()
    try:
        session = plan.gateway.create_session(request)
        _check_usable(session, plan.gateway)
    except GatewayError as error:
        _end_lease(payment, nothing_was_made=isinstance(error, GatewayRejected))
        raise
    recorded = (
        SezzlePayment.objects.using(database())
        .filter(
            pk=payment.pk,
            start_attempt=payment.start_attempt,
            order_uuid=None,
            is_current=True,
        )
        .update(
            session_uuid=session.uuid,
            order_uuid=session.order_uuid,
            checkout_url=session.checkout_url,
            checkout_status="active",
            start_lease_until=None,
            last_read_at=started_at,
            updated_at=timezone.now(),
            lock_seq=F("lock_seq") + 1,
        )
    )
    if not recorded:
        # Somebody took over because we were slow, or canceled: ours nobody will see.
        ready = _wait_for(payment, plan)
        if ready is None:
            raise _others_are_at_it(payment)
        return ready
    logger.info(
        "payment=%s reference=%s order=%s checkout=started",
        payment.pk,
        payment.reference_id,
        session.order_uuid,
    )
    payment.refresh_from_db()
    return payment


def _check_usable(session: Session, gateway: Gateway) -> None:
    """
    Refuse a checkout address that is not Sezzle's.

    :raises GatewayUnavailable: the session cannot be used.
    """
    try:
        parts = urlsplit(session.checkout_url)
    except ValueError:
        parts = urlsplit("")
    own = urlsplit(gateway.settings.gateway_url)
    is_local = parts.scheme == "http" and parts.netloc == own.netloc and parts.hostname in LOOPBACK
    hosts = gateway.settings.checkout_hosts
    is_sezzles = parts.netloc.lower() in hosts and (parts.scheme == "https" or is_local)
    is_plain = session.checkout_url.isascii() and session.checkout_url.isprintable()
    if not (session.order_uuid and is_sezzles and is_plain and len(session.checkout_url) <= 500):
        raise GatewayUnavailable(
            "Sezzle's answer held no checkout address on one of its hosts. No money moved. "
            "Try again later."
        )


def _end_lease(payment: SezzlePayment, *, nothing_was_made: bool) -> None:
    ends_at = None if nothing_was_made else timezone.now()
    SezzlePayment.objects.using(database()).filter(
        pk=payment.pk, start_attempt=payment.start_attempt, order_uuid=None
    ).update(start_lease_until=ends_at)


def _wait_for(current: SezzlePayment, plan: Plan) -> SezzlePayment | None:
    """
    Wait a little for the checkout that another process is making.

    :returns: that checkout; None when it is worth looking anew at what there is.
    :raises OperationInProgress: patience is over.
    """
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        time.sleep(PAUSE)
        current.refresh_from_db()
        if current.order_uuid:
            return current if current.checkout_fingerprint == plan.fingerprint else None
        lease = current.start_lease_until
        if not current.is_current or lease is None or lease <= timezone.now():
            return None
    raise _others_are_at_it(current)


def _others_are_at_it(payment: SezzlePayment | None) -> OperationInProgress:
    return OperationInProgress(
        "The checkout of this order is being made by another request. Nothing was sent by this "
        "one. Try again in a moment.",
        payment=payment,
    )


def _is_reusable(current: SezzlePayment, plan: Plan) -> bool:
    """
    Whether the shopper can be sent to this checkout again; read from Sezzle when need be.

    :raises AlreadyPaid: it was completed.
    """
    if current.approved and current.is_expired():
        # An authorization that ran out unused does not pay for the order any more.
        bring_up_to_date(current, seconds=SECONDS)
    _refuse_paid(current)
    is_same = current.checkout_fingerprint == plan.fingerprint
    is_fresh = current.last_read_at and timezone.now() < current.last_read_at + FRESH
    if not (is_same and is_fresh):
        bring_up_to_date(current, seconds=SECONDS)
        _refuse_paid(current)
    return bool(
        is_same
        and current.is_current
        and current.checkout_status == "active"
        and not current.is_expired()
    )


def _refuse_paid(current: SezzlePayment) -> None:
    if current.approved and current.is_current:
        raise AlreadyPaid(
            f"Order {current.shop_reference} has its payment "
            f"({current.get_status_display()}). Nothing was sent.",
            payment=current,
        )


def _make_room(current: SezzlePayment) -> None:
    """
    End a checkout that cannot be used again, at Sezzle first.

    :raises AlreadyPaid: the shopper completed it in the meantime.
    """
    if not current.is_current:
        return
    try:
        delete_checkout(current, is_replaced=True)
    except GatewayRejected:
        bring_up_to_date(current, seconds=SECONDS)
        _refuse_paid(current)
        if current.is_current:
            raise
