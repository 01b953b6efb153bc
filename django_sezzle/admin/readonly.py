"""Rows that staff may look at and nobody may edit, and lists that stay quick when they grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Prefetch, prefetch_related_objects

from django_sezzle.admin.accounts import accounts_of, of_accounts
from django_sezzle.admin.paging import BoundedPaginator
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Any]
else:
    Base = object


class ReadOnlyAdminMixin(Base):
    """Shows rows to those who may view them; offers no way to add, change or delete any."""

    change_list_template = "admin/django_sezzle/change_list.html"
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    class Media:
        css = {"all": ["django_sezzle/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Take the rows of the accounts that the user may see, from where payments are written."""
        # Staff act on what they see, and a replica lags behind.
        rows = super().get_queryset(request).using(database())
        return of_accounts(rows, accounts_of(request, self))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Take a row together with our rows that it points at, from the same database."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            own = [
                Prefetch(field.name, field.related_model._base_manager.using(database()))
                for field in self.opts.concrete_fields
                if field.related_model
                and field.related_model._meta.app_label == self.opts.app_label
            ]
            prefetch_related_objects([found], *own)
        return found

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: rows are made by the services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: rows are copies of what Sezzle says."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: this is the history of money."""
        return False
