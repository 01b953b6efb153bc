"""The admin of payments: a quick list, a read-only page, and four ways to move money."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.accounts import AccountsMixin
from django_sezzle.admin.actions import MONEY_ACTIONS
from django_sezzle.admin.change import ChangePageMixin
from django_sezzle.admin.columns import ListColumnsMixin, status_word
from django_sezzle.admin.export import ExportMixin
from django_sezzle.admin.filters import (
    AccountFilter,
    EndFilter,
    EnvironmentFilter,
    HumanFilter,
    ReviewFilter,
)
from django_sezzle.admin.in_store import InStorePagesMixin
from django_sezzle.admin.moments import written
from django_sezzle.admin.overview import OverviewPageMixin
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.admin.search import PrefixSearchMixin
from django_sezzle.admin.settlements import SettlementsPageMixin
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    Default = admin.ModelAdmin[SezzlePayment]
else:
    Default = admin.ModelAdmin

Payments = QuerySet[SezzlePayment]


class SezzlePaymentAdminMixin(
    ListColumnsMixin,
    ExportMixin,
    PrefixSearchMixin,
    InStorePagesMixin,
    ChangePageMixin,
    OverviewPageMixin,
    SettlementsPageMixin,
    AccountsMixin,
    ReadOnlyAdminMixin,
):
    """
    Everything about payments in an admin, for any ``ModelAdmin`` base.

    Under another admin theme, unregister the default and register
    ``class MyPaymentAdmin(SezzlePaymentAdminMixin, TheirModelAdmin)``.
    """

    list_display = (
        "shop_reference",
        "status_badge",
        "amount",
        "money",
        "age",
        "countdown",
    )
    list_filter = (
        HumanFilter,
        EndFilter,
        "status",
        ReviewFilter,
        "created_at",
        AccountFilter,
        EnvironmentFilter,
    )
    list_select_related = False
    search_fields = ("shop_reference", "reference_id", "order_uuid", "sezzle_order_id")
    search_help_text = _(
        "The shop's or Sezzle's reference, or an order's id: all of it, or how it begins. "
        "Put * at the end to find all that begin so."
    )
    secret_fields = ("token", "checkout_fingerprint", "checkout_url", "success_url")
    # Another order than the index's would sort a million rows.
    ordering = ("-created_at", "-id")
    sortable_by = ()
    actions = (
        "capture_selected",
        "refund_selected",
        "release_selected",
        "reauthorize_selected",
        "export_selected",
    )

    readonly_fields = (
        "status_word",
        "amount",
        "authorized",
        "held",
        "taken",
        "given_back",
        "let_go",
        "capture_before",
        "reauthorized_as_link",
    )
    fieldsets = (
        (None, {"fields": ("shop_reference", "reference_id", "status_word", "review_reason")}),
        (
            _("Money"),
            {
                "fields": (
                    "amount",
                    "authorized",
                    "held",
                    "capture_before",
                    "taken",
                    "given_back",
                    "let_go",
                    "intent",
                )
            },
        ),
        (
            _("At Sezzle"),
            {
                "fields": (
                    "sezzle_order_id",
                    "order_uuid",
                    "session_uuid",
                    "merchant_uuid",
                    "environment",
                    "account",
                    "checkout_status",
                    "checkout_expires_at",
                    "authorization_expires_at",
                    "lapsed_at",
                    "last_read_at",
                )
            },
        ),
        (
            _("In the shop"),
            {
                "fields": (
                    "is_current",
                    "user",
                    "customer",
                    "reauthorized_from",
                    "reauthorized_as_link",
                    "created_at",
                    "updated_at",
                    "canceled_at",
                )
            },
        ),
        (
            _("Review"),
            {
                "classes": ("collapse",),
                "fields": ("review_cleared_by", "review_cleared_at", "review_cleared_because"),
            },
        ),
        (
            _("Addresses"),
            {
                "classes": ("collapse",),
                "fields": ("checkout_url", "success_url", "failure_url", "cancel_url"),
            },
        ),
    )

    # Columns

    @admin.display(description=_("status"))
    def status_word(self, payment: SezzlePayment) -> str:
        """Show the status in words, and whether the authorization or checkout ran out."""
        return status_word(payment)

    @admin.display(description=_("amount"))
    def amount(self, payment: SezzlePayment) -> str:
        """Show what the shop asked for."""
        return format_cents(payment.amount_in_cents, payment.currency)

    @admin.display(description=_("authorized"))
    def authorized(self, payment: SezzlePayment) -> str:
        """Show what Sezzle granted."""
        return format_cents(payment.authorized_in_cents, payment.currency)

    @admin.display(description=_("held"))
    def held(self, payment: SezzlePayment) -> str:
        """Show what Sezzle still holds."""
        return format_cents(payment.held_in_cents, payment.currency)

    @admin.display(description=_("taken"))
    def taken(self, payment: SezzlePayment) -> str:
        """Show what was captured, refunds not subtracted."""
        return format_cents(payment.captured_in_cents, payment.currency)

    @admin.display(description=_("given back"))
    def given_back(self, payment: SezzlePayment) -> str:
        """Show what was refunded."""
        return format_cents(payment.refunded_in_cents, payment.currency)

    @admin.display(description=_("released"))
    def let_go(self, payment: SezzlePayment) -> str:
        """Show what was released."""
        return format_cents(payment.released_in_cents, payment.currency)

    @admin.display(description=_("capture before"))
    def capture_before(self, payment: SezzlePayment) -> str:
        """Show until when held money can be captured; empty when nothing is held."""
        ends: datetime | None = payment.authorization_expires_at
        if ends is None or not payment.held_in_cents:
            return self.get_empty_value_display()
        shown = written(ends)
        return _text("%(date)s (ran out)") % {"date": shown} if payment.is_expired() else shown

    @admin.display(description=_("reauthorized as"))
    def reauthorized_as_link(self, payment: SezzlePayment) -> str:
        """Link to the payment that took this one's place."""
        rows = SezzlePayment.objects.using(database())
        # It never changes accounts, so whoever may see the one may see the other.
        child = rows.filter(reauthorized_from=payment, account=payment.account).first()
        if child is None:
            return self.get_empty_value_display()
        return format_html('<a href="{}">{}</a>', self._url("change", child.pk), child)

    # The list's actions: each asks for exactly one permission

    @admin.action(permissions=["capture"], description=_("Capture the selected payments"))
    def capture_selected(self, request: HttpRequest, queryset: Payments) -> HttpResponse | None:
        """Go to the confirmation page."""
        return self.ask_to_confirm(request, "capture", queryset)

    @admin.action(permissions=["refund"], description=_("Refund the selected payments"))
    def refund_selected(self, request: HttpRequest, queryset: Payments) -> HttpResponse | None:
        """Go to the confirmation page."""
        return self.ask_to_confirm(request, "refund", queryset)

    @admin.action(permissions=["release"], description=_("Release the selected payments"))
    def release_selected(self, request: HttpRequest, queryset: Payments) -> HttpResponse | None:
        """Go to the confirmation page."""
        return self.ask_to_confirm(request, "release", queryset)

    @admin.action(permissions=["reauthorize"], description=_("Reauthorize the selected payments"))
    def reauthorize_selected(self, request: HttpRequest, queryset: Payments) -> HttpResponse | None:
        """Go to the confirmation page."""
        return self.ask_to_confirm(request, "reauthorize", queryset)

    def has_capture_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may capture."""
        return self.may_move(request, MONEY_ACTIONS["capture"])

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may refund."""
        return self.may_move(request, MONEY_ACTIONS["refund"])

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may release."""
        return self.may_move(request, MONEY_ACTIONS["release"])

    def has_reauthorize_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may reauthorize."""
        return self.may_move(request, MONEY_ACTIONS["reauthorize"])


@admin.register(SezzlePayment)
class SezzlePaymentAdmin(SezzlePaymentAdminMixin, Default):
    """The default admin of payments; unregister it to use the mixin elsewhere."""
