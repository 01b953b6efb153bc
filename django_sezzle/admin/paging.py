"""Pages of a list that may hold a million rows: nothing here counts or skips a whole table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db import connections

if TYPE_CHECKING:
    from django.db.models import QuerySet

    Pages = Paginator[Any]
else:
    Pages = Paginator

#: Pages end here; older rows are found by filters and search.
MOST_COUNTED = 10_000


class BoundedPaginator(Pages):
    """Pages over the first 10,000 rows of whatever was filtered and ordered."""

    @cached_property
    def count(self) -> int:
        """Count the rows up to the bound; not at all where PostgreSQL knows of many more."""
        if (self.estimate or 0) > 2 * MOST_COUNTED:
            return MOST_COUNTED
        return min(self._counted, MOST_COUNTED)

    @property
    def is_cut_short(self) -> bool:
        """Whether there are rows that no page shows."""
        return (self.estimate or 0) > 2 * MOST_COUNTED or self._counted > MOST_COUNTED

    @cached_property
    def estimate(self) -> int | None:
        """
        About how many rows the whole table has, to two digits; None when nobody knows.

        Only PostgreSQL is asked, whose planner keeps the number, and only for a list that shows
        the whole table.
        """
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        if connections[rows.db].vendor != "postgresql" or rows.query.where:
            return None
        plan = json.loads(rows.order_by().values("pk").explain(format="json"))
        return _rounded(int(plan[0]["Plan"]["Plan Rows"]))

    @cached_property
    def _counted(self) -> int:
        # Without the list's order, so that any index that has the filter's columns will do.
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_COUNTED + 1].count())


def _rounded(number: int) -> int:
    digits = max(0, len(str(number)) - 2)
    return int(round(number, -digits))
