"""What every page of the shop shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from django_sezzle.gateway import CheckoutMode
from example_project.shop.cart import Cart
from example_project.shop.money import CURRENCY

#: Where the session keeps how this visitor of the demonstration wants to see Sezzle.
CHECKOUT_MODE = "checkout_mode"


def shop(request: HttpRequest) -> dict[str, Any]:
    """Give templates what is in the cart, the currency, and how payments go and are shown."""
    return {
        "CURRENCY": CURRENCY,
        "cart_count": len(Cart(request)),
        "checkout_mode": request.session.get(CHECKOUT_MODE, CheckoutMode.REDIRECT.value),
        "uses_emulator": settings.USES_EMULATOR,
        "widget_merchant_uuid": settings.WIDGET_MERCHANT_UUID,
    }
