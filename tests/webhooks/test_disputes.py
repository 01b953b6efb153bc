"""What events say about disputes is kept whole, in any order, and never moves or books money."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle import webhooks
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Intent
from django_sezzle.gateway.messages import Event
from django_sezzle.gateway.messages.parsing import moment
from django_sezzle.models import (
    DisputeStatus,
    EventState,
    SezzleAnnouncement,
    SezzleDispute,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
    Status,
    fields,
)
from django_sezzle.reconcile import Run, reconcile
from django_sezzle.services import reauthorize, refresh
from django_sezzle.services.purging import purge
from django_sezzle.signals import dispute_changed
from tests.services.rigs import listening, together
from tests.webhooks.conftest import Deliver, Later, Post, as_body, event
from tests.webhooks.counting import calls, statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

MakePayment = Callable[..., SezzlePayment]

REQUESTED = "dispute.merchant_input_requested"
WARNED = "dispute.deadline_approaching"
CLOSED = [f"dispute.closed.{outcome}" for outcome in ("customer_win", "merchant_win", "neutral")]
LOST, WON, NEUTRAL = CLOSED
ALL = [REQUESTED, WARNED, *CLOSED]


@pytest.fixture
def captured(authorized: MakePayment, emulator: Emulator) -> SezzlePayment:
    """A payment of $100.00 that was taken."""
    payment = authorized(intent=Intent.CAPTURE)
    emulator.calls.clear()
    return payment


def says(kind: str, order_uuid: str | None, *, at: str | None = "2026-11-20", **data: Any) -> Any:
    """Make the body of a dispute's event that happened on a day."""
    body = event(kind, order_uuid or "", created_at=at and f"{at}T12:00:00Z")
    body["data"] = {
        "dispute_id": 9871,
        "order_uuid": order_uuid,
        "order_reference_id": "ord-12345",
        "dispute_type": "fraud",
        "dispute_status": kind,
        "dispute_amount_in_cents": 3_000,
        "dispute_currency": "USD",
        "dispute_due_date": "2026-12-04",
    } | data
    return body


def about(payment: SezzlePayment, kind: str, **members: Any) -> Any:
    """Make the body of an event of a dispute about a payment."""
    return says(kind, payment.order_uuid, **members)


def at(day: str) -> datetime | None:
    """Give the moment of an event as the database keeps it."""
    return fields.stored(moment(f"{day}T12:00:00Z", "test"))


def facts_of(dispute: SezzleDispute) -> dict[str, Any]:
    """Give all that follows from events, and nothing of how they came."""
    names = ("status", "amount_in_cents", "due_on", "opened_at", "closed_at", "said_at")
    return {name: getattr(dispute, name) for name in names}


@pytest.mark.fault(89)
def test_a_dispute_is_followed_from_filing_to_its_end(
    captured: SezzlePayment, emulator: Emulator, deliver: Deliver
) -> None:
    uuid = str(captured.order_uuid)
    heard: list[tuple[str, Any]] = []

    def hear(dispute: SezzleDispute, payment: SezzlePayment, **_: Any) -> None:
        heard.append((dispute.status, payment.pk))

    deliver()
    emulator.calls.clear()
    with listening(hear, dispute_changed):
        opened = emulator.open_dispute(uuid, amount_in_cents=3_000)
        assert [(each.event, each.status) for each in deliver()] == [(REQUESTED, 200)]
        assert calls(emulator) == ["order_get"]
        dispute = SezzleDispute.objects.select_related("payment").get()
        assert (dispute.dispute_id, dispute.payment) == (str(opened.number), captured)
        assert (dispute.order_uuid, dispute.reference_id) == (uuid, captured.reference_id)
        assert (dispute.account, dispute.environment) == ("default", "sandbox")
        assert (dispute.dispute_type, dispute.price) == ("fraud", "$30.00 USD")
        assert dispute.due_on == date.fromisoformat(opened.due_date)
        assert dispute.status == DisputeStatus.MERCHANT_INPUT_REQUESTED
        assert dispute.is_open
        assert dispute.opened_at is not None

        emulator.warn_of_dispute_deadline(uuid)
        deliver()
        emulator.close_dispute(uuid, "merchant_win")
        deliver()

    dispute.refresh_from_db()
    assert (dispute.status, dispute.is_open) == (DisputeStatus.MERCHANT_WIN, False)
    assert [status for status, _pk in heard] == [
        "merchant_input_requested",
        "deadline_approaching",
        "merchant_win",
    ]
    assert {pk for _status, pk in heard} == {captured.pk}
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


@pytest.mark.parametrize("kind", ALL)
def test_each_event_opens_the_row_if_it_is_the_first_to_come(
    captured: SezzlePayment, post: Post, kind: str
) -> None:
    assert post(about(captured, kind)).status_code == 200

    dispute = SezzleDispute.objects.get()
    assert dispute.status == kind.rpartition(".")[2]
    assert dispute.status in DisputeStatus.values
    assert dispute.is_open == (kind not in CLOSED)
    assert dispute.closed_at == (at("2026-11-20") if kind in CLOSED else None)


@pytest.mark.fault(89)
@pytest.mark.parametrize("place", ["order_uuid", "uuid"])
def test_the_orders_id_may_stand_in_either_place(
    captured: SezzlePayment, post: Post, place: str
) -> None:
    body = says(REQUESTED, None)
    body["data"][place] = captured.order_uuid

    assert post(body).status_code == 200

    assert SezzleDispute.objects.select_related("payment").get().payment == captured
    assert SezzleWebhookEvent.objects.get().order_uuid == captured.order_uuid


def test_an_id_beside_the_orders_is_the_disputes_own(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, REQUESTED, uuid="dispute-7", dispute_id=None))

    dispute = SezzleDispute.objects.select_related("payment").get()
    assert (dispute.dispute_id, dispute.payment) == ("dispute-7", captured)


def test_an_order_whose_dispute_has_no_id_has_one(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, REQUESTED, dispute_id=None))
    post(about(captured, WON, dispute_id=None, at="2026-11-21"))

    assert SezzleDispute.objects.get().status == DisputeStatus.MERCHANT_WIN


def test_an_event_that_names_neither_dispute_nor_order_is_kept_and_ignored(post: Post) -> None:
    assert post(says(REQUESTED, None, dispute_id=None)).status_code == 200

    assert not SezzleDispute.objects.exists()
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED


@pytest.mark.fault(3)
def test_no_money_is_booked_because_of_what_an_event_says(
    captured: SezzlePayment, emulator: Emulator, post: Post
) -> None:
    booked = len(emulator.executions)

    post(about(captured, LOST, dispute_amount_in_cents=10_000))

    captured.refresh_from_db()
    assert (captured.status, captured.refunded_in_cents) == (Status.CAPTURED, 0)
    assert captured.is_funded_for(10_000, "USD")
    assert SezzleTransaction.objects.filter(kind="refund").count() == 0
    assert calls(emulator) == ["order_get"]
    assert len(emulator.executions) == booked


def test_a_lost_dispute_is_a_refund_that_the_order_shows(
    captured: SezzlePayment, emulator: Emulator, deliver: Deliver
) -> None:
    uuid = str(captured.order_uuid)
    emulator.open_dispute(uuid, amount_in_cents=3_000)
    emulator.close_dispute(uuid, "customer_win")
    facts: list[str] = []

    with listening(lambda announcement, **_: facts.append(announcement.fact)):
        deliver()

    captured.refresh_from_db()
    assert (captured.status, captured.refunded_in_cents) == (Status.PARTIALLY_REFUNDED, 3_000)
    assert SezzleDispute.objects.get().status == DisputeStatus.CUSTOMER_WIN
    assert facts.count("refunded") == 1
    assert facts[-1] == "dispute"


def test_a_repeat_is_told_once(captured: SezzlePayment, post: Post) -> None:
    body = about(captured, REQUESTED)
    for _ in range(3):
        assert post(body).status_code == 200
    # Another event that says nothing new.
    assert post(body | {"uuid": "another", "created_at": "2026-11-21T12:00:00Z"}).status_code == 200

    assert SezzleDispute.objects.count() == 1
    assert captured.announcements.filter(fact_key__startswith="dispute:").count() == 1


def test_what_was_told_and_purged_is_not_told_once_more(
    captured: SezzlePayment, post: Post
) -> None:
    post(about(captured, REQUESTED))
    captured.announcements.filter(fact_key__startswith="dispute:").delete()

    post(about(captured, REQUESTED, at="2026-11-21"))

    assert not captured.announcements.filter(fact_key__startswith="dispute:").exists()


def test_each_change_is_told(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, REQUESTED))
    post(about(captured, REQUESTED, at="2026-11-21", dispute_due_date="2026-12-11"))
    post(about(captured, WARNED, at="2026-11-22", dispute_amount_in_cents=2_500))

    dispute = SezzleDispute.objects.get()
    assert (dispute.due_on, dispute.amount_in_cents) == (date(2026, 12, 4), 2_500)
    told = captured.announcements.filter(fact_key__startswith="dispute:")
    assert sorted(told.values_list("fact_key", flat=True)) == [
        f"dispute:{dispute.pk}:{number}" for number in (1, 2, 3)
    ]


@pytest.mark.fault(39, 50)
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_does_not_matter(
    captured: SezzlePayment, post: Post, order: tuple[int, ...]
) -> None:
    bodies = [
        about(captured, REQUESTED, at="2026-11-20"),
        about(captured, WARNED, at="2026-11-25", dispute_due_date="2026-12-05"),
        # At the same moment: what comes later in a dispute's life counts.
        about(captured, WARNED, at="2026-11-28"),
        about(captured, LOST, at="2026-11-28", dispute_amount_in_cents=2_000),
    ]

    for number in order:
        assert post(bodies[number]).status_code == 200

    assert facts_of(SezzleDispute.objects.get()) == {
        "status": DisputeStatus.CUSTOMER_WIN,
        "amount_in_cents": 2_000,
        "due_on": date(2026, 12, 4),
        "opened_at": at("2026-11-20"),
        "closed_at": at("2026-11-28"),
        "said_at": at("2026-11-28"),
    }


def test_a_closed_dispute_is_not_opened_by_an_event_that_was_overtaken(
    captured: SezzlePayment, post: Post
) -> None:
    post(about(captured, WON, at="2026-11-28"))
    post(about(captured, WARNED, at="2026-11-27", dispute_due_date="2026-12-31"))

    dispute = SezzleDispute.objects.get()
    assert (dispute.status, dispute.is_open) == (DisputeStatus.MERCHANT_WIN, False)
    assert dispute.due_on == date(2026, 12, 4)


def test_a_closed_dispute_is_opened_by_a_later_event(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, WON, at="2026-11-28"))
    post(about(captured, REQUESTED, at="2026-11-29"))

    assert SezzleDispute.objects.get().is_open


def test_without_moments_a_dispute_only_goes_forward(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, WARNED, at=None))
    post(about(captured, LOST, at=None))
    post(about(captured, REQUESTED, at=None))

    dispute = SezzleDispute.objects.get()
    assert dispute.status == DisputeStatus.CUSTOMER_WIN
    assert dispute.closed_at is not None
    assert (dispute.opened_at, dispute.said_at) == (None, None)


def test_an_older_event_fills_in_what_a_newer_one_left_out(
    captured: SezzlePayment, post: Post
) -> None:
    post(about(captured, WARNED, at="2026-11-25", dispute_due_date=None, dispute_type=None))
    post(about(captured, REQUESTED, at="2026-11-20"))

    dispute = SezzleDispute.objects.get()
    assert dispute.status == DisputeStatus.DEADLINE_APPROACHING
    assert (dispute.due_on, dispute.dispute_type) == (date(2026, 12, 4), "fraud")


@pytest.mark.fault(81)
def test_it_is_known_while_sezzle_cannot_be_read(
    captured: SezzlePayment, emulator: Emulator, post: Post, later: Later
) -> None:
    emulator.faults.add("order_get", "503", times=3)

    assert post(about(captured, REQUESTED)).status_code == 503

    assert SezzleDispute.objects.get().is_open
    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING
    told = captured.announcements.get(fact_key__startswith="dispute:")
    assert told.told_at is not None
    later(timedelta(minutes=2))
    list(reconcile(Run()))
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    assert captured.announcements.filter(fact_key__startswith="dispute:").count() == 1


def test_a_process_that_dies_after_keeping_the_event_loses_nothing(
    captured: SezzlePayment, later: Later
) -> None:
    body = as_body(about(captured, WARNED))
    webhooks.keep("default", Event.from_body(body))
    assert not SezzleDispute.objects.exists()

    # Whoever goes on has nothing but the event's key.
    kept = SezzleWebhookEvent.objects.get(key=json.loads(body)["uuid"])
    assert webhooks.process(kept)

    dispute = SezzleDispute.objects.select_related("payment").get()
    assert (dispute.payment, dispute.amount_in_cents) == (captured, 3_000)
    assert (dispute.due_on, dispute.said_at) == (date(2026, 12, 4), at("2026-11-20"))


def test_a_reading_of_the_order_does_not_answer_for_a_dispute(
    captured: SezzlePayment, later: Later
) -> None:
    webhooks.keep("default", Event.from_body(as_body(about(captured, REQUESTED))))
    later(timedelta(minutes=5))
    # Somebody holds the event, and the order is read all the same.
    SezzleWebhookEvent.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    list(reconcile(Run(everything=True)))
    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING
    later(timedelta(minutes=5))
    list(reconcile(Run()))

    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    assert SezzleDispute.objects.get().is_open


def test_a_dispute_about_an_order_that_is_none_of_ours_is_kept_and_logged(
    emulator: Emulator, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "django_sezzle")

    assert post(says(REQUESTED, "order-of-another-shop")).status_code == 200
    assert post(says(LOST, "order-of-another-shop", at="2026-11-22")).status_code == 200

    dispute = SezzleDispute.objects.get()
    assert (dispute.payment_id, dispute.order_uuid) == (None, "order-of-another-shop")
    assert (dispute.reference_id, dispute.status) == ("ord-12345", DisputeStatus.CUSTOMER_WIN)
    assert calls(emulator) == []
    assert not SezzleAnnouncement.objects.exists()
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.IGNORED}
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warnings] == [
        f"dispute=9871 account=default order=order-of-another-shop status={status} payment=none"
        for status in ("merchant_input_requested", "customer_win")
    ]


def test_a_dispute_without_a_payment_gets_one_when_the_order_turns_out_to_be_ours(
    captured: SezzlePayment, post: Post
) -> None:
    SezzlePayment.objects.filter(pk=captured.pk).update(order_uuid="elsewhere")
    post(about(captured, REQUESTED))
    SezzlePayment.objects.filter(pk=captured.pk).update(order_uuid=captured.order_uuid)

    post(about(captured, REQUESTED, at="2026-11-21"))

    assert SezzleDispute.objects.select_related("payment").get().payment == captured
    assert captured.announcements.filter(fact_key__startswith="dispute:").count() == 1


@pytest.mark.fault(14)
def test_a_dispute_about_the_order_of_a_lost_reauthorization_finds_its_payment(
    authorized: MakePayment, emulator: Emulator, post: Post
) -> None:
    parent = authorized()
    emulator.clock.advance(timedelta(hours=1))
    emulator.faults.add("reauthorize", "drop_after")
    with pytest.raises(OutcomeUnknown):
        reauthorize(refresh(parent))
    (order,) = (order for order in emulator.orders if order.reauthorized_from)

    assert post(says(REQUESTED, order.uuid)).status_code == 200

    child = SezzlePayment.objects.get(order_uuid=order.uuid)
    assert SezzleDispute.objects.select_related("payment").get().payment == child
    told = child.announcements.get(fact_key__startswith="dispute:")
    assert told.told_at is not None
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE


def test_one_disputes_id_for_two_orders_does_not_move_it(
    authorized: MakePayment, captured: SezzlePayment, post: Post, caplog: Any
) -> None:
    other = authorized("1002")
    post(about(captured, REQUESTED))
    post(about(other, REQUESTED, at="2026-11-21"))

    assert SezzleDispute.objects.select_related("payment").get().payment == captured
    assert "one dispute's id for two orders" in caplog.text
    assert not other.announcements.filter(fact_key__startswith="dispute:").exists()


def test_a_payment_may_have_several_disputes(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, LOST, dispute_id=1))
    post(about(captured, REQUESTED, dispute_id=2))

    assert sorted(captured.disputes.values_list("dispute_id", "status")) == [
        ("1", "customer_win"),
        ("2", "merchant_input_requested"),
    ]


def test_the_sandbox_and_production_number_their_disputes_apart(
    captured: SezzlePayment, post: Post
) -> None:
    post(says(LOST, "some-order"))
    SezzleDispute.objects.update(environment="production")
    post(about(captured, REQUESTED))

    assert sorted(SezzleDispute.objects.values_list("environment", "status")) == [
        ("production", "customer_win"),
        ("sandbox", "merchant_input_requested"),
    ]


ODD: dict[str, dict[str, Any]] = {
    "nothing": dict.fromkeys(
        ["dispute_type", "dispute_amount_in_cents", "dispute_currency", "dispute_due_date"]
    ),
    "a negative amount": {"dispute_amount_in_cents": -1},
    "an amount as text": {"dispute_amount_in_cents": "3000"},
    "an amount as true": {"dispute_amount_in_cents": True},
    "an amount as a float": {"dispute_amount_in_cents": 3000.0},
    "a huge amount": {"dispute_amount_in_cents": 2**31},
    "a day that is none": {"dispute_due_date": "2026-02-31"},
    "a day as a number": {"dispute_due_date": 20261204},
    "a day out of time": {"dispute_due_date": "0001-01-01"},
    "a moment out of time": {"dispute_due_date": "9999-12-31T23:59:59-14:00"},
    "a list for a day": {"dispute_due_date": ["2026-12-04"]},
    "a sentence for a type": {"dispute_type": "Jane Doe says she never got it"},
    "markup for a type": {"dispute_type": "<b>fraud</b>"},
    "a long type": {"dispute_type": "a" * 65},
    "a word for a currency": {"dispute_currency": "dollars"},
    "a sentence for a reference": {"order_reference_id": "Jane's order"},
}


@pytest.mark.fault(86, 89)
@pytest.mark.parametrize("name", ODD)
def test_what_does_not_fit_is_left_out_and_the_rest_is_kept(
    captured: SezzlePayment, post: Post, name: str
) -> None:
    assert post(about(captured, REQUESTED, **ODD[name])).status_code == 200

    dispute = SezzleDispute.objects.select_related("payment").get()
    columns = {
        "dispute_amount_in_cents": "amount_in_cents",
        "dispute_due_date": "due_on",
        "dispute_currency": "currency",
        "order_reference_id": "reference_id",
    }
    for member in ODD[name]:
        assert getattr(dispute, columns.get(member, member)) in ("", None)
    assert (dispute.payment, dispute.is_open) == (captured, True)
    assert str(dispute.price) == dispute.price
    assert dispute.days_left() is None or dispute.due_on


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-12-04", date(2026, 12, 4)),
        ("2026-12-04T00:00:00Z", date(2026, 12, 4)),
        ("2026-12-03T23:30:00.123456789-05:00", date(2026, 12, 4)),
    ],
)
def test_the_due_day_is_read_as_a_day_or_as_a_moment(
    captured: SezzlePayment, post: Post, said: str, day: date
) -> None:
    post(about(captured, REQUESTED, dispute_due_date=said))

    assert SezzleDispute.objects.get().due_on == day


def test_an_event_about_disputes_that_is_new_to_us_changes_no_dispute(
    captured: SezzlePayment, emulator: Emulator, post: Post
) -> None:
    post(about(captured, REQUESTED))
    emulator.calls.clear()

    assert post(about(captured, "dispute.closed.withdrawn", at="2026-11-29")).status_code == 200

    assert SezzleDispute.objects.get().is_open
    assert calls(emulator) == ["order_get"]


@pytest.mark.fault(74)
def test_nothing_else_of_the_body_is_kept(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, REQUESTED, note="canary-1", customer={"email": "a@canary.example"}))

    rows = [*SezzleWebhookEvent.objects.values(), *SezzleDispute.objects.values()]
    assert "canary" not in str(rows)


@pytest.mark.fault(52)
def test_a_receiver_that_raises_is_told_again(
    captured: SezzlePayment, post: Post, later: Later
) -> None:
    heard: list[Any] = []

    def refuse(**_: Any) -> None:
        raise ValueError

    with listening(refuse, dispute_changed):
        assert post(about(captured, REQUESTED)).status_code == 200
    assert SezzleAnnouncement.objects.get(fact_key__startswith="dispute").told_at is None

    later(timedelta(minutes=5))
    with listening(lambda dispute, **_: heard.append(dispute), dispute_changed):
        list(reconcile(Run()))

    assert heard == [SezzleDispute.objects.get()]


def test_it_costs_few_statements(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, REQUESTED))

    with statements() as ordinary:
        post(event("order.refunded", str(captured.order_uuid)))
    with statements() as made:
        post(about(captured, WARNED, at="2026-11-21"))

    # Lock, find and write the dispute, put it into the outbox; claim, mark and look for more.
    assert len(made) - len(ordinary) == 6 + 3


@pytest.mark.django_db(transaction=True)
def test_events_that_come_at_once_are_all_counted(captured: SezzlePayment) -> None:
    days = [f"2026-11-{day}" for day in (20, 21, 22, 23)]
    kinds = [REQUESTED, WARNED, WARNED, LOST]
    bodies = [as_body(about(captured, kind, at=day)) for kind, day in zip(kinds, days, strict=True)]

    together(4, lambda number: webhooks.receive("default", bodies[number]))

    dispute = SezzleDispute.objects.get()
    assert (dispute.status, dispute.opened_at) == (DisputeStatus.CUSTOMER_WIN, at(days[0]))
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


@pytest.mark.django_db(transaction=True)
def test_events_of_an_unknown_order_that_come_at_once_make_one_dispute(db: None) -> None:
    bodies = [as_body(says(kind, "order-of-another-shop")) for kind in (*ALL, REQUESTED)]

    together(len(bodies), lambda number: webhooks.receive("default", bodies[number]))

    assert SezzleDispute.objects.get().closed_at == at("2026-11-20")


def test_disputes_are_never_purged(captured: SezzlePayment, post: Post) -> None:
    post(about(captured, LOST))

    deleted = {model for model, _number in purge(timezone.now() + timedelta(days=1))}

    assert SezzleWebhookEvent in deleted
    assert SezzleDispute.objects.count() == 1
