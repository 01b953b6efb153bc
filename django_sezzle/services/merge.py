"""
Joining what Sezzle says with what we know. Pure: no database, no clock of its own.

The join only ever adds: transactions by their ids, flags from false to true, amounts and moments
to the larger one. So it does not matter in which order answers arrive, how often, or how old
they are. What contradicts itself is not believed but flagged. The one thing that is ever taken
back is that an order is gone, when a later read shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django_sezzle.gateway.messages import Kind, Order, Transaction
from django_sezzle.models import Review, SezzlePayment, Status

#: A transaction seen so recently may be missing from a read that began before it was made.
SETTLING = timedelta(seconds=60)

#: How far a checkout is; a word we do not know counts as least.
RANKS = {"active": 1, "denied": 2, "deleted": 2, "complete": 3}

FACTS = (
    "approved",
    "authorized_in_cents",
    "captured_in_cents",
    "refunded_in_cents",
    "released_in_cents",
    "checkout_status",
    "checkout_expires_at",
    "authorization_expires_at",
    "sezzle_order_id",
    "lapsed_at",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a payment; every field but ``lapsed_at`` only ever grows."""

    approved: bool = False
    authorized_in_cents: int = 0
    captured_in_cents: int = 0
    refunded_in_cents: int = 0
    released_in_cents: int = 0
    checkout_status: str = ""
    checkout_expires_at: datetime | None = None
    authorization_expires_at: datetime | None = None
    sezzle_order_id: str = ""
    lapsed_at: datetime | None = None

    @classmethod
    def of(cls, payment: SezzlePayment) -> Facts:
        """Take the facts of a row."""
        return cls(**{name: getattr(payment, name) for name in FACTS})

    @property
    def held_in_cents(self) -> int:
        """Cents that Sezzle still holds."""
        if not self.approved or self.lapsed_at is not None:
            return 0
        return max(0, self.authorized_in_cents - self.captured_in_cents - self.released_in_cents)

    @property
    def is_possible(self) -> bool:
        """Whether no more was taken or let go than held, nor given back than taken."""
        return (
            self.captured_in_cents + self.released_in_cents <= self.authorized_in_cents
            and self.refunded_in_cents <= self.captured_in_cents
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A ledger row as far as the join needs it."""

    amount_in_cents: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What the order must say to be ours."""

    reference_id: str
    amount_in_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The outcome: facts, transactions we did not have, and a reason for review or ""."""

    facts: Facts
    new: tuple[Transaction, ...] = ()
    review: str = ""


Ledger = Mapping[tuple[str, str], Known]


def merge(
    facts: Facts, ledger: Ledger, order: Order, expected: Expected, *, read_at: datetime
) -> Joined:
    """
    Join one reading of the order into the facts.

    :param ledger: the transactions known, by kind and uuid.
    :param read_at: when the reading began.
    """
    listed = _listed(order)
    if _other_currency(order, listed, expected.currency):
        return Joined(facts, review=Review.CURRENCY_DIFFERS)
    review = _review(order, facts, ledger, expected, read_at)
    new = tuple(t for t in listed if (t.kind.value, t.uuid) not in ledger)
    joined = replace(
        facts,
        checkout_status=max(
            (facts.checkout_status, order.checkout_status),
            key=lambda word: (RANKS.get(word, 0), word),
        ),
        checkout_expires_at=_later(facts.checkout_expires_at, order.checkout_expires_at),
    )
    if order.authorization is not None and order.is_approved:
        granted = order.authorization.amount or order.amount
        cents = granted.amount_in_cents if granted else expected.amount_in_cents
        joined = replace(
            joined,
            approved=True,
            # More than was asked for is flagged, and never counted on.
            authorized_in_cents=max(
                facts.authorized_in_cents, min(cents, expected.amount_in_cents)
            ),
            authorization_expires_at=_later(
                facts.authorization_expires_at, order.authorization.expires_at
            ),
            sezzle_order_id=max(facts.sezzle_order_id, order.authorization.sezzle_order_id[:64]),
        )
    joined = add(replace(joined, lapsed_at=_lapsed_at(facts, order, read_at)), new)
    if not joined.is_possible:
        return Joined(facts, review=Review.TOTALS_IMPOSSIBLE)
    if joined.approved and joined.authorized_in_cents < expected.amount_in_cents:
        review = review or Review.AMOUNT_DIFFERS
    return Joined(joined, new, review)


def add(facts: Facts, new: Iterable[Transaction]) -> Facts:
    """Add transactions that were not counted yet to the totals."""
    totals = dict.fromkeys(Kind, 0)
    for transaction in new:
        totals[transaction.kind] += transaction.amount.amount_in_cents
    return replace(
        facts,
        captured_in_cents=facts.captured_in_cents + totals[Kind.CAPTURE],
        refunded_in_cents=facts.refunded_in_cents + totals[Kind.REFUND],
        released_in_cents=facts.released_in_cents + totals[Kind.RELEASE],
    )


def without_order(facts: Facts, *, read_at: datetime) -> Facts:
    """Join the answer that Sezzle no longer knows the order: nothing is held any more."""
    return replace(facts, lapsed_at=_earlier(facts.lapsed_at, read_at))


def derive(facts: Facts, *, canceled: bool) -> Status:
    """Name the state that the facts amount to. Money still held is looked at before refunds."""
    if facts.approved:
        return _of_approved(facts)
    if facts.checkout_status == "denied":
        return Status.DENIED
    if canceled or facts.lapsed_at is not None or facts.checkout_status == "deleted":
        return Status.CANCELED
    return Status.CREATED


def _of_approved(facts: Facts) -> Status:
    if facts.held_in_cents:
        return Status.PARTIALLY_CAPTURED if facts.captured_in_cents else Status.AUTHORIZED
    if not facts.captured_in_cents:
        return Status.RELEASED
    if facts.refunded_in_cents == facts.captured_in_cents:
        return Status.REFUNDED
    return Status.PARTIALLY_REFUNDED if facts.refunded_in_cents else Status.CAPTURED


def _lapsed_at(facts: Facts, order: Order, read_at: datetime) -> datetime | None:
    if order.checkout_status == "deleted":
        # Said of an approved order it means that the rest of the money was let go.
        was_approved = order.is_approved or facts.approved
        return _earlier(facts.lapsed_at, read_at) if was_approved else facts.lapsed_at
    if facts.lapsed_at is not None and facts.lapsed_at + SETTLING < read_at:
        # Sezzle said that it did not know the order, and now shows it: it was never gone.
        return None
    return facts.lapsed_at


def _listed(order: Order) -> list[Transaction]:
    upcharges = list(order.upcharges)
    if order.authorization is None:
        return upcharges
    by_kind = order.authorization.transactions
    return [t for kind in Kind.of_its_own_money() for t in by_kind[kind] or ()] + upcharges


def _other_currency(order: Order, listed: list[Transaction], currency: str) -> bool:
    amounts = [transaction.amount for transaction in listed]
    amounts += [order.amount] if order.amount else []
    if order.authorization is not None and order.authorization.amount:
        amounts.append(order.authorization.amount)
    return any(amount.currency != currency for amount in amounts)


def _review(
    order: Order, facts: Facts, ledger: Ledger, expected: Expected, read_at: datetime
) -> str:
    granted = order.authorization.amount if order.authorization is not None else None
    if order.amount is not None and order.amount.amount_in_cents != expected.amount_in_cents:
        return Review.AMOUNT_DIFFERS
    if granted is not None and granted.amount_in_cents > expected.amount_in_cents:
        return Review.AMOUNT_DIFFERS
    differs = order.reference_id not in ("", expected.reference_id)
    if differs and not (facts.approved or order.is_approved):
        # Staff may edit the reference at Sezzle once the order is approved; not before.
        return Review.REFERENCE_DIFFERS
    if order.authorization is None:
        return ""
    for kind, listed in order.authorization.transactions.items():
        if listed is None:
            continue
        amounts = {t.uuid: t.amount.amount_in_cents for t in listed}
        for (known_kind, uuid), known in ledger.items():
            if known_kind != kind.value:
                continue
            if uuid not in amounts:
                if known.seen_at + SETTLING < read_at:
                    return Review.TRANSACTION_MISSING
            elif amounts[uuid] != known.amount_in_cents:
                return Review.TRANSACTION_CHANGED
    return ""


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
