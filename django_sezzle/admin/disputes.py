"""The read-only list of disputes: what each is about, and how long there is to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_sezzle.admin.columns import NOTHING, badge
from django_sezzle.admin.filters import AccountFilter
from django_sezzle.admin.moments import moment
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.models import DisputeStatus, SezzleDispute
from django_sezzle.models.dispute import SOON, today

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    DisputeAdmin = admin.ModelAdmin[SezzleDispute]
else:
    DisputeAdmin = admin.ModelAdmin

#: A sign and a colour for each status; the word says the same.
SIGNS = {
    DisputeStatus.MERCHANT_INPUT_REQUESTED.value: ("○", "waiting"),
    DisputeStatus.DEADLINE_APPROACHING.value: ("!", "expired"),
    DisputeStatus.CUSTOMER_WIN.value: ("↩", "returned"),
    DisputeStatus.MERCHANT_WIN.value: ("●", "taken"),
    DisputeStatus.NEUTRAL.value: ("–", "gone"),
}
UNKNOWN_SIGN = ("?", "gone")


class DueFilter(admin.SimpleListFilter):
    """Disputes that wait for an answer, those with little time, and those that are over."""

    title = _("dispute")
    parameter_name = "dispute"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer open, due soon or overdue, and closed."""
        return [
            ("open", _("open")),
            ("soon", _("due within %(days)d days, or overdue") % {"days": SOON.days}),
            ("closed", _("closed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the disputes chosen."""
        if self.value() == "closed":
            return queryset.filter(closed_at__isnull=False)
        if self.value() == "open":
            return queryset.filter(closed_at=None)
        if self.value() == "soon":
            # A day that is not known may be any.
            due = Q(due_on__lte=today() + SOON) | Q(due_on=None)
            return queryset.filter(due, closed_at=None)
        return queryset


@admin.register(SezzleDispute)
class SezzleDisputeAdmin(ReadOnlyAdminMixin, DisputeAdmin):
    """What shoppers complained about, as Sezzle's events told it."""

    list_display = ("dispute_id", "status_badge", "payment_link", "money", "due", "opened", "kind")
    list_filter = (DueFilter, "status", AccountFilter)
    list_select_related = ("payment",)
    search_fields = (
        "dispute_id__startswith",
        "order_uuid__startswith",
        "reference_id__startswith",
    )
    search_help_text = _("Start of a dispute's number, of an order's id or of its reference.")
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("status_badge", "money", "due")
    fields = (
        "dispute_id",
        "status_badge",
        "payment",
        "money",
        "due",
        "dispute_type",
        "reference_id",
        "order_uuid",
        "account",
        "environment",
        "opened_at",
        "closed_at",
        "created_at",
        "updated_at",
    )

    @admin.display(description=_("status"))
    def status_badge(self, dispute: SezzleDispute) -> str:
        """Show how far it is."""
        sign, colour = SIGNS.get(dispute.status, UNKNOWN_SIGN)
        return badge(sign, colour, dispute.get_status_display())

    @admin.display(description=_("payment"))
    def payment_link(self, dispute: SezzleDispute) -> str:
        """Lead to the payment; say so when the order is none of ours."""
        payment = dispute.payment
        if payment is None:
            return _text("another order: %(reference)s") % {
                "reference": dispute.reference_id or dispute.order_uuid or NOTHING
            }
        app = self.opts.app_label
        try:
            url = reverse(
                f"admin:{app}_sezzlepayment_change",
                args=[payment.pk],
                current_app=self.admin_site.name,
            )
        except NoReverseMatch:
            # The host registers payments elsewhere, or not at all.
            return str(payment)
        return format_html('<a href="{}">{}</a>', url, payment)

    @admin.display(description=_("amount"))
    def money(self, dispute: SezzleDispute) -> str:
        """Show what it is about."""
        return dispute.price or NOTHING

    @admin.display(description=_("answer before"))
    def due(self, dispute: SezzleDispute) -> str:
        """Show the due day, and in words how far away it is while it matters."""
        if dispute.due_on is None:
            return _text("not said") if dispute.is_open else NOTHING
        day = formats.date_format(dispute.due_on, "SHORT_DATE_FORMAT")
        if not dispute.is_open:
            return day
        left = dispute.days_left() or 0
        return format_html(
            '<time datetime="{}">{}</time> <span class="sezzle-line {}">{}</span>',
            dispute.due_on.isoformat(),
            day,
            "sezzle-late" if left <= SOON.days else "",
            in_days(left),
        )

    @admin.display(description=_("opened"))
    def opened(self, dispute: SezzleDispute) -> str:
        """Show since when it is known to be."""
        return moment(dispute.opened_at or dispute.created_at)

    @admin.display(description=_("type"))
    def kind(self, dispute: SezzleDispute) -> str:
        """Show Sezzle's word for what it is about."""
        return dispute.dispute_type or NOTHING


def in_days(left: int) -> str:
    """Say how many days are left, or by how many it is late."""
    if left < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -left) % {"days": -left}
    if left == 0:
        return _text("today")
    return ngettext("in %(days)d day", "in %(days)d days", left) % {"days": left}
