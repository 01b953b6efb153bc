"""Orders and how their payment goes."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from django_sezzle import services
from django_sezzle.exceptions import GatewayError
from example_project.shop import shipments
from example_project.shop.cart import ORDERS
from example_project.shop.models import Order


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """List the orders that were made in this browser."""
    keys = request.session.get(ORDERS, [])
    return render(request, "shop/orders.html", {"orders": Order.objects.filter(key__in=keys)})


@never_cache
@require_safe
def show(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show an order, how it stands, and what the shopper can do next."""
    order = get_object_or_404(Order, key=key)
    shipped = shipments.of_order(order)
    shown = {"order": order, "shipments": shipped, "version": shipments.version(order, shipped)}
    return render(request, "shop/order.html", shown)


@never_cache
@require_safe
def state(request: HttpRequest, key: uuid.UUID) -> JsonResponse:
    """Tell the order's page whether anything has changed since it was shown."""
    order = get_object_or_404(Order, key=key)
    version = shipments.version(order, shipments.of_order(order))
    return JsonResponse({"state": order.state, "events": version})


@transaction.non_atomic_requests
@require_POST
def check(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Ask Sezzle how the payment stands, for shoppers who closed the window too early."""
    order = get_object_or_404(Order, key=key)
    payment = order.payment()
    if payment is not None:
        try:
            services.refresh(payment)
        except GatewayError:
            messages.warning(request, _("Sezzle cannot be reached just now. Please try again."))
            return redirect(order)
    order.refresh_from_db()
    if order.is_payable:
        messages.info(request, _("Sezzle has no payment for this order yet."))
    return redirect(order)
