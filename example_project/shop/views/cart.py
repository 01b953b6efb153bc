"""Filling the cart."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from example_project.shop.cart import Cart
from example_project.shop.forms import QuantityForm
from example_project.shop.models import Product


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show what is in the cart."""
    return render(request, "shop/cart.html", {"cart": Cart(request)})


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a product into the cart: one piece, unless the form says how many."""
    product = get_object_or_404(Product, slug=slug)
    form = QuantityForm(request.POST)
    Cart(request).add(product, form.cleaned_data["quantity"] if form.is_valid() else 1)
    messages.success(request, _("%(product)s is in your cart.") % {"product": product.name})
    return redirect("shop:cart")


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change how many pieces of a product are in the cart."""
    product = get_object_or_404(Product, slug=slug)
    form = QuantityForm(request.POST)
    if form.is_valid():
        Cart(request).set(product.slug, form.cleaned_data["quantity"])
    else:
        messages.error(request, _("Choose a number from 0 to 9."))
    return redirect("shop:cart")
