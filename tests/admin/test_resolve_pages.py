"""The page of open operations: what is being done about each, for whom, at what cost."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.admin.remedies import REMEDIES as REMEDIES_BY_NAME
from django_sezzle.admin.waiting import Waiting
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.conftest import CHANGE, LIST, MakePayment, MakeStaff, operation_of, statements
from tests.admin.test_resolve import (
    OPEN,
    RELEASE,
    REMEDIES,
    RESOLVE,
    VIEW,
    resolver,
    stuck,
    url,
)
from tests.fixtures import payments_connection
from tests.views.html import inline_code

__all__ = ["resolver", "stuck"]

pytestmark = [pytest.mark.fault(97)]

EVIL = "<script>alert(1)</script>"
ROLES: dict[str, tuple[str, ...]] = {
    "nobody": (),
    "viewer": (VIEW,),
    "resolver": (VIEW, RESOLVE),
    "cashier": (VIEW, RELEASE, "capture_sezzlepayment"),
    "blind": (RESOLVE, RELEASE),
}


def is_allowed(role: str, name: str) -> bool:
    return {VIEW, REMEDIES[name]} <= set(ROLES[role])


def content_of(page: Any) -> str:
    text: str = page.content.decode()
    return text[text.index('id="content-main"') :]


def test_the_page_says_what_is_open_and_what_is_done_about_it(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    text = content_of(resolver.get(reverse(OPEN)))

    for shown in (
        "SHOP-1001",
        "$10.00 USD",
        "1 day, 1 hour",
        "being checked",
        "when sezzle_reconcile runs next",
        "It was first sent too long ago.",
        operation_of(stuck).request_id,
        f'href="{reverse(CHANGE, args=[stuck.pk])}"',
        f'href="{url(stuck, "close")}?from=open"',
        f'href="{url(stuck, "send-again")}?from=open"',
    ):
        assert shown in text.replace("\xa0", " "), shown
    assert emulator.calls == []


def test_the_list_leads_to_the_page_and_the_page_back(
    resolver: Client, stuck: SezzlePayment
) -> None:
    assert f'href="{reverse(OPEN)}"' in resolver.get(reverse(LIST)).content.decode()

    form = {
        field.html_name: str(field.value())
        for field in resolver.get(f"{url(stuck, 'close')}?from=open").context["form"]
    }
    answer = resolver.post(url(stuck, "close"), form | {"reason": "looked"})

    assert answer["Location"] == reverse(OPEN)
    assert "Nothing is open." in content_of(resolver.get(reverse(OPEN)))


NOW = timezone.now
PLANS: dict[str, tuple[dict[str, Any], str, str]] = {
    "sent just now": (
        {"lease_until": lambda: NOW() + timedelta(minutes=2), "first_sent_at": NOW},
        "sent again with the same request id, for the 2. time",
        "",
    ),
    "due": ({"first_sent_at": NOW}, "sent again with the same request id", ""),
    "five times": ({"attempts": 5, "first_sent_at": NOW}, "waits for a person", "sent 5 times"),
    "a day ago": ({}, "waits for a person", "first sent too long ago"),
    "refused": ({"evidence": "rejected"}, "is closed as refused", "Sezzle refused it"),
    "new authorization": ({"kind": "reauthorize"}, "new order is looked for", "second instalment"),
    "unsent click": ({"attempts": 0}, "closed as never sent.", "the moment has passed"),
    "unsent click of now": ({"attempts": 0, "created_at": NOW}, "closed as never sent at", "gone"),
    "promised": ({"attempts": 0, "deferred": True}, "sent for the first time", ""),
}


def loaded(payment: SezzlePayment) -> SezzleOperation:
    """Fetch the open operation together with its payment, as the page does."""
    return SezzleOperation.objects.select_related("payment").get(payment=payment)


@pytest.mark.parametrize("name", PLANS)
def test_each_way_to_be_open_is_told_apart(stuck: SezzlePayment, name: str) -> None:
    columns, plan, why = PLANS[name]
    values = {key: value() if callable(value) else value for key, value in columns.items()}
    SezzleOperation.objects.update(**values)

    waiting = Waiting.of(loaded(stuck))

    assert plan in waiting.plan
    assert why in waiting.why_not_again
    assert bool(why) == bool(waiting.why_not_again)
    assert (waiting.next_at is None) == ("lease_until" not in columns)


def test_what_a_newer_version_works_on_is_left_alone(stuck: SezzlePayment) -> None:
    operation = loaded(stuck)
    operation.state = "paused"

    assert "newer version" in Waiting.of(operation).why_not_again
    for name in ("close", "send-again"):
        assert "newer version" in REMEDIES_BY_NAME[name].obstacle(stuck, operation)


@pytest.mark.parametrize("columns", [{}, {"attempts": 0, "deferred": True}])
def test_a_review_keeps_it_from_being_sent(
    resolver: Client, stuck: SezzlePayment, columns: dict[str, Any]
) -> None:
    SezzleOperation.objects.update(first_sent_at=timezone.now(), **columns)
    SezzlePayment.objects.update(review_reason="amount_differs")

    text = content_of(resolver.get(reverse(OPEN)))

    # Why it is not sent by itself, and why staff cannot do it.
    assert text.count("needs review: Sezzle&#x27;s order has another amount") == 2
    assert url(stuck, "send-again") not in text
    assert url(stuck, "close") in text


@pytest.mark.fault(32)
@pytest.mark.parametrize(("role", "name"), list(product(ROLES, REMEDIES)))
def test_only_who_may_is_offered_shown_and_obeyed(
    make_staff: MakeStaff, stuck: SezzlePayment, emulator: Emulator, role: str, name: str
) -> None:
    if name == "clear-review":
        SezzlePayment.objects.update(review_reason="amount_differs")
    if name == "cancel":
        SezzleOperation.objects.update(is_open=None, state="failed")
    client = make_staff(*ROLES[role])
    operation = operation_of(stuck)
    allowed = is_allowed(role, name)

    page = client.get(reverse(CHANGE, args=[stuck.pk]))
    listed = client.get(reverse(OPEN))
    shown = client.get(url(stuck, name))
    sent = client.post(url(stuck, name), {"subject": "", "reason": "because"})

    assert (url(stuck, name) in page.content.decode()) == allowed
    assert listed.status_code == (200 if VIEW in ROLES[role] else 403)
    if name in ("close", "send-again"):
        assert (url(stuck, name) in listed.content.decode()) == allowed
    assert shown.status_code == (200 if allowed else 403)
    # The form's subject is missing, so that even who may changes nothing.
    assert sent.status_code == (303 if allowed else 403)
    assert operation_of(stuck).is_open == operation.is_open
    assert emulator.calls == []


@pytest.mark.fault(32)
def test_strangers_are_sent_to_log_in(stuck: SezzlePayment) -> None:
    for address in (reverse(OPEN), *(url(stuck, name) for name in REMEDIES)):
        assert Client().get(address).status_code == 302
    assert Client().post(url(stuck, "close"), {"reason": "x"}).status_code == 302
    assert operation_of(stuck).is_open


@pytest.mark.fault(31)
@pytest.mark.parametrize("name", REMEDIES)
def test_a_form_from_elsewhere_is_refused(
    make_staff: MakeStaff, stuck: SezzlePayment, name: str
) -> None:
    client = make_staff(VIEW, RESOLVE, RELEASE, checks_csrf=True)

    answer = client.post(url(stuck, name), {"reason": "x"})

    assert answer.status_code == 403
    assert operation_of(stuck).is_open


def test_what_the_host_hides_is_neither_listed_nor_resolved(
    resolver: Client,
    stuck: SezzlePayment,
    make_payment: MakePayment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = make_payment()
    SezzlePayment.objects.filter(pk=other.pk).update(account="second")
    everything = SezzlePaymentAdmin.get_queryset

    def of_second(self: Any, request: HttpRequest) -> Any:
        return everything(self, request).filter(account="second")

    monkeypatch.setattr(SezzlePaymentAdmin, "get_queryset", of_second)

    assert "SHOP-1001" not in content_of(resolver.get(reverse(OPEN)))
    for name in REMEDIES:
        assert resolver.get(url(stuck, name)).status_code == 404
        assert resolver.post(url(stuck, name), {"reason": "x"}).status_code == 404
    assert operation_of(stuck).is_open


def copies(payment: SezzlePayment, count: int) -> None:
    """Make more payments like this one, each with an open operation like its own."""
    operation = operation_of(payment)
    own = ("id", "token", "order_uuid", "reference_id", "is_current", "is_checkout")
    columns = {
        f.attname: getattr(payment, f.attname)
        for f in SezzlePayment._meta.concrete_fields
        if f.name not in own
    }
    for number in range(count):
        twin = SezzlePayment(**columns, token=f"t{number}", reference_id=f"R-{number}")
        twin.save()
        values = {
            f.attname: getattr(operation, f.attname)
            for f in SezzleOperation._meta.concrete_fields
            if f.name not in ("id", "payment", "request_id")
        }
        SezzleOperation.objects.create(**values, payment=twin, request_id=uuid.uuid4().hex)


def test_the_page_costs_the_same_whatever_is_open(
    admin_client: Client, stuck: SezzlePayment
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            assert admin_client.get(reverse(OPEN)).status_code == 200
        return len(statements(queries))

    cost()
    before = cost()
    copies(stuck, 10)

    # Session, user, count, rows.
    # One less where sessions live in another database.
    assert cost() == before <= 4


def test_many_are_shown_page_by_page(
    admin_client: Client, stuck: SezzlePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sezzle.admin.resolve.PER_PAGE", 2)
    copies(stuck, 4)

    first = content_of(admin_client.get(reverse(OPEN)))
    last = content_of(admin_client.get(reverse(OPEN), {"p": "99"}))

    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert "Page 3 of 3" in last


def test_pages_are_sound_for_strict_browsers_and_screen_readers(
    resolver: Client, stuck: SezzlePayment
) -> None:
    SezzlePayment.objects.update(shop_reference=EVIL, review_reason="amount_differs")
    SezzleOperation.objects.update(error_message=EVIL, error_code=EVIL, debug_uuid=EVIL)
    pages = [reverse(OPEN), *(url(stuck, name) for name in REMEDIES)]

    for address in pages:
        page = resolver.get(address)
        assert inline_code(page.content.decode()) == []
        text = content_of(page)
        assert "&lt;script&gt;alert(1)" in text
        assert EVIL not in text
        assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", text))
        for field in re.findall(r'<input type="text"[^>]*\bid="([^"]+)"', text):
            assert f'for="{field}"' in text
    sent = resolver.post(url(stuck, "close"), {"reason": EVIL}, follow=True)
    assert EVIL not in sent.content.decode()


@pytest.mark.parametrize("name", ["", "capture", "close-all"])
def test_what_does_not_exist_is_not_found(
    resolver: Client, stuck: SezzlePayment, name: str
) -> None:
    assert resolver.get(url(stuck, "close").replace("/close/", f"/{name}x/")).status_code == 404
    assert resolver.get(url(stuck, "close").replace(f"/{stuck.pk}/", "/999/")).status_code == 404
