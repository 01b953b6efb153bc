"""The read-only list of shoppers who agreed that the shop may charge later orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_sezzle.admin.columns import NOTHING
from django_sezzle.admin.filters import AccountFilter, EnvironmentFilter
from django_sezzle.admin.moments import in_words, moment
from django_sezzle.admin.removal import RemovalPagesMixin
from django_sezzle.models import SezzleCustomer, SezzlePayment
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    CustomerAdmin = admin.ModelAdmin[SezzleCustomer]
else:
    CustomerAdmin = admin.ModelAdmin


class ConsentFilter(admin.SimpleListFilter):
    """Customers by whether the shop may still charge them."""

    title = _("consent")
    parameter_name = "consent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what stands, what ran out, and what was removed."""
        return [("stands", _("stands")), ("expired", _("expired")), ("removed", _("removed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the customers chosen."""
        if self.value() == "removed":
            return queryset.filter(forgotten_at__isnull=False)
        if self.value() == "expired":
            return queryset.filter(forgotten_at=None, expires_at__lte=timezone.now())
        if self.value() == "stands":
            standing = SezzleCustomer.objects.using(database()).not_expired()
            return queryset.filter(pk__in=standing.values("pk"), forgotten_at=None)
        return queryset


@admin.register(SezzleCustomer)
class SezzleCustomerAdmin(RemovalPagesMixin, CustomerAdmin):
    """Who may be charged again, by Sezzle's id; nothing else about them is kept."""

    list_display = ("uuid", "user", "ends", "removed", "payments_link", "recorded", "account")
    list_filter = (ConsentFilter, EnvironmentFilter, AccountFilter)
    list_select_related = ("user",)
    search_fields = ("uuid__startswith",)
    search_help_text = _("Start of a customer's id at Sezzle.")
    ordering = ("-id",)
    sortable_by = ()
    actions = ("remove_selected",)
    readonly_fields = ("ends", "removed", "payments_link")
    fields = (
        "uuid",
        "user",
        "ends",
        "removed",
        "payments_link",
        "account",
        "environment",
        "created_at",
        "updated_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count each customer's payments by the way; the database does so for shown rows only."""
        payments = SezzlePayment.objects.using(database()).filter(customer=OuterRef("pk"))
        counted = payments.order_by().values("customer").annotate(n=Count("pk")).values("n")
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.annotate(payment_count=Coalesce(Subquery(counted), 0))
        return rows

    @admin.display(description=_("consent ends"))
    def ends(self, customer: SezzleCustomer) -> str:
        """Say how long the consent lasts."""
        if customer.expires_at is None:
            return NOTHING
        if customer.is_expired():
            return moment(customer.expires_at, _text("expired"), "sezzle-late")
        return moment(customer.expires_at, in_words(customer.expires_at))

    @admin.display(description=_("removed"))
    def removed(self, customer: SezzleCustomer) -> str:
        """Show when it was taken back."""
        if customer.forgotten_at is None:
            return NOTHING
        return moment(customer.forgotten_at)

    @admin.display(description=_("payments"))
    def payments_link(self, customer: Any) -> str:
        """Count what was charged to the customer without a checkout, and lead there."""
        count = customer.payment_count
        if not count:
            return NOTHING
        text = ngettext("%(count)d payment", "%(count)d payments", count) % {"count": count}
        try:
            url = reverse(
                f"admin:{self.opts.app_label}_sezzlepayment_changelist",
                current_app=self.admin_site.name,
            )
        except NoReverseMatch:
            # The host registers payments elsewhere, or not at all.
            return text
        return format_html('<a href="{}?customer__id__exact={}">{}</a>', url, customer.pk, text)

    @admin.display(description=_("recorded"))
    def recorded(self, customer: SezzleCustomer) -> str:
        """Show when Sezzle confirmed it first."""
        return moment(customer.created_at)

    @admin.action(permissions=["forget"], description=_("Remove the saved account"))
    def remove_selected(
        self, request: HttpRequest, queryset: QuerySet[SezzleCustomer]
    ) -> HttpResponse | None:
        """Ask whether the selected customers are to be removed at Sezzle."""
        return self.ask_to_remove(request, queryset)
