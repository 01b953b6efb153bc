"""
Starting a checkout, so that an order of the shop has one usable checkout and never two.

The process that holds the row's lease asks Sezzle. If it dies, the session it may have made is
harmless: nobody has its address, unless Sezzle was to send it (``send_to``). Then the row is closed
and kept, so that what is paid by that link is found (``adoption``), and the next one is another. A
checkout with other contents is deleted at Sezzle before a new one is made.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from django_sezzle.conf import LOOPBACK, SANDBOX, get_settings
from django_sezzle.counting import count
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
from django_sezzle.gateway.messages.notices import digest
from django_sezzle.models import SezzlePayment
from django_sezzle.services import recovery
from django_sezzle.services.attempts import (
    MARK,
    Plan,
    create,
    end_lease,
    mark_of,
    may_be_sent,
    others_are_at_it,
    take_over,
    wait_for,
)
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import delete_checkout, give_up
from django_sezzle.services.locking import database, nothing_open, update_alone
from django_sezzle.services.money import FRESH
from django_sezzle.services.reading import bring_up_to_date

logger = logging.getLogger("django_sezzle.services")

#: Sezzle may take so long to make a session; giving up sooner leaves the shopper without one.
SECONDS = 20.0
ROUNDS = 5


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
        current = current_of(checkout)
        if current is None:
            if made := create(plan):
                return _open_session(made, plan)
        elif current.customer_id is not None and not current.order_uuid:
            await_charge(current)
        elif not current.order_uuid:
            if may_be_sent(current):
                # Another row for the next one: this one's link may be on the shopper's phone.
                with suppress(OperationInProgress):  # it has just been paid
                    give_up(current, untold=("closed",))
            elif taken := take_over(current, plan):
                return _open_session(taken, plan)
            elif ready := wait_for(current, plan):
                return ready
        elif _is_reusable(current, plan):
            return current
        else:
            make_room(current)
            # At once, so that nobody leaves an order without any checkout who has no round left.
            if made := create(plan):
                return _open_session(made, plan)
    raise others_are_at_it(None)


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


def current_of(checkout: Checkout) -> SezzlePayment | None:
    """
    Find the payment that counts for the checkout's order now.

    :raises ActionNotAllowed: there is one of production, and the account is the sandbox's.
    """
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
    update_alone(rows.filter(pk=found.pk), is_current=None, lock_seq=F("lock_seq") + 1)
    return None


def _open_session(payment: SezzlePayment, plan: Plan) -> SezzlePayment:
    """Ask Sezzle for the session and record it, if the lease is still ours by then."""
    complete, cancel = (
        urljoin(plan.base_url, reverse(f"sezzle:{name}", args=[payment.token]))
        for name in ("complete", "cancel")
    )
    mark = {MARK: mark_of(payment)} if payment.sends_link else None
    request = plan.checkout.session_request(payment.reference_id, complete, cancel, mark=mark)
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
        is_unmade = isinstance(error, GatewayRejected) or getattr(error, "never_left", False)
        end_lease(payment, is_unmade=is_unmade)
        count("checkout", account=payment.account, outcome="failed")
        raise
    count("checkout", account=payment.account, outcome="started")
    rows = SezzlePayment.objects.using(database()).filter(pk=payment.pk)
    where: dict[str, Any] = {
        "session_uuid": session.uuid,
        "tokenize_digest": digest(session.token) if session.token else None,
        "checkout_url": session.checkout_url,
    }
    recorded = update_alone(
        rows.filter(start_attempt=payment.start_attempt, order_uuid=None, is_current=True),
        order_uuid=session.order_uuid,
        checkout_status="active",
        start_lease_until=None,
        last_read_at=started_at,
        updated_at=timezone.now(),
        lock_seq=F("lock_seq") + 1,
        **where,
    )
    if not recorded and update_alone(rows.filter(order_uuid=session.order_uuid), **where):
        # The shopper was faster than Sezzle's answer.
        payment.refresh_from_db()
        refuse_paid(payment)
        return payment
    if not recorded:
        # Somebody took over because we were slow, or canceled.
        is_gone = _let_go_of(session, plan.gateway)
        ready = wait_for(payment, plan)
        if ready is None:
            raise _overtaken(payment, is_gone=is_gone)
        return ready
    logger.info(
        "payment=%s reference=%s order=%s checkout=started",
        payment.pk,
        payment.reference_id,
        session.order_uuid,
    )
    payment.refresh_from_db()
    return payment


def _let_go_of(session: Session, gateway: Gateway) -> bool:
    """Delete a checkout that no payment has; whether nobody can pay by its link any more."""
    order_uuid = session.order_uuid or ""
    if SezzlePayment.objects.using(database()).filter(order_uuid=order_uuid).exists():
        return False
    try:
        gateway.delete_checkout(order_uuid)
    except GatewayError as error:
        logger.warning("order=%s overtaken=%s", order_uuid, type(error).__name__)
        return False
    return True


def _overtaken(payment: SezzlePayment, *, is_gone: bool) -> OperationInProgress:
    link = "its link leads nowhere" if is_gone else "its link may still work, if it was sent"
    return OperationInProgress(
        "While Sezzle made the checkout, another request made one for the same order or canceled "
        f"it. This one was given up; {link}. Look at the order, then try again.",
        payment=payment,
    )


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


def _is_reusable(current: SezzlePayment, plan: Plan) -> bool:
    """
    Whether the shopper can be sent to this checkout again; read from Sezzle when need be.

    :raises AlreadyPaid: it was completed.
    """
    if current.approved and current.is_expired():
        # An authorization that ran out unused does not pay for the order any more.
        bring_up_to_date(current, seconds=SECONDS, untold=("closed",))
    refuse_paid(current)
    is_same = current.checkout_fingerprint == plan.fingerprint
    is_fresh = current.last_read_at and timezone.now() < current.last_read_at + FRESH
    if not (is_same and is_fresh):
        bring_up_to_date(current, seconds=SECONDS, untold=("closed",))
        refuse_paid(current)
    return bool(
        is_same
        and current.is_current
        and current.checkout_status == "active"
        and not current.is_expired()
    )


def await_charge(current: SezzlePayment, *, resend: bool = False) -> None:
    """
    Finish the charge of a saved customer that stands in the way of another payment.

    :param resend: ask for a lost answer again. A shopper's click does not.
    :raises OperationInProgress: its outcome is not known yet.
    """
    operation = current.open_operation()
    if operation is not None and (resend or not operation.attempts):
        recovery.finish(current, untold=("closed",))
        operation = current.open_operation()
    current.refresh_from_db()
    if operation is not None:
        raise OperationInProgress(
            f"{capfirst(operation.phrase)} for this order is under way or being checked. "
            "Nothing was sent for this request. Wait for it; do not repeat.",
            payment=current,
            operation=operation,
        )


def refuse_paid(current: SezzlePayment) -> None:
    """
    Refuse to have an order paid twice.

    :raises AlreadyPaid: the payment that counts for it is approved.
    """
    if current.approved and current.is_current:
        raise AlreadyPaid(
            f"Order {current.shop_reference} has its payment "
            f"({current.get_status_display()}). Nothing was sent.",
            payment=current,
        )


def make_room(current: SezzlePayment) -> None:
    """
    End a checkout that cannot be used again, at Sezzle first.

    :raises AlreadyPaid: the shopper completed it in the meantime.
    :raises OperationInProgress: it is no checkout: a saved customer was charged, and Sezzle does
        not show it yet.
    """
    if not current.is_current:
        return
    if current.customer_id is not None:
        raise OperationInProgress(
            f"A saved customer was charged for order {current.shop_reference}, and Sezzle's order "
            "does not fit or does not show it yet. Nothing was sent for this request. Look at the "
            "payment; do not pay in another way.",
            payment=current,
        )
    try:
        delete_checkout(current, is_replaced=True)
    except GatewayRejected:
        bring_up_to_date(current, seconds=SECONDS, untold=("closed",))
        refuse_paid(current)
        if current.is_current:
            raise
