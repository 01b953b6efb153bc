"""A shop with one button, and the package under a prefix and under a language."""

from __future__ import annotations

from typing import Any

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import include, path
from django.utils.decorators import method_decorator

from django_sezzle.gateway import Intent, Price
from django_sezzle.services import Checkout
from django_sezzle.views import SezzleCheckoutView


@method_decorator(login_not_required, name="dispatch")
class Pay(SezzleCheckoutView):
    """Pays an order of $25.00."""

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        number = self.kwargs["number"]
        return Checkout(
            shop_reference=f"order-{number}",
            amount=Price(2_500, "USD"),
            intent=Intent.AUTH,
            success_url=f"/orders/{number}/",
            cancel_url="/cart/",
            failure_url="/checkout/",
        )


class PayLoggedIn(LoginRequiredMixin, Pay):
    """The same for shoppers with an account, as most shops write it."""


class PayCareless(Pay):
    """Believes what the browser says about where to go next."""

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        url: Any = self.request.POST["next"]
        return Checkout(shop_reference="1", amount=Price(2_500, "USD"), success_url=url)


urlpatterns = [
    path("pay/<int:number>/", Pay.as_view()),
    path("members/pay/<int:number>/", PayLoggedIn.as_view()),
    path("careless/", PayCareless.as_view()),
    *i18n_patterns(path("shop/sezzle/", include("django_sezzle.urls"))),
]
