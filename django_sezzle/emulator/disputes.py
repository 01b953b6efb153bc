"""Disputes: a shopper complains, Sezzle asks, warns, and decides."""

from __future__ import annotations

from datetime import timedelta

from . import events, ledger
from .messages import Refusal
from .records import Dispute, Order
from .state import State

OUTCOMES = ("customer_win", "merchant_win", "neutral")
ANSWER_WITHIN = timedelta(days=14)


def open_dispute(
    state: State, order: Order, amount_in_cents: int | None, dispute_type: str
) -> Dispute:
    """
    File a dispute over an order.

    :raises Refusal: nothing was captured, or a dispute is open already.
    """
    if order.captured_in_cents <= 0:
        raise Refusal(422, "invalid", "Nothing was captured")
    if _open(state, order) is not None:
        raise Refusal(422, "duplicate", "A dispute is open already")
    amount = order.refundable_in_cents if amount_in_cents is None else amount_in_cents
    if amount <= 0:
        raise Refusal(422, "invalid", "Amount must be greater than 0")
    due = state.clock.now() + ANSWER_WITHIN
    dispute = Dispute(
        uuid=state.new_id(),
        number=9000 + len(state.disputes) + 1,
        order_uuid=order.uuid,
        dispute_type=dispute_type,
        status="merchant_input_requested",
        amount_in_cents=amount,
        due_date=due.date().isoformat(),
    )
    state.disputes.put(dispute)
    events.disputed(state, order, dispute, "dispute.merchant_input_requested")
    return dispute


def warn(state: State, order: Order) -> Dispute:
    """Send the final notice of an open dispute. :raises Refusal: none is open."""
    dispute = _require_open(state, order)
    dispute.status = "deadline_approaching"
    state.disputes.put(dispute)
    events.disputed(state, order, dispute, "dispute.deadline_approaching")
    return dispute


def close(state: State, order: Order, outcome: str) -> Dispute:
    """
    Decide an open dispute; when the shopper wins the order is refunded.

    :raises Refusal: no dispute is open, or no such outcome.
    """
    if outcome not in OUTCOMES:
        raise Refusal(422, "invalid", "No such outcome")
    dispute = _require_open(state, order)
    dispute.status = "closed"
    state.disputes.put(dispute)
    refund = min(dispute.amount_in_cents, order.refundable_in_cents)
    if outcome == "customer_win" and refund > 0:
        ledger.refund(state, order, refund, source=ledger.DASHBOARD)
    events.disputed(state, order, dispute, f"dispute.closed.{outcome}")
    return dispute


def _open(state: State, order: Order) -> Dispute | None:
    return next(
        (
            dispute
            for dispute in state.disputes
            if dispute.order_uuid == order.uuid and dispute.status != "closed"
        ),
        None,
    )


def _require_open(state: State, order: Order) -> Dispute:
    dispute = _open(state, order)
    if dispute is None:
        raise Refusal(422, "invalid", "No dispute is open")
    return dispute
