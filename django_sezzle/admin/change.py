"""The page of one payment: its money, what can be done now, and everything that happened."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from django_sezzle.admin import confirmation
from django_sezzle.admin.actions import MONEY_ACTIONS
from django_sezzle.admin.amounts import Amounts
from django_sezzle.admin.history import Told, chain_of
from django_sezzle.admin.resolve import ResolvePagesMixin
from django_sezzle.admin.support import Support
from django_sezzle.admin.timeline import Timeline
from django_sezzle.admin.waiting import Waiting, open_operation_of
from django_sezzle.models import SezzleOperation, SezzlePayment


class ChangePageMixin(ResolvePagesMixin):
    """Adds to the page of a payment what its columns do not say."""

    change_form_template = "admin/django_sezzle/sezzlepayment/change_form.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the bar, the buttons and the history to the page of a payment."""
        payment: SezzlePayment | None = kwargs.get("obj") or context.get("original")
        if payment is not None:
            operation = open_operation_of(payment)
            context |= {
                "amounts": Amounts.of(payment) if payment.authorized_in_cents else None,
                "waiting": Waiting.of(operation) if operation is not None else None,
                **self._offers(request, payment, operation),
                "timeline": Timeline.of(payment, request.GET.get("before", "")),
                "support": Support.of(payment),
                "told": Told.of(payment),
                "chain": chain_of(payment, self.get_queryset(request)),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _offers(
        self, request: HttpRequest, payment: SezzlePayment, operation: SezzleOperation | None
    ) -> dict[str, list[dict[str, Any]]]:
        """Divide what the user may do into what can be done now, and what cannot, and why."""
        buttons, not_now = [], []
        for action in MONEY_ACTIONS.values():
            if not (self.may_move(request, action) and action.is_known_to(payment.account)):
                continue
            obstacle = confirmation.obstacle_to(action, payment, operation)
            if not obstacle and not action.is_offered(payment):
                obstacle = _("The authorization still stands: capture or release what is held.")
            if obstacle:
                not_now.append({"title": action.title, "obstacle": obstacle})
            else:
                url = self.money_url(action, [payment.pk])
                buttons.append({"title": action.title, "url": url})
        remedies = self.remedies_for(request, payment, operation)
        return {
            "money_buttons": buttons,
            "remedies": [offer for offer in remedies if not offer["obstacle"]],
            "not_now": not_now + [offer for offer in remedies if offer["obstacle"]],
        }
