"""The pages a shopper passes: out to Sezzle, and back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_sezzle.arrival import Arrival, ArrivalState, find_payment, look
from django_sezzle.conf import get_settings
from django_sezzle.exceptions import (
    AlreadyPaid,
    GatewayError,
    GatewayRejected,
    InvalidInput,
    OperationInProgress,
    PaymentError,
    SezzleError,
)
from django_sezzle.gateway import CheckoutMode
from django_sezzle.gateway.messages.parsing import IDENTIFIER
from django_sezzle.models import SezzlePayment
from django_sezzle.services import Checkout, start_checkout
from django_sezzle.services.locking import outside_transactions

logger = logging.getLogger("django_sezzle.views")

#: What the button's script asks for, and the modes in which the shopper stays on the shop's page.
JSON = "application/json"
MODE_HEADER = "Sezzle-Checkout-Mode"
IN_PAGE = (CheckoutMode.POPUP, CheckoutMode.IFRAME)

#: The waiting page asks so often, and offers a way back after a minute.
POLL_SECONDS = 3
MOST_POLLS = 20


class SeeOther(HttpResponseRedirect):
    """A redirect that turns the POST into a GET."""

    status_code = 303


@method_decorator(never_cache, name="dispatch")
class SezzleCheckoutView(View):
    """
    Sends the shopper to Sezzle for the order that :meth:`get_checkout` describes.

    POST only: a link must not start a payment. It runs outside the request's transaction, since
    what was sent to Sezzle cannot be rolled back.

    The script of ``{% sezzle_button mode="popup" %}`` asks for JSON instead of the redirect.
    """

    http_method_names = ("post", "options")

    checkout_modes: ClassVar[Collection[CheckoutMode]] = tuple(CheckoutMode)
    """The modes that a page may ask for; the redirect always works."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Make the view, outside the request's transaction."""
        # Not on dispatch(): a mixin of the host that overrides it would take the mark away.
        return outside_transactions(super().as_view(**initkwargs))

    def get_checkout(self) -> Checkout:
        """
        Say what is to be paid, from the shop's own data; nothing the browser says counts.

        What it raises is not caught: offer the button only for orders of at least $1.00.
        """
        raise NotImplementedError("A SezzleCheckoutView defines get_checkout().")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Start the checkout and go there; an order that is paid goes to its success page."""
        checkout = self.get_checkout()
        mode = self._mode_for(checkout)
        if mode is not None or checkout.checkout_mode in IN_PAGE:
            checkout = replace(checkout, checkout_mode=mode)
        try:
            payment = start_checkout(checkout, base_url=request.build_absolute_uri("/"))
        except AlreadyPaid as error:
            return self._no_checkout(self.already_paid(error), _already_paid())
        except SezzleError as error:
            return self._no_checkout(self.failed(checkout, error), _excuse(error))
        if _wants_json(request):
            return _checkout_in_page(payment, mode or CheckoutMode.REDIRECT)
        return SeeOther(payment.checkout_url)

    def already_paid(self, error: AlreadyPaid) -> HttpResponse:
        """Answer for an order that has its payment."""
        messages.info(self.request, _already_paid(), fail_silently=True)
        return SeeOther(error.payment.success_url or "/" if error.payment else "/")

    def failed(self, checkout: Checkout, error: SezzleError) -> HttpResponse:
        """Answer when no checkout could be started; the shopper was not charged."""
        said = error if isinstance(error, GatewayError) else GatewayError("")
        # Sezzle's words may repeat what the shopper typed; its ids do not.
        logger.error(
            "shop_reference=%s checkout=failed error=%s code=%s debug_uuid=%s",
            checkout.shop_reference,
            type(error).__name__,
            said.code or "-",
            said.debug_uuid or "-",
        )
        messages.error(self.request, _excuse(error), fail_silently=True)
        return SeeOther(self._way_back(checkout))

    def _mode_for(self, checkout: Checkout) -> CheckoutMode | None:
        """
        Choose how Sezzle is shown: as the page asks, where Sezzle can do it; None: the redirect.
        """
        wished = self.request.headers.get(MODE_HEADER, "")
        allowed = [mode for mode in IN_PAGE if mode in self.checkout_modes]
        if wished not in allowed or not _wants_json(self.request):
            return None
        if checkout.tokenize or (checkout.customer is not None and checkout.customer.tokenize):
            # Sezzle's script does not ask shoppers whether they may be charged again.
            return None
        ours = urlsplit(_origin(self.request, checkout))
        if f"{ours.scheme}://{ours.netloc}".lower() != _origin_of_page(self.request):
            logger.warning(
                "shop_reference=%s checkout_mode=redirect: the page is not on BASE_URL, and Sezzle "
                "speaks to that one only",
                checkout.shop_reference,
            )
            return None
        return CheckoutMode(wished)

    def _no_checkout(self, response: HttpResponse, message: str) -> HttpResponse:
        """Answer the script as a form would be answered: with the page that comes next."""
        if not (_wants_json(self.request) and isinstance(response, HttpResponseRedirect)):
            return response
        return JsonResponse({"message": message, "next": response.url}, status=409)

    def _way_back(self, checkout: Checkout) -> str:
        try:
            checkout.check_urls(_origin(self.request, checkout))
        except InvalidInput:
            # Perhaps the reason why we are here; nobody is sent to an address like that.
            return "/"
        return checkout.urls["failure_url"] or "/"


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", JSON]) == JSON


def _checkout_in_page(payment: SezzlePayment, mode: CheckoutMode) -> HttpResponse:
    answer = {"mode": mode.value, "checkout_url": payment.checkout_url}
    for name in ("complete", "cancel"):
        answer[f"{name}_url"] = reverse(f"sezzle:{name}", args=[payment.token])
    return JsonResponse(answer)


def _already_paid() -> str:
    return _("This order has its payment. Please do not pay again.")


def _excuse(error: SezzleError) -> str:
    if isinstance(error, OperationInProgress):
        return _("Your checkout is just being prepared. Please try again in a moment.")
    if isinstance(error, (GatewayRejected, PaymentError)):
        return _("Sezzle cannot take this order. You were not charged. Please pay in another way.")
    # An earlier checkout of theirs, in another window, may be paid: this click says nothing of it.
    return _("Sezzle cannot be reached right now. This click charged nothing. Please try again.")


def _origin(request: HttpRequest, checkout: Checkout) -> str:
    return get_settings(checkout.account).base_url or request.build_absolute_uri("/")


def _origin_of_page(request: HttpRequest) -> str:
    """Name the origin of the page with the button, as the browser does in every POST."""
    named = request.headers.get("Origin") or request.build_absolute_uri("/")
    return named.rstrip("/").lower()


@login_not_required
@outside_transactions
@never_cache
@require_safe
def complete(request: HttpRequest, token: str) -> HttpResponse:
    """
    Take the shopper back from Sezzle's "complete" address.

    What the button's script adds to it proves nothing either: the order it names is compared.
    """
    arrival = look(find_payment(token))
    _compare(request.GET.get("order", ""), arrival.payment)
    return _arrive(request, arrival)


@login_not_required
@outside_transactions
@never_cache
@require_safe
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """
    Take the shopper back from Sezzle's "cancel" address.

    Nothing is ended by this: the address may be opened by a preview or the back button, and the
    shopper may have paid in another tab.
    """
    arrival = look(find_payment(token))
    if arrival.state is ArrivalState.WAITING:
        left = Arrival(arrival.payment, ArrivalState.LEFT, arrival.payment.cancel_url)
        return _arrive(request, left)
    return _arrive(request, arrival)


def _compare(order: str, payment: SezzlePayment) -> None:
    """Note that a browser named another order than this payment's, and believe the payment."""
    if order and order != payment.order_uuid:
        named = order if IDENTIFIER.fullmatch(order) else "-"
        logger.warning(
            "payment=%s order=%s named=%s: the browser came back with another order",
            payment.pk,
            payment.order_uuid or "-",
            named,
        )


def _arrive(request: HttpRequest, arrival: Arrival) -> HttpResponse:
    if not arrival.next_url:
        page = render(request, "django_sezzle/arrival.html", _context(request, arrival))
        return _private(page)
    if arrival.state is ArrivalState.DENIED:
        text = _("Sezzle did not approve this payment. Nothing was charged.")
        messages.warning(request, text, fail_silently=True)
    return _private(HttpResponseRedirect(arrival.next_url))


def _context(request: HttpRequest, arrival: Arrival) -> dict[str, Any]:
    try:
        polls = int(request.GET.get("n", "0"))
    except ValueError:
        polls = MOST_POLLS
    is_waiting = arrival.state is ArrivalState.WAITING
    payment: SezzlePayment = arrival.payment
    return {
        "payment": payment,
        "state": arrival.state.value,
        "is_waiting": is_waiting,
        "polls": max(0, polls) + 1,
        "goes_on": is_waiting and 0 <= polls < MOST_POLLS,
        "poll_seconds": POLL_SECONDS,
        "most_polls": MOST_POLLS,
        "back_url": payment.cancel_url or payment.success_url,
    }


def _private(response: HttpResponse) -> HttpResponse:
    # The address holds the payment's token: it is kept out of caches and of other sites' logs.
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response
