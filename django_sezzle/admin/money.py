"""The pages that move money: confirm by GET, send by POST, see what became of it by GET."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from django_sezzle.admin import batches, confirmation, results
from django_sezzle.admin.actions import MONEY_ACTIONS, MoneyAction
from django_sezzle.admin.batches import Confirmed
from django_sezzle.admin.forms import MoneyForm, posted_payments
from django_sezzle.conf import get_settings
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services.batches import work_off
from django_sezzle.services.locking import outside_transactions

if TYPE_CHECKING:
    from django.urls import URLPattern

    Base = admin.ModelAdmin[SezzlePayment]
else:
    Base = object

View = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """A redirect after which a browser's reload asks by GET."""

    status_code = 303


class MoneyPagesMixin(Base):
    """Adds the confirmation page and the result page to an admin of payments."""

    confirmation_template = "admin/django_sezzle/sezzlepayment/money_confirmation.html"
    result_template = "admin/django_sezzle/sezzlepayment/money_result.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the two pages before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("money/result/", self._own(self.result_view), name=f"{name}_money_result"),
            path("money/<str:name>/", self._own(self.confirm_view), name=f"{name}_money"),
        ]
        return [*own, *super().get_urls()]

    def _own(self, view: View) -> View:
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            checked: View = self.admin_site.admin_view(view)
            return checked(request, *args, **kwargs)

        update_wrapper(wrapper, view)
        return outside_transactions(wrapper)

    def may_move(self, request: HttpRequest, action: MoneyAction) -> bool:
        """Tell whether the user holds the one permission of an action."""
        user: Any = request.user
        return bool(user.has_perm(f"{SezzlePayment._meta.app_label}.{action.codename}"))

    def money_url(self, action: MoneyAction, pks: Iterable[int]) -> str:
        """Give the address of the confirmation page for some payments (primary keys)."""
        address = self._url("money", action.name)
        return f"{address}?ids={','.join(str(pk) for pk in pks)}"

    def _url(self, name: str, *args: Any) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}",
            args=args,
            current_app=self.admin_site.name,
        )

    # The list's actions end here

    def ask_to_confirm(self, request: HttpRequest, name: str, queryset: Any) -> HttpResponse | None:
        """Go to the confirmation page for the chosen payments; stay when they are too many."""
        limit = get_settings().bulk_limit
        pks = list(queryset.values_list("pk", flat=True)[: limit + 1])
        if len(pks) > limit:
            self._too_many(request, limit)
            return None
        return SeeOther(self.money_url(MONEY_ACTIONS[name], pks))

    def _too_many(self, request: HttpRequest, limit: int) -> None:
        messages.error(
            request,
            _("Choose at most %(limit)d payments at a time. Nothing was sent.") % {"limit": limit},
        )

    # Confirm and send

    def confirm_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Show what would be moved (GET), or move it (POST)."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._confirm)(request, name)

    def _confirm(self, request: HttpRequest, name: str) -> HttpResponse:
        action = MONEY_ACTIONS.get(name)
        if action is None:
            raise Http404
        if not (self.has_view_permission(request) and self.may_move(request, action)):
            raise PermissionDenied
        is_sent = request.method == "POST"
        pks = posted_payments(request.POST) if is_sent else _asked_for(request)
        limit = get_settings().bulk_limit
        if len(pks) > limit:
            self._too_many(request, limit)
            return SeeOther(self._url("changelist"))
        payments = self._payments(request, pks)
        if not payments:
            messages.error(request, _("No payment was chosen. Nothing was sent."))
            return SeeOther(self._url("changelist"))
        if not is_sent:
            return self._show_form(request, action, payments)
        form = MoneyForm(request.POST, payments=payments, **_asked_of(action))
        if not form.is_valid():
            return self._show_form(request, action, payments, sent=form)
        return SeeOther(self._result_url(self._send(request, action, form)))

    def _payments(self, request: HttpRequest, pks: Sequence[int]) -> list[SezzlePayment]:
        found = self.get_queryset(request).in_bulk(list(pks))
        return [found[pk] for pk in pks if pk in found]

    def _show_form(
        self,
        request: HttpRequest,
        action: MoneyAction,
        payments: list[SezzlePayment],
        *,
        sent: MoneyForm | None = None,
    ) -> HttpResponse:
        unread = set() if sent else confirmation.freshen(payments)
        payments = self._payments(request, [payment.pk for payment in payments])
        obstacles = confirmation.actionable(action, payments)
        open_to_it = [payment for payment in payments if not obstacles[payment.pk]]
        if sent is None or "form_id" in sent.errors:
            form = MoneyForm(
                payments=open_to_it,
                **_asked_of(action),
                initial={
                    "form_id": uuid.uuid4(),
                    **confirmation.initial_amounts(action, open_to_it),
                },
            )
        else:
            # The id stays: what was sent with it before is not sent again.
            form = MoneyForm(request.POST, payments=open_to_it, **_asked_of(action))
        return self._page(
            request,
            self.confirmation_template,
            title=_("%(action)s: please confirm") % {"action": action.title},
            action=action,
            form=form,
            rows=confirmation.rows_of(action, payments, form, obstacles, unread),
            totals=confirmation.totals_of(action, form),
            is_refused=sent is not None,
            status=200,
        )

    def _send(self, request: HttpRequest, action: MoneyAction, form: MoneyForm) -> results.Sent:
        confirmed = Confirmed(action, form, request.user)
        sent = confirmed.carry_out()
        if confirmed.is_single:
            self._write_log_entries(request, confirmed.sent_now())
        elif len(sent.codes) <= batches.SENT_AT_ONCE:
            self._write_log_entries(request, work_off(sent.request_ids()))
        return sent

    def _write_log_entries(
        self, request: HttpRequest, operations: Iterable[SezzleOperation]
    ) -> None:
        for operation in operations:
            said = (
                f"{operation.kind} {operation.price}: {operation.state}, "
                f"request id {operation.request_id}"
            )
            shipped = f", shipment {operation.shipment}" if operation.shipment else ""
            because = f" ({operation.reason})" if operation.reason else ""
            self.log_change(request, operation.payment, said + shipped + because)

    # What became of it

    def _result_url(self, sent: results.Sent) -> str:
        return f"{self._url('money_result')}?{urlencode({'sent': sent.to_link()})}"

    def result_view(self, request: HttpRequest) -> HttpResponse:
        """Show what became of a sent form (GET), or send what still waits of it (POST)."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._result)(request)

    def _result(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            sent = results.Sent.from_link(request.GET.get("sent", ""))
        except signing.BadSignature as error:
            raise Http404 from error
        action = MONEY_ACTIONS[sent.action]
        payments = self._payments(request, [pk for pk, _code in sent.codes])
        is_for_script = request.headers.get("Accept") == "application/json"
        if request.method == "POST":
            if not self.may_move(request, action):
                raise PermissionDenied
            ids = sent.request_ids(payment.pk for payment in payments)
            self._write_log_entries(request, work_off(ids))
            if not is_for_script:
                return SeeOther(self._result_url(sent))
        rows = results.results_of(sent, payments)
        progress = results.Progress.of(rows)
        if is_for_script:
            return JsonResponse(progress.as_json())
        return self._page(
            request,
            self.result_template,
            title=_("%(action)s: what became of it") % {"action": action.title},
            action=action,
            rows=rows,
            progress=progress,
            may_go_on=bool(progress.waiting) and self.may_move(request, action),
            is_under_way=bool(progress.waiting or progress.being_sent),
            result_url=self._result_url(sent),
            counts=[
                (kind, results.HEADLINES[kind], sum(row.kind == kind for row in rows))
                for kind in results.Kind
            ],
            worth_a_look=[row for row in rows if row.kind in results.WORTH_A_LOOK],
            again_url=self._again_url(request, action, rows),
        )

    def _again_url(
        self, request: HttpRequest, action: MoneyAction, rows: Iterable[results.Result]
    ) -> str:
        unsent = [row.payment.pk for row in rows if row.kind == results.Kind.UNSENT]
        return self.money_url(action, unsent) if unsent and self.may_move(request, action) else ""

    def _page(
        self, request: HttpRequest, template: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            template,
            {**self.admin_site.each_context(request), "opts": self.opts, **context},
            status=status,
        )


def _asked_for(request: HttpRequest) -> list[int]:
    given = request.GET.get("ids", "").split(",")
    found = (int(part) for part in given if part.isascii() and part.isdigit() and len(part) < 19)
    return list(dict.fromkeys(found))


def _asked_of(action: MoneyAction) -> dict[str, Any]:
    """What the form asks for besides the amounts."""
    return {
        "confirm_above": get_settings().confirm_above_cents,
        "with_shipments": action.is_for_shipments,
    }
