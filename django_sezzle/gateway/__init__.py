"""Sezzle's v2 gateway: its messages, its signatures, and the client that speaks to it."""

from django_sezzle.gateway.calling import known_merchant
from django_sezzle.gateway.client import Gateway
from django_sezzle.gateway.messages import (
    Address,
    CheckoutMode,
    Customer,
    Discount,
    EventType,
    InstallmentPlan,
    Intent,
    LineItem,
    Locale,
    Order,
    Price,
    SendTo,
)
from django_sezzle.gateway.reports import Reports

__all__ = [
    "Address",
    "CheckoutMode",
    "Customer",
    "Discount",
    "EventType",
    "Gateway",
    "InstallmentPlan",
    "Intent",
    "LineItem",
    "Locale",
    "Order",
    "Price",
    "Reports",
    "SendTo",
    "known_merchant",
]
