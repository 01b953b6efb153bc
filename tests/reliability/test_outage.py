"""Six days in which nothing can be read, on Sezzle's own schedule: the subscription outlives it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from django_sezzle import webhooks
from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, Response
from django_sezzle.emulator.deliveries import RETRY_AFTER
from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import (
    EventState,
    Review,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services import capture, refresh
from django_sezzle.signals import (
    payment_authorized,
    payment_captured,
    payment_refunded,
    payment_released,
)
from tests.reliability import figures
from tests.reliability.days import HELD_MINUTES, SIX_DAYS, Days, Ears, catch_up, live_through
from tests.reliability.scale import many
from tests.services.rigs import Wire, again, check_books, says, with_authorization
from tests.webhooks import conftest as deliveries
from tests.webhooks.conftest import Deliver, Later
from tests.webhooks.counting import calls

pytestmark = pytest.mark.django_db

# Sezzle's deliveries and both clocks, as the tests of the webhook have them.
deliver = deliveries.deliver
later = deliveries.later

Started = Callable[..., SezzlePayment]
Break = Callable[[Emulator, Wire], object]


@pytest.fixture
def ears() -> Iterator[Ears]:
    """A shop that listens."""
    ears = Ears()
    signals = (payment_authorized, payment_captured, payment_refunded, payment_released)
    for signal in signals:
        signal.connect(ears.hear)
    yield ears
    for signal in signals:
        signal.disconnect(ears.hear)


@pytest.fixture
def wire(emulator: Emulator) -> Wire:
    """A wire to tamper with."""
    return Wire(emulator)


@pytest.fixture
def days(emulator: Emulator, deliver: Deliver, later: Later) -> Days:
    """Days of deliveries."""
    return Days(emulator, deliver, later)


def fault(kind: str, operation: str = "order_get") -> Break:
    """Break Sezzle by a fault of the emulator's."""
    return lambda emulator, _wire: emulator.faults.add(operation, kind, times=None)


def without_a_word(_emulator: Emulator, wire: Wire) -> None:
    """Answer 404 without Sezzle's error in it, as a proxy does whose gateway is gone."""
    wire.falsify("order_get", says(404, b"<html>not found", "text/html"), times=100_000)


ERRORS = ("GatewayUnavailable", "GatewayRejected", "AuthenticationFailed")

OUTAGES: dict[str, Break] = {
    "500": fault("500_before"),
    "503": fault("503"),
    "timeout": fault("timeout_before"),
    "refused": fault("refused"),
    "HTML": fault("html"),
    "429": fault("429"),
    "401": fault("401"),
    "no token": fault("401", "authentication"),
    "token timeout": fault("timeout_before", "authentication"),
    "404 without a code": without_a_word,
}


@pytest.mark.fault(40, 44, 51, 81, 93)
@pytest.mark.parametrize("name", list(OUTAGES)[:: many(3, 1)])
def test_six_days_without_reading_cost_neither_subscription_nor_event(
    name: str,
    emulator: Emulator,
    wire: Wire,
    started: Started,
    days: Days,
    ears: Ears,
    caplog: pytest.LogCaptureFixture,
    client: Client,
) -> None:
    payments = [started(str(number)) for number in range(1, 1 + many(5, 40))]
    # What is held stays held, or there would be nothing to capture and to come back to.
    emulator.profile.authorization_minutes = HELD_MINUTES
    tokens.clear()
    OUTAGES[name](emulator, wire)
    for _ in live_through(payments, emulator):
        days.deliver()
        days.pass_(timedelta(minutes=7))
    days.pass_(SIX_DAYS)

    # Each event was refused while it was young, taken on the first occasion after a day.
    refused, taken = [503] * 7, [200]
    assert {tuple(s for _age, s in tries) for tries in days.times.values()} == {(*refused, *taken)}
    assert all(tries[-1][0] >= webhooks.YOUNG > tries[-2][0] for tries in days.times.values())
    assert len(emulator.subscriptions) == 1
    assert emulator.pending_deliveries == []
    rows = SezzleWebhookEvent.objects.all()
    assert len(rows) == len(days.times)
    assert {(row.state, row.attempts) for row in rows} == {(EventState.PENDING, 8)}
    assert {row.last_error for row in rows} <= set(ERRORS)
    assert ears.told == {}
    assert {row.status for row in SezzlePayment.objects.all()} == {Status.CREATED}
    # It is loud all the time: a warning for each delivery.
    loud = [r for r in caplog.records if r.name == "django_sezzle.webhooks"]
    assert len(loud) == len(days.sent)
    assert {r.levelno for r in loud} == {logging.WARNING}

    emulator.faults.clear()
    wire._edits.clear()
    catch_up()

    assert set(rows.values_list("state", flat=True)) == {EventState.DONE}
    found = [check_books(emulator, payment).status for payment in payments]
    assert found[:3] == [Status.PARTIALLY_REFUNDED, Status.CAPTURED, Status.REFUNDED]
    assert found[3:] == [Status.AUTHORIZED] * (len(payments) - 4) + [Status.DENIED]
    assert set(ears.told.values()) == {1}
    assert Counter(key.partition(":")[0] for _payment, key in ears.told) == {
        # Of what was given back in the meantime nobody says that it is secured.
        "authorized": len(payments) - 2,
        "captured": 3,
        "refunded": 2,
        "released": 1,
    }
    # The next event goes the short way again.
    before = len(days.sent)
    emulator.dashboard_refund(str(payments[1].order_uuid), 1)
    assert days.deliver() == [200]
    assert len(days.sent) == before + 1
    assert check_books(emulator, payments[1]).refunded_in_cents == 1
    figures.count("events of a six days' outage that arrived in the end", tried=len(rows))


@pytest.mark.fault(81)
@pytest.mark.parametrize("status", [500, 503, 204, 302])
def test_a_shop_that_never_says_200_loses_its_subscription(
    status: int, emulator: Emulator, started: Started, later: Later, deliver: Deliver
) -> None:
    # What the test above is measured against: Sezzle does end a subscription.
    days = Days(
        emulator, lambda: emulator.deliver_due(send=lambda url, headers, body: status), later
    )
    emulator.approve(str(started().order_uuid))
    days.pass_(sum(RETRY_AFTER, timedelta(hours=1)))
    assert [each.status for each in days.sent] == [status] * 10
    assert emulator.subscriptions == []


@pytest.mark.fault(81, 109)
def test_without_the_limit_of_a_day_the_subscription_would_be_lost(
    emulator: Emulator, started: Started, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "YOUNG", timedelta(days=30))
    emulator.approve(str(started().order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    days.pass_(SIX_DAYS)
    assert {each.status for each in days.sent} == {503}
    assert emulator.subscriptions == []


@pytest.mark.fault(45)
def test_what_a_lost_subscription_never_told_is_found_by_one_pass(
    emulator: Emulator, started: Started, days: Days, ears: Ears
) -> None:
    payments = [started(str(number)) for number in range(1, 6)]
    emulator.profile.authorization_minutes = HELD_MINUTES
    Gateway(get_settings()).delete_webhook(emulator.subscriptions[0].uuid)
    assert list(live_through(payments, emulator))
    days.pass_(SIX_DAYS)
    assert days.sent == []

    catch_up()

    assert [check_books(emulator, payment).status for payment in payments] == [
        Status.PARTIALLY_REFUNDED,
        Status.CAPTURED,
        Status.REFUNDED,
        Status.AUTHORIZED,
        Status.DENIED,
    ]
    assert set(ears.told.values()) == {1}


@pytest.mark.fault(46, 81)
def test_an_order_that_contradicts_itself_for_days_costs_nothing_but_a_review(
    emulator: Emulator, wire: Wire, authorized: Started, days: Days
) -> None:
    poison, healthy = authorized("1"), authorized("2")
    emulator.profile.authorization_minutes = HELD_MINUTES
    taken = {"uuid": "c-1", "amount": {"amount_in_cents": 1, "currency": "USD"}}
    given = {"uuid": "r-1", "amount": {"amount_in_cents": 9_000, "currency": "USD"}}
    edit = with_authorization(captures=[taken], refunds=[given])

    def falsify(response: Response) -> Response:
        is_poison = response.status == 200 and response.json()["uuid"] == poison.order_uuid
        return edit(response) if is_poison else response

    wire.falsify("order_get", falsify, times=1_000)
    for payment in (poison, healthy):
        emulator.dashboard_capture(str(payment.order_uuid), 10_000)
    days.pass_(SIX_DAYS)

    assert [each.status for each in days.sent] == [200] * len(days.sent)
    assert len(emulator.subscriptions) == 1
    assert again(poison).review_reason == Review.TOTALS_IMPOSSIBLE
    assert again(poison).captured_in_cents == again(poison).refunded_in_cents == 0
    assert check_books(emulator, healthy).status == Status.CAPTURED

    wire._edits.clear()
    catch_up()
    assert check_books(emulator, poison).status == Status.CAPTURED
    assert again(poison).review_reason == ""


@pytest.mark.fault(93)
def test_shoppers_are_told_to_wait_and_nothing_hammers_the_gateway(
    emulator: Emulator, started: Started, authorized: Started, client: Client, later: Later
) -> None:
    emulator.profile.authorization_minutes = HELD_MINUTES
    payment, paid = started("1"), authorized("3")
    emulator.approve(str(payment.order_uuid))
    emulator.faults.add("*", "503", times=None)
    for name in ("complete", "status", "cancel"):
        later(timedelta(minutes=1))
        emulator.calls.clear()
        answer = client.get(f"/sezzle/{payment.token}/{name}/")
        assert answer.status_code == (302 if name == "cancel" else 200)
        assert calls(emulator) == ["order_get"] * 3
    for act in (lambda: started("2"), lambda: refresh(payment), lambda: capture(paid)):
        emulator.calls.clear()
        with pytest.raises(GatewayError):
            act()
        sent = Counter((call.method, call.operation) for call in emulator.calls)
        assert all(times <= (3 if method == "GET" else 1) for (method, _op), times in sent.items())
