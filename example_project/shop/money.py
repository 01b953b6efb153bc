"""Money as the shop shows it. Every amount is a whole number of US cents."""

from __future__ import annotations

from django.utils.formats import get_format
from django.utils.translation import pgettext

CURRENCY = "USD"


def dollars(amount_in_cents: int) -> str:
    """Write cents as dollars, as the active language does: ``$1,234.50``, or ``1 234,50 $``."""
    sign = "-" if amount_in_cents < 0 else ""
    whole, rest = divmod(abs(amount_in_cents), 100)
    grouped = f"{whole:,}".replace(",", get_format("THOUSAND_SEPARATOR"))
    amount = f"{grouped}{get_format('DECIMAL_SEPARATOR')}{rest:02d}"
    # An amount is never broken into two lines.
    return sign + (pgettext("money", "$%(amount)s") % {"amount": amount}).replace(" ", "\xa0")
