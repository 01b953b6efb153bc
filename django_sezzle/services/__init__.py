"""What a shop, its staff and its commands may do with payments."""

from django_sezzle.services.charging import charge_customer
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import cancel, clear_review, set_reference
from django_sezzle.services.customers import (
    compare_customers,
    customers_at_sezzle,
    forget_customer,
    preapprove,
)
from django_sezzle.services.in_store import ask_in_store
from django_sezzle.services.money import capture, reauthorize, refund, release, upcharge
from django_sezzle.services.reading import read_order, refresh
from django_sezzle.services.resolving import close_unknown, send_again
from django_sezzle.services.shipments import shipments_of
from django_sezzle.services.starting import start_checkout

__all__ = [
    "Checkout",
    "ask_in_store",
    "cancel",
    "capture",
    "charge_customer",
    "clear_review",
    "close_unknown",
    "compare_customers",
    "customers_at_sezzle",
    "forget_customer",
    "preapprove",
    "read_order",
    "reauthorize",
    "refresh",
    "refund",
    "release",
    "send_again",
    "set_reference",
    "shipments_of",
    "start_checkout",
    "upcharge",
]
