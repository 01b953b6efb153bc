"""The pages for what is stuck: open operations, and the ways out of each, with a confirmation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from django_sezzle.admin.amounts import Amounts
from django_sezzle.admin.forms import REASON_LENGTH
from django_sezzle.admin.money import MoneyPagesMixin, SeeOther
from django_sezzle.admin.paging import BoundedPaginator
from django_sezzle.admin.remedies import REMEDIES, Outcome, Remedy, is_offered
from django_sezzle.admin.results import HEADLINES, Kind
from django_sezzle.admin.waiting import Waiting, open_operation_of, open_operations_of
from django_sezzle.models import SezzleOperation, SezzlePayment

if TYPE_CHECKING:
    from django.urls import URLPattern

logger = logging.getLogger("django_sezzle.admin")

PER_PAGE = 50

LEVELS = {
    Kind.DONE: messages.SUCCESS,
    Kind.REFUSED: messages.ERROR,
    Kind.UNSENT: messages.ERROR,
}


class RemedyForm(forms.Form):
    """Why, and what it was that staff saw when they decided."""

    subject = forms.CharField(widget=forms.HiddenInput, required=False)
    from_list = forms.BooleanField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        error_messages={"required": gettext_lazy("Say why.")},
    )

    def __init__(self, *args: Any, remedy: Remedy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = remedy.needs_reason
        self.fields["reason"].help_text = remedy.reason_help


class ResolvePagesMixin(MoneyPagesMixin):
    """Adds the page of open operations and the confirmation pages of what staff may do."""

    open_template = "admin/django_sezzle/sezzlepayment/open_operations.html"
    resolve_template = "admin/django_sezzle/sezzlepayment/resolve.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the pages before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("open/", self._own(self.open_view), name=f"{name}_open"),
            path(
                "<int:pk>/resolve/<str:name>/",
                self._own(self.resolve_view),
                name=f"{name}_resolve",
            ),
        ]
        return [*own, *super().get_urls()]

    def may_resolve(self, request: HttpRequest, remedy: Remedy) -> bool:
        """Tell whether the user holds the one permission of a remedy."""
        user: Any = request.user
        return bool(user.has_perm(f"{SezzlePayment._meta.app_label}.{remedy.codename}"))

    # What is open

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """List the operations whose outcome is not known. Asks nobody."""
        return require_safe(self._open)(request)

    def _open(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = open_operations_of(self.get_queryset(request))
        page = BoundedPaginator(found, PER_PAGE).get_page(request.GET.get("p"))
        allowed = [
            remedy
            for remedy in REMEDIES.values()
            if remedy.is_about_operation and self.may_resolve(request, remedy)
        ]
        rows = [
            (
                waiting,
                [
                    self._offer(remedy, waiting.payment, waiting.operation, from_list=True)
                    for remedy in allowed
                ],
            )
            for waiting in (Waiting.of(operation) for operation in page)
        ]
        return self._page(
            request,
            self.open_template,
            title=_("Outcomes that are not known"),
            rows=rows,
            page=page,
            may_resolve=bool(allowed),
        )

    # Ways out

    def remedies_for(
        self, request: HttpRequest, payment: SezzlePayment, operation: SezzleOperation | None
    ) -> list[dict[str, Any]]:
        """Offer what the user may do about a payment, or say why it cannot be done now."""
        return [
            self._offer(remedy, payment, operation)
            for remedy in REMEDIES.values()
            if self.may_resolve(request, remedy) and is_offered(remedy, payment, operation)
        ]

    def _offer(
        self,
        remedy: Remedy,
        payment: SezzlePayment,
        operation: SezzleOperation | None,
        *,
        from_list: bool = False,
    ) -> dict[str, Any]:
        address = self._url("resolve", payment.pk, remedy.name)
        return {
            "title": remedy.title,
            "url": f"{address}?from=open" if from_list else address,
            "obstacle": remedy.obstacle(payment, operation),
        }

    def resolve_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask whether it is meant (GET), or do it (POST)."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._resolve)(request, pk, name)

    def _resolve(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        remedy = REMEDIES.get(name)
        if remedy is None:
            raise Http404
        if not (self.has_view_permission(request) and self.may_resolve(request, remedy)):
            raise PermissionDenied
        found = self._payments(request, [pk])
        if not found:
            raise Http404
        payment = found[0]
        operation = open_operation_of(payment)
        subject = remedy.subject(payment, operation)
        if request.method != "POST":
            from_list = request.GET.get("from") == "open"
            form = RemedyForm(remedy=remedy, initial={"subject": subject, "from_list": from_list})
            return self._ask(request, remedy, payment, operation, form)
        form = RemedyForm(request.POST, remedy=remedy)
        if not form.is_valid():
            return self._ask(request, remedy, payment, operation, form)
        answer = SeeOther(
            self._url("open") if form.cleaned_data["from_list"] else self._url("change", payment.pk)
        )
        if form.cleaned_data["subject"] != subject:
            self._tell(
                request,
                payment,
                Outcome(Kind.UNSENT, _("This was settled or changed meanwhile. Look again.")),
            )
            return answer
        if obstacle := remedy.obstacle(payment, operation):
            self._tell(request, payment, Outcome(Kind.UNSENT, obstacle))
            return answer
        reason = form.cleaned_data["reason"]
        outcome = remedy.carry_out(payment, operation, request.user, reason)
        self._log_remedy(request, remedy, payment, operation, outcome, reason)
        self._tell(request, payment, outcome)
        return answer

    def _ask(
        self,
        request: HttpRequest,
        remedy: Remedy,
        payment: SezzlePayment,
        operation: SezzleOperation | None,
        form: RemedyForm,
    ) -> HttpResponse:
        return self._page(
            request,
            self.resolve_template,
            title=_("%(action)s: please confirm") % {"action": remedy.title},
            remedy=remedy,
            payment=payment,
            amounts=Amounts.of(payment) if payment.authorized_in_cents else None,
            waiting=Waiting.of(operation) if operation is not None else None,
            obstacle=remedy.obstacle(payment, operation),
            form=form,
        )

    def _tell(self, request: HttpRequest, payment: SezzlePayment, outcome: Outcome) -> None:
        text = format_html(
            "<strong>{}</strong> {}: {}",
            HEADLINES[outcome.kind] if outcome.kind != Kind.UNSENT else _("Not done"),
            payment.shop_reference,
            outcome.text,
        )
        messages.add_message(request, LEVELS.get(outcome.kind, messages.WARNING), text)

    def _log_remedy(
        self,
        request: HttpRequest,
        remedy: Remedy,
        payment: SezzlePayment,
        operation: SezzleOperation | None,
        outcome: Outcome,
        reason: str,
    ) -> None:
        about = ""
        if remedy.is_about_operation and operation is not None:
            about = f" {operation.kind} {operation.price}, request id {operation.request_id}"
        said = f"{remedy.name}{about}: {outcome.kind}. {outcome.text}"
        self.log_change(request, payment, said + (f" ({reason})" if reason else ""))
        logger.info("payment=%s remedy=%s outcome=%s", payment.pk, remedy.name, outcome.kind)
