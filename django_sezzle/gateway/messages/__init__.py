"""Sezzle's messages as frozen values; nothing in here knows HTTP or a database."""

from django_sezzle.gateway.messages.checkout import (
    Address,
    CheckoutMode,
    Customer,
    Discount,
    InstallmentPlan,
    Intent,
    LineItem,
    Locale,
    SendTo,
    SessionRequest,
)
from django_sezzle.gateway.messages.money import Amount, Price
from django_sezzle.gateway.messages.orders import (
    Approval,
    Authorization,
    Kind,
    Order,
    Session,
    Transaction,
)
from django_sezzle.gateway.messages.parsing import Malformed
from django_sezzle.gateway.messages.webhooks import Event, EventType, Subscription

__all__ = [
    "Address",
    "Amount",
    "Approval",
    "Authorization",
    "CheckoutMode",
    "Customer",
    "Discount",
    "Event",
    "EventType",
    "InstallmentPlan",
    "Intent",
    "Kind",
    "LineItem",
    "Locale",
    "Malformed",
    "Order",
    "Price",
    "SendTo",
    "Session",
    "SessionRequest",
    "Subscription",
    "Transaction",
]
