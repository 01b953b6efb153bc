"""The tables of the change page: what was asked for, what Sezzle lists, what the shop heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django_sezzle.admin.results import Kind, describe
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
)

#: Rows of each table; the newest ones.
NEWEST = 50


@dataclass(frozen=True, slots=True)
class OperationLine:
    """An operation beside the plain answer to "did money move?"."""

    operation: SezzleOperation
    outcome: Kind
    text: str


@dataclass(frozen=True, slots=True)
class TransactionLine:
    """A line of the ledger, its cents as text."""

    transaction: SezzleTransaction
    amount: str


@dataclass(frozen=True, slots=True)
class History:
    """The newest rows about one payment, newest first."""

    operations: list[OperationLine]
    transactions: list[TransactionLine]
    announcements: list[SezzleAnnouncement]
    newest: int = NEWEST

    @classmethod
    def of(cls, payment: SezzlePayment) -> History:
        """Fetch it: three queries, however long the history is."""
        transactions = payment.transactions.order_by("-seen_seq", "-id")[:NEWEST]
        return cls(
            operations=list(_operations(payment)),
            transactions=[
                TransactionLine(row, format_cents(row.amount_in_cents, payment.currency))
                for row in transactions
            ],
            announcements=list(payment.announcements.order_by("-id")[:NEWEST]),
        )

    @property
    def tables(self) -> tuple[list[Any], ...]:
        """All three, for asking whether one is cut short."""
        return (self.operations, self.transactions, self.announcements)

    @property
    def is_cut_short(self) -> bool:
        """Whether older rows are not shown."""
        return any(len(table) >= NEWEST for table in self.tables)


def _operations(payment: SezzlePayment) -> Iterator[OperationLine]:
    rows = payment.operations.select_related("actor", "result_payment")
    for operation in rows.order_by("-created_at")[:NEWEST]:
        yield OperationLine(operation, *describe(operation))
