"""Sixteen who come at once from everywhere: starts, deliveries, shoppers, staff, the dashboard."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from django_sezzle.exceptions import AmountUnavailable, OperationInProgress
from django_sezzle.gateway.signature import sign
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.reconcile import Run, reconcile
from django_sezzle.services import capture, refresh, refund, release, start_checkout
from django_sezzle.services.locking import lock, short_transaction
from tests.fixtures import PRIVATE_KEY, a_checkout
from tests.reliability import figures
from tests.reliability.barrier import CALLERS, Races, refused, succeeded
from tests.reliability.isolation import LEVELS, isolation
from tests.reliability.scale import many
from tests.services.rigs import Wire, again, moved
from tests.webhooks.conftest import URL, as_body, event

pytestmark = pytest.mark.django_db(transaction=True)


def post(body: dict[str, Any]) -> int:
    """Deliver as Sezzle does, through the host's whole stack."""
    raw = as_body(body)
    headers = {"Sezzle-Signature": sign(raw, PRIVATE_KEY)}
    return Client().post(URL, raw, content_type="application/json", headers=headers).status_code


@pytest.mark.fault(17)
def test_starts_of_one_order_all_get_the_one_checkout(races: Races) -> None:
    for number in races.until("starts of one order", 3):
        results = races.release(lambda _n, ref=f"s-{number}": start_checkout(a_checkout(ref)))
        row = SezzlePayment.objects.get(shop_reference=f"s-{number}")
        got = [(p.pk, p.checkout_url, p.order_uuid) for p in results]  # type: ignore[attr-defined]
        assert got == [(row.pk, row.checkout_url, row.order_uuid)] * CALLERS
        assert len(races.emulator.orders) == number + 1
        races.emulator.approve(str(row.order_uuid))
        assert refresh(row).is_funded_for(10_000, "USD")


@pytest.mark.fault(4, 17)
def test_starts_with_different_contents_leave_one_usable_checkout(races: Races) -> None:
    for number in races.until("starts of one order with different contents", 1):
        reference = f"d-{number}"
        prices = [10_000 + races.dice.randrange(3) for _ in range(CALLERS)]

        def start(n: int, ref: str = reference, cents: list[int] = prices) -> SezzlePayment:
            return start_checkout(a_checkout(ref, cents[n]))

        results = races.release(start)
        assert refused(results) <= {OperationInProgress}
        current = SezzlePayment.objects.get(shop_reference=reference, is_current=True)
        own = [o for o in races.emulator.orders if o.reference_id.startswith(reference)]
        assert [o.uuid for o in own if o.checkout_status == "active"] == [current.order_uuid]
        usable = start_checkout(a_checkout(reference, current.amount_in_cents))
        assert usable == current
        races.emulator.approve(str(usable.order_uuid))
        assert refresh(usable).is_funded_for(usable.amount_in_cents, "USD")


@pytest.mark.fault(37, 40, 91)
@pytest.mark.parametrize(("name", "events"), [("the same webhook", 1), ("different webhooks", 16)])
def test_deliveries_at_once(races: Races, name: str, events: int) -> None:
    for number in races.until(name, 3):
        payment = start_checkout(a_checkout(f"w-{number}"))
        order_uuid = str(payment.order_uuid)
        races.emulator.approve(order_uuid)
        races.emulator.dashboard_capture(order_uuid, 4_000)
        bodies = [event("order.captured", order_uuid) for _ in range(events)]
        answers = races.release(lambda n, b=bodies: post(b[n % len(b)]))
        assert answers == [200] * CALLERS
        rows = SezzleWebhookEvent.objects.filter(order_uuid=order_uuid)
        assert sorted(row.key for row in rows) == sorted(body["uuid"] for body in bodies)
        assert {row.state for row in rows} == {EventState.DONE}
        row = races.check(payment)
        assert (row.status, row.captured_in_cents) == (Status.PARTIALLY_CAPTURED, 4_000)
        told = SezzleAnnouncement.objects.filter(payment=payment)
        assert Counter(line.fact for line in told) == {"authorized": 1, "captured": 1}


@pytest.mark.fault(37, 40, 44, 50, 90, 96, 98)
def test_everybody_at_once(races: Races) -> None:
    for number in races.until("webhooks, shoppers, staff, dashboard and reconcile mixed", 5):
        _let_everybody_in(races, number)


@pytest.mark.fault(37, 58)
@pytest.mark.parametrize("level", LEVELS)
def test_everybody_at_once_under_stricter_isolation(races: Races, level: str) -> None:
    with isolation(level):
        for number in range(many(2, 20)):
            _let_everybody_in(races, number)
    figures.count(f"races of 16 callers: arrivals under {level}", tried=races.released)


def _let_everybody_in(races: Races, number: int) -> None:
    """Let the doorways, and somebody at Sezzle's dashboard, all at one payment."""
    # Sometimes the approval itself has not been read yet.
    if is_new := number % 3 == 0:
        payment = start_checkout(a_checkout(f"m-{number}"))
        races.emulator.approve(str(payment.order_uuid))
    else:
        payment = races.captured(3_000)
    uuid = str(payment.order_uuid)
    same = event("order.authorized", uuid)
    page = f"/sezzle/{payment.token}"

    def look(path: str) -> int:
        return Client().get(f"{page}/{path}/").status_code

    callers: list[Callable[[], object]] = [
        lambda: post(same),
        lambda: post(same),
        lambda: post(event("order.captured", uuid)),
        lambda: post(event("dispute.closed.neutral", uuid)),
        lambda: look("complete"),
        lambda: look("complete"),
        lambda: look("cancel"),
        lambda: look("status"),
        lambda: refresh(again(payment)),
        lambda: capture(again(payment), amount_in_cents=1_100),
        lambda: capture(again(payment), amount_in_cents=1_200),
        lambda: refund(again(payment), amount_in_cents=1_300),
        lambda: release(again(payment), amount_in_cents=1_400),
        lambda: races.emulator.dashboard_capture(uuid, 2_000),
        lambda: races.emulator.dashboard_refund(uuid, 500),
        # Other doorways are one line each.
        lambda: list(reconcile(Run())),
    ]
    assert len(callers) == CALLERS
    if is_new:
        # Nothing is captured yet, so that Sezzle has nothing to give back.
        callers[14] = lambda: races.emulator.dashboard_release(uuid, 500)
    results = races.release(lambda n: callers[n]())
    assert refused(results) <= {AmountUnavailable, OperationInProgress}
    assert {result for result in results if isinstance(result, int)} <= {200, 302}
    # The dashboard may have been last: one more look, as any doorway would take.
    refresh(again(payment))
    row = races.check(payment)
    ours = succeeded(results)
    assert row.transactions.exclude(operation=None).count() == len(ours) + (not is_new)
    assert row.transactions.filter(operation=None).count() == 2
    events = SezzleWebhookEvent.objects.filter(order_uuid=uuid)
    assert sorted(e.state for e in events) == [EventState.DONE] * 3
    told = SezzleAnnouncement.objects.filter(payment=payment)
    assert told.filter(fact_key="authorized").count() == 1
    assert told.filter(fact_key__startswith="dispute:").count() == 1
    assert told.count() - 2 == len(moved(races.emulator, payment))


#: What the database itself says of transactions that were begun and not ended.
LEFT_OPEN = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state LIKE 'idle in transaction%'",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx t "
    "JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id "
    "WHERE p.db = database() AND p.id <> connection_id()",
}


@pytest.mark.fault(90)
def test_a_gateway_that_sits_on_a_call_holds_nobody_up(races: Races) -> None:
    """Where others would wait for a lock this test would not end: nothing here is timed."""
    wire = Wire(races.emulator)
    slow, other = races.payment(), races.captured(5_000)
    has_arrived, goes_on = threading.Event(), threading.Event()

    def sit() -> None:
        has_arrived.set()
        assert goes_on.wait(120)

    wire.before("capture", sit)
    writers: list[Callable[[], object]] = [
        lambda: refresh(again(slow)),
        lambda: short_transaction(lambda: lock(slow.pk)),
        lambda: post(event("order.authorized", str(slow.order_uuid))),
        lambda: refund(again(other), amount_in_cents=1_000),
        lambda: start_checkout(a_checkout("another")),
    ]

    def act(number: int) -> object:
        if number == 0:
            return capture(again(slow), amount_in_cents=2_000)
        try:
            assert has_arrived.wait(60)
            results = [writer() for writer in writers]
            with pytest.raises(OperationInProgress):
                capture(again(slow), amount_in_cents=100)
            with connection.cursor() as cursor:
                if query := LEFT_OPEN.get(connection.vendor):
                    cursor.execute(query)
                    assert cursor.fetchone()[0] == 0
            assert not moved(races.emulator, slow), "it was not slow at all"
            return results
        finally:
            goes_on.set()

    done = races.release(act, count=2)
    assert len(succeeded(done)) == 1
    assert moved(races.emulator, slow) == [("capture", 2_000)]
    races.check(slow, other)
