"""The read-only list of shoppers who agreed that the shop may charge later orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.columns import NOTHING
from django_sezzle.admin.filters import AccountFilter, EnvironmentFilter
from django_sezzle.admin.moments import in_words, moment
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.models import SezzleCustomer

if TYPE_CHECKING:
    CustomerAdmin = admin.ModelAdmin[SezzleCustomer]
else:
    CustomerAdmin = admin.ModelAdmin


@admin.register(SezzleCustomer)
class SezzleCustomerAdmin(ReadOnlyAdminMixin, CustomerAdmin):
    """Who may be charged again, by Sezzle's id; nothing else about them is kept."""

    list_display = ("uuid", "user", "ends", "recorded", "account")
    list_filter = (EnvironmentFilter, AccountFilter)
    list_select_related = ("user",)
    search_fields = ("uuid__startswith",)
    search_help_text = _("Start of a customer's id at Sezzle.")
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("ends",)
    fields = ("uuid", "user", "ends", "account", "environment", "created_at", "updated_at")

    @admin.display(description=_("consent ends"))
    def ends(self, customer: SezzleCustomer) -> str:
        """Say how long the consent lasts."""
        if customer.expires_at is None:
            return NOTHING
        if customer.is_expired():
            return moment(customer.expires_at, _text("expired"), "sezzle-late")
        return moment(customer.expires_at, in_words(customer.expires_at))

    @admin.display(description=_("recorded"))
    def recorded(self, customer: SezzleCustomer) -> str:
        """Show when Sezzle confirmed it first."""
        return moment(customer.created_at)
