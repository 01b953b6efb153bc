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
from django_sezzle.gateway.messages.customers import Preapproval, SavedCustomer
from django_sezzle.gateway.messages.money import Amount, Price
from django_sezzle.gateway.messages.notices import DisputeNotice, TokenizedNotice
from django_sezzle.gateway.messages.orders import (
    Approval,
    Authorization,
    Kind,
    Order,
    Session,
    TokenSession,
    Transaction,
)
from django_sezzle.gateway.messages.parsing import Malformed
from django_sezzle.gateway.messages.settlements import (
    LineType,
    PayoutDetails,
    PayoutLine,
    PayoutSummary,
    Reading,
    ReportedOrder,
)
from django_sezzle.gateway.messages.webhooks import Event, EventType, Subscription

__all__ = [
    "Address",
    "Amount",
    "Approval",
    "Authorization",
    "CheckoutMode",
    "Customer",
    "Discount",
    "DisputeNotice",
    "Event",
    "EventType",
    "InstallmentPlan",
    "Intent",
    "Kind",
    "LineItem",
    "LineType",
    "Locale",
    "Malformed",
    "Order",
    "PayoutDetails",
    "PayoutLine",
    "PayoutSummary",
    "Preapproval",
    "Price",
    "Reading",
    "ReportedOrder",
    "SavedCustomer",
    "SendTo",
    "Session",
    "SessionRequest",
    "Subscription",
    "TokenSession",
    "TokenizedNotice",
    "Transaction",
]
