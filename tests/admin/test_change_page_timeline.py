"""The timeline: everything, from every table, newest first, page by page at one price."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import timeline
from django_sezzle.admin.timeline import Cursor, Timeline
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
)
from django_sezzle.services import clear_review
from tests.admin.conftest import CHANGE, Desk, MakePayment, operation_of, statements
from tests.fixtures import make_user, payments_connection


def add_event(payment: SezzlePayment, number: int, at: datetime) -> SezzleWebhookEvent:
    return SezzleWebhookEvent.objects.create(
        key=f"e{number}",
        event_type="order.captured",
        order_uuid=payment.order_uuid,
        received_at=at,
        lease_until=at,
    )


def fill(payment: SezzlePayment, count: int, at: datetime) -> None:
    """Add rows to every table of the history, all of one moment."""
    actor = make_user("actor")
    SezzleOperation.objects.bulk_create(
        SezzleOperation(
            payment=payment,
            kind="capture",
            amount_in_cents=1,
            currency="USD",
            actor=actor,
            closed_by=actor,
            request_id=f"r{n}",
            state="failed",
            is_open=None,
            opened_seq=n,
            lease_until=at,
        )
        for n in range(count)
    )
    SezzleTransaction.objects.bulk_create(
        SezzleTransaction(
            payment=payment,
            kind="capture",
            uuid=f"t{n}",
            amount_in_cents=1,
            seen_seq=n,
            seen_at=at,
        )
        for n in range(count)
    )
    SezzleAnnouncement.objects.bulk_create(
        SezzleAnnouncement(payment=payment, fact_key=f"captured:{n}", lease_until=at)
        for n in range(count)
    )
    for n in range(count):
        add_event(payment, n, at)
    SezzleOperation.objects.filter(payment=payment).update(created_at=at)
    SezzleAnnouncement.objects.filter(payment=payment).update(created_at=at)


def test_every_table_is_in_it_newest_first(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment()
    Desk(manager, "capture").open(payment).send(reason="box 1")
    add_event(payment, 1, timezone.now())
    payment.refresh_from_db()

    entries = Timeline.of(payment).entries

    assert {entry.source for entry in entries} == {
        "asked for",
        "Sezzle's order",
        "webhook",
        "shop told",
        "admin's log",
        "the shop",
    }
    moments = [entry.at for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert entries[-1].what == "The payment was begun"
    (asked,) = [entry for entry in entries if entry.source == "asked for"]
    assert asked.actor.startswith("staff1")
    assert (asked.reason, asked.badge) == ("box 1", "done")
    said = {detail.label: detail.text for detail in asked.details}
    operation = operation_of(payment)
    assert said["Request id"] == operation.request_id
    assert said["Transaction"] == operation.tx_uuid
    (logged,) = [entry for entry in entries if entry.source == "admin's log"]
    assert logged.actor.startswith("staff1")
    assert operation.request_id in logged.what


def test_other_payments_history_is_not_in_it(make_payment: MakePayment) -> None:
    payment, other = make_payment(), make_payment()
    add_event(other, 1, timezone.now())
    unsent = make_payment(approve=False)
    SezzlePayment.objects.filter(pk=unsent.pk).update(order_uuid=None)
    unsent.refresh_from_db()
    # An event that names no order is nobody's.
    event = add_event(other, 2, timezone.now())
    SezzleWebhookEvent.objects.filter(pk=event.pk).update(order_uuid=None)

    for each in (payment, unsent):
        assert "webhook" not in {entry.source for entry in Timeline.of(each).entries}


def test_a_refusal_tells_sezzles_words_and_who_closed_it(make_payment: MakePayment) -> None:
    payment = make_payment()
    fill(payment, 1, timezone.now())
    SezzleOperation.objects.update(
        evidence="staff",
        error_message="not enough",
        error_code="invalid",
        debug_uuid="d1",
        closed_because="looked",
    )

    (entry,) = [e for e in Timeline.of(payment).entries if e.source == "asked for"]

    said = {detail.label: detail.text for detail in entry.details}
    assert said["Sezzle said"] == "not enough (invalid)"
    assert said["Closed because"] == "looked"
    assert said["Closed by"]
    assert said["Debug id"] == "d1"
    assert entry.tone == "refused"


def test_a_cleared_review_tells_who_and_why(make_payment: MakePayment) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="amount_differs")
    clear_review(payment, actor=make_user("ann"), reason="a discount")
    payment.refresh_from_db()

    (entry,) = [e for e in Timeline.of(payment).entries if e.what == "Review cleared"]

    assert entry.reason == "a discount"
    assert "ann" in entry.actor


@pytest.mark.parametrize("per_page", [1, 3, 7])
def test_pages_together_show_everything_once(
    make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch, per_page: int
) -> None:
    """Even where everything happened in one moment."""
    payment = make_payment()
    at = timezone.now() + timedelta(seconds=1)
    fill(payment, 3, at)
    add_event(payment, 100, at + timedelta(seconds=1))
    whole = Timeline.of(payment)
    assert not whole.older
    monkeypatch.setattr(timeline, "PER_PAGE", per_page)

    shown, before = [], ""
    for _number in range(len(whole.entries) + 1):
        page = Timeline.of(payment, before)
        assert len(page.entries) <= per_page
        shown += page.entries
        before = page.older
        if not before:
            break

    assert shown == list(whole.entries)


def test_a_page_stays_what_it_was_when_something_new_happens(
    make_payment: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = make_payment()
    fill(payment, 3, timezone.now())
    monkeypatch.setattr(timeline, "PER_PAGE", 5)
    older = Timeline.of(payment).older
    before = Timeline.of(payment, older)

    add_event(payment, 100, timezone.now() + timedelta(seconds=5))

    assert Timeline.of(payment, older) == before


@pytest.mark.parametrize(
    "link",
    [
        "x",
        "~",
        "2026-13-45T00:00:00Z~0",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z~-1",
        "2026-01-01T00:00:00Z~1e9",
        "2026-01-01T00:00:00Z~99999999",
        "2026-13-01T00:00:00~0",
        "0001-01-01T00:00:00+14:00~0",
        "9999-12-31T23:59:59-14:00~0",
        EVIL := "<script>alert(1)</script>",
    ],
)
def test_a_made_up_link_shows_the_newest_page(
    manager: Client, make_payment: MakePayment, link: str
) -> None:
    payment = make_payment()

    page = manager.get(reverse(CHANGE, args=[payment.pk]), {"before": link})

    assert page.status_code == 200
    assert page.context["timeline"].is_newest
    assert EVIL not in page.content.decode()


def test_a_link_survives_an_address() -> None:
    for at in (timezone.now(), timezone.now().replace(microsecond=0)):
        assert Cursor.parse(str(Cursor(at, 3))) == Cursor(at, 3)
        # A plus sign that was not escaped arrives as a space.
        assert Cursor.parse(str(Cursor(at, 3)).replace("+", " ")) == Cursor(at, 3)


def test_older_entries_are_reached_by_links(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment()
    fill(payment, 30, timezone.now())
    address = reverse(CHANGE, args=[payment.pk])

    first = manager.get(address).content.decode()
    (link,) = re.findall(r'href="(\?before=[^"#]+)#sezzle-timeline"', first)
    pages = [first]
    while link:
        text = manager.get(address + link).content.decode()
        assert '<a href="?#sezzle-timeline">Newest</a>' in text
        pages.append(text)
        links = re.findall(r'href="(\?before=[^"#]+)#sezzle-timeline"', text)
        link = links[0] if links else ""

    assert [page.count('class="sezzle-head"') for page in pages] == [50, 50, 22]


def test_the_page_costs_the_same_however_long_the_history(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    address = reverse(CHANGE, args=[payment.pk])

    def cost(**query: Any) -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            assert admin_client.get(address, query).status_code == 200
        return len(statements(queries))

    cost()
    before = cost()
    fill(payment, 60, timezone.now())
    user = make_user("logger")
    LogEntry.objects.log_actions(user.pk, SezzlePayment.objects.all(), 2, "seen")
    for _number in range(3):
        make_payment()
    older = Timeline.of(payment).older

    assert cost() == before
    assert cost(before=older) == before
    assert before <= 15
