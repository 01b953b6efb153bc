"""Filters of the payments' list: each finds what it says, and has an index that gives the order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.conftest import LIST, MakePayment

Found = Callable[[str], list[str]]


@pytest.fixture
def found(manager: Client) -> Found:
    """Name the shop references that a query string leaves, newest first."""

    def ask(query: str) -> list[str]:
        page = manager.get(reverse(LIST) + query)
        assert page.status_code == 200
        return [row.shop_reference for row in page.context["cl"].result_list]

    return ask


def change(payment: SezzlePayment, **columns: Any) -> str:
    SezzlePayment.objects.filter(pk=payment.pk).update(**columns)
    return payment.shop_reference


def leave_open(payment: SezzlePayment, *, since: timedelta) -> None:
    """Write down an operation whose answer never came."""
    operation = SezzleOperation.objects.create(
        payment=payment,
        kind="capture",
        amount_in_cents=1,
        currency="USD",
        request_id=f"r{payment.pk}",
        state="unknown",
        opened_seq=1,
        lease_until=timezone.now(),
    )
    SezzleOperation.objects.filter(pk=operation.pk).update(created_at=timezone.now() - since)


def test_needs_a_human_is_a_review_or_an_outcome_unknown_for_long(
    make_payment: MakePayment, found: Found
) -> None:
    make_payment()
    reviewed = change(make_payment(), review_reason="amount_differs")
    stuck, young, both = make_payment(), make_payment(), make_payment()
    leave_open(stuck, since=timedelta(hours=2))
    leave_open(young, since=timedelta(minutes=5))
    leave_open(both, since=timedelta(hours=2))
    change(both, review_reason="totals_impossible")

    assert found("?human=yes") == [both.shop_reference, stuck.shop_reference, reviewed]
    assert found("?human=unknown") == [both.shop_reference, stuck.shop_reference]
    assert found("?review=yes") == [both.shop_reference, reviewed]
    assert found("?review=amount_differs") == [reviewed]


def test_what_expires_soon_or_did_uncaptured(make_payment: MakePayment, found: Found) -> None:
    now = timezone.now()
    day, two = (make_payment() for _number in range(2))
    change(make_payment(), authorization_expires_at=now + timedelta(days=5))
    gone = change(make_payment(), authorization_expires_at=now - timedelta(minutes=1))
    taken = make_payment(captured_in_cents=5_000)
    change(taken, authorization_expires_at=now - timedelta(minutes=1))
    part = make_payment(captured_in_cents=1_000)
    change(part, authorization_expires_at=now - timedelta(days=1))
    change(day, authorization_expires_at=now + timedelta(hours=23))
    change(two, authorization_expires_at=now + timedelta(hours=47))
    # Sezzle takes this one's money by itself.
    change(make_payment(), intent="CAPTURE", authorization_expires_at=now - timedelta(hours=1))

    assert found("?ends=24") == [day.shop_reference]
    assert found("?ends=48") == [two.shop_reference, day.shop_reference]
    assert found("?ends=expired") == [part.shop_reference, gone]


@pytest.mark.parametrize("query", ["?human=x", "?ends=x", "?ends=-1", "?review="])
def test_a_choice_that_does_not_exist_filters_nothing(
    make_payment: MakePayment, found: Found, query: str
) -> None:
    payment = make_payment()

    assert found(query) == [payment.shop_reference]


def test_status_account_environment_and_day(
    make_payment: MakePayment, found: Found, settings: Any
) -> None:
    old = change(make_payment(), created_at=timezone.now() - timedelta(days=40))
    other = change(make_payment(), environment="production", account="second")
    keys = {"PUBLIC_KEY": "sz_pub_second", "PRIVATE_KEY": "sz_pr_second"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"second": keys}}

    assert found("?account=second") == [other]
    assert found("?environment=production") == [other]
    assert found("?environment=sandbox") == [old]
    assert found("?status__exact=authorized") == [other, old]
    since = urlencode({"created_at__gte": str(timezone.now() - timedelta(days=7))})
    assert found(f"?{since}") == [other]


def test_every_filter_is_on_the_page(manager: Client, make_payment: MakePayment) -> None:
    make_payment()
    text = manager.get(reverse(LIST)).content.decode()

    for query in (
        "?human=yes",
        "?human=unknown",
        "?ends=24",
        "?ends=48",
        "?ends=expired",
        "?status__exact=denied",
        "?review=yes",
        "?environment=sandbox",
    ):
        assert f'href="{query}"' in text, query
    assert "created_at__gte=" in text


@pytest.mark.parametrize("column", ["status", "review_reason", "environment", "account"])
def test_each_equality_has_an_index_in_the_list_s_order(column: str) -> None:
    indexes = [tuple(index.fields) for index in SezzlePayment._meta.indexes]

    assert (column, "-created_at", "-id") in indexes
