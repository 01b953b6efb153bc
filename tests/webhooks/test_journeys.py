"""What the emulator really delivers brings a payment along, in any order and any number."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Intent
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from django_sezzle.signals import payment_authorized
from tests.webhooks.conftest import URL, Deliver, Later, Post, event
from tests.webhooks.counting import calls, statements

pytestmark = pytest.mark.django_db

SAMPLES = sorted(Path(__file__).parent.parent.glob("samples/event.*.json"))
Started = Callable[..., SezzlePayment]


@pytest.mark.fault(40, 49, 89)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_documented_event_of_an_unknown_order_is_kept_once(
    path: Path, emulator: Emulator, post: Post
) -> None:
    document = json.loads(path.read_text())
    for _ in range(2):
        assert post(path.read_bytes()).status_code == 200
    row = SezzleWebhookEvent.objects.get()
    assert (row.key, row.event_type) == (document["uuid"], document["event"])
    data = document["data"]
    assert row.order_uuid == (data.get("order_uuid") or data.get("uuid"))
    assert row.created_at is not None
    assert row.state == EventState.IGNORED
    assert calls(emulator) == []


def test_deliveries_alone_bring_a_payment_from_created_to_refunded(
    emulator: Emulator, started: Started, deliver: Deliver
) -> None:
    payment = started()
    uuid = str(payment.order_uuid)
    steps: list[tuple[Callable[[], object], str, str]] = [
        (lambda: emulator.approve(uuid), "order.authorized", Status.AUTHORIZED),
        (
            lambda: emulator.dashboard_capture(uuid, 4_000),
            "order.captured",
            Status.PARTIALLY_CAPTURED,
        ),
        (lambda: emulator.dashboard_capture(uuid, 6_000), "order.captured", Status.CAPTURED),
        (
            lambda: emulator.dashboard_refund(uuid, 1_000),
            "order.refunded",
            Status.PARTIALLY_REFUNDED,
        ),
        (lambda: emulator.dashboard_refund(uuid, 9_000), "order.refunded", Status.REFUNDED),
    ]
    for act, kind, status in steps:
        act()
        emulator.calls.clear()
        sent = deliver()
        assert [(each.event, each.status) for each in sent] == [(kind, 200)]
        assert calls(emulator) == ["order_get"]
        payment.refresh_from_db()
        assert payment.status == status
    assert (payment.captured_in_cents, payment.refunded_in_cents) == (10_000, 10_000)
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    assert emulator.pending_deliveries == []


@pytest.mark.fault(39, 50)
def test_money_taken_at_once_is_told_by_two_events_and_counted_once(
    emulator: Emulator, started: Started, deliver: Deliver
) -> None:
    payment = started(intent=Intent.CAPTURE)
    emulator.profile.webhook_copies = 3
    emulator.profile.webhook_order = "reversed"
    emulator.approve(str(payment.order_uuid))
    assert {each.status for each in deliver()} == {200}
    payment.refresh_from_db()
    assert (payment.status, payment.captured_in_cents) == (Status.CAPTURED, 10_000)
    assert payment.transactions.count() == 1
    assert SezzleWebhookEvent.objects.count() == 2


def test_signature_in_base64_is_taken_from_the_emulator_too(
    emulator: Emulator, started: Started, deliver: Deliver
) -> None:
    payment = started()
    emulator.profile.signature = "base64"
    emulator.approve(str(payment.order_uuid))
    assert [each.status for each in deliver()] == [200]


KINDS = ("order.authorized", "order.captured", "order.refunded", "dispute.closed.neutral")


@pytest.mark.fault(39)
@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)), ids="-".join)
def test_order_of_events_does_not_matter(
    order: tuple[str, ...], emulator: Emulator, started: Started, post: Post
) -> None:
    payment = started()
    uuid = str(payment.order_uuid)
    emulator.approve(uuid)
    emulator.dashboard_capture(uuid, 7_000)
    emulator.dashboard_refund(uuid, 2_000)
    emulator.dashboard_release(uuid, 3_000)
    told: list[str] = []

    def hear(announcement: Any, **kwargs: Any) -> None:
        told.append(announcement.fact_key)

    payment_authorized.connect(hear)
    try:
        for kind in order:
            assert post(event(kind, uuid)).status_code == 200
    finally:
        payment_authorized.disconnect(hear)
    payment.refresh_from_db()
    assert payment.status == Status.PARTIALLY_REFUNDED
    assert (payment.captured_in_cents, payment.refunded_in_cents) == (7_000, 2_000)
    assert (payment.released_in_cents, payment.held_in_cents) == (3_000, 0)
    assert payment.review_reason == ""
    assert payment.transactions.count() == 3
    assert told == ["authorized"]


@pytest.mark.fault(3)
def test_what_an_event_says_is_not_believed(
    emulator: Emulator, started: Started, post: Post
) -> None:
    payment = started()
    authorization = {"approved": True, "authorization_amount": {"amount_in_cents": 10_000}}
    body = event("order.authorized", str(payment.order_uuid))
    body["data"]["authorization"] = authorization
    assert post(body).status_code == 200
    payment.refresh_from_db()
    assert (payment.status, payment.approved) == (Status.CREATED, False)


@pytest.mark.fault(89)
@pytest.mark.parametrize("kind", ["dispute.closed.customer_win", "order.reviewed", "payout.made"])
def test_any_event_that_names_an_order_has_it_read(
    kind: str, emulator: Emulator, started: Started, post: Post
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    assert post(event(kind, str(payment.order_uuid))).status_code == 200
    payment.refresh_from_db()
    assert payment.status == Status.AUTHORIZED
    assert calls(emulator) == ["order_get"]


@pytest.mark.fault(36, 49)
def test_order_of_another_account_is_not_read(
    emulator: Emulator, started: Started, post: Post, settings: Any
) -> None:
    payment = started()
    emulator.calls.clear()
    canada = {"PUBLIC_KEY": "sz_pub_canada", "PRIVATE_KEY": "sz_pr_canada"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": canada}}
    answer = post(
        event("order.authorized", str(payment.order_uuid)),
        key="sz_pr_canada",
        url=f"{URL}canada/",
    )
    assert answer.status_code == 200
    assert calls(emulator) == []
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED


@pytest.mark.fault(40, 99, 101)
def test_repeat_costs_no_call_and_two_statements(
    emulator: Emulator, started: Started, post: Post
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    body = event("order.authorized", str(payment.order_uuid))
    assert post(body).status_code == 200
    emulator.calls.clear()
    with statements() as made:
        assert post(body).status_code == 200
    assert len(made) <= 2, made
    assert calls(emulator) == []
    assert SezzleWebhookEvent.objects.count() == 1


@pytest.mark.fault(62)
def test_captured_body_that_comes_back_months_later_does_nothing(
    emulator: Emulator, started: Started, post: Post, later: Later
) -> None:
    payment = started()
    body = event("order.authorized", str(payment.order_uuid))
    assert post(body).status_code == 200
    later(timedelta(days=120))
    emulator.calls.clear()
    assert post(body).status_code == 200
    assert calls(emulator) == []


@pytest.mark.fault(101)
def test_new_event_costs_one_call_and_fourteen_statements_at_most(
    emulator: Emulator, started: Started, post: Post
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    with statements() as made:
        assert post(event("order.authorized", str(payment.order_uuid))).status_code == 200
    payment.refresh_from_db()
    assert payment.status == Status.AUTHORIZED
    assert not payment.announcements.filter(told_at=None).exists()
    assert len(made) <= 14, "\n".join(made)
    assert calls(emulator) == ["order_get"]


@pytest.mark.fault(49, 101)
def test_event_of_an_unknown_order_costs_five_statements_at_most(post: Post) -> None:
    with statements() as made:
        assert post(event("order.authorized", "nobody-knows")).status_code == 200
    assert len(made) <= 5, "\n".join(made)
