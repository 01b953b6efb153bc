"""The list and the change page: quick, complete, read-only, and safe to look at."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import SezzlePaymentAdminMixin
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzlePayment
from django_sezzle.services import reauthorize
from tests.admin.conftest import (
    CHANGE,
    LIST,
    Desk,
    MakePayment,
    money_url,
    operation_of,
    statements,
)
from tests.fixtures import make_user, payments_connection

EVIL = "<script>alert(1)</script>"
PAGES = {
    "payments": LIST,
    "operations": "admin:django_sezzle_sezzleoperation_changelist",
    "announcements": "admin:django_sezzle_sezzleannouncement_changelist",
    "events": "admin:django_sezzle_sezzlewebhookevent_changelist",
}


def test_the_list_shows_what_matters(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment(123400, captured_in_cents=23400)
    SezzlePayment.objects.filter(pk=payment.pk).update(review_reason="amount_differs")

    text = manager.get(reverse(LIST)).content.decode()

    for shown in ("SHOP-1001", "partially captured", "$1,234.00 USD", "$1,000.00"):
        assert shown in text
    assert "$234.00" in text
    assert "has another amount" in text


def test_an_expired_authorization_is_seen_in_the_list(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    past = timezone.now() - timedelta(hours=1)
    SezzlePayment.objects.filter(pk=payment.pk).update(authorization_expires_at=past)

    text = manager.get(reverse(LIST)).content.decode()

    assert "authorized, expired" in text
    assert ">expired</time>" in text


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    "query", ["", "?q=SHOP", "?review=yes", "?status__exact=authorized", "?p=1"]
)
def test_the_list_costs_five_queries_whatever_it_holds(
    admin_client: Client, make_payment: MakePayment, rows: int, query: str
) -> None:
    payment = make_payment()
    columns = {
        f.name: getattr(payment, f.name)
        for f in SezzlePayment._meta.concrete_fields
        if f.name not in ("id", "token", "order_uuid", "reference_id", "is_current", "is_checkout")
    }
    SezzlePayment.objects.bulk_create(
        SezzlePayment(**columns, token=f"t{n}", reference_id=f"SHOP-{n}") for n in range(rows - 1)
    )

    with CaptureQueriesContext(payments_connection()) as queries:
        assert admin_client.get(reverse(LIST) + query).status_code == 200

    assert len(statements(queries)) <= 5


@pytest.mark.parametrize("page", PAGES)
def test_lists_of_records_do_not_ask_once_per_row(
    admin_client: Client, make_payment: MakePayment, page: str
) -> None:
    for _number in range(3):
        desk = Desk(admin_client, "capture").open(make_payment())
        desk.send()

    with CaptureQueriesContext(payments_connection()) as queries:
        assert admin_client.get(reverse(PAGES[page])).status_code == 200

    assert len(statements(queries)) <= 5


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=SHOP-1001", 1),
        ("?q=SHOP-100", 2),
        ("?q=1001", 0),
        ("?q={order_uuid}", 1),
        ("?q={sezzle_order_id}", 1),
        ("?review=yes", 1),
        ("?review=no", 1),
        ("?review=amount_differs", 1),
        ("?environment=sandbox", 2),
        ("?environment=production", 0),
        ("?status__exact=captured", 1),
    ],
)
def test_search_and_filters(
    manager: Client, make_payment: MakePayment, query: str, found: int
) -> None:
    payment, other = make_payment(), make_payment(captured_in_cents=5000)
    SezzlePayment.objects.filter(pk=other.pk).update(review_reason="amount_differs")
    assert payment.sezzle_order_id

    filled = query.format(order_uuid=payment.order_uuid, sezzle_order_id=payment.sezzle_order_id)
    page = manager.get(reverse(LIST) + filled)

    assert len(page.context["cl"].result_list) == found


def test_the_change_page_shows_the_history(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    Desk(manager, "capture").open(payment).send(reason="box 1")
    operation = operation_of(payment)

    text = manager.get(reverse(CHANGE, args=[payment.pk])).content.decode()

    for shown in (
        operation.request_id,
        "box 1",
        "Sezzle confirmed it.",
        "staff1",
        operation.tx_uuid,
    ):
        assert shown in text
    assert "captured:" in text
    assert payment.token not in text


def test_reauthorizing_is_suggested_once_the_authorization_ran_out(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    url, button = reverse(CHANGE, args=[payment.pk]), money_url("reauthorize", payment)
    assert button not in manager.get(url).content.decode()

    past = timezone.now() - timedelta(hours=1)
    SezzlePayment.objects.filter(pk=payment.pk).update(authorization_expires_at=past)

    assert button in manager.get(url).content.decode()


def test_the_change_page_links_parent_and_child(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    emulator.clock.advance(timedelta(days=1))
    child = reauthorize(payment).result_payment
    assert child is not None
    parents, childs = (reverse(CHANGE, args=[pk]) for pk in (payment.pk, child.pk))

    # In the field, in the list of the order's payments, and in the history.
    assert manager.get(parents).content.decode().count(f'href="{childs}"') == 3
    assert f'href="{parents}"' in manager.get(childs).content.decode()


def test_the_change_page_costs_the_same_however_long_the_history(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    url = reverse(CHANGE, args=[payment.pk])

    def cost() -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            assert admin_client.get(url).status_code == 200
        return len(statements(queries))

    actor = make_user("actor")
    cost()  # fills Django's own caches
    before = cost()
    now = timezone.now()
    SezzleOperation.objects.bulk_create(
        SezzleOperation(
            payment=payment,
            kind="capture",
            amount_in_cents=1,
            currency="USD",
            actor=actor,
            request_id=f"r{n}",
            state="failed",
            is_open=None,
            opened_seq=n,
            lease_until=now,
        )
        for n in range(60)
    )
    SezzleAnnouncement.objects.bulk_create(
        SezzleAnnouncement(payment=payment, fact_key=f"captured:{n}", lease_until=now)
        for n in range(60)
    )

    assert cost() == before
    text = admin_client.get(url).content.decode()
    assert text.count('class="sezzle-head"') == 50
    assert 'rel="next"' in text


@pytest.mark.fault(79)
def test_text_from_outside_is_shown_as_text(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = Desk(manager, "capture").open(payment)
    sent = form.send(reason=EVIL)
    SezzleOperation.objects.update(
        state="failed", evidence="rejected", error_message=EVIL, error_code=EVIL, debug_uuid=EVIL
    )
    SezzleAnnouncement.objects.update(last_error=EVIL)
    SezzlePayment.objects.update(shop_reference=EVIL, reference_id=EVIL, review_reason=EVIL)

    pages = [
        manager.get(f"{sent.request['PATH_INFO']}?{sent.request['QUERY_STRING']}"),
        manager.get(reverse(CHANGE, args=[payment.pk])),
        manager.get(reverse(LIST)),
        Desk(manager, "refund").open(payment).page,
    ]

    for page in pages:
        text = page.content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert EVIL not in text


def test_our_pages_need_neither_inline_scripts_nor_inline_styles(
    manager: Client, make_payment: MakePayment
) -> None:
    form = Desk(manager, "capture").open(make_payment())
    result = form.send()

    for page in (form.page, result):
        text = page.content.decode()
        content = text[text.index('id="content-main"') :]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", content)


def test_every_input_has_a_label_and_every_header_a_scope(
    manager: Client, make_payment: MakePayment
) -> None:
    form = Desk(manager, "capture").open(make_payment(), make_payment())
    text = form.page.content.decode()
    content = text[text.index('id="content-main"') :]

    ids = re.findall(r'<input type="text"[^>]*\bid="([^"]+)"', content)
    # An amount and a shipment for each payment, and one reason.
    assert len(ids) == 5
    assert all(f'for="{one}"' in content for one in ids)
    headers = re.findall(r"<th[ >][^>]*", content)
    assert headers
    assert all("scope=" in header for header in headers)


def test_the_mixin_works_on_another_themes_base(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    class TheirModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        """Stands for the base class of another admin theme."""

        list_per_page = 7

    class TheirPaymentAdmin(SezzlePaymentAdminMixin, TheirModelAdmin):
        list_display = ("reference_id", "status_word")

    make_payment()
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.get()
    page = TheirPaymentAdmin(SezzlePayment, admin.AdminSite(name="theirs"))

    assert not page.check()
    assert not page.has_add_permission(request)
    assert set(page.get_actions(request)) == set(SezzlePaymentAdminMixin.actions)
    names = {pattern.name for pattern in page.get_urls()}
    assert {
        "django_sezzle_sezzlepayment_money",
        "django_sezzle_sezzlepayment_money_result",
    } <= names


@pytest.mark.django_db
def test_the_system_checks_are_content() -> None:
    # Django asks the database whether it has what a model needs.
    call_command("check", "--fail-level", "WARNING")
