"""What a shop's pages say about Sezzle: ``{% load sezzle %}``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from django_sezzle.conf import DEFAULT_ACCOUNT, PRODUCTION, get_settings
from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway import CheckoutMode, Price
from django_sezzle.gateway.messages.money import CURRENCIES
from django_sezzle.installments import COUNT, Kind, divide, kind_of, schedule

logger = logging.getLogger("django_sezzle.messaging")

#: https://docs.sezzle.com: the script that writes prices into pages that Sezzle's staff set up.
WIDGET_URL = "https://widget.sezzle.com/v1/javascript/price-widget"

#: What there is a sentence for.
SENTENCES = (Kind.EVEN, Kind.UNEVEN, Kind.BELOW)

register = template.Library()


@register.inclusion_tag("django_sezzle/installments.html", name="sezzle_installments")
def installments(
    amount: Price | Decimal | int | None,
    currency: str = "",
    *,
    dates: bool = True,
    follow: str = "",
    account: str = DEFAULT_ACCOUNT,
) -> dict[str, Any]:
    """
    Show what the four payments of an amount are, and when they are due if it is ordered today.

    Says nothing about a currency or an amount that Sezzle does not take. An amount that cannot be
    shown exactly is logged: a product's page is not worth losing for it.

    :param amount: a ``Price``; or with the currency: an int of cents, or a Decimal of dollars.
        None where nothing is chosen yet.
    :param dates: False shows the sentence alone, as in a list of products.
    :param follow: the name or id of the fields whose ``data-sezzle-cents`` are another amount.
    :raises ConfigurationError: there is no such account.
    """
    settings = get_settings(account)
    try:
        cents, currency = _amount_of(amount, currency)
    except InvalidInput as error:
        logger.warning("installments=hidden reason=%s", error)
        return {}
    if currency not in CURRENCIES:
        return {}
    kind = kind_of(
        cents,
        from_cents=settings.installments_from_cents,
        up_to_cents=settings.installments_up_to_cents,
    )
    shown = cents if kind.is_within else None
    limit, money = settings.installments_from_cents, Money.of_language()
    return {
        "cents": "0" if kind is Kind.NOTHING else str(cents),
        "from_cents": str(limit),
        "up_to_cents": str(settings.installments_up_to_cents),
        "count": str(COUNT),
        "money": money,
        "follow": follow,
        "line": _line(kind, shown, limit, money) if kind in SENTENCES else "",
        "blanks": {str(each): _line(each, None, limit, money) for each in SENTENCES},
        "schedule": _rows(shown, money) if dates else (),
        "is_within": kind.is_within,
        "total": _total(shown, currency, money) if dates else "",
    }


@register.inclusion_tag("django_sezzle/button.html", name="sezzle_button")
def button(
    url: str | None = None,
    *,
    label: str = "",
    mode: str = CheckoutMode.REDIRECT,
    account: str = DEFAULT_ACCOUNT,
) -> dict[str, Any]:
    """
    Show the button that goes to Sezzle, in a form of its own or in the one around it.

    :param url: the path of the shop's ``SezzleCheckoutView``; left out inside a form.
    :param label: other words than "Pay with Sezzle".
    :param mode: "popup" or "iframe", where the browser can; ``{% sezzle_assets %}`` needs it too.
    :param account: whose public key Sezzle's script is given.
    :raises InvalidInput: the address is empty, or leads to another site; or no such mode.
    """
    if url is not None and not url_has_allowed_host_and_scheme(str(url), allowed_hosts=None):
        raise InvalidInput("sezzle_button needs the path of a view of the shop. Nothing was sent.")
    shown = {"url": url, "label": label or _("Pay with Sezzle")}
    if not _is_in_page(mode):
        return shown
    settings = get_settings(account)
    return shown | {
        "mode": mode,
        "public_key": settings.public_key,
        # What Sezzle's script calls the two environments.
        "api_mode": "live" if settings.environment == PRODUCTION else "sandbox",
    }


@register.inclusion_tag("django_sezzle/assets.html", takes_context=True, name="sezzle_assets")
def assets(
    context: Context, *, mode: str = CheckoutMode.REDIRECT, account: str = DEFAULT_ACCOUNT
) -> dict[str, Any]:
    """
    Load the styles and scripts of the two tags above; once, in the page's head.

    :param mode: "popup" or "iframe" loads Sezzle's checkout script as well, from Sezzle.
    :param account: whose gateway the page pays through.
    :raises InvalidInput: no such mode.
    """
    script = get_settings(account).checkout_script_url if _is_in_page(mode) else ""
    return {"nonce": _nonce(context), "checkout_script": script}


@register.inclusion_tag("django_sezzle/widget.html", takes_context=True, name="sezzle_widget")
def widget(context: Context, merchant_uuid: str) -> dict[str, Any]:
    """
    Load Sezzle's own price widget, from Sezzle.

    :param merchant_uuid: from Sezzle's merchant dashboard.

    Sezzle: https://docs.sezzle.com
    """
    src = f"{WIDGET_URL}?{urlencode({'uuid': merchant_uuid})}"
    return {"src": src if merchant_uuid else "", "nonce": _nonce(context)}


@dataclass(frozen=True, slots=True)
class Money:
    """How the active language writes dollars; the script is told, and writes them the same way."""

    pattern: str
    group: str
    decimal: str

    @classmethod
    def of_language(cls) -> Money:
        """Ask Django and our translations."""
        return cls(
            # Translators: money without its currency, beside a price of the shop.
            pattern=pgettext("money", "$%(amount)s") % {"amount": "{}"},
            group=get_format("THOUSAND_SEPARATOR"),
            decimal=get_format("DECIMAL_SEPARATOR"),
        )

    def write(self, cents: int) -> str:
        """Write cents as dollars: ``$1,234.50``, or ``1 234,50 $``."""
        dollars, rest = divmod(cents, 100)
        grouped = f"{dollars:,}".replace(",", self.group)
        # An amount is never broken into two lines.
        return self.pattern.replace("{}", f"{grouped}{self.decimal}{rest:02d}").replace(" ", "\xa0")


def _amount_of(amount: object, currency: str) -> tuple[int, str]:
    """Give cents and currency; no cents for what is not there, as an unknown variable is not."""
    if isinstance(amount, Price):
        return amount.amount_in_cents, amount.currency
    if amount is None or amount == "" or currency not in CURRENCIES:
        return 0, currency
    if isinstance(amount, int) and not isinstance(amount, bool):
        return amount, currency
    if isinstance(amount, Decimal):
        # A price that a discount has eaten up is no mistake, and there is nothing to show.
        is_amount = amount.is_nan() or amount > 0
        return (Price.of(amount, currency).amount_in_cents if is_amount else 0), currency
    raise InvalidInput(
        f"sezzle_installments takes a Price, cents (int) or dollars (Decimal), not "
        f"{type(amount).__name__}."
    )


def _line(kind: Kind, cents: int | None, limit: int, money: Money) -> SafeString:
    """Write the sentence; without cents it has the places that the script fills."""
    if kind is Kind.BELOW:
        text = _("Pay in {count} with Sezzle on orders from {limit}")
        return format_html(text, count=COUNT, limit=money.write(limit))
    text = (
        _("or {count} payments of {each} with Sezzle")
        if kind is Kind.EVEN
        else _("or {count} payments of {each} with Sezzle (the last one {last})")
    )
    parts = [None] * COUNT if cents is None else divide(cents)
    each, last = _place("each", parts[0], money, "strong"), _place("last", parts[-1], money)
    return format_html(text, count=COUNT, each=each, last=last)


def _rows(cents: int | None, money: Money) -> list[dict[str, Any]]:
    rows = schedule(cents or 0, _today())
    return [
        {
            "due": row.due,
            "is_first": number == 0,
            "amount": _place(
                "last" if number == COUNT - 1 else "each",
                None if cents is None else row.amount_in_cents,
                money,
                "strong",
            ),
        }
        for number, row in enumerate(rows)
    ]


def _total(cents: int | None, currency: str, money: Money) -> SafeString:
    total = format_html("{}\N{NO-BREAK SPACE}{}", _place("total", cents, money), currency)
    return format_html(_("For an order placed today, {total} in all:"), total=total)


def _place(name: str, cents: int | None, money: Money, element: str = "span") -> SafeString:
    """Make the element that an amount stands in, or will."""
    text = "" if cents is None else money.write(cents)
    return format_html('<{0} data-sezzle-amount="{1}">{2}</{0}>', element, name, text)


def _today() -> date:
    now = timezone.now()
    return (timezone.localtime(now) if timezone.is_aware(now) else now).date()


def _is_in_page(mode: str) -> bool:
    """
    Tell whether the shopper stays on the shop's page.

    :raises InvalidInput: Sezzle has no such mode.
    """
    # A variable that the template does not have is empty.
    if mode and mode not in set(CheckoutMode):
        raise InvalidInput(f"Sezzle's checkout has the modes {', '.join(CheckoutMode)}.")
    return bool(mode) and mode != CheckoutMode.REDIRECT


def _nonce(context: Context) -> object:
    """Find the page's nonce: Django's or django-csp's. It is made when it is written."""
    found = context.get("csp_nonce")
    return getattr(context.get("request"), "csp_nonce", None) if found is None else found
