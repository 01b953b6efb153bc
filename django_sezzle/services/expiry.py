"""What becomes of held money shortly before its authorization ends."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.gateway import Intent
from django_sezzle.models import BeforeExpiry, Evidence, SezzlePayment
from django_sezzle.services import truth
from django_sezzle.services.locking import database, lock, nothing_open, short_transaction
from django_sezzle.services.money import capture, release
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.telling import tell

logger = logging.getLogger("django_sezzle.services")

REASON = "the authorization was about to end"

#: How the names of these facts begin.
ENDING = "expiring:"


def policy_of(payment: SezzlePayment) -> BeforeExpiry:
    """Name what is to be done: what the checkout said, or else the account's setting."""
    return BeforeExpiry(payment.before_expiry or get_settings(payment.account).before_expiry)


def ends_soon(payment: SezzlePayment, at: datetime) -> bool:
    """
    Tell whether held money's authorization ends within ``EXPIRY_NOTICE_MINUTES``.

    Never before half of its time has passed: a notice longer than the authorization would let
    everything go at once.
    """
    ends = payment.authorization_expires_at
    if ends is None or not payment.held_in_cents or payment.intent != Intent.AUTH:
        return False
    notice = timedelta(minutes=get_settings(payment.account).expiry_notice_minutes)
    return at < ends <= at + min(notice, (ends - payment.created_at) / 2)


def act_before_expiry(payment: SezzlePayment) -> bool:
    """
    Do what the policy says about a payment that ends soon, and tell the shop.

    Before money is moved the order is read, so that an end that has moved on, or money that is
    gone, is left alone. However often this is called, money moves once for each end.

    :returns: whether there was anything to do.

    Raises what :func:`django_sezzle.services.capture` raises.
    """
    nothing_open()
    policy = policy_of(payment)
    moves = policy in (BeforeExpiry.CAPTURE, BeforeExpiry.RELEASE)
    if moves:
        bring_up_to_date(payment)
    if policy == BeforeExpiry.NOTHING:
        return False
    is_new = short_transaction(lambda: _announce(payment))
    # What was told and not moved yet is tried again; to tell is done once.
    if not is_new and not (moves and ends_soon(payment, timezone.now())):
        return False
    ends = payment.authorization_expires_at
    logger.warning(
        "payment=%s order=%s expires_at=%s policy=%s",
        payment.pk,
        payment.order_uuid,
        ends.isoformat() if ends else "-",
        policy.value,
    )
    try:
        if moves:
            move = capture if policy == BeforeExpiry.CAPTURE else release
            move(payment, request_id=_request_id(payment, policy), reason=REASON)
    finally:
        tell(payment)
    return True


def ending_fact(payment: SezzlePayment) -> str:
    """Name the fact that this end of its authorization is near."""
    return f"{ENDING}{_mark(payment)}"


def _announce(payment: SezzlePayment) -> bool:
    """
    Write the fact down, if it still is one; the caller's instance is brought up to date.

    :returns: whether it is news.
    """
    locked = lock(payment.pk)
    truth.copy_row(locked, payment)
    if not ends_soon(locked, timezone.now()):
        return False
    fact = ending_fact(locked)
    if locked.announcements.using(database()).filter(fact_key=fact).exists():
        return False
    truth.announce(locked, [fact])
    return True


def _mark(payment: SezzlePayment) -> str:
    """Tell one end of an authorization from the next; a later read may move it on."""
    return f"{payment.authorization_expires_at:%Y%m%d%H%M%S}"


def _request_id(payment: SezzlePayment, policy: BeforeExpiry) -> str:
    """Make the id that everybody makes who acts on this end; a new one after it never left."""
    unsent = payment.operations.using(database()).filter(
        evidence=Evidence.NOT_SENT, kind=policy.value, reason=REASON
    )
    name = f"{payment.order_uuid} {_mark(payment)} {policy.value} {unsent.count()}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
