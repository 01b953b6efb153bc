"""The pages of a till: ask a shopper in the store for a payment, and follow it to the end."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from django_sezzle.admin import asking
from django_sezzle.admin.accounts import accounts_of
from django_sezzle.admin.actions import MONEY_ACTIONS
from django_sezzle.admin.in_store_form import InStoreForm, ReceiptForm, language_of_page
from django_sezzle.admin.money import SeeOther
from django_sezzle.admin.remedies import Outcome
from django_sezzle.admin.resolve import ResolvePagesMixin
from django_sezzle.admin.results import Kind
from django_sezzle.admin.till import (
    CANCEL,
    MOST_POLLS,
    POLL_SECONDS,
    Till,
    code_of,
    give_up,
    has_till,
    is_at_till,
    may_give_up,
    what_cancel_does,
)
from django_sezzle.admin.waiting import open_operation_of
from django_sezzle.conf import account_names
from django_sezzle.models import SezzlePayment

if TYPE_CHECKING:
    from django.urls import URLPattern

#: What a link to the form may fill in: of the sale, and nothing of the shopper.
FROM_LINK = ("account", "shop_reference", "amount", "currency")


class InStorePagesMixin(ResolvePagesMixin):
    """Adds the form by which staff ask for a payment, and the page of the till."""

    in_store_template = "admin/django_sezzle/sezzlepayment/in_store.html"
    till_template = "admin/django_sezzle/sezzlepayment/till.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the pages before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("in-store/", self._own(self.in_store_view), name=f"{name}_in_store"),
            path("in-store/<int:pk>/", self._own(self.till_view), name=f"{name}_till"),
            path(
                "in-store/<int:pk>/state/",
                self._own(self.till_state_view),
                name=f"{name}_till_state",
            ),
            path(
                "in-store/<int:pk>/cancel/",
                self._own(self.till_cancel_view),
                name=f"{name}_till_cancel",
            ),
            path(
                "in-store/<int:pk>/receipt/",
                self._own(self.till_receipt_view),
                name=f"{name}_till_receipt",
            ),
        ]
        return [*own, *super().get_urls()]

    def may_sell(self, request: HttpRequest) -> bool:
        """Tell whether the user may ask for payments in store."""
        return self.has_view_permission(request) and self.may_resolve(request, CANCEL)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Lead from a payment that a till is busy with to the till's page."""
        payment: SezzlePayment | None = kwargs.get("obj") or context.get("original")
        if payment is not None and is_at_till(payment) and self.may_sell(request):
            context["till_url"] = self._url("till", payment.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    # Ask

    @method_decorator(sensitive_post_parameters("phone", "email", "description"))
    def in_store_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form (GET), or ask the shopper (POST)."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._in_store)(request)

    def _in_store(self, request: HttpRequest) -> HttpResponse:
        accounts = self._accounts_to_sell_for(request)
        if not (accounts and self.may_sell(request)):
            raise PermissionDenied
        if request.method != "POST":
            return self._show_in_store(request, _empty_form(request, accounts))
        form = InStoreForm(request.POST, accounts=accounts)
        if not form.is_valid():
            # Without its id a form cannot be told from another one.
            shown = _empty_form(request, accounts) if "form_id" in form.errors else form
            return self._show_in_store(request, shown, is_refused=True)
        if (pk := asking.sent_before(request, form)) is not None:
            messages.info(request, _("This form was sent before. Nothing was sent a second time."))
            return SeeOther(self._url("till", pk))
        asked = asking.ask(request, form, change_url=lambda pk: self._url("change", pk))
        if asked is None:
            return self._show_in_store(request, form, is_refused=True)
        if asked.is_new:
            self.log_addition(request, asked.payment, asked.for_log)
        if asked.text:
            messages.info(request, asked.text)
        return SeeOther(self._url("till", asked.payment.pk))

    def _accounts_to_sell_for(self, request: HttpRequest) -> list[str]:
        visible = accounts_of(request, self)
        return [name for name in account_names() if visible is None or name in visible]

    def _show_in_store(
        self, request: HttpRequest, form: InStoreForm, *, is_refused: bool = False
    ) -> HttpResponse:
        return self._page(
            request,
            self.in_store_template,
            title=_("Ask for payment in store"),
            form=form,
            is_refused=is_refused,
        )

    # Follow

    def till_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show where a payment stands, its code while it waits, and what can be done."""
        return require_safe(self._till)(request, pk)

    def _till(self, request: HttpRequest, pk: int) -> HttpResponse:
        payment = self._payment_at_till(request, pk)
        if not has_till(payment):
            return SeeOther(self._url("change", payment.pk))
        return self._show_till(request, Till.of(payment))

    def till_state_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell the page's script where a payment stands."""
        return require_safe(self._till_state)(request, pk)

    def _till_state(self, request: HttpRequest, pk: int) -> HttpResponse:
        return JsonResponse(Till.of(self._payment_at_till(request, pk)).as_json())

    def _payment_at_till(self, request: HttpRequest, pk: int) -> SezzlePayment:
        if not self.may_sell(request):
            raise PermissionDenied
        found = self._payments(request, [pk])
        if not found:
            raise Http404
        return found[0]

    def _show_till(
        self, request: HttpRequest, till: Till, receipt: ReceiptForm | None = None
    ) -> HttpResponse:
        payment = till.payment
        polls = _number(request.GET.get("n", ""))
        return self._page(
            request,
            self.till_template,
            title=_("Till: %(reference)s") % {"reference": payment.shop_reference},
            payment=payment,
            till=till,
            code=code_of(payment.checkout_url) if till.is_waiting else None,
            poll_seconds=POLL_SECONDS,
            most_polls=MOST_POLLS,
            next_poll=polls + 1,
            reloads_itself=till.goes_on and polls < MOST_POLLS,
            cancel=CANCEL if may_give_up(payment, request.user) else None,
            cancel_note=what_cancel_does(payment, request.user),
            receipt=receipt or ReceiptForm(initial={"receipt": till.receipt}),
            actions=self._actions_at_till(request, payment) if till.is_of_store else {},
        )

    def _actions_at_till(
        self, request: HttpRequest, payment: SezzlePayment
    ) -> dict[str, dict[str, Any]]:
        """Name the ways to move the money that the user may go, by the action's word."""
        return {
            name: {"title": MONEY_ACTIONS[name].title, "url": self.money_url(action, [payment.pk])}
            for name in ("capture", "release", "refund")
            if self.may_move(request, action := MONEY_ACTIONS[name])
        }

    # Give up, and name the receipt

    def till_cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give up while the shopper has not paid (POST); otherwise back to the till."""
        payment = self._payment_at_till(request, pk)
        back = SeeOther(self._url("till", payment.pk))
        if request.method != "POST":
            return back
        if not may_give_up(payment, request.user):
            raise PermissionDenied
        operation = open_operation_of(payment)
        if obstacle := CANCEL.obstacle(payment, operation):
            self._tell(request, payment, Outcome(Kind.UNSENT, obstacle))
            return back
        outcome = give_up(payment, operation, request.user)
        self._log_remedy(request, CANCEL, payment, operation, outcome, "")
        self._tell(request, payment, outcome)
        return back

    def till_receipt_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give an approved payment the receipt's number (POST); otherwise back to the till."""
        payment = self._payment_at_till(request, pk)
        back = SeeOther(self._url("till", payment.pk))
        if request.method != "POST":
            return back
        form = ReceiptForm(request.POST)
        if form.is_valid() and asking.name_receipt(payment, form):
            number = form.cleaned_data["receipt"]
            self.log_change(request, payment, f"receipt number {number}: told to Sezzle")
            messages.success(request, _("The receipt number was saved, and Sezzle has it."))
            return back
        return self._show_till(request, Till.of(payment), form)


def _empty_form(request: HttpRequest, accounts: list[str]) -> InStoreForm:
    given = {name: request.GET[name] for name in FROM_LINK if name in request.GET}
    return InStoreForm(
        accounts=accounts,
        initial={"form_id": uuid.uuid4(), "language": language_of_page(), **given},
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
