"""Filters of the list whose choices are known without asking the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_sezzle import conf
from django_sezzle.models import Review

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ReviewFilter(admin.SimpleListFilter):
    """Payments that a human must look at, all or by reason."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer "needs one", "needs none" and each reason."""
        return [("yes", _("needs review")), ("no", _("needs none")), *Review.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments with the chosen reason."""
        chosen = self.value()
        if chosen == "yes":
            return queryset.exclude(review_reason="")
        if chosen == "no":
            return queryset.filter(review_reason="")
        return queryset.filter(review_reason=chosen) if chosen else queryset


class EnvironmentFilter(admin.SimpleListFilter):
    """Sandbox or production."""

    title = _("environment")
    parameter_name = "environment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both environments."""
        return [(conf.SANDBOX, _("sandbox")), (conf.PRODUCTION, _("production"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments made in the chosen one."""
        return queryset.filter(environment=self.value()) if self.value() else queryset


class AccountFilter(admin.SimpleListFilter):
    """One of the merchant accounts in the settings; hidden while there is only one."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the configured accounts."""
        names = conf.account_names()
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments of the chosen account."""
        return queryset.filter(account=self.value()) if self.value() else queryset
