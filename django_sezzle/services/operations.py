"""
The one path for money: write the intent down, claim it, send it, read, record.

Two short transactions stand around each call, and none is open while Sezzle is asked. Whatever
happens in between, the committed row tells whoever comes next what may have been sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import capfirst

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import (
    ActionNotAllowed,
    Declined,
    ErrorDetail,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
    PaymentError,
    RequestIdReused,
)
from django_sezzle.gateway import Gateway, Intent
from django_sezzle.models import (
    Evidence,
    Operation,
    SezzleCustomer,
    SezzleOperation,
    SezzlePayment,
    State,
)
from django_sezzle.services import truth
from django_sezzle.services.limits import check_allowed
from django_sezzle.services.locking import database, lock, short_transaction, update_alone
from django_sezzle.services.matching import counted_when_committed
from django_sezzle.services.merge import Facts, Joined
from django_sezzle.services.sending import Outcome, read_back, read_child, read_made, send
from django_sezzle.services.settling import (
    reload,
    settle,
    settle_charge,
    settle_reauthorization,
)
from django_sezzle.services.telling import tell

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Nobody sends an operation again before this has passed since it was last sent.
QUIET_PERIOD = timedelta(seconds=120)


def begin(
    payment: SezzlePayment,
    kind: Operation,
    amount_in_cents: int | None,
    *,
    request_id: str,
    actor: AbstractBaseUser | None,
    reason: str,
    deferred: bool,
    intent: str = "",
    shipment: str = "",
) -> SezzleOperation:
    """
    Write down that money shall be moved. The caller is inside a transaction.

    A request id that was written down before gives the stored operation.

    :param amount_in_cents: None for all that is possible.
    :param intent: of the order that an upcharge makes; ``CAPTURE`` when left out.
    :param shipment: the shop's number of what a capture is for; kept, not sent.
    :raises RequestIdReused: the id was written down for something else.
    :raises OperationInProgress: another operation of this payment is open.
    :raises PaymentError: the payment does not allow it now.
    """
    if kind == Operation.UPCHARGE:
        intent = intent or Intent.CAPTURE.value
    locked = lock(payment.pk)
    operations = SezzleOperation.objects.using(database())
    asked = Q(request_id=request_id)
    found = list(operations.filter(asked | Q(payment=locked, is_open=True)))
    for stored in found:
        if stored.request_id == request_id:
            _check_same(stored, locked, kind, amount_in_cents, intent, shipment)
            stored.payment = locked
            return stored
    for other in found:
        if other.payment_id == locked.pk and other.is_open:
            raise in_progress(other)
        # The database compares without case: it could not hold both ids.
        raise _reused(other)
    amount = check_allowed(locked, kind, amount_in_cents)
    if kind == Operation.REAUTHORIZE and not locked.is_current:
        # No other checkout may begin while a new authorization is asked for.
        locked.is_current = True
        locked.save(using=database(), update_fields=["is_current", "updated_at"])
    return operations.create(
        payment=locked,
        kind=kind,
        amount_in_cents=amount,
        currency=locked.currency,
        request_id=request_id,
        opened_seq=locked.lock_seq,
        lease_until=timezone.now(),
        deferred=deferred,
        actor_id=actor.pk if actor is not None else None,
        reason=reason[:200],
        intent=intent,
        shipment=shipment,
    )


def _check_same(
    stored: SezzleOperation,
    payment: SezzlePayment,
    kind: Operation,
    amount_in_cents: int | None,
    intent: str,
    shipment: str,
) -> None:
    same_amount = amount_in_cents in (None, stored.amount_in_cents)
    what = (stored.payment_id, stored.kind, stored.intent, stored.shipment)
    if what != (payment.pk, kind, intent, shipment) or not same_amount:
        raise _reused(stored)


def _reused(stored: SezzleOperation) -> RequestIdReused:
    return RequestIdReused(
        "This request id stands for another operation. Nothing was sent. Show a new form.",
        operation=stored,
    )


def in_progress(operation: SezzleOperation) -> OperationInProgress:
    """Make the error for a payment whose open operation stands in the way."""
    return OperationInProgress(
        f"{capfirst(operation.phrase)} is under way or being checked. Nothing was "
        "sent. Wait for it; do not repeat.",
        operation=operation,
    )


def claim(operation: SezzleOperation) -> bool:
    """
    Take the right to send an operation, for a while; one statement, committed by itself.

    It counts the sending before it happens: no attempts prove that nothing was ever sent.
    """
    now = timezone.now()
    lease = lease_for(operation)
    claimed = update_alone(
        SezzleOperation.objects.using(database()).filter(
            pk=operation.pk, is_open=True, lease_until__lte=now, attempts=operation.attempts
        ),
        lease_until=now + lease,
        attempts=F("attempts") + 1,
        first_sent_at=operation.first_sent_at or now,
    )
    if claimed:
        operation.attempts += 1
        operation.first_sent_at = operation.first_sent_at or now
    return bool(claimed)


def lease_for(operation: SezzleOperation) -> timedelta:
    """Tell how long nobody else may send: the quiet period, doubled with every sending."""
    deadline = get_settings(operation.payment.account).deadline
    shortest = max(QUIET_PERIOD, timedelta(seconds=2 * deadline + 30))
    doublings: int = min(operation.attempts, 10)
    return shortest * (1 << doublings)


def execute(operation: SezzleOperation, *, seconds: float | None = None) -> SezzleOperation:
    """
    Claim, send, read and record an operation, then tell the shop.

    :param seconds: for each call to Sezzle; the account's ``DEADLINE`` when left out.
    :raises OperationInProgress: somebody else is sending it.
    :raises GatewayRejected: Sezzle refused, now or before; no money moved.
    :raises Declined: Sezzle did not approve; no money moved.
    :raises GatewayUnavailable: it never left; no money moved.
    :raises OutcomeUnknown: no clear answer; it stays open and is being checked.
    """
    gateway = prepare(operation, seconds=seconds)
    if not claim(operation):
        return outcome_of(reload(operation))
    exchanged = exchange(operation, gateway, seconds=seconds)
    return outcome_of(record(operation, exchanged), exchanged.outcome.error)


def prepare(operation: SezzleOperation, *, seconds: float | None = None) -> Gateway:
    """
    Make the client that an operation is sent with, before anything is claimed.

    What cannot be sent now, and never was, is closed as not sent, unless the shop committed to it.
    """
    if operation.kind == Operation.CHARGE and operation.payment.customer_id is not None:
        # Where it was written; whoever sends has no database, and a replica may lag behind.
        customers = SezzleCustomer.objects.using(database())
        customer = customers.get(pk=operation.payment.customer_id)
        operation.payment.customer = customer
        if customer.forgotten_at is not None and not operation.attempts:
            # They took it back while the shop's own transaction, which asked for it, was open.
            give_up_unsent(operation)
            raise ActionNotAllowed(
                "This saved customer was removed. Nothing was sent.", operation=reload(operation)
            )
    try:
        # The token is got first: what fails here has provably sent nothing.
        return truth.gateway_of(operation.payment, seconds=seconds)
    except (GatewayError, PaymentError) as error:
        # What the shop committed to is kept and sent later; a click is not.
        waits = operation.deferred and isinstance(error, GatewayError)
        if not operation.attempts and not waits:
            give_up_unsent(operation)
        error.operation = reload(operation)
        raise


class Exchanged(NamedTuple):
    """What one sending brought, and the order (perhaps the one it made) as read after it."""

    outcome: Outcome
    reading: truth.Reading | None
    #: The order that an upcharge made.
    extra: truth.Reading | None = None


def exchange(
    operation: SezzleOperation, gateway: Gateway, *, seconds: float | None = None
) -> Exchanged:
    """
    Send a claimed operation and read what became of it. Other threads may do this at once.

    The database is not touched; the operation's payment is loaded.

    :param seconds: for reading the order; the client knows how long sending may take.
    """
    outcome = send(operation, gateway)
    if operation.kind in (Operation.REAUTHORIZE, Operation.CHARGE):
        return Exchanged(outcome, read_child(outcome, gateway))
    extra = read_made(outcome, gateway) if operation.kind == Operation.UPCHARGE else None
    return Exchanged(outcome, read_back(operation.payment, seconds), extra)


def record(operation: SezzleOperation, exchanged: Exchanged) -> SezzleOperation:
    """Record what a sending brought, and tell the shop. Raises nothing of what Sezzle said."""
    settled = short_transaction(lambda: _settle(operation, exchanged))
    tell(settled.payment)
    if settled.result_payment is not None and settled.result_payment_id != settled.payment_id:
        tell(settled.result_payment)
    return settled


def _settle(operation: SezzleOperation, exchanged: Exchanged) -> SezzleOperation:
    if operation.kind == Operation.REAUTHORIZE:
        return settle_reauthorization(operation, exchanged.outcome, exchanged.reading)
    if operation.kind == Operation.CHARGE:
        return settle_charge(operation, exchanged.outcome, exchanged.reading)
    settled = settle(operation, exchanged.outcome, exchanged.reading)
    if exchanged.extra is not None and settled.result_payment is not None:
        made = truth.lock_for_reading(settled.result_payment.pk, exchanged.extra)
        truth.apply(made, exchanged.extra)
        return reload(operation)
    return settled


def give_up_unsent(operation: SezzleOperation, *, untold: tuple[str, ...] = ()) -> None:
    """
    Close an operation that was never sent, and that nobody can send any more.

    :param untold: facts that the shop need not be told.
    """

    def work() -> None:
        payment = lock(operation.payment_id)
        unsent = SezzleOperation.objects.using(database()).filter(
            pk=operation.pk, is_open=True, attempts=0
        )
        gone = unsent.update(
            state=State.FAILED,
            evidence=Evidence.NOT_SENT,
            is_open=None,
            closed_at=timezone.now(),
        )
        if gone:
            counted_when_committed(operation, State.FAILED, Evidence.NOT_SENT)
        if operation.kind in (Operation.REAUTHORIZE, Operation.CHARGE):
            # The payment kept its order's place for it.
            joined = Joined(Facts.of(payment), review=payment.review_reason)
            truth.write(payment, joined, untold=untold)

    short_transaction(work)


def mark_unknown(operation: SezzleOperation) -> None:
    """Say of an open operation that it is not known what became of it."""
    still_open = SezzleOperation.objects.using(database()).filter(pk=operation.pk, is_open=True)
    update_alone(still_open, state=State.UNKNOWN)


def outcome_of(operation: SezzleOperation, error: GatewayError | None = None) -> SezzleOperation:
    """
    Return a succeeded operation; raise what stands for every other end.

    :param error: what Sezzle said just now, where it fits the operation's end.
    """
    if operation.state == State.SUCCEEDED:
        return operation
    if operation.is_open:
        if operation.state == State.STARTED and error is None:
            raise in_progress(operation)
        if not operation.attempts and isinstance(error, GatewayUnavailable):
            error.operation = operation
            raise error
        raise OutcomeUnknown(
            f"Sezzle gave no clear answer to {operation.phrase}. Money may "
            "or may not have moved: it is being checked. Do not repeat.",
            status=error.status if error else None,
            errors=error.errors if error else (),
            operation=operation,
        ) from error
    if error is None or isinstance(error, OutcomeUnknown):
        error = _stored_error(operation)
    error.operation = operation
    raise error


def _stored_error(operation: SezzleOperation) -> GatewayError:
    what = f"The {operation.kind} of {operation.price}"
    if operation.evidence == Evidence.DECLINED:
        return Declined(f"{what} was declined by Sezzle. No money moved.")
    if operation.evidence == Evidence.NOT_SENT:
        return GatewayUnavailable(f"{what} was never sent. No money moved.")
    if operation.evidence == Evidence.STAFF:
        return GatewayRejected(
            f"{what} was closed by staff as not done. Ask with a new request id."
        )
    said = operation.error_message or operation.error_code or "no reason given"
    detail = ErrorDetail(
        code=operation.error_code,
        message=operation.error_message,
        debug_uuid=operation.debug_uuid,
    )
    return GatewayRejected(
        f"{what} was refused by Sezzle ({said}). No money moved.", errors=[detail]
    )
