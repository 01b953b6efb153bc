"""What every page of the shop shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from example_project.shop.cart import Cart
from example_project.shop.money import CURRENCY


def shop(request: HttpRequest) -> dict[str, Any]:
    """Give templates the number of things in the cart, the currency, and where payments go."""
    return {
        "CURRENCY": CURRENCY,
        "cart_count": len(Cart(request)),
        "uses_emulator": settings.USES_EMULATOR,
    }
