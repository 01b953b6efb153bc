"""
The one path for truth: read the order, join it into the row under the lock.

Return, webhook, staff and cron all come through here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db.models import Case, DateTimeField, F, Value, When
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import ActionNotAllowed, GatewayRejected
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.messages import Kind
from django_sezzle.models import (
    Review,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    fields,
)
from django_sezzle.services.consequences import draw
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
    merge,
    without_order,
)
from django_sezzle.services.upcharges import enter_upcharge

if TYPE_CHECKING:
    from django_sezzle.gateway.messages import Order, Transaction

logger = logging.getLogger("django_sezzle.services")


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
    if token.merchant_uuid and payment.merchant_uuid not in ("", token.merchant_uuid):
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
    payment: SezzlePayment,
    reading: Reading,
    *,
    also: Callable[[], object] | None = None,
    untold: tuple[str, ...] = (),
) -> SezzleOperation | None:
    """
    Join a reading into the payment, in one short transaction, and into the given instance.

    :param also: more to write in the same transaction.
    :returns: the operation that is still open, if there is one.
    """

    def work() -> tuple[SezzlePayment, SezzleOperation | None]:
        locked = lock_for_reading(payment.pk, reading)
        still_open = apply(locked, reading, untold=untold)
        if also is not None:
            also()
        return locked, still_open

    recorded, still_open = short_transaction(work)
    copy_row(recorded, payment)
    return still_open


def lock_for_reading(pk: int, reading: Reading) -> SezzlePayment:
    """
    Take the payment's lock and note when it was read; an older reading moves nothing back.

    A moment that has not come yet is a wrong clock's, and is corrected.
    """
    now = timezone.now()
    newer = When(last_read_at__gt=reading.read_at, last_read_at__lte=now, then=F("last_read_at"))
    noted = Case(newer, default=Value(reading.read_at), output_field=DateTimeField())
    return lock(pk, last_read_at=noted)


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
    untold: tuple[str, ...] = (),
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
    doing = operation if closed and answered else None
    write(payment, joined, operation=doing, untold=untold)
    return None if closed else match_open_operation(payment)


def _with_answer(
    joined: Joined, answer: Transaction, ledger: dict[tuple[str, str], Known]
) -> Joined:
    facts = add(joined.facts, [answer])
    if not facts.is_possible:
        return replace(joined, review=Review.TOTALS_IMPOSSIBLE)
    ledger[answer.kind.value, answer.uuid] = Known(answer.amount.amount_in_cents, timezone.now())
    return replace(joined, facts=facts, new=(answer,))


def _with_reading(payment: SezzlePayment, facts: Facts, ledger: Ledger, reading: Reading) -> Joined:
    if reading.order is None:
        gone = without_order(facts, read_at=reading.read_at)
        return Joined(gone, review=payment.review_reason)
    is_older = payment.last_read_at is not None and reading.read_at < payment.last_read_at
    _note(payment, reading.order)
    if not is_older:
        _compare_reference(payment, reading.order)
    expected = Expected(payment.reference_id, payment.amount_in_cents, payment.currency)
    order = _in_host_time(reading.order)
    joined = merge(facts, ledger, order, expected, read_at=reading.read_at)
    if is_older:
        # What a newer reading found wrong, an older one cannot clear.
        joined = replace(joined, review=joined.review or payment.review_reason)
    if payment.was_reauthorized:
        # The child holds the money now, whatever is still said of the parent.
        joined = replace(joined, facts=replace(joined.facts, lapsed_at=facts.lapsed_at))
    return joined


def write(
    payment: SezzlePayment,
    joined: Joined,
    *,
    operation: SezzleOperation | None = None,
    untold: tuple[str, ...] = (),
) -> None:
    """
    Write facts, ledger rows, what follows from them, and what the shop must be told.

    :param operation: whose doing the first of the new transactions is.
    :param untold: facts that the shop need not be told, because it brought them about.
    """
    before = Facts.of(payment)
    old = {name: getattr(payment, name) for name in (*FACTS, *_DERIVED)}
    for name in FACTS:
        setattr(payment, name, getattr(joined.facts, name))
    new_facts = draw(payment, before, joined)
    changed = [name for name, value in old.items() if getattr(payment, name) != value]
    if joined.new:
        _enter(payment, joined.new, operation)
    if changed:
        payment.save(using=database(), update_fields=[*changed, "updated_at"])
    announce(payment, [key for key in new_facts if key not in untold])


_DERIVED = ("status", "review_reason", "is_current", "canceled_at")


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
    for number, transaction in enumerate(new):
        if transaction.kind is Kind.UPCHARGE:
            enter_upcharge(payment, transaction, operation if number == 0 else None)


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


def _in_host_time(order: Order) -> Order:
    """Give the order's moments as the host's database keeps them."""
    authorization = order.authorization
    if authorization is not None:
        ends = fields.stored(authorization.expires_at)
        authorization = replace(authorization, expires_at=ends)
    ends = fields.stored(order.checkout_expires_at)
    return replace(order, checkout_expires_at=ends, authorization=authorization)


def _compare_reference(payment: SezzlePayment, order: Order) -> None:
    """Note whether Sezzle has our reference, which staff may edit there at any time."""
    is_ours = order.reference_id == payment.reference_id
    if order.reference_id and payment.reference_confirmed != is_ours:
        payment.reference_confirmed = is_ours
        payment.save(using=database(), update_fields=["reference_confirmed", "updated_at"])


def _note(payment: SezzlePayment, order: Order) -> None:
    if payment.approved and order.reference_id not in ("", payment.reference_id):
        logger.warning("payment=%s order=%s reference=edited", payment.pk, payment.order_uuid)
    if order.checkout_status not in RANKS and order.checkout_status:
        logger.warning(
            "payment=%s order=%s checkout_status=unknown", payment.pk, payment.order_uuid
        )
