"""
What a shop tells Sezzle about a checkout: every member of ``POST /v2/session``.

https://docs.sezzle.com/docs/api/core/sessions/postv2session
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway.messages.money import Price

REFERENCE = re.compile(r"[A-Za-z0-9_-]+")


class Intent(StrEnum):
    """What happens to the money when the shopper is approved."""

    AUTH = "AUTH"
    """Hold it; the shop captures before the authorization expires."""

    CAPTURE = "CAPTURE"
    """Take it at once."""


class CheckoutMode(StrEnum):
    """How the shopper gets to Sezzle's checkout."""

    REDIRECT = "redirect"
    """The browser leaves the shop and comes back."""

    POPUP = "popup"
    """A window of its own, opened by Sezzle's script."""

    IFRAME = "iframe"
    """A frame in the shop's page; Sezzle must allow the shop's domain first."""


class Locale(StrEnum):
    """The language of Sezzle's checkout."""

    EN_US = "en-US"
    EN_CA = "en-CA"
    FR_CA = "fr-CA"


class InstallmentPlan(StrEnum):
    """A financing option; Sezzle says that it does not look at it yet."""

    FOUR_BIWEEKLY = "4-pay-biweekly"
    FOUR_MONTHLY = "4-pay-monthly"
    SIX_MONTHLY = "6-pay-monthly"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Address:
    """A billing or shipping address."""

    name: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    """Two letters."""
    postal_code: str = ""
    country_code: str = ""
    """Two letters."""
    phone: str = ""

    def to_json(self) -> dict[str, Any]:
        """Write the address; the phone under both names that Sezzle's documents use."""
        members = {
            "name": self.name,
            "street": self.street,
            "street2": self.street2,
            "city": self.city,
            "state": self.state,
            "postal_code": self.postal_code,
            "country_code": self.country_code,
            "phone": self.phone,
            "phone_number": self.phone,
        }
        return _present(members)


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Customer:
    """The shopper as far as the shop knows; the more is given, the shorter the checkout."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    dob: str = ""
    """Date of birth, ``YYYY-MM-DD``."""
    billing_address: Address | None = None
    shipping_address: Address | None = None
    tokenize: bool = False
    """Ask the shopper to let the shop charge later orders."""
    recurring: bool | None = None
    """True when the token serves a subscription, False for one later charge."""
    recurring_name: str = ""
    """The subscription's name, shown in the checkout."""

    def to_json(self) -> dict[str, Any]:
        """Write the customer; members without a value are left out."""
        members = _present(
            {
                "first_name": self.first_name,
                "last_name": self.last_name,
                "email": self.email,
                "phone": self.phone,
                "dob": self.dob,
                "billing_address": self.billing_address and self.billing_address.to_json(),
                "shipping_address": self.shipping_address and self.shipping_address.to_json(),
                "tokenize": self.tokenize,
                "recurring_metadata": _present({"name": self.recurring_name}),
            }
        )
        if self.recurring is not None:
            members["recurring"] = self.recurring
        return members


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class LineItem:
    """Something in the cart. ``price`` is for one piece, before tax and discounts."""

    name: str
    sku: str
    quantity: int
    price: Price
    brand: str = ""
    category_path: str = ""
    """Levels joined by ``>``; some kinds of merchants must send it."""
    image_url: str = ""
    product_url: str = ""
    global_trade_item_number: str = ""
    """UPC, ISBN or EAN, without dashes and spaces."""
    manufacturer_part_number: str = ""

    def __post_init__(self) -> None:
        if type(self.quantity) is not int or self.quantity < 1:
            raise InvalidInput(
                f"An item's quantity is a whole number from 1, not {self.quantity!r}. "
                "Nothing was sent."
            )

    def to_json(self) -> dict[str, Any]:
        """Write the item; members without a value are left out."""
        return _present(
            {
                "name": self.name,
                "sku": self.sku,
                "quantity": self.quantity,
                "price": self.price.to_json(),
                "brand": self.brand,
                "category_path": self.category_path,
                "image_url": self.image_url,
                "product_url": self.product_url,
                "global_trade_item_number": self.global_trade_item_number,
                "manufacturer_part_number": self.manufacturer_part_number,
            }
        )


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount that the total already contains."""

    name: str
    amount: Price

    def to_json(self) -> dict[str, Any]:
        """Write the discount."""
        return {"name": self.name, "amount": self.amount.to_json()}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class SendTo:
    """Where Sezzle sends the checkout link: a phone, an e-mail address, or both."""

    sms_phone: str = ""
    email: str = ""
    language: str = ""
    """``en`` (Sezzle's default) or ``fr-CA``."""

    def __post_init__(self) -> None:
        if not (self.sms_phone or self.email):
            raise InvalidInput("Give a phone number or an e-mail address. Nothing was sent.")
        if self.language not in ("", "en", "fr-CA"):
            raise InvalidInput("A link is sent in 'en' or 'fr-CA'. Nothing was sent.")

    def to_json(self) -> dict[str, Any]:
        """Write Sezzle's Notification object."""
        return _present(
            {
                "to_sms_phone": self.sms_phone,
                "to_email": self.email,
                "language": self.language,
            }
        )


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class SessionRequest:
    """The body of ``POST /v2/session`` for an order."""

    complete_url: str
    cancel_url: str
    intent: Intent
    reference_id: str
    description: str
    amount: Price
    items: tuple[LineItem, ...] = ()
    discounts: tuple[Discount, ...] = ()
    tax: Price | None = None
    shipping: Price | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    requires_shipping_info: bool = False
    checkout_mode: CheckoutMode | None = None
    send_to: SendTo | None = None
    locale: Locale | None = None
    financing_options: tuple[InstallmentPlan, ...] = ()
    customer: Customer | None = None

    def to_json(self) -> dict[str, Any]:
        """Write the request; members without a value are left out."""
        order = _present(
            {
                "intent": self.intent.value,
                "reference_id": self.reference_id,
                "description": self.description,
                "order_amount": self.amount.to_json(),
                "items": [item.to_json() for item in self.items],
                "discounts": [discount.to_json() for discount in self.discounts],
                "tax_amount": self.tax and self.tax.to_json(),
                "shipping_amount": self.shipping and self.shipping.to_json(),
                "metadata": dict(self.metadata),
                "requires_shipping_info": self.requires_shipping_info,
                "checkout_mode": self.checkout_mode and self.checkout_mode.value,
                "send_checkout_url": self.send_to and self.send_to.to_json(),
                "locale": self.locale and self.locale.value,
                "checkout_financing_options": [plan.value for plan in self.financing_options],
            }
        )
        return _present(
            {
                "complete_url": {"href": self.complete_url, "method": "GET"},
                "cancel_url": {"href": self.cancel_url, "method": "GET"},
                "customer": self.customer and self.customer.to_json(),
                "order": order,
            }
        )


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
