"""A shopper's account and subscription."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from django_sezzle.exceptions import SezzleError
from django_sezzle.services import Checkout
from django_sezzle.views import SezzleCheckoutView
from example_project.shop.forms import LoginForm, NewAccountForm
from example_project.shop.models import Subscription
from example_project.shop.models.subscription import EVERY, NAME, PRICE_IN_CENTS
from example_project.shop.money import dollars
from example_project.shop.renewals import CONSENT_ENDED, says_consent_ended, take_up

LOGIN = reverse_lazy("shop:login")
HOME = reverse_lazy("shop:subscription")


class LogIn(LoginView):
    """Ask who it is."""

    authentication_form = LoginForm
    template_name = "shop/login.html"

    def get_default_redirect_url(self) -> str:
        """Go to the subscription, unless the address names a page."""
        return str(HOME)


class LogOut(LogoutView):
    """Forget who it was."""

    next_page = "shop:products"


@require_http_methods(["GET", "HEAD", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Make an account of a name and a password, and log in."""
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.save())
        return redirect(HOME)
    return render(request, "shop/new_account.html", {"form": form})


@never_cache
@require_safe
@login_required(login_url=LOGIN)
def subscription(request: HttpRequest) -> HttpResponse:
    """Show the subscription: what comes next, what was charged, and how to end it."""
    found = Subscription.objects.select_related("customer").filter(user=request.user.pk).first()
    context = {
        "subscription": found,
        "payments": found.payments() if found else [],
        "name": _(NAME),
        "price_in_cents": PRICE_IN_CENTS,
        "days": EVERY.days,
    }
    return render(request, "shop/subscription.html", context)


class Subscribe(LoginRequiredMixin, SezzleCheckoutView):
    """Pay the first delivery, or the next one of a subscription that ended, at Sezzle."""

    login_url = LOGIN

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Pay for nothing that is renewed by itself."""
        user = request.user
        active = Subscription.objects.filter(user=user.pk, state=Subscription.State.ACTIVE)
        if active.exists():
            return redirect(HOME)
        return super().dispatch(request, *args, **kwargs)

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        user: Any = self.request.user
        found, _ = Subscription.objects.get_or_create(user=user)
        return found.checkout()


@transaction.non_atomic_requests
@require_POST
@login_required(login_url=LOGIN)
def resume(request: HttpRequest) -> HttpResponse:
    """Go on with a subscription that ended, charged to the account that is still saved."""
    found = get_object_or_404(Subscription.objects.select_related("customer"), user=request.user.pk)
    if not found.is_resumable:
        return redirect(HOME)
    try:
        is_taken_up = take_up(found, timezone.localdate())
    except SezzleError as error:
        if says_consent_ended(error):
            messages.warning(request, _(CONSENT_ENDED))
        else:
            messages.warning(request, _("Sezzle cannot be reached just now. Please try again."))
        return redirect(HOME)
    if is_taken_up:
        messages.success(request, _("Welcome back! Your deliveries go on."))
    else:
        said = _(
            "Sezzle would not approve %(price)s just now, so your subscription stays as it is. "
            "Nothing was charged. You can try again later, or pay the next delivery at Sezzle."
        )
        messages.warning(request, said % {"price": dollars(found.price_in_cents)})
    return redirect(HOME)
