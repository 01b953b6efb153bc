"""The lists of operations, events and announcements: complete, read-only, and quick."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
)
from tests.admin.conftest import MakePayment

OPERATIONS = "admin:django_sezzle_sezzleoperation_changelist"
EVENTS = "admin:django_sezzle_sezzlewebhookevent_changelist"
ANNOUNCEMENTS = "admin:django_sezzle_sezzleannouncement_changelist"


def make_event(key: str, **columns: Any) -> SezzleWebhookEvent:
    """Keep an event as the inbox does."""
    now = timezone.now()
    given = {"event_type": "order.authorized", "received_at": now, "lease_until": now}
    return SezzleWebhookEvent.objects.create(key=key, body_sha256="", **given | columns)


def make_announcement(payment: SezzlePayment, fact_key: str, **columns: Any) -> SezzleAnnouncement:
    """Record a fact as the outbox does."""
    given: dict[str, Any] = {"lease_until": timezone.now()}
    return SezzleAnnouncement.objects.create(payment=payment, fact_key=fact_key, **given | columns)


def make_operation(payment: SezzlePayment, number: int, **columns: Any) -> SezzleOperation:
    """Write an operation down."""
    given = {"state": "unknown", "is_open": True, "kind": "capture", "lease_until": timezone.now()}
    return SezzleOperation.objects.create(
        payment=payment,
        amount_in_cents=100,
        currency="USD",
        request_id=f"r{number}",
        opened_seq=number,
        **given | columns,
    )


def listed(client: Client, name: str, query: str = "") -> list[Any]:
    page = client.get(reverse(name) + query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def text_of(client: Client, name: str) -> str:
    said = re.sub(r'<span aria-hidden="true">.*?</span>', "", client.get(reverse(name)).text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))


@pytest.mark.django_db
def test_events_are_filtered_by_what_became_of_them(admin_client: Client) -> None:
    waits = make_event("e1")
    failed = make_event("e2", attempts=2, last_error="GatewayUnavailable")
    done = make_event("e3", state="done", attempts=1)
    unused = make_event("e4", state="ignored", attempts=1)

    assert listed(admin_client, EVENTS) == [unused, done, failed, waits]
    assert listed(admin_client, EVENTS, "?inbox=failed") == [failed]
    assert listed(admin_client, EVENTS, "?inbox=pending") == [failed, waits]
    assert listed(admin_client, EVENTS, "?inbox=done") == [done]
    assert listed(admin_client, EVENTS, "?inbox=ignored") == [unused]
    assert listed(admin_client, EVENTS, "?q=e2") == [failed]
    text = text_of(admin_client, EVENTS)
    for word in ("failed, tried again", "pending", "nothing to do", "GatewayUnavailable"):
        assert word in text


def test_announcements_are_filtered_by_whether_the_shop_knows(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment(approve=False)
    waits = make_announcement(payment, "authorized")
    failed = make_announcement(payment, "captured:1", attempts=1, last_error="ValueError")
    told = make_announcement(payment, "captured:2", attempts=1, told_at=timezone.now())

    assert listed(admin_client, ANNOUNCEMENTS) == [told, failed, waits]
    assert listed(admin_client, ANNOUNCEMENTS, "?told=no") == [failed, waits]
    assert listed(admin_client, ANNOUNCEMENTS, "?told=failed") == [failed]
    assert listed(admin_client, ANNOUNCEMENTS, "?told=yes") == [told]
    text = text_of(admin_client, ANNOUNCEMENTS)
    for word in ("failed, told again", "not yet", "ValueError", payment.reference_id):
        assert word in text


def test_operations_are_filtered_by_what_is_known(
    admin_client: Client, make_payment: MakePayment
) -> None:
    stuck = make_operation(make_payment(), 1)
    open_ = make_operation(make_payment(), 2, state="started")
    done = make_operation(make_payment(), 3, state="succeeded", is_open=None)
    hours_ago = timezone.now() - timedelta(hours=2)
    SezzleOperation.objects.filter(pk=stuck.pk).update(created_at=hours_ago)

    assert listed(admin_client, OPERATIONS, "?outcome=open") == [open_, stuck]
    assert listed(admin_client, OPERATIONS, "?outcome=stuck") == [stuck]
    assert listed(admin_client, OPERATIONS, "?state__exact=succeeded") == [done]
    text = text_of(admin_client, OPERATIONS)
    for word in ("being checked", "under way", "done", "$1.00 USD"):
        assert word in text


@pytest.mark.django_db
def test_a_state_of_a_newer_version_is_shown_as_it_is(admin_client: Client) -> None:
    make_event("e1", state="parked")

    assert "parked" in text_of(admin_client, EVENTS)
