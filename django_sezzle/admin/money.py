"""The pages that move money: confirm by GET, send by POST, see what became of it by GET."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from django_sezzle.admin import confirmation, results
from django_sezzle.admin.actions import MONEY_ACTIONS, MoneyAction
from django_sezzle.admin.forms import MoneyForm, posted_payments, request_id_for
from django_sezzle.conf import get_settings
from django_sezzle.models import SezzleOperation, SezzlePayment

if TYPE_CHECKING:
    from django.urls import URLPattern

    Base = admin.ModelAdmin[SezzlePayment]
else:
    Base = object

logger = logging.getLogger("django_sezzle.admin")

#: After so many seconds no further payment is begun: servers stop a request that takes longer.
SENDING_SECONDS = 20

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
        wrapped: View = wrapper
        for alias in connections:
            # Money is not moved inside a transaction, whatever ATOMIC_REQUESTS says.
            wrapped = transaction.non_atomic_requests(alias)(wrapped)
        return wrapped

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
        form = MoneyForm(request.POST, payments=payments)
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
                initial={
                    "form_id": uuid.uuid4(),
                    **confirmation.initial_amounts(action, open_to_it),
                },
            )
        else:
            # The id stays: what was sent with it before is not sent again.
            form = MoneyForm(request.POST, payments=open_to_it)
        return self._page(
            request,
            self.confirmation_template,
            title=_("%(action)s: please confirm") % {"action": action.title},
            action=action,
            form=form,
            rows=confirmation.rows_of(action, payments, form, obstacles, unread),
            totals=confirmation.totals_of(action, open_to_it),
            is_refused=sent is not None,
            status=200,
        )

    def _send(self, request: HttpRequest, action: MoneyAction, form: MoneyForm) -> results.Sent:
        form_id = form.cleaned_data["form_id"]
        reason = form.cleaned_data["reason"]
        known = _recorded(request_id_for(form_id, pk) for pk in form.payments)
        ends_at = time.monotonic() + SENDING_SECONDS
        codes = []
        for payment, amount_in_cents in form.asked():
            request_id = request_id_for(form_id, payment.pk)
            if time.monotonic() > ends_at and request_id not in known:
                codes.append((payment.pk, results.OUT_OF_TIME))
                continue
            code = results.SENT
            try:
                action.run(
                    payment,
                    amount_in_cents=amount_in_cents,
                    request_id=request_id,
                    actor=request.user,
                    reason=reason,
                )
            except Exception as error:  # noqa: BLE001 - one payment never stops the others
                code = results.code_for(error, was_recorded=bool(_recorded([request_id])))
                _log(payment, request_id, error, code)
            codes.append((payment.pk, code))
            if code == results.SENT and request_id not in known:
                self._write_log_entry(request, payment, request_id)
        return results.Sent(action.name, form_id, tuple(codes))

    def _write_log_entry(
        self, request: HttpRequest, payment: SezzlePayment, request_id: str
    ) -> None:
        operation = SezzleOperation.objects.filter(request_id=request_id).first()
        if operation is None:
            return
        said = f"{operation.kind} {operation.price}: {operation.state}, request id {request_id}"
        self.log_change(
            request, payment, said + (f" ({operation.reason})" if operation.reason else "")
        )

    # What became of it

    def _result_url(self, sent: results.Sent) -> str:
        return f"{self._url('money_result')}?{urlencode({'sent': sent.to_link()})}"

    def result_view(self, request: HttpRequest) -> HttpResponse:
        """Show what became of a sent form, as it is known now. Reloading sends nothing."""
        return require_safe(self._result)(request)

    def _result(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            sent = results.Sent.from_link(request.GET.get("sent", ""))
        except signing.BadSignature as error:
            raise Http404 from error
        pks = [pk for pk, _code in sent.codes]
        rows = results.results_of(sent, self._payments(request, pks))
        action = MONEY_ACTIONS[sent.action]
        return self._page(
            request,
            self.result_template,
            title=_("%(action)s: what became of it") % {"action": action.title},
            action=action,
            rows=rows,
            counts=[
                (kind, results.HEADLINES[kind], sum(row.kind == kind for row in rows))
                for kind in results.Kind
            ],
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


def _recorded(request_ids: Iterable[str]) -> set[str]:
    rows = SezzleOperation.objects.filter(request_id__in=list(request_ids))
    return set(rows.values_list("request_id", flat=True))


def _log(payment: SezzlePayment, request_id: str, error: Exception, code: str) -> None:
    details = (payment.pk, request_id, type(error).__name__)
    if code == results.ERROR:
        logger.error("payment=%s request_id=%s error=%s", *details, exc_info=error)
    else:
        logger.info("payment=%s request_id=%s error=%s", *details)
