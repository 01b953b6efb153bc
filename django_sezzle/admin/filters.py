"""
Filters of the lists, whose choices are known without asking the database.

Every choice of the payments' list has an index that gives the list's order, or finds few rows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_sezzle import conf
from django_sezzle.admin.accounts import accounts_of
from django_sezzle.gateway import Intent
from django_sezzle.models import EventState, Review, SezzleOperation, Status
from django_sezzle.services.locking import database
from django_sezzle.services.patience import STUCK_AFTER

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class HumanFilter(admin.SimpleListFilter):
    """Payments that wait for a person: under review, or with an outcome unknown for long."""

    title = _("needs a human")
    parameter_name = "human"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both together, and the unknown outcomes; reasons for a review have a filter."""
        return [("yes", _("yes")), ("unknown", _("outcome unknown for an hour"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments that wait."""
        if self.value() not in ("yes", "unknown"):
            return queryset
        operations = SezzleOperation.objects.using(database()).order_by()
        stuck = operations.filter(is_open=True, created_at__lt=timezone.now() - STUCK_AFTER)
        waiting: QuerySet[Any, Any] = stuck.values("payment_id")
        if self.value() == "yes":
            # Both are few, and OR would have every payment looked at.
            rows = queryset.model._default_manager.using(database())
            waiting = rows.filter(review_reason__gt="").order_by().values("pk").union(waiting)
        return queryset.filter(pk__in=waiting)


class EndFilter(admin.SimpleListFilter):
    """Payments with money still held, by the end of their authorization."""

    title = _("authorization")
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what ends soon, and what ran out with nobody having captured it."""
        return [
            ("24", _("ends within 24 hours")),
            ("48", _("ends within 48 hours")),
            ("expired", _("expired and uncaptured")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments whose held money the shop has yet to take."""
        now = timezone.now()
        held = queryset.filter(status__in=Status.that_hold_money(), intent=Intent.AUTH)
        if self.value() == "expired":
            return held.filter(authorization_expires_at__lte=now)
        if self.value() in ("24", "48"):
            end = now + timedelta(hours=int(self.value() or 0))
            return held.filter(authorization_expires_at__gt=now, authorization_expires_at__lte=end)
        return queryset


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
            # "Not empty" could not be looked up in the index; "after empty" can.
            return queryset.filter(review_reason__gt="")
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
        """Offer the configured accounts, as far as the user may see them."""
        visible = accounts_of(request, model_admin)
        names = [name for name in conf.account_names() if visible is None or name in visible]
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen account."""
        return queryset.filter(account=self.value()) if self.value() else queryset


class InboxFilter(admin.SimpleListFilter):
    """Webhook events by what became of them, and those that failed and wait."""

    title = _("state")
    parameter_name = "inbox"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer each state, and what failed so far."""
        return [("failed", _("failed, tried again")), *EventState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the events of the chosen state."""
        if self.value() == "failed":
            return queryset.filter(state=EventState.PENDING, attempts__gt=0)
        return queryset.filter(state=self.value()) if self.value() else queryset


class ToldFilter(admin.SimpleListFilter):
    """Announcements by whether the shop knows, and those that its receivers refuse."""

    title = _("told")
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what waits, what failed so far, and what is done."""
        return [("no", _("not yet")), ("failed", _("failed, told again")), ("yes", _("told"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the announcements chosen."""
        if self.value() == "yes":
            return queryset.filter(told_at__isnull=False)
        if self.value() == "no":
            return queryset.filter(told_at=None)
        if self.value() == "failed":
            return queryset.filter(told_at=None).exclude(last_error="")
        return queryset


class OpenFilter(admin.SimpleListFilter):
    """Operations whose outcome is not known, and those that are so for too long."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what is open, and what does not pass by itself."""
        return [("open", _("not known yet")), ("stuck", _("not known for an hour"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the open operations."""
        if self.value() == "open":
            return queryset.filter(is_open=True)
        if self.value() == "stuck":
            return queryset.filter(is_open=True, created_at__lt=timezone.now() - STUCK_AFTER)
        return queryset
