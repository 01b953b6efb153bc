"""Rows that staff may look at and nobody may edit, and lists that stay quick when they grow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Any]
    Pages = Paginator[Any]
else:
    Base = object
    Pages = Paginator

#: A list counts no further; older rows are found by filters and search.
MOST_COUNTED = 10_000


class BoundedPaginator(Pages):
    """Pages over the first 10,000 rows, so that no page view counts a whole table."""

    @cached_property
    def count(self) -> int:
        """Count the rows, up to the bound."""
        rows: Any = self.object_list
        return int(rows[:MOST_COUNTED].count())


class ReadOnlyAdminMixin(Base):
    """Shows rows to those who may view them; offers no way to add, change or delete any."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: rows are made by the services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: rows are copies of what Sezzle says."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: this is the history of money."""
        return False
