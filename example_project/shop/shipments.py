"""An order's shipments: what was captured for each, as Sezzle has it."""

from __future__ import annotations

from django_sezzle.gateway import Intent
from django_sezzle.services import shipments_of
from django_sezzle.services.shipments import Shipment
from example_project.shop.models import Order


def of_order(order: Order) -> list[Shipment]:
    """
    List what was captured as it was shipped, oldest first, and what is being captured.

    An order has more than one payment after a reauthorization. What was paid at once, with the
    order, is no shipment.
    """
    held_first = order.payments().filter(intent=Intent.AUTH).order_by("pk")
    return [shipment for payment in held_first for shipment in shipments_of(payment)]


def version(order: Order, shipments: list[Shipment]) -> str:
    """Write down in short what an order's page shows, to tell whether there is anything new."""
    under_way = sum(not shipment.is_captured for shipment in shipments)
    return f"{order.events.count()}-{len(shipments)}-{under_way}"
