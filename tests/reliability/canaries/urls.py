"""A shop that knows its shoppers, and a view of its own that lets every error through."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_sezzle.gateway import Intent, Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import Checkout, read_order, refresh, start_checkout
from django_sezzle.views import SezzleCheckoutView
from tests.reliability.canaries.plants import wishes


class Pay(SezzleCheckoutView):
    """Pays an order of $100.00."""

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        return checkout(self.kwargs["number"])


def checkout(number: str, **members: Any) -> Checkout:
    """Describe a checkout with all that can be told about a shopper."""
    return Checkout(
        **wishes(
            shop_reference=number,
            amount=Price(10_000, "USD"),
            intent=Intent.AUTH,
            success_url=f"/orders/{number}/",
            failure_url="/no/",
            cancel_url="/cart/",
            **members,
        )
    )


def careless(request: HttpRequest, number: str) -> HttpResponse:
    """Start, refresh and read without a thought of what may go wrong."""
    payment = SezzlePayment.objects.current_for(number)
    if payment is None:
        start_checkout(checkout(number))
    else:
        refresh(payment)
        read_order(payment)
    return HttpResponse("fine")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("pay/<str:number>/", Pay.as_view()),
    path("careless/<str:number>/", careless),
    path("sezzle/", include("django_sezzle.urls")),
]
