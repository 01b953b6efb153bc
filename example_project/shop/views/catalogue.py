"""Looking at things."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from example_project.shop.cart import MOST_PIECES
from example_project.shop.models import Product


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """Show everything there is."""
    return render(request, "shop/products.html", {"products": Product.objects.all()})


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one product."""
    found = get_object_or_404(Product, slug=slug)
    others = Product.objects.exclude(pk=found.pk)[:4]
    choices = [(pieces, pieces * found.price_in_cents) for pieces in range(1, MOST_PIECES + 1)]
    return render(
        request, "shop/product.html", {"product": found, "others": others, "choices": choices}
    )
