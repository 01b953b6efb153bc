"""A worker dies while Sezzle is asked, or a queue forgets: the shop is told once all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from tests.reconcile.conftest import run
from tests.reliability.kills import diary
from tests.services.rigs import Wire, again
from tests.webhooks.counting import calls
from tests.worker.processes.conftest import Shop
from tests.worker.processes.running import SECONDS, until


@contextmanager
def dying_in_the_middle(shop: Shop, emulator: Emulator) -> Iterator[None]:
    """Have a worker that is killed while Sezzle takes its time to answer."""
    asked, may_answer = threading.Event(), threading.Event()
    wire = Wire(emulator)
    wire.before("order_get", lambda: (asked.set(), may_answer.wait(SECONDS)))
    try:
        with shop.worker() as worker:
            yield
            assert asked.wait(SECONDS), "it never asked"
            worker.kill()
    finally:
        may_answer.set()


def let_time_pass() -> None:
    """Let the minute be over that whoever has an event is given."""
    past = timezone.now() - timedelta(seconds=1)
    SezzleWebhookEvent.objects.update(lease_until=past)


def is_done() -> bool:
    return SezzleWebhookEvent.objects.get().state == EventState.DONE


def check_the_shop_was_told_once(payment: SezzlePayment) -> None:
    """Assert that the payment is what it should be, and that the shop heard of it, once."""
    row = again(payment)
    assert row.status == Status.AUTHORIZED
    (announcement,) = row.announcements.all()
    assert (announcement.fact, announcement.attempts) == ("authorized", 1)
    assert announcement.told_at is not None
    assert diary.facts(row) == ["authorized"]


def test_a_worker_that_is_killed_and_reconcile(
    shop: Shop, emulator: Emulator, approved: SezzlePayment, news: dict[str, Any]
) -> None:
    with dying_in_the_middle(shop, emulator):
        shop.deliver(news)
    kept = SezzleWebhookEvent.objects.get()
    assert (kept.state, kept.attempts) == (EventState.PENDING, 0)
    assert again(approved).status == Status.CREATED
    # For a minute nobody knows that it is dead.
    run()
    assert not is_done()
    let_time_pass()
    run()
    assert is_done()
    check_the_shop_was_told_once(approved)


def test_a_worker_that_is_killed_and_the_next_one(
    shop: Shop, emulator: Emulator, approved: SezzlePayment, news: dict[str, Any]
) -> None:
    with dying_in_the_middle(shop, emulator):
        shop.deliver(news)
    let_time_pass()
    # A repeat brings it back into the queue, where it may be twice by now.
    shop.deliver(news)
    with shop.worker():
        # The event is done when its order is recorded; the shop hears of it right after.
        until(SezzleAnnouncement.objects.exclude(told_at=None).exists)
    assert is_done()
    check_the_shop_was_told_once(approved)
    assert calls(emulator).count("order_get") == 2


def test_a_delivery_costs_one_transaction_and_what_the_queue_costs(
    shop: Shop, news: dict[str, Any]
) -> None:
    queued = ["INSERT"] if shop.backend == "database" else []
    assert shop.deliver(news) == ["BEGIN", "INSERT", "COMMIT", *queued]


def test_a_queue_that_forgets(
    shop: Shop, emulator: Emulator, approved: SezzlePayment, news: dict[str, Any]
) -> None:
    shop.deliver(news)
    assert shop.web.do("lose") == 1
    assert not is_done()
    let_time_pass()
    run()
    assert is_done()
    check_the_shop_was_told_once(approved)
    # The task of a repeat comes too late, and does nothing.
    shop.deliver(news)
    assert shop.web.do("lose") == 0
