"""
The one path for truth: read the order, join it into the row under the lock.

Return, webhook, staff and cron all come through here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import ActionNotAllowed, GatewayRejected
from django_sezzle.gateway import Gateway
from django_sezzle.models import (
    Review,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    Status,
)
from django_sezzle.services.locking import database, lock, nothing_open, short_transaction
from django_sezzle.services.matching import close_answered, match_open_operation
from django_sezzle.services.merge import (
    FACTS,
    RANKS,
    Expected,
    Facts,
    Joined,
    Known,
    Ledger,
    add,
    derive,
    merge,
    without_order,
)

if TYPE_CHECKING:
    from django_sezzle.gateway.messages import Order, Transaction

logger = logging.getLogger("django_sezzle.services")

#: Clocks may differ by so much before an expiry frees the slot of the shop's order.
CLOCK_SLACK = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read brought: the order, or None when Sezzle no longer knows it."""

    order: Order | None
    read_at: datetime


def gateway_for(
    account: str, *, environment: str | None = None, seconds: float | None = None
) -> Gateway:
    """
    Make a client for an account that refuses to speak inside a transaction.

    :param environment: where the payment was made; refused when the account has moved on.
    :param seconds: for one call in all; the account's ``DEADLINE`` when left out.
    :raises ActionNotAllowed: the account is configured for the other environment.
    """
    settings = get_settings(account)
    if environment is not None and settings.environment != environment:
        raise ActionNotAllowed(
            f"This payment was made in {environment}; the {account} account is configured for "
            f"{settings.environment}. Nothing was sent."
        )
    return Gateway(settings, seconds=seconds, guard=nothing_open)


def gateway_of(payment: SezzlePayment, *, seconds: float | None = None) -> Gateway:
    """
    Make a client for a payment, with a token of the merchant the payment belongs to.

    :raises ActionNotAllowed: environment or merchant are not those of the payment.
    :raises GatewayUnavailable: Sezzle could not be asked for a token.
    """
    gateway = gateway_for(payment.account, environment=payment.environment, seconds=seconds)
    token = gateway.authenticate()
    if payment.merchant_uuid and token.merchant_uuid != payment.merchant_uuid:
        raise ActionNotAllowed(
            f"The keys of the {payment.account} account belong to another merchant than this "
            "payment. Nothing was sent. Configure the old keys as an account of their own."
        )
    return gateway


def read(payment: SezzlePayment, *, seconds: float | None = None) -> Reading:
    """
    Ask Sezzle for the payment's order. Writes nothing; nothing may be open.

    :raises ActionNotAllowed: there is no order yet, or a transaction is open.
    :raises GatewayUnavailable: Sezzle could not be read.
    """
    if not payment.order_uuid:
        raise ActionNotAllowed("This payment has no order at Sezzle yet. Nothing was sent.")
    gateway = gateway_of(payment, seconds=seconds)
    read_at = timezone.now()
    try:
        return Reading(gateway.get_order(payment.order_uuid), read_at)
    except GatewayRejected as error:
        if not says_gone(error):
            raise
        return Reading(None, read_at)


def says_gone(error: GatewayRejected) -> bool:
    """
    Tell whether Sezzle says that it does not know the order.

    A 404 without Sezzle's error in it is a proxy's or a deployment's, and says nothing of money.
    """
    return error.status == HTTPStatus.NOT_FOUND and bool(error.code)


def record(
    payment: SezzlePayment, reading: Reading, *, also: Callable[[], object] | None = None
) -> SezzleOperation | None:
    """
    Join a reading into the payment, in one short transaction, and into the given instance.

    :param also: more to write in the same transaction.
    :returns: the operation that is still open, if there is one.
    """

    def work() -> tuple[SezzlePayment, SezzleOperation | None]:
        locked = lock(payment.pk, last_read_at=reading.read_at)
        still_open = apply(locked, reading)
        if also is not None:
            also()
        return locked, still_open

    recorded, still_open = short_transaction(work)
    copy_row(recorded, payment)
    return still_open


def copy_row(row: SezzlePayment, to: SezzlePayment) -> None:
    """Bring the caller's instance up to date with a row that was read just now."""
    for column in SezzlePayment._meta.concrete_fields:
        setattr(to, column.attname, getattr(row, column.attname))


def apply(
    payment: SezzlePayment,
    reading: Reading | None,
    *,
    answer: Transaction | None = None,
    operation: SezzleOperation | None = None,
) -> SezzleOperation | None:
    """
    Join a reading into a payment that is locked. Applying it twice changes nothing.

    An open operation whose transaction shows up is closed as done.

    :param answer: a transaction that Sezzle's answer to ``operation`` named; it needs no reading.
    :returns: the operation that is still open, if there is one.
    """
    rows = {(row.kind, row.uuid): row for row in payment.transactions.using(database()).all()}
    ledger = {key: Known(row.amount_in_cents, row.seen_at) for key, row in rows.items()}
    joined = Joined(Facts.of(payment), review=payment.review_reason)
    closed = False
    if answer is not None and operation is not None:
        row = rows.get((answer.kind.value, answer.uuid))
        if row is None:
            joined = _with_answer(joined, answer, ledger)
        closed = close_answered(operation, answer.uuid, row)
    answered = joined.new
    if reading is not None:
        joined = _with_reading(payment, joined.facts, ledger, reading)
        joined = replace(joined, new=(*answered, *joined.new))
    write(payment, joined, operation=operation if closed and answered else None)
    return None if closed else match_open_operation(payment)


def _with_answer(
    joined: Joined, answer: Transaction, ledger: dict[tuple[str, str], Known]
) -> Joined:
    facts = add(joined.facts, [answer])
    if not facts.is_possible:
        return replace(joined, review=Review.TOTALS_IMPOSSIBLE)
    ledger[answer.kind.value, answer.uuid] = Known(answer.amount.amount_in_cents, timezone.now())
    return replace(joined, facts=facts, new=(answer,))


def _with_reading(
    payment: SezzlePayment, facts: Facts, ledger: Ledger, reading: Reading
) -> Joined:
    if reading.order is None:
        gone = without_order(facts, read_at=reading.read_at)
        return Joined(gone, review=payment.review_reason)
    _note(payment, reading.order)
    expected = Expected(payment.reference_id, payment.amount_in_cents, payment.currency)
    joined = merge(facts, ledger, reading.order, expected, read_at=reading.read_at)
    if payment.was_reauthorized:
        # The child holds the money now, whatever is still said of the parent.
        joined = replace(joined, facts=replace(joined.facts, lapsed_at=facts.lapsed_at))
    return joined


def write(
    payment: SezzlePayment, joined: Joined, *, operation: SezzleOperation | None = None
) -> None:
    """
    Write facts, ledger rows, what follows from them, and what the shop must be told.

    :param operation: whose doing the first of the new transactions is.
    """
    before = Facts.of(payment)
    old = {name: getattr(payment, name) for name in (*FACTS, *_DERIVED)}
    for name in FACTS:
        setattr(payment, name, getattr(joined.facts, name))
    is_newly_approved = joined.facts.approved and not before.approved
    payment.review_reason = _review_reason(payment, joined.review, is_newly_approved)
    payment.status = derive(joined.facts, canceled=payment.canceled_at is not None)
    payment.is_current = _is_current(payment, joined.facts, is_newly_approved)
    changed = [name for name, value in old.items() if getattr(payment, name) != value]
    if joined.new:
        _enter(payment, joined.new, operation)
    if changed:
        payment.save(using=database(), update_fields=[*changed, "updated_at"])
    announce(payment, _new_facts(payment, before, joined, old))


_DERIVED = ("status", "review_reason", "is_current")


def _enter(
    payment: SezzlePayment,
    new: tuple[Transaction, ...],
    operation: SezzleOperation | None,
) -> None:
    """Enter transactions into the ledger; the first one is the operation's doing, if given."""
    now = timezone.now()
    SezzleTransaction.objects.using(database()).bulk_create(
        SezzleTransaction(
            payment=payment,
            kind=transaction.kind.value,
            uuid=transaction.uuid,
            amount_in_cents=transaction.amount.amount_in_cents,
            operation=operation if number == 0 else None,
            seen_seq=payment.lock_seq,
            seen_at=now,
        )
        for number, transaction in enumerate(new)
    )


def announce(payment: SezzlePayment, fact_keys: list[str]) -> None:
    """Put facts into the outbox, in the transaction that records them; once each."""
    now = timezone.now()
    if fact_keys:
        SezzleAnnouncement.objects.using(database()).bulk_create(
            [
                SezzleAnnouncement(payment=payment, fact_key=key, lease_until=now)
                for key in fact_keys
            ],
            ignore_conflicts=True,
        )


def _review_reason(payment: SezzlePayment, found: str, is_newly_approved: bool) -> str:
    if payment.review_reason in Review.that_only_a_human_clears():
        return payment.review_reason
    # Asked only once, so these go before what a later read finds again or clears.
    if is_newly_approved and payment.canceled_at is not None:
        return Review.LATE_AUTHORIZATION
    if is_newly_approved and not payment.is_current and another_current(payment):
        return Review.SECOND_AUTHORIZATION
    return found


def _is_current(payment: SezzlePayment, facts: Facts, is_newly_approved: bool) -> bool | None:
    """Whether the payment counts for its order from now on: True, or None as the column has it."""
    if payment.status in (Status.DENIED, Status.CANCELED, Status.RELEASED, Status.REFUNDED):
        return None
    if payment.status == Status.AUTHORIZED and facts.authorization_expires_at is not None:
        ran_out = facts.authorization_expires_at + CLOCK_SLACK < timezone.now()
        if ran_out and payment.open_operation() is None:
            return None
    if is_newly_approved and payment.review_reason not in Review.that_only_a_human_clears():
        return True
    return payment.is_current


def another_current(payment: SezzlePayment) -> bool:
    """Tell whether another payment counts for the same order of the shop."""
    return (
        SezzlePayment.objects.using(database())
        .filter(
            account=payment.account, shop_reference=payment.shop_reference, is_current=True
        )
        .exclude(pk=payment.pk)
        .exists()
    )


def _new_facts(
    payment: SezzlePayment, before: Facts, joined: Joined, old: dict[str, object]
) -> list[str]:
    facts = joined.facts
    # What is under review is not secured yet: the shop is told when the review is over.
    was_secured = before.approved and not old["review_reason"]
    is_secured = facts.approved and not payment.review_reason
    keys = ["authorized"] if is_secured and not was_secured else []
    keys += [f"{_DONE[t.kind.value]}:{t.uuid}" for t in joined.new]
    still_held = replace(facts, lapsed_at=None).held_in_cents
    if facts.lapsed_at is not None and before.lapsed_at is None and still_held:
        keys.append("lapsed")
    closed = (Status.DENIED, Status.CANCELED)
    if payment.status in closed and old["status"] not in closed:
        keys.append("closed")
    if payment.review_reason and payment.review_reason != old["review_reason"]:
        keys.append(f"review:{payment.review_reason}:{payment.lock_seq}")
    return keys


_DONE = {"capture": "captured", "refund": "refunded", "release": "released"}


def _note(payment: SezzlePayment, order: Order) -> None:
    if payment.approved and order.reference_id not in ("", payment.reference_id):
        logger.warning("payment=%s order=%s reference=edited", payment.pk, payment.order_uuid)
    if order.checkout_status not in RANKS and order.checkout_status:
        logger.warning(
            "payment=%s order=%s checkout_status=unknown", payment.pk, payment.order_uuid
        )
