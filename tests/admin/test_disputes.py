"""The lists of disputes and customers: complete, read-only, quick, and linked to the payment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import SezzleDisputeAdmin
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleCustomer, SezzleDispute, SezzlePayment
from tests.admin.conftest import CHANGE, MakePayment, MakeStaff, statements
from tests.fixtures import make_user, payments_connection
from tests.webhooks.conftest import Deliver, deliver

__all__ = ["deliver"]

DISPUTES = "admin:django_sezzle_sezzledispute_changelist"
DISPUTE = "admin:django_sezzle_sezzledispute_change"
CUSTOMERS = "admin:django_sezzle_sezzlecustomer_changelist"
CUSTOMER = "admin:django_sezzle_sezzlecustomer_change"
OVERVIEW = "admin:django_sezzle_sezzlepayment_overview"

TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def noon() -> Any:
    """Make it noon in UTC on a known day."""
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=True):
        yield


def make_dispute(number: str, due_in: int | None = 10, **columns: Any) -> SezzleDispute:
    """Write a dispute down as its events do; due so many days from today."""
    given = {
        "environment": "sandbox",
        "status": "merchant_input_requested",
        "amount_in_cents": 3_000,
        "currency": "USD",
        "dispute_type": "fraud",
        "due_on": None if due_in is None else TODAY + timedelta(days=due_in),
    }
    return SezzleDispute.objects.create(dispute_id=number, **given | columns)


def make_closed(number: str, status: str = "merchant_win", **columns: Any) -> SezzleDispute:
    """Write a dispute down that was decided."""
    return make_dispute(number, status=status, closed_at=timezone.now(), **columns)


def make_customer(uuid: str, **columns: Any) -> SezzleCustomer:
    """Write a customer down as a confirmation does."""
    return SezzleCustomer.objects.create(uuid=uuid, **{"environment": "sandbox"} | columns)


def listed(client: Client, name: str, query: str = "") -> list[Any]:
    page = client.get(reverse(name) + query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def text_of(page: Any) -> str:
    said = re.sub(r'<span aria-hidden="true">.*?</span>', "", page.text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))


@pytest.mark.django_db
def test_disputes_are_filtered_by_what_there_is_to_do(admin_client: Client) -> None:
    later = make_dispute("1", 4)
    soon = make_dispute("2", 3)
    today = make_dispute("3", 0, status="deadline_approaching")
    late = make_dispute("4", -2)
    unsaid = make_dispute("5", None)
    closed = make_closed("6")
    closed_late = make_closed("7", "customer_win", due_in=-2)

    assert listed(admin_client, DISPUTES) == [
        closed_late,
        closed,
        unsaid,
        late,
        today,
        soon,
        later,
    ]
    assert listed(admin_client, DISPUTES, "?dispute=open") == [unsaid, late, today, soon, later]
    assert listed(admin_client, DISPUTES, "?dispute=soon") == [unsaid, late, today, soon]
    assert listed(admin_client, DISPUTES, "?dispute=closed") == [closed_late, closed]
    assert listed(admin_client, DISPUTES, "?status__exact=customer_win") == [closed_late]
    assert listed(admin_client, DISPUTES, "?q=3") == [today]


def test_the_list_says_how_long_there_is_and_for_how_much(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    make_dispute("901", 10, payment=payment, amount_in_cents=123_456)
    make_dispute("902", 1, status="deadline_approaching")
    make_dispute("903", 0)
    make_dispute("904", -1)
    make_dispute("905", None, amount_in_cents=None, order_uuid="order-elsewhere")
    make_closed("906", "neutral", due_in=-5)

    page = admin_client.get(reverse(DISPUTES))
    text = text_of(page)

    for word in ("in 10 days", "in 1 day", "today", "1 day late", "not said", "$1,234.56 USD"):
        assert word in text, word
    for word in ("waits for the shop&#x27;s answer", "final notice", "closed without a winner"):
        assert word in text, word
    assert "another order: order-elsewhere" in text
    assert "5 days late" not in text
    assert f'<a href="{reverse(CHANGE, args=[payment.pk])}">{payment}</a>' in page.text
    late = [line for line in re.findall(r'<span class="sezzle-line (.*?)">', page.text) if line]
    assert late == ["sezzle-late"] * 3


@pytest.mark.django_db
def test_a_status_of_a_newer_version_is_shown_as_it_is(admin_client: Client) -> None:
    make_dispute("1", status="appealed")

    assert "appealed" in text_of(admin_client.get(reverse(DISPUTES)))


def test_a_disputes_page_shows_all_and_changes_nothing(
    admin_client: Client, make_payment: MakePayment
) -> None:
    dispute = make_dispute("901", payment=make_payment(), reference_id="ord-1")
    url = reverse(DISPUTE, args=[dispute.pk])

    text = text_of(admin_client.get(url))
    for word in ("901", "fraud", "$30.00 USD", "in 10 days", "ord-1", "sandbox"):
        assert word in text, word

    assert admin_client.post(url, {"status": "merchant_win"}).status_code == 403
    assert admin_client.post(reverse(f"{DISPUTE[:-6]}delete", args=[dispute.pk])).status_code == 403
    assert admin_client.get(reverse(f"{DISPUTE[:-6]}add")).status_code == 403
    dispute.refresh_from_db()
    assert dispute.is_open


@pytest.mark.fault(32)
@pytest.mark.parametrize("page", [DISPUTES, DISPUTE, CUSTOMERS, CUSTOMER])
def test_each_page_has_its_permission(make_staff: MakeStaff, db: None, page: str) -> None:
    rows = {DISPUTE: make_dispute("1").pk, CUSTOMER: make_customer("c-1").pk}
    url = reverse(page, args=[rows[page]] if page in rows else [])
    model = "sezzledispute" if "dispute" in page else "sezzlecustomer"

    assert make_staff("view_sezzlepayment").get(url).status_code == 403
    assert make_staff(f"view_{model}").get(url).status_code == 200
    assert Client().get(url).status_code == 302


@pytest.mark.django_db
def test_customers_are_shown_with_their_users(admin_client: Client) -> None:
    shopper = make_user("shopper")
    now = timezone.now()
    make_customer("c-1", user=shopper, expires_at=now + timedelta(days=200, minutes=1))
    make_customer("c-2", expires_at=now - timedelta(days=1))
    last = make_customer("c-3")

    text = text_of(admin_client.get(reverse(CUSTOMERS)))

    for word in ("c-1", str(shopper), "in 6 months", "c-2", "expired", "c-3"):
        assert word in text, word
    assert listed(admin_client, CUSTOMERS, "?q=c-3") == [last]
    page = text_of(admin_client.get(reverse(CUSTOMER, args=[last.pk])))
    assert "c-3" in page
    assert admin_client.post(reverse(CUSTOMER, args=[last.pk]), {"uuid": "x"}).status_code == 403


@pytest.mark.django_db
def test_a_user_who_is_deleted_leaves_the_customer(admin_client: Client) -> None:
    shopper = make_user("shopper")
    make_customer("c-1", user=shopper)

    shopper.delete()

    assert SezzleCustomer.objects.get().user_id is None


@pytest.mark.parametrize("page", [DISPUTES, CUSTOMERS])
def test_a_list_costs_the_same_however_long_it_is(
    admin_client: Client, make_payment: MakePayment, page: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            admin_client.get(reverse(page))
        # PostgreSQL is asked about how many rows there are, too.
        return sum("sezzle" in sql and "EXPLAIN" not in sql for sql in statements(queries))

    make_dispute("1", payment=make_payment())
    make_customer("c-1", user=make_user("first"))
    one = count()
    for number in range(2, 8):
        make_dispute(str(number), payment=make_payment(approve=False))
        make_customer(f"c-{number}", user=make_user(f"user{number}"))

    assert count() == one <= 2


def test_a_host_that_keeps_payments_out_of_its_admin_gets_no_link(
    admin_client: Client, make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispute = make_dispute("1", payment=make_payment())
    site = admin.AdminSite(name="nowhere")
    shown = SezzleDisputeAdmin(SezzleDispute, site)
    monkeypatch.setattr(shown.opts, "app_label", "elsewhere")

    assert shown.payment_link(dispute) == str(dispute.payment)


def test_the_payments_timeline_shows_the_dispute(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    make_dispute("901", payment=payment)
    make_closed("902", "customer_win", payment=payment, amount_in_cents=None)

    text = text_of(admin_client.get(reverse(CHANGE, args=[payment.pk])))

    for word in ("dispute of $30.00 USD", "901", "2026-11-30", "lost: the shopper won"):
        assert word in text, word
    assert "dispute of an amount not said" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "word", "said"),
    [
        ([10], "fine", "1 dispute is open."),
        ([2, 3], "needs attention", "2 disputes are due within 3 days"),
        ([0, 3, 9], "needs attention", "2 disputes are due within 3 days"),
    ],
)
def test_the_overview_says_what_is_due(
    admin_client: Client, make_payment: MakePayment, days: list[int], word: str, said: str
) -> None:
    payment = make_payment()
    for number, due_in in enumerate(days):
        make_dispute(str(number), due_in, payment=payment)

    page = admin_client.get(reverse(OVERVIEW))

    (finding,) = [f for f in page.context["findings"] if f.symptom.id == "disputes"]
    assert str(finding.word) == word
    assert finding.symptom.message.startswith(said)
    assert bool(finding.url) == (word != "fine")
    if finding.url:
        rows = admin_client.get(finding.url).context["cl"].result_list
        assert sorted(row.days_left() for row in rows) == [day for day in days if day <= 3]


def test_what_sezzle_delivers_is_what_staff_see(
    admin_client: Client, make_payment: MakePayment, emulator: Emulator, deliver: Deliver
) -> None:
    payment: SezzlePayment = make_payment(captured_in_cents=5_000)
    deliver()
    emulator.open_dispute(str(payment.order_uuid), amount_in_cents=2_000)
    deliver()

    text = text_of(admin_client.get(reverse(DISPUTES)))

    for word in ("9001", "$20.00 USD", "in 14 days", "fraud", payment.reference_id):
        assert word in text, word
