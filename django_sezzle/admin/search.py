"""
Search by an exact id or reference, or by its beginning, in the same time however long the list.

Each database has its own way to look up a beginning in an index. PostgreSQL does so for LIKE when
the index has the operator class ``varchar_pattern_ops`` (a range of values would be sorted by the
language's rules, where punctuation may count for nothing). MySQL and MariaDB do so for a LIKE that
compares as the column does, and read the whole table for the one that minds the case. SQLite does
so for a range of values only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import admin, messages
from django.db import connections
from django.db.models import F, OrderBy, Q, QuerySet, Value
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Any]
else:
    Base = object

#: Hits that are looked for in each column; who has more must write more.
MOST_FOUND = 200

#: A whole id finds only itself; with this at its end it finds all that begin like it.
ALL_THAT_BEGIN = "*"


class PrefixSearchMixin(Base):
    """
    Searches the columns named in ``search_fields``: whole values first, else beginnings.

    A subclass that names anything but columns (``user__email``, ``^shop_reference``) gets Django's
    own search, at its price.
    """

    #: Columns that no query string may ask about: answers would give them away bit by bit.
    secret_fields: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse filters on what nobody may see."""
        if lookup.partition("__")[0] in self.secret_fields:
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Narrow the list to what was found; say so when there was more than that."""
        columns = self.get_search_fields(request)
        term = search_term.strip().rstrip(ALL_THAT_BEGIN)
        if not all(column.isidentifier() and "__" not in column for column in columns):
            return super().get_search_results(request, queryset, search_term)
        if not term:
            return queryset, False
        hits = _hits(self.get_queryset(request), columns, term)
        exact = {hit.pk for hit in hits if hit.value.casefold() == term.casefold()}
        if exact and not search_term.strip().endswith(ALL_THAT_BEGIN):
            return queryset.filter(pk__in=exact), False
        found = {hit.pk for hit in hits}
        if max(Counter(hit.column for hit in hits).values(), default=0) > MOST_FOUND:
            _say_there_are_more(request, len(found))
        return queryset.filter(pk__in=found), False


def begins_with(column: str, prefix: str, vendor: str) -> Q:
    """Ask for values that begin like this in the way that the database has an index for."""
    if vendor == "mysql":
        return Q(**{f"{column}__istartswith": prefix})
    if vendor != "sqlite":
        return Q(**{f"{column}__startswith": prefix})
    end = _next_after(prefix)
    found = Q(**{f"{column}__gte": prefix})
    return found & Q(**{f"{column}__lt": end}) if end else found


class InIndexOrder(OrderBy):
    """The order that ``varchar_pattern_ops`` keeps, so that a few rows are read and no more."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Name PostgreSQL's operator for it; Django looks for a direction in every order."""
        return self.as_sql(compiler, connection, "%(expression)s USING ~<~ /* ASC */", **context)


class Hit(NamedTuple):
    """A row, the value that was hit, and the number of the column it is in."""

    pk: Any
    value: str
    column: int


def _hits(rows: QuerySet[Any], columns: Sequence[str], term: str) -> list[Hit]:
    """Find a limited number for each column, equal values first, by one statement."""
    connection = connections[rows.db]
    rows = rows.order_by()
    parts = []
    for number, column in enumerate(columns):
        part = rows.filter(begins_with(column, term, connection.vendor))
        part = part.order_by(InIndexOrder(F(column)))
        if connection.vendor == "sqlite":
            # Its compounds take no order by what is not among their columns.
            part = rows.filter(pk__in=part.values("pk")[: MOST_FOUND + 1])
        else:
            part = part[: MOST_FOUND + 1]
        parts.append(part.values_list("pk", column, Value(number)))
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    # Said once more: Django 6.1 gives a union the model's own order otherwise.
    return [Hit(*row) for row in found.order_by()]


def _next_after(prefix: str) -> str:
    """Give the first text that does not begin like this, in the order of code points."""
    kept = prefix.rstrip(chr(0x10FFFF))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)


def _say_there_are_more(request: HttpRequest, count: int) -> None:
    match = request.resolver_match
    is_list = match is not None and str(match.url_name).endswith("_changelist")
    # Not for a host's autocomplete field, nor once more when an action is sent.
    if is_list and request.method == "GET":
        text = _("More begin like that than the %(count)d shown here. Write more of it.")
        messages.warning(request, text % {"count": count})
