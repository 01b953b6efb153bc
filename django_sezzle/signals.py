"""
What a shop may hear. Each is sent with ``payment`` and ``announcement``; those about money with
``transaction`` too, and the last two with ``dispute`` and ``customer``.

A fact is told at least once, and facts of one payment in order. Receivers run inside the
transaction that marks the fact as told: their database work commits together with the mark, so
it happens exactly once. A receiver that raises leaves the fact untold; nothing that was recorded
is undone, and the fact is told again later. A receiver that moves money passes
``on_commit=True``.
"""

from __future__ import annotations

from django.dispatch import Signal

payment_authorized = Signal()
"""Sezzle approved the shopper: the money is secured, for both intents."""

payment_captured = Signal()
"""Money was taken; ``transaction`` says how much."""

payment_refunded = Signal()
"""Money was given back; ``transaction`` says how much."""

payment_released = Signal()
"""Held money was let go; ``transaction`` says how much, None when the authorization ran out."""

payment_closed = Signal()
"""The shopper was denied, or the checkout was canceled or ran out. Nothing was charged."""

payment_expiring = Signal()
"""Held money's authorization is about to end; said once for each end."""

payment_review_needed = Signal()
"""A human must look at the payment; ``payment.review_reason`` says why."""

dispute_changed = Signal()
"""
Sezzle said something new of a ``dispute`` about the payment. Amount and due day are an event's
word; what was refunded because of it is told by ``payment_refunded``.
"""

customer_tokenized = Signal()
"""The shopper agreed to be charged again, as Sezzle confirmed: ``customer``."""

BY_FACT: dict[str, Signal] = {
    "authorized": payment_authorized,
    "captured": payment_captured,
    "refunded": payment_refunded,
    "released": payment_released,
    "lapsed": payment_released,
    "closed": payment_closed,
    "expiring": payment_expiring,
    "review": payment_review_needed,
    "dispute": dispute_changed,
    "tokenized": customer_tokenized,
}
