"""Pages: no view counts or skips a whole table, and the list says where its pages end."""

from __future__ import annotations

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_sezzle.admin import paging
from django_sezzle.admin.paging import BoundedPaginator
from django_sezzle.models import SezzlePayment
from tests.admin.conftest import LIST, MakePayment
from tests.fixtures import payments_connection


def test_a_list_counts_no_further_than_its_bound(
    admin_client: Client, make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(3):
        make_payment()
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)

    page = admin_client.get(reverse(LIST))

    assert page.context["cl"].result_count == 2
    assert "Pages end after 2 rows" in page.content.decode()


def test_a_short_list_says_nothing_of_bounds(
    admin_client: Client, make_payment: MakePayment
) -> None:
    make_payment()

    page = admin_client.get(reverse(LIST))

    assert page.context["cl"].result_count == 1
    assert "Pages end after" not in page.content.decode()


def test_every_count_has_a_limit(admin_client: Client, make_payment: MakePayment) -> None:
    make_payment()

    for query in ("", "?status__exact=authorized", "?q=SHOP", "?human=yes"):
        with CaptureQueriesContext(payments_connection()) as queries:
            admin_client.get(reverse(LIST) + query)
        counts = [q["sql"] for q in queries.captured_queries if "COUNT(" in q["sql"]]
        assert counts, query
        assert all("LIMIT 10001" in sql for sql in counts), query


def test_where_the_planner_knows_of_many_rows_none_are_counted(
    admin_client: Client, make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_payment()
    monkeypatch.setattr(BoundedPaginator, "estimate", 1_200_000)

    with CaptureQueriesContext(payments_connection()) as queries:
        page = admin_client.get(reverse(LIST))

    assert page.context["cl"].result_count == 10_000
    assert "There are about 1200000 in all." in page.content.decode().replace(",", "")
    assert not [q for q in queries.captured_queries if "COUNT(" in q["sql"]]


def test_only_the_whole_table_is_estimated_and_only_where_it_can_be(
    make_payment: MakePayment,
) -> None:
    make_payment()
    rows = SezzlePayment.objects.order_by("-pk")
    is_known = payments_connection().vendor == "postgresql"

    assert (BoundedPaginator(rows, 50).estimate is not None) == is_known
    assert BoundedPaginator(rows.filter(approved=True), 50).estimate is None


@pytest.mark.parametrize(
    ("number", "said"), [(7, 7), (99, 99), (1_234, 1_200), (999_999, 1_000_000)]
)
def test_an_estimate_does_not_pretend(number: int, said: int) -> None:
    assert paging._rounded(number) == said
