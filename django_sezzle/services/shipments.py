"""Shipments: what was captured for each, under the shop's own number of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Value

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway.messages import Kind
from django_sezzle.models import SezzleOperation, SezzlePayment, SezzleTransaction, State
from django_sezzle.services.locking import database

LONGEST_SHIPMENT = 80


@dataclass(frozen=True, slots=True)
class Shipment:
    """One capture of a payment, as a shop shows it to its shopper."""

    reference: str
    """The shop's number; empty when none was given, or it was captured in Sezzle's dashboard."""
    amount_in_cents: int
    """Whole cents of the payment's currency."""
    at: datetime
    """When the capture was first seen; when it was asked for, as long as it is not known."""
    state: str
    """``State.SUCCEEDED``, or how far the capture is: no money may be counted on before that."""

    @property
    def is_captured(self) -> bool:
        """Whether the money was taken; otherwise it is under way or being checked."""
        return self.state == State.SUCCEEDED


def shipments_of(payment: SezzlePayment) -> list[Shipment]:
    """
    List what was captured of a payment, oldest first, and the capture that is under way if any.

    Captures that Sezzle lists are there whoever made them, so that the captured amounts add up to
    ``payment.captured_in_cents``. What failed is left out. One query.
    """
    listed = SezzleTransaction.objects.using(database()).filter(payment=payment, kind=Kind.CAPTURE)
    open_ones = SezzleOperation.objects.using(database()).filter(
        payment=payment, kind=Kind.CAPTURE, is_open=True
    )
    rows = (
        listed.order_by()
        .values_list("operation__shipment", "amount_in_cents", "seen_at", Value("succeeded"))
        .union(
            open_ones.order_by().values_list("shipment", "amount_in_cents", "created_at", "state"),
            all=True,
        )
        # Django 6.1 would order it by columns that it does not have.
        .order_by()
    )
    found = [Shipment(reference or "", *others) for reference, *others in rows]
    return sorted(found, key=lambda shipment: shipment.at)


def check_shipment(shipment: Any) -> None:
    """
    Refuse what cannot be kept or shown as a shipment's number.

    :raises InvalidInput: no text, too long, blank, or with characters that cannot be seen.
    """
    if shipment == "":
        return
    fits = isinstance(shipment, str) and len(shipment) <= LONGEST_SHIPMENT
    if not (fits and shipment.isprintable() and shipment.strip()):
        raise InvalidInput(
            f"A shipment has 1 to {LONGEST_SHIPMENT} printable characters. Nothing was sent."
        )
