"""From the cart to Sezzle."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from django_sezzle.gateway import Address, CheckoutMode, Customer, LineItem, Price
from django_sezzle.services import Checkout
from django_sezzle.views import SezzleCheckoutView
from example_project.shop.cart import Cart
from example_project.shop.context import CHECKOUT_MODE
from example_project.shop.forms import AddressForm
from example_project.shop.models import Order
from example_project.shop.models.order import PAYABLE, State
from example_project.shop.money import CURRENCY

COUNTRY = "US"

#: The demonstration shows all three; a shop chooses one.
MODES = (
    (CheckoutMode.REDIRECT.value, gettext_lazy("In this tab")),
    (CheckoutMode.POPUP.value, gettext_lazy("In a window")),
    (CheckoutMode.IFRAME.value, gettext_lazy("In this page")),
)


@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponseBase:
    """Ask for the address; once it is complete, order and go on to Sezzle."""
    cart = Cart(request)
    if not cart:
        return redirect("shop:cart")
    if request.GET.get("mode") in set(CheckoutMode):
        request.session[CHECKOUT_MODE] = request.GET["mode"]
    existing = Order.objects.filter(key=cart.key).first()
    form = AddressForm(request.POST or None, instance=existing)
    if request.method == "POST" and form.is_valid():
        order = place_order(cart, form)
        cart.remember(order)
        return PayWithSezzle.as_view()(request, key=order.key)
    return render(request, "shop/checkout.html", {"cart": cart, "form": form, "modes": MODES})


def place_order(cart: Cart, form: AddressForm) -> Order:
    """
    Make the order of this cart, or take up the one that was made before.

    Two presses of the button carry the same key; the database lets one of them insert.
    """
    try:
        with transaction.atomic():
            order: Order = form.save(commit=False)
            if order.pk is None:
                order.key = cart.key
                order.save_new((line.product, line.quantity) for line in cart)
            else:
                order.save(update_fields=AddressForm.Meta.fields)
    except IntegrityError:
        return Order.objects.get(key=cart.key)
    return order


class PayWithSezzle(SezzleCheckoutView):
    """Start or take up the order's checkout and send the browser to Sezzle."""

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        order = get_object_or_404(Order, key=self.kwargs["key"])
        Order.objects.filter(pk=order.pk, state__in=PAYABLE).update(state=State.UNPAID)
        return checkout_of(order)


def checkout_of(order: Order) -> Checkout:
    """Put an order into Sezzle's terms."""
    name = f"{order.first_name} {order.last_name}"
    address = Address(
        name=name,
        street=order.street,
        street2=order.street2,
        city=order.city,
        state=order.region,
        postal_code=order.postal_code,
        country_code=COUNTRY,
    )
    shipping: dict[str, Any] = {}
    if order.shipping_in_cents:
        shipping["shipping"] = Price(order.shipping_in_cents, CURRENCY)
    return Checkout(
        shop_reference=str(order.number),
        amount=Price(order.total_in_cents, CURRENCY),
        intent=order.intent,
        success_url=order.get_absolute_url(),
        description=_("Lantern & Loom order %(number)s") % {"number": order.number},
        items=tuple(
            LineItem(
                name=line.name,
                sku=line.sku,
                quantity=line.quantity,
                price=Price(line.price_in_cents, CURRENCY),
            )
            for line in order.lines.all()
        ),
        customer=Customer(
            first_name=order.first_name,
            last_name=order.last_name,
            email=order.email,
            billing_address=address,
            shipping_address=address,
        ),
        **shipping,
    )
