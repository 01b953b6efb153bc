"""Search: the whole of a reference or id, or its beginning, by an index on every database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.admin import search
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database
from tests.admin.conftest import LIST, MakePayment
from tests.fixtures import payments_connection

Look = Callable[[str], set[str]]


@pytest.fixture
def look(manager: Client) -> Look:
    """Search, and name the shop references that are listed."""

    def ask(term: str) -> set[str]:
        page = manager.get(reverse(LIST), {"q": term})
        assert page.status_code == 200
        return {row.shop_reference for row in page.context["cl"].result_list}

    return ask


@pytest.fixture
def shelf(make_payment: MakePayment) -> list[SezzlePayment]:
    """Payments whose references begin alike."""
    payments = [make_payment() for _number in range(4)]
    names = ("A-10", "A-100", "A-101", "B%_-1")
    for payment, name in zip(payments, names, strict=True):
        SezzlePayment.objects.filter(pk=payment.pk).update(
            shop_reference=name, reference_id=f"{name}~1", sezzle_order_id=f"dash-{payment.pk}"
        )
    return list(SezzlePayment.objects.order_by("pk"))


def test_a_whole_reference_finds_only_itself(shelf: list[SezzlePayment], look: Look) -> None:
    assert look("A-10") == {"A-10"}
    assert look(" A-10 ") == {"A-10"}


def test_a_star_finds_all_that_begin_so(shelf: list[SezzlePayment], look: Look) -> None:
    assert look("A-10*") == {"A-10", "A-100", "A-101"}
    assert look("*") == {"A-10", "A-100", "A-101", "B%_-1"}


def test_a_beginning_finds_what_begins_so(shelf: list[SezzlePayment], look: Look) -> None:
    assert look("A-1") == {"A-10", "A-100", "A-101"}
    assert look("10") == set()
    assert look("A-9") == set()


@pytest.mark.parametrize("term", ["%", "A%", "A_10", "_-10", "A-1\\", "'", '"', "A-10 B"])
def test_signs_of_patterns_are_taken_as_they_are(
    shelf: list[SezzlePayment], look: Look, term: str
) -> None:
    assert look(term) == set()


def test_such_a_sign_in_a_reference_is_found(shelf: list[SezzlePayment], look: Look) -> None:
    assert look("B%") == {"B%_-1"}
    assert look("B%_-1") == {"B%_-1"}


@pytest.mark.parametrize("column", ["reference_id", "order_uuid", "sezzle_order_id"])
@pytest.mark.parametrize("length", [None, -1])
def test_each_of_sezzle_s_names_is_found(
    shelf: list[SezzlePayment], look: Look, column: str, length: int | None
) -> None:
    payment = shelf[0]
    term = getattr(payment, column)[:length]
    if column == "sezzle_order_id" and length:
        assert payment.shop_reference in look(term)
    else:
        assert look(term) == {payment.shop_reference}


def test_search_narrows_what_filters_left(shelf: list[SezzlePayment], manager: Client) -> None:
    SezzlePayment.objects.filter(pk=shelf[1].pk).update(review_reason="amount_differs")

    page = manager.get(reverse(LIST), {"q": "A-1", "review": "yes"})

    assert [row.pk for row in page.context["cl"].result_list] == [shelf[1].pk]


def test_too_many_hits_are_cut_short_and_said(
    shelf: list[SezzlePayment], manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 1)

    page = manager.get(reverse(LIST), {"q": "A-1"})

    count = len(page.context["cl"].result_list)
    assert count > 1
    said = [str(message) for message in get_messages(page.wsgi_request)]
    assert said == [f"More begin like that than the {count} shown here. Write more of it."]
    page = manager.get(reverse(LIST), {"q": "A-101"})
    assert not list(get_messages(page.wsgi_request))


def test_an_exact_hit_is_found_among_ever_so_many(
    shelf: list[SezzlePayment], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 1)

    assert look("A-10") == {"A-10"}


def test_a_host_s_own_search_fields_get_django_s_search(
    shelf: list[SezzlePayment], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "django_sezzle.admin.SezzlePaymentAdmin.search_fields"
    monkeypatch.setattr(page, ("shop_reference", "merchant_uuid__iexact"))

    assert look("10") == {"A-10", "A-100", "A-101"}


def test_the_database_finds_a_beginning_by_an_index(
    shelf: list[SezzlePayment], manager: Client
) -> None:
    """Ask the planner, which may not read the table where it has another way."""
    connection = payments_connection()
    if connection.vendor == "mysql":
        return  # its planner reads small tables whole; the conditions are asserted below
    with CaptureQueriesContext(connection) as queries:
        manager.get(reverse(LIST), {"q": "A-1"})
    asked = next(q["sql"] for q in queries.captured_queries if "UNION ALL" in q["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table this small is cheaper to read and sort whole, by its figures of the moment.
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{prefix} {asked}")
        plan = "\n".join(str(line[-1]) for line in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan
    assert "SCAN django_sezzle" not in plan, plan
    for index in ("shop_ref", "reference", "dashboard"):
        assert f"sezzle_payment_{index}" in plan, plan


def test_each_database_is_asked_in_its_own_way() -> None:
    def lookups(vendor: str) -> list[str]:
        return sorted(str(child[0]) for child in search.begins_with("x", "ab", vendor).children)

    assert lookups("postgresql") == ["x__startswith"]
    assert lookups("mysql") == ["x__istartswith"]
    assert lookups("sqlite") == ["x__gte", "x__lt"]
    assert connections[database()].vendor in {"postgresql", "mysql", "sqlite"}


@given(prefix=st.text(min_size=1), rest=st.text(), other=st.text())
def test_the_end_of_a_range_is_right_behind_all_that_begin_so(
    prefix: str, rest: str, other: str
) -> None:
    end = search._next_after(prefix)

    def is_inside(text: str) -> bool:
        return prefix <= text and (not end or text < end)

    assert is_inside(prefix + rest)
    assert is_inside(other) == other.startswith(prefix) or not end


@pytest.mark.parametrize("last", ["\ud7ff", "a\U0010ffff", "\U0010ffff"])
def test_the_end_of_a_range_is_text_that_can_be_sent(last: str) -> None:
    search._next_after(last).encode()


def test_the_words_are_read_as_one(shelf: list[SezzlePayment], look: Look) -> None:
    SezzlePayment.objects.filter(pk=shelf[0].pk).update(shop_reference="order 7 of 8")

    assert look("order 7") == {"order 7 of 8"}
    assert look("7 order") == set()
