"""Once more: a fact the shop refused, and an event whose order could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import retrying
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleAnnouncement, SezzleWebhookEvent, Status
from django_sezzle.signals import payment_authorized
from tests.admin.conftest import MakePayment, MakeStaff
from tests.admin.test_records import (
    ANNOUNCEMENTS,
    EVENTS,
    make_announcement,
    make_event,
)

LATER = timedelta(hours=5)
VIEWS = ("view_sezzlewebhookevent", "view_sezzleannouncement")


@pytest.fixture
def resolver(make_staff: MakeStaff) -> Client:
    return make_staff(*VIEWS, "resolve_sezzlepayment")


class Shop:
    """A receiver that raises as long as it is broken."""

    def __init__(self) -> None:
        self.is_broken = False
        self.heard: list[str] = []

    def hear(self, announcement: SezzleAnnouncement, **_rest: Any) -> None:
        if self.is_broken:
            raise ValueError("jane@example.com")
        self.heard.append(announcement.fact_key)


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    payment_authorized.connect(shop.hear)
    yield shop
    payment_authorized.disconnect(shop.hear)


def process(client: Client, *events: SezzleWebhookEvent) -> list[str]:
    return _run(client, EVENTS, "process_selected", events)


def tell(client: Client, *announcements: SezzleAnnouncement) -> list[str]:
    return _run(client, ANNOUNCEMENTS, "tell_selected", announcements)


def _run(client: Client, name: str, action: str, rows: Any) -> list[str]:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    page = client.post(reverse(name), form, follow=True)
    return [str(message) for message in page.context["messages"]]


def logged() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def test_what_the_shop_refused_is_told_again(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    payment = make_payment()
    [fact] = payment.announcements.all()
    assert fact.last_error == "ValueError"
    assert fact.lease_until > timezone.now()
    shop.is_broken = False

    assert tell(resolver, fact) == ["The shop was told 1 fact."]

    fact.refresh_from_db()
    assert fact.told_at is not None
    assert shop.heard == ["authorized"]
    assert logged() == ["tell the shop again: told"]


def test_what_is_refused_again_is_said_without_its_text(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    [fact] = make_payment().announcements.all()

    [said] = tell(resolver, fact)

    assert said.startswith("1 failed again: authorized (ValueError).")
    assert "jane" not in said
    fact.refresh_from_db()
    assert fact.attempts == 2
    assert logged() == ["tell the shop again: failed again"]


def test_a_fact_is_never_told_twice(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    [fact] = make_payment().announcements.all()
    assert shop.heard == ["authorized"]

    assert tell(resolver, fact) == ["1 was done before; nothing was done again."]
    assert shop.heard == ["authorized"]
    assert logged() == []


def test_earlier_facts_are_told_first(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    payment = make_payment()
    later = make_announcement(payment, "authorized:2")
    shop.is_broken = False

    assert tell(resolver, later) == ["The shop was told 1 fact."]
    assert shop.heard == ["authorized", "authorized:2"]


def test_an_earlier_fact_that_fails_holds_up_a_later_one(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    later = make_announcement(make_payment(), "authorized:2")

    [said] = tell(resolver, later)

    assert said.startswith("1 failed again: authorized:2 (ValueError).")
    later.refresh_from_db()
    assert later.attempts == 0


def test_what_somebody_is_telling_now_is_left_to_them(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    fact = make_announcement(
        make_payment(), "authorized:2", lease_until=timezone.now() + timedelta(seconds=50)
    )
    shop.heard.clear()

    [said] = tell(resolver, fact)

    assert said.startswith("1 is being worked on at this moment.")
    assert shop.heard == []


def test_an_event_is_processed_again(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    emulator.approve(str(payment.order_uuid))
    event = make_event(
        "e1",
        order_uuid=payment.order_uuid,
        attempts=3,
        last_error="GatewayUnavailable",
        lease_until=timezone.now() + LATER,
    )

    assert process(resolver, event) == ["1 event was processed."]

    payment.refresh_from_db()
    event.refresh_from_db()
    assert (payment.status, event.state) == (Status.AUTHORIZED, "done")
    assert logged() == ["process again: processed"]


def test_an_event_that_fails_again_says_why(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    emulator.faults.add("order_get", "500_before", times=9)
    event = make_event("e1", order_uuid=payment.order_uuid, attempts=1, last_error="X")

    [said] = process(resolver, event)

    assert said.startswith("1 failed again: order.authorized e1 (GatewayUnavailable).")
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 2)


def test_an_event_about_nothing_of_ours_is_put_away(resolver: Client, emulator: Emulator) -> None:
    event = make_event("e1", order_uuid=None, attempts=1, last_error="X")

    assert process(resolver, event) == [
        "1 event is about no order of this shop; there is nothing to do."
    ]


def test_an_event_under_way_or_done_is_left_alone(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    soon = timezone.now() + timedelta(seconds=50)
    busy = make_event("e1", order_uuid=payment.order_uuid, lease_until=soon)
    done = make_event("e2", order_uuid=payment.order_uuid, state="done")

    said = process(resolver, busy, done)

    assert said[0].startswith("1 is being worked on at this moment.")
    assert said[1] == "1 was done before; nothing was done again."
    assert not emulator.calls


def test_only_those_who_may_resolve_do_anything_again(
    make_staff: MakeStaff, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    [fact] = make_payment().announcements.all()
    shop.is_broken = False
    viewer = make_staff(*VIEWS)

    assert 'value="tell_selected"' not in viewer.get(reverse(ANNOUNCEMENTS)).text
    assert 'value="process_selected"' not in viewer.get(reverse(EVENTS)).text
    tell(viewer, fact)
    blind = make_staff("resolve_sezzlepayment")
    form = {"action": "tell_selected", "_selected_action": [fact.pk]}
    assert blind.post(reverse(ANNOUNCEMENTS), form).status_code == 403
    assert shop.heard == []


def test_looking_does_nothing_again(
    resolver: Client, make_payment: MakePayment, shop: Shop
) -> None:
    shop.is_broken = True
    [fact] = make_payment().announcements.all()
    shop.is_broken = False

    resolver.get(reverse(ANNOUNCEMENTS), {"action": "tell_selected", "_selected_action": fact.pk})

    assert shop.heard == []


def test_no_more_than_the_limit_are_taken_at_once(
    resolver: Client, make_payment: MakePayment, emulator: Emulator, settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"BULK_LIMIT": 1}
    events = [make_event(f"e{number}") for number in range(2)]

    assert process(resolver, *events) == ["Choose at most 1 at a time. Nothing was done."]
    assert {event.state for event in SezzleWebhookEvent.objects.all()} == {"pending"}


def test_a_worker_is_not_held_for_long(
    resolver: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "SECONDS", 0)
    event = make_event("e1")

    assert process(resolver, event) == ["There was no time left for 1. Choose it again."]
    assert logged() == []


@pytest.mark.usefixtures("atomic_requests")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_open_while_sezzle_is_asked(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    emulator.approve(str(payment.order_uuid))
    event = make_event("e1", order_uuid=payment.order_uuid, attempts=1, last_error="X")

    assert process(resolver, event) == ["1 event was processed."]
