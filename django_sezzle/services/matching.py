"""Whose doing a transaction was, and closing the operation that it proves."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from django_sezzle.counting import count
from django_sezzle.models import (
    Evidence,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    State,
)
from django_sezzle.services.locking import database
from django_sezzle.services.upcharges import name_result


def match_open_operation(payment: SezzlePayment) -> SezzleOperation | None:
    """
    Close the open operation when a transaction shows that it was executed.

    It must be of the operation's kind and amount, belong to no other operation, and have shown
    up after the operation was opened, by the payment's own clock.

    :returns: the operation, if it is still open.
    """
    operation = payment.open_operation()
    if operation is None or not operation.attempts or not operation.is_understood:
        return operation
    row = (
        payment.transactions.using(database())
        .filter(
            kind=operation.kind,
            amount_in_cents=operation.amount_in_cents,
            operation=None,
            seen_seq__gt=operation.opened_seq,
        )
        .first()
    )
    if row is None:
        return operation
    attach(row, operation)
    close(operation, State.SUCCEEDED, Evidence.MATCHED, tx_uuid=row.uuid)
    name_result(operation, row.uuid)
    return None


def close_answered(operation: SezzleOperation, tx_uuid: str, row: SezzleTransaction | None) -> bool:
    """
    Close an operation that Sezzle said yes to.

    :param row: the transaction that the answer named, if it is in the ledger already.
    :returns: False when it was closed before, or when the transaction is not its doing: one
        that was there before it, or that another operation made, proves nothing.
    """
    if row is not None and not _may_be_doing_of(row, operation):
        return False
    closed = close(operation, State.SUCCEEDED, Evidence.RESPONSE, tx_uuid=tx_uuid)
    if closed and row is not None:
        attach(row, operation)
        name_result(operation, row.uuid)
    return closed


def _may_be_doing_of(row: SezzleTransaction, operation: SezzleOperation) -> bool:
    return (
        row.operation_id is None
        and row.amount_in_cents == operation.amount_in_cents
        and row.seen_seq > operation.opened_seq
    )


def attach(row: SezzleTransaction, operation: SezzleOperation) -> None:
    """Say whose doing a transaction was."""
    row.operation = operation
    row.save(using=database(), update_fields=["operation"])


def close(
    operation: SezzleOperation,
    state: State,
    evidence: Evidence,
    *,
    unless_claimed: bool = False,
    **columns: Any,
) -> bool:
    """
    Close an operation once; whoever comes later changes nothing.

    :param unless_claimed: leave it open while somebody may be sending it.
    """
    rows = SezzleOperation.objects.using(database()).filter(pk=operation.pk, is_open=True)
    now = timezone.now()
    if unless_claimed:
        # In the statement itself: a claim takes no lock of the payment.
        rows = rows.filter(lease_until__lte=now)
    closed = rows.update(state=state, evidence=evidence, is_open=None, closed_at=now, **columns)
    if closed:
        counted_when_committed(operation, state, evidence)
    return bool(closed)


def counted_when_committed(operation: SezzleOperation, state: State, evidence: Evidence) -> None:
    """Count an operation's end, unless the transaction that says so is undone."""
    end = partial(
        count,
        "operation",
        kind=str(operation.kind),
        state=str(state.value),
        evidence=str(evidence.value),
    )
    transaction.on_commit(end, using=database(), robust=True)
