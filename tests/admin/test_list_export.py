"""The export: what was selected, in one file, without formulas and without shoppers."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.admin import export
from django_sezzle.cells import FORMULA, harmless
from django_sezzle.models import SezzlePayment
from tests.admin.conftest import LIST, MakePayment, MakeStaff, statements
from tests.fixtures import payments_connection


def ask(client: Client, *payments: SezzlePayment, query: str = "", **data: str) -> Any:
    chosen = [payment.pk for payment in payments]
    form = {"action": "export_selected", "_selected_action": chosen} | data
    return client.post(reverse(LIST) + query, form)


def lines(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def viewer(make_staff: MakeStaff) -> Client:
    return make_staff("view_sezzlepayment")


def test_whoever_may_look_may_export_what_was_selected(
    viewer: Client, make_payment: MakePayment
) -> None:
    first, _second, third = make_payment(), make_payment(), make_payment(captured_in_cents=1_205)

    answer = ask(viewer, first, third)

    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="sezzle-payments-')
    rows = lines(answer)
    assert [row["shop_reference"] for row in rows] == [third.shop_reference, first.shop_reference]
    assert rows[0] | {"created_at": "", "capture_before": ""} == {
        "shop_reference": third.shop_reference,
        "sezzle_reference": third.reference_id,
        "order_uuid": third.order_uuid,
        "sezzle_order_id": third.sezzle_order_id,
        "environment": "sandbox",
        "account": "default",
        "status": "partially_captured",
        "expired": "no",
        "review": "",
        "currency": "USD",
        "amount": "50.00",
        "authorized": "50.00",
        "held": "37.95",
        "captured": "12.05",
        "refunded": "0.00",
        "released": "0.00",
        "created_at": "",
        "capture_before": "",
        "shipments": "",
    }
    assert rows[0]["created_at"].endswith("+00:00")


def test_everything_the_filters_left_is_exported_when_chosen(
    viewer: Client, make_payment: MakePayment
) -> None:
    payments = [make_payment(captured_in_cents=cents) for cents in (0, 5_000, 5_000)]

    answer = ask(viewer, payments[1], query="?status__exact=captured", select_across="1")

    found = [row["shop_reference"] for row in lines(answer)]
    assert found == [payments[2].shop_reference, payments[1].shop_reference]


def test_strangers_and_those_who_may_not_look_export_nothing(
    make_staff: MakeStaff, make_payment: MakePayment
) -> None:
    payment = make_payment()

    assert ask(make_staff("capture_sezzlepayment"), payment).status_code == 403
    assert ask(Client(), payment).status_code == 302


def test_looking_does_not_export(viewer: Client, make_payment: MakePayment) -> None:
    payment = make_payment()
    query = f"?action=export_selected&_selected_action={payment.pk}"

    assert not viewer.get(reverse(LIST) + query).streaming


def test_nothing_about_the_shopper_and_no_token_is_in_the_file(
    viewer: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    SezzlePayment.objects.filter(pk=payment.pk).update(success_url="https://x.example/jane-doe")

    text = b"".join(ask(viewer, payment).streaming_content).decode()

    assert payment.token not in text
    assert "jane-doe" not in text
    assert not {"token", "user", "success_url", "checkout_url"} & set(export.HEADER)


@pytest.mark.parametrize("rows", [1, 25])
def test_more_rows_cost_no_more_statements(
    admin_client: Client, make_payment: MakePayment, rows: int
) -> None:
    payments = [make_payment() for _number in range(rows)]

    with CaptureQueriesContext(payments_connection()) as queries:
        assert len(lines(ask(admin_client, *payments))) == rows

    # On PostgreSQL one of them asks the planner how many rows there are.
    assert len(statements(queries)) <= 6


def test_many_rows_are_fetched_in_pages(
    viewer: Client, make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = [make_payment() for _number in range(5)]
    monkeypatch.setattr(export, "AT_ONCE", 2)

    found = [row["shop_reference"] for row in lines(ask(viewer, *payments))]

    assert found == [payment.shop_reference for payment in reversed(payments)]


@pytest.mark.parametrize(
    "evil",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '"=1', "'=1", "\uff1d1"],
)
def test_a_formula_is_text(viewer: Client, make_payment: MakePayment, evil: str) -> None:
    payment = make_payment()
    SezzlePayment.objects.filter(pk=payment.pk).update(shop_reference=evil)

    [row] = lines(ask(viewer, payment))

    assert row["shop_reference"] == f"'{evil}"


@given(text=st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = harmless(text)

    assert not cell.startswith(FORMULA)
    assert cell in (text, f"'{text}")


def test_plain_text_stays_as_it_is() -> None:
    for text in ("", "SHOP-1001", "8e0a-=", "Größe 7"):
        assert harmless(text) == text
