"""Batches end in time, stop for nobody's trouble, and keep threads away from the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from django.db import connection, connections
from django.db.models.signals import pre_save
from django.utils import timezone

from django_sezzle import services
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ActionNotAllowed
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import batches, refresh
from django_sezzle.services.locking import short_transaction
from tests.admin.conftest import (
    Desk,
    MakePayment,
    kinds,
    money_calls,
    moved,
    statements,
)
from tests.admin.latency import far_away
from tests.admin.pages import address_of, go_on, nothing_at_once, progress
from tests.reliability.scale import many

__all__ = ["nothing_at_once"]

MakeDesk = Callable[[str], Desk]


@pytest.mark.fault(33, 104)
def test_a_gateway_that_goes_silent_in_the_middle_stops_no_other(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(20)))
    page = form.send()
    captures: list[str] = []

    def silence_two(request: Any) -> None:
        order_uuid = urlsplit(request.url).path.split("/")[3]
        if request.method == "GET" and order_uuid in captures[8:10]:
            raise requests.ConnectTimeout(request=request)
        if request.method == "POST":
            captures.append(order_uuid)
            if order_uuid in captures[8:10]:
                raise requests.ReadTimeout(request=request)

    with far_away(emulator, before=silence_two):
        done = go_on(form.client, page)

    assert len(captures) == 20
    assert sorted(kinds(done)) == ["done"] * 18 + ["unknown"] * 2
    assert [row.kind for row in done.context["worth_a_look"]] == ["unknown"] * 2
    assert "Do not repeat it" in done.content.decode()

    for minutes in (0, 4, 12):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            for row in done.context["worth_a_look"]:
                refresh(SezzlePayment.objects.get(pk=row.payment.pk))
    assert set(kinds(form.client.get(address_of(page)))) == {"done"}
    assert moved(emulator) == [("capture", 5000)] * 20


@pytest.mark.fault(104)
def test_a_batch_ends_in_time_and_leaves_the_rest(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    nothing_at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(20)))
    page = form.send()
    monkeypatch.setattr(batches, "BEGINNING_SECONDS", 0.1)

    with far_away(emulator, seconds=0.2):
        after_one = progress(form.client, page, works=True)

    assert 0 < after_one["through"] <= batches.AT_ONCE
    assert after_one["waiting"] == 20 - after_one["through"]
    assert len(moved(emulator)) == after_one["through"]
    monkeypatch.undo()
    assert progress(form.client, page, works=True)["waiting"] == 0
    assert moved(emulator) == [("capture", 5000)] * 20


@pytest.mark.fault(104)
def test_what_was_only_read_when_time_is_over_waits_for_the_next_batch(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    nothing_at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(12)))
    page = form.send()
    SezzlePayment.objects.update(last_read_at=None)
    monkeypatch.setattr(batches, "BEGINNING_SECONDS", 0.3)

    with far_away(emulator, seconds=0.4):
        assert progress(form.client, page, works=True)["waiting"] == 12

    called = [call.operation for call in emulator.calls]
    assert set(called) == {"order_get"}
    assert len(called) <= batches.AT_ONCE
    monkeypatch.undo()
    assert progress(form.client, page, works=True)["waiting"] == 0
    assert len(moved(emulator)) == 12


@pytest.mark.fault(33)
def test_a_hosts_program_error_in_one_row_stops_no_other(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    nothing_at_once: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, two = make_payment(), make_payment()
    form = desk("capture").open(one, two)
    page = form.send()

    def trip(instance: SezzlePayment, **kwargs: object) -> None:
        if instance.pk == one.pk:
            raise RuntimeError("the host's own receiver")

    pre_save.connect(trip, sender=SezzlePayment)
    try:
        done = go_on(form.client, page)
    finally:
        pre_save.disconnect(trip, sender=SezzlePayment)

    # It was sent, and could not be recorded: whoever touches the payment next finds it done.
    assert kinds(done) == ["unknown", "done"]
    assert f"payment={one.pk}" in caplog.text
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        refresh(one)
    assert kinds(form.client.get(address_of(page))) == ["done"] * 2
    assert moved(emulator) == [("capture", 5000)] * 2


def test_a_worker_is_never_held_for_longer_than_servers_allow() -> None:
    slowest = batches.BEGINNING_SECONDS + batches.SENDING_SECONDS + batches.READING_SECONDS
    token_first = batches.BEGINNING_SECONDS + batches.SENDING_SECONDS

    assert max(slowest, token_first) <= 20


@pytest.mark.fault(93)
def test_no_token_closes_all_without_asking_for_each(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(5)))
    page = form.send()
    tokens.clear()
    emulator.faults.add("authentication", "503", times=None)

    done = go_on(form.client, page)

    assert kinds(done) == ["unsent"] * 5
    assert [call.operation for call in emulator.calls] == ["authentication"]
    assert done.context["again_url"]


def test_stale_payments_are_read_before_and_fresh_ones_are_not(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    fresh, stale = make_payment(), make_payment()
    form = desk("capture").open(fresh, stale)
    page = form.send()
    SezzlePayment.objects.filter(pk=stale.pk).update(last_read_at=None)
    emulator.calls.clear()

    assert kinds(go_on(form.client, page)) == ["done"] * 2

    called = sorted(call.operation for call in emulator.calls)
    assert called == ["capture", "capture", "order_get", "order_get", "order_get"]


def test_a_payment_that_cannot_be_read_is_not_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(make_payment(), make_payment())
    page = form.send()
    SezzlePayment.objects.update(last_read_at=None)
    emulator.faults.add("order_get", "drop_before", times=None)

    assert kinds(go_on(form.client, page)) == ["unsent"] * 2
    assert not money_calls(emulator)


def test_threads_that_talk_to_sezzle_open_no_connection(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(10)))
    page = form.send()
    SezzlePayment.objects.update(last_read_at=None)
    opened = []

    def look(request: Any) -> None:
        if threading.current_thread().name.startswith("sezzle"):
            opened.extend(c.alias for c in connections.all() if c.connection is not None)

    with far_away(emulator, before=look) as gateway:
        assert progress(form.client, page, works=True)["waiting"] == 0

    assert gateway.calls == 30
    assert opened == []


def test_the_thread_that_asks_is_never_inside_a_transaction(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(make_payment(), make_payment())
    form.send()
    ids = SezzleOperation.objects.values_list("request_id", flat=True)

    with pytest.raises(ActionNotAllowed):
        short_transaction(lambda: batches.work_off(list(ids)))

    assert not emulator.calls


def test_the_page_asks_the_database_as_little_for_twenty_as_for_two(
    desk: MakeDesk,
    make_payment: MakePayment,
    nothing_at_once: None,
    django_assert_max_num_queries: Any,
) -> None:
    payments = [make_payment() for _number in range(20)]
    for chosen in (payments[:2], payments[2:]):
        form = desk("capture").open(*chosen)
        page = form.send()
        # The session, the user, two for permissions, the payments, their operations.
        with django_assert_max_num_queries(6) as queries:
            form.client.get(address_of(page))
        assert len(statements(queries)) <= 6
        with django_assert_max_num_queries(6):
            progress(form.client, page)


@pytest.mark.django_db(transaction=True)
def test_many_take_a_fraction_of_the_time_they_take_one_after_another(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    # The gateway shares this process and its processor here, so that less is gained than from
    # one that is elsewhere.
    number, seconds, fraction = many(24, 100), 0.2, 3
    if connection.vendor == "sqlite":
        # The distance to Sezzle is measured here, not the disk of this machine.
        connection.cursor().execute("PRAGMA synchronous=OFF")
    alone = [make_payment() for _number in range(number // 8)]
    form = desk("capture").open(*(make_payment() for _number in range(number)))
    page = form.send()

    with far_away(emulator, seconds=seconds):
        began = time.perf_counter()
        for payment in alone:
            services.capture(payment)
        one_by_one = (time.perf_counter() - began) / len(alone) * number
    with far_away(emulator, seconds=seconds) as gateway:
        began = time.perf_counter()
        while progress(form.client, page, works=True)["waiting"]:
            pass
        together = time.perf_counter() - began

    assert gateway.calls == 2 * number
    assert gateway.most_at_once <= batches.AT_ONCE
    assert together < one_by_one / fraction, (together, one_by_one)
