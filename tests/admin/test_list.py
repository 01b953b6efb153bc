"""The columns of the payments' list: words, signs, countdowns, and nothing by colour alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.admin.columns import FLAG, SIGNS, ListColumnsMixin
from django_sezzle.models import Review, SezzlePayment, Status
from tests.admin.conftest import LIST, MakePayment, MakeStaff, statements
from tests.fixtures import payments_connection


def cell(page: Any, field: str) -> str:
    """Give the text of the first row's cell, as a reader hears it."""
    found = re.search(rf'class="field-{field}[^"]*">(.*?)</t[dh]>', page.content.decode(), re.S)
    assert found is not None, field
    said = re.sub(r'<span aria-hidden="true">.*?</span>', "", found[1])
    return re.sub(r"<[^>]+>", " ", said).replace("\xa0", " ").strip()


def change(payment: SezzlePayment, **columns: object) -> None:
    """Write columns past the services, as time or trouble would."""
    SezzlePayment.objects.filter(pk=payment.pk).update(**columns)


def test_a_row_says_what_is_held_taken_and_given_back(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment(10_000, captured_in_cents=6_000)
    change(payment, refunded_in_cents=1_500)

    page = manager.get(reverse(LIST))

    assert cell(page, "shop_reference") == payment.shop_reference
    assert cell(page, "amount") == "$100.00 USD"
    said = re.sub(r"\s+", " ", cell(page, "money"))
    assert said == "held $40.00 taken $60.00 given back $15.00"


def test_a_payment_without_money_says_so(manager: Client, make_payment: MakePayment) -> None:
    make_payment(approve=False)

    page = manager.get(reverse(LIST))

    assert cell(page, "money") == "–"
    assert cell(page, "countdown") == "–"


@pytest.mark.parametrize("status", Status)
def test_every_status_is_a_word_and_a_sign_beside_its_colour(status: Status) -> None:
    shown = ListColumnsMixin().status_badge(SezzlePayment(status=status))

    assert str(status.label) in shown
    assert f'<span aria-hidden="true">{SIGNS[status][0]}</span>' in shown
    assert f"sezzle-is-{SIGNS[status][1]}" in shown


def test_a_status_of_a_newer_version_is_shown_as_it_is() -> None:
    shown = ListColumnsMixin().status_badge(SezzlePayment(status="adjusted"))

    assert "adjusted" in shown


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=12, seconds=30), "in 12 minutes"),
        (timedelta(hours=5, minutes=10), "in 5 hours"),
        (timedelta(days=2, hours=3), "in 2 days"),
        (timedelta(seconds=40), "in less than a minute"),
        (timedelta(seconds=-1), "expired"),
    ],
)
def test_the_countdown_is_in_words(
    manager: Client, make_payment: MakePayment, left: timedelta, words: str
) -> None:
    payment = make_payment()
    change(payment, authorization_expires_at=timezone.now() + left)

    page = manager.get(reverse(LIST))

    assert cell(page, "countdown") == words
    assert ("expired" in cell(page, "status_badge")) == (words == "expired")


def test_the_age_has_its_moment_at_hand(manager: Client, make_payment: MakePayment) -> None:
    change(make_payment(), created_at=timezone.now() - timedelta(hours=3, minutes=5))

    page = manager.get(reverse(LIST))

    assert cell(page, "age") == "3 hours"
    assert re.search(r'<time datetime="[^"]+" title="[^"]+"', page.content.decode())


def test_a_review_raises_a_flag_with_its_reason(manager: Client, make_payment: MakePayment) -> None:
    change(make_payment(), review_reason=Review.SECOND_AUTHORIZATION)

    page = manager.get(reverse(LIST))

    assert str(Review.SECOND_AUTHORIZATION.label) in cell(page, "status_badge")
    assert FLAG in page.text


@pytest.mark.parametrize("query", ["", "?q=SHOP", "?human=yes", "?human=yes&q=SHOP", "?ends=48"])
def test_staff_of_any_rank_see_no_more_queries_for_more_rows(
    make_staff: MakeStaff, make_payment: MakePayment, query: str
) -> None:
    client = make_staff("view_sezzlepayment")
    make_payment()

    def cost() -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            assert client.get(reverse(LIST) + query).status_code == 200
        return len(statements(queries))

    cost()
    before = cost()
    for _number in range(4):
        make_payment()
    # Permissions of a user and of the groups are two more than a superuser has.
    assert cost() == before <= 5 + 2


def test_secret_columns_cannot_be_guessed_by_filters(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()

    for lookup in ("token", "token__startswith", "token__regex", "checkout_fingerprint"):
        page = manager.get(reverse(LIST), {lookup: payment.token[:1]})
        assert page.status_code == 400, lookup
    assert manager.get(reverse(LIST), {"user__isnull": "1"}).status_code == 200


def test_there_is_no_order_but_the_index_s() -> None:
    assert SezzlePaymentAdmin.sortable_by == ()
    names = {tuple(index.fields) for index in SezzlePayment._meta.indexes}
    assert SezzlePaymentAdmin.ordering in names
