"""What the shop wants to be paid, checked before anything is sent or written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext, override

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway import (
    CheckoutMode,
    Customer,
    Discount,
    InstallmentPlan,
    Intent,
    LineItem,
    Locale,
    Price,
    SendTo,
)
from django_sezzle.gateway.messages import SessionRequest
from django_sezzle.gateway.messages.checkout import REFERENCE
from django_sezzle.gateway.messages.money import check_cents
from django_sezzle.models import BeforeExpiry
from django_sezzle.models.fields import REFERENCE_LENGTH

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

LONGEST_URL = 500
MINIMUM_IN_CENTS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """
    What the shop wants to be paid for one of its orders.

    ``shop_reference`` is the shop's own order number: letters, digits, ``-`` and ``_``. The URLs
    are the shop's own pages, as paths or on one of its hosts. Everything from ``items`` on is
    optional and makes the shopper's checkout shorter.

    :raises InvalidInput: something in it cannot be sent; nothing was sent or written.
    """

    shop_reference: str
    amount: Price
    success_url: str = ""
    intent: Intent = Intent.CAPTURE
    failure_url: str = ""
    """Where a denied shopper goes; ``cancel_url`` when left out."""
    cancel_url: str = ""
    """Where a shopper goes who gave up; ``success_url`` when left out."""
    description: str = field(default="", repr=False)
    """Shown to the shopper; "Order <reference>", in the checkout's language, when left out."""
    items: tuple[LineItem, ...] = field(default=(), repr=False)
    discounts: tuple[Discount, ...] = field(default=(), repr=False)
    tax: Price | None = None
    shipping: Price | None = None
    customer: Customer | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    locale: Locale | None = None
    """The active language's when left out: French, English of Canada, or of the United States."""
    requires_shipping_info: bool = False
    checkout_mode: CheckoutMode | None = None
    send_to: SendTo | None = field(default=None, repr=False)
    """Have Sezzle send the link by SMS or e-mail (in store)."""
    tokenize: bool = False
    """Ask the shopper to let the shop charge later orders."""
    recurring: bool | None = None
    """With ``tokenize``: True for a subscription, False for one later charge."""
    recurring_name: str = field(default="", repr=False)
    """The subscription's name, shown to the shopper."""
    financing_options: tuple[InstallmentPlan, ...] = ()
    before_expiry: BeforeExpiry | None = None
    """What becomes of held money shortly before its authorization ends; as the account says."""
    user: AbstractBaseUser | None = None
    account: str = "default"

    def __post_init__(self) -> None:
        _check_reference(self.shop_reference)
        for name in ("success_url", "failure_url", "cancel_url"):
            object.__setattr__(self, name, _text(name, getattr(self, name)))
        # Generators and lists are taken too, and kept as they are at this moment.
        for name, kind in _PARTS.items():
            parts = tuple(getattr(self, name))
            object.__setattr__(self, name, parts)
            for part in parts:
                _check_member(f"each of {name}", part, kind)
        _check_member("amount", self.amount, Price)
        _check_member("intent", self.intent, Intent)
        for name, kind in _OPTIONAL.items():
            if getattr(self, name) is not None:
                _check_member(name, getattr(self, name), kind)
        if check_cents(self.amount.amount_in_cents) < MINIMUM_IN_CENTS:
            raise InvalidInput("Sezzle takes no order below $1.00. Nothing was sent.")
        _check_member("metadata", self.metadata, Mapping)
        for pair in self.metadata.items():
            if not all(isinstance(text, str) for text in pair):
                raise InvalidInput("Metadata has text keys and text values. Nothing was sent.")
        for price in (*self._parts(), *(discount.amount for discount in self.discounts)):
            if price.currency != self.amount.currency:
                raise InvalidInput(
                    f"The checkout is in {self.amount.currency}; a part of it is in "
                    f"{price.currency}. Nothing was sent."
                )

    @property
    def urls(self) -> dict[str, str]:
        """The shop's pages, with the defaults filled in."""
        cancel = self.cancel_url or self.success_url
        return {
            "success_url": self.success_url,
            "failure_url": self.failure_url or cancel,
            "cancel_url": cancel,
        }

    def check_urls(self, base_url: str) -> None:
        """
        Make sure that shoppers are only ever sent to the shop's own pages.

        :param base_url: the shop's public origin.
        :raises InvalidInput: another scheme or host, or too long.
        """
        origin = urlsplit(base_url)
        hosts = {origin.netloc, *(h for h in django_settings.ALLOWED_HOSTS if "*" not in h)}
        for name, url in self.urls.items():
            if not url.isprintable():
                raise InvalidInput(f"{name} holds unprintable characters. Nothing was sent.")
            is_path = url.startswith("/") and not url.startswith("//")
            is_ours = url_has_allowed_host_and_scheme(
                url, hosts, require_https=origin.scheme == "https"
            )
            if url and not ((is_path or urlsplit(url).scheme) and is_ours):
                raise InvalidInput(
                    f"{name} must be a path or an address on the shop's own host. Nothing was sent."
                )
            if len(url) > LONGEST_URL:
                raise InvalidInput(f"{name} is over {LONGEST_URL} characters. Nothing was sent.")

    def fingerprint(self, base_url: str) -> str:
        """Tell one content from another without keeping any of it."""
        content = [base_url, self.urls, self.session_request("-", "-", "-").to_json()]
        content += [self.before_expiry.value] if self.before_expiry else []
        text = json.dumps(content, sort_keys=True)
        return salted_hmac("django_sezzle.checkout", text, algorithm="sha256").hexdigest()

    def session_request(
        self,
        reference_id: str,
        complete_url: str,
        cancel_url: str,
        *,
        mark: Mapping[str, str] | None = None,
    ) -> SessionRequest:
        """
        Make the message to Sezzle; items that do not add up to the amount are left out.

        :param mark: goes with the shop's metadata.
        """
        adds_up = self.adds_up()
        locale = self.locale or _locale_for(self.amount.currency)
        return SessionRequest(
            complete_url=complete_url,
            cancel_url=cancel_url,
            intent=self.intent,
            reference_id=reference_id,
            description=self.description or self._described(locale),
            amount=self.amount,
            items=self.items if adds_up else (),
            discounts=self.discounts if adds_up else (),
            tax=self.tax if adds_up else None,
            shipping=self.shipping if adds_up else None,
            metadata={**self.metadata, **(mark or {})},
            requires_shipping_info=self.requires_shipping_info,
            checkout_mode=self.checkout_mode,
            send_to=self.send_to,
            locale=locale,
            financing_options=self.financing_options,
            customer=self._customer(),
        )

    def _described(self, locale: Locale) -> str:
        # In no other language than the checkout: the same checkout again is the same message.
        with override(locale.lower()):
            return gettext("Order %(reference)s") % {"reference": self.shop_reference}

    def _customer(self) -> Customer | None:
        if not self.tokenize:
            return self.customer
        return replace(
            self.customer or Customer(),
            tokenize=True,
            recurring=self.recurring,
            recurring_name=self.recurring_name,
        )

    def _parts(self) -> list[Price]:
        parts = [item.price for item in self.items]
        return parts + [part for part in (self.tax, self.shipping) if part is not None]

    def adds_up(self) -> bool:
        """Tell whether items, tax, shipping and discounts make up the amount."""
        if not self.items:
            # Tax and shipping alone are parts of the total, not all of it.
            return True
        total = sum(item.price.amount_in_cents * item.quantity for item in self.items)
        total += sum(p.amount_in_cents for p in (self.tax, self.shipping) if p is not None)
        total -= sum(discount.amount.amount_in_cents for discount in self.discounts)
        return total == self.amount.amount_in_cents


#: What tuples hold, and what may be left out.
_PARTS: dict[str, type] = {
    "items": LineItem,
    "discounts": Discount,
    "financing_options": InstallmentPlan,
}
_OPTIONAL: dict[str, type] = {
    "tax": Price,
    "shipping": Price,
    "customer": Customer,
    "send_to": SendTo,
    "locale": Locale,
    "checkout_mode": CheckoutMode,
    "before_expiry": BeforeExpiry,
}


def _check_reference(value: Any) -> None:
    fits = isinstance(value, str) and len(value) <= REFERENCE_LENGTH and REFERENCE.fullmatch(value)
    if not fits:
        raise InvalidInput(
            f"A shop reference has 1 to {REFERENCE_LENGTH} letters, digits, '-' and '_' "
            "(give a str). Nothing was sent."
        )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, (str, Promise)):
        raise InvalidInput(f"{name} must be text. Nothing was sent.")
    return str(value)


def _check_member(name: str, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        raise InvalidInput(f"{name} must be a {kind.__name__}. Nothing was sent.")


def _locale_for(currency: str) -> Locale:
    """
    Choose Sezzle's nearest language; where the active one names no country, the currency does.

    Sezzle has no others, and shows English to whoever reads another language.
    """
    language, _, country = (get_language() or "").lower().partition("-")
    if language == "fr":
        return Locale.FR_CA
    if language == "en" and country in {"ca", "us"}:
        return Locale.EN_CA if country == "ca" else Locale.EN_US
    return Locale.EN_CA if currency == "CAD" else Locale.EN_US
