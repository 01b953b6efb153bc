"""A call ends in time, however the gateway spreads its bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from django_sezzle.exceptions import GatewayUnavailable, OutcomeUnknown
from django_sezzle.gateway import Gateway, Price, deadline

from .conftest import gateway_at
from .wire import ORDER, Step, Wire, drip, endless, hang, message, order, say

TEN = Price(1_000, "USD")
SECONDS = 0.6
ANSWER = message(200, {"uuid": "t-1"})
HEAD_END = ANSWER.index(b"\r\n\r\n") + 4


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert SECONDS * 0.8 <= time.monotonic() - started < SECONDS + 1


def late_body(connection: socket.socket, stop: threading.Event) -> bool:
    """Send the head at once and the body a byte at a time."""
    connection.sendall(ANSWER[:HEAD_END])
    return drip(ANSWER[HEAD_END:], 0.2)(connection, stop)


SLOW: dict[str, Step] = {
    "silence": hang,
    "dripping headers": drip(ANSWER, 0.1),
    "dripping body": late_body,
}


@pytest.mark.fault(92)
@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_money_ends_with_the_deadline(answer: Step) -> None:
    with Wire(answer) as wire:
        gateway = gateway_at(wire.url, seconds=SECONDS)
        gateway.authenticate()
        with in_time(), pytest.raises(OutcomeUnknown, match="no answer in time"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert len(wire.calls) == 1


@pytest.mark.fault(92)
@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_a_read_with_all_its_tries_ends_with_the_deadline(answer: Step) -> None:
    with Wire(answer) as wire:
        gateway = gateway_at(wire.url, seconds=SECONDS)
        gateway.authenticate()
        with in_time(), pytest.raises(GatewayUnavailable, match="no answer in time"):
            gateway.get_order(ORDER)


def test_getting_a_token_counts_too() -> None:
    slow_token = drip(message(201, {"token": "t"}), 0.1)
    with Wire(say(200, {"uuid": "t-1"}), authentication=slow_token) as wire:
        gateway = gateway_at(wire.url, seconds=SECONDS)
        with in_time(), pytest.raises(GatewayUnavailable, match="No money moved"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert wire.calls == []


def test_waiting_for_another_threads_token_counts_too() -> None:
    with Wire(say(200, order()), authentication=hang) as wire:

        def wait_longer() -> None:
            with contextlib.suppress(GatewayUnavailable):
                gateway_at(wire.url, seconds=3 * SECONDS).get_order(ORDER)

        patient = threading.Thread(target=wait_longer)
        patient.start()
        assert wire.reached.wait(5)
        gateway = gateway_at(wire.url, seconds=SECONDS)
        with in_time(), pytest.raises(GatewayUnavailable, match="No money moved"):
            gateway.capture(ORDER, TEN, request_id="r-1")
        patient.join()

        assert wire.authentications == 1
        assert wire.calls == []


def test_the_repeat_after_a_refused_token_counts_too() -> None:
    with Wire(say(401, []), hang) as wire:
        gateway = gateway_at(wire.url, seconds=SECONDS)
        gateway.authenticate()
        with in_time(), pytest.raises(OutcomeUnknown):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert len(wire.calls) == 2


def test_the_read_timeout_ends_silence_earlier() -> None:
    with Wire(hang) as wire:
        gateway = gateway_at(wire.url, read_timeout=0.2)
        gateway.authenticate()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert time.monotonic() - started < 1.5


def test_making_the_connection_counts_too() -> None:
    with socket.socket() as full, contextlib.ExitStack() as fillers:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        gateway = gateway_at(f"http://127.0.0.1:{full.getsockname()[1]}", seconds=SECONDS)
        with in_time(), pytest.raises(GatewayUnavailable, match="could not be reached"):
            gateway.get_order(ORDER)


@pytest.mark.fault(92)
@pytest.mark.parametrize("status", [b"200 OK", b"302 Found\r\nLocation: https://other.example/"])
def test_an_endless_answer_is_stopped_by_its_size_long_before(status: bytes) -> None:
    with Wire(partial(endless, status=status)) as wire:
        gateway = gateway_at(wire.url, seconds=20)
        gateway.authenticate()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert time.monotonic() - started < 5


@pytest.mark.parametrize("has_token", [True, False])
def test_without_any_time_left_nothing_is_sent(has_token: bool) -> None:
    with Wire(say(200, {"uuid": "t-1"})) as wire:
        gateway = gateway_at(wire.url)
        if has_token:
            gateway.authenticate()
        with deadline.deadline(0), pytest.raises(GatewayUnavailable, match="No money moved"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        assert len(wire.requests) == has_token


def test_an_inner_deadline_shortens_and_never_lengthens() -> None:
    with deadline.deadline(5):
        with deadline.deadline(1):
            assert 0 < deadline.remaining() <= 1
        with deadline.deadline(100):
            assert 1 < deadline.remaining() <= 5
    assert deadline.remaining() == float("inf")


def test_a_deadline_belongs_to_its_thread() -> None:
    seen: list[float] = []
    with deadline.deadline(1):
        thread = threading.Thread(target=lambda: seen.append(deadline.remaining()))
        thread.start()
        thread.join()
    assert seen == [float("inf")]


def test_the_time_of_a_call_is_never_longer_than_the_accounts() -> None:
    settings = gateway_at("http://127.0.0.1:1", deadline=10.0).settings

    assert Gateway(settings).seconds == 10
    assert Gateway(settings, seconds=3).seconds == 3
    assert Gateway(settings, seconds=30).seconds == 10


def test_a_connection_used_again_has_its_full_time_again() -> None:
    with Wire(drip(ANSWER, 0.004), say(200, {"uuid": "t-2"})) as wire:
        gateway = gateway_at(wire.url)
        Gateway(gateway.settings, seconds=SECONDS).capture(ORDER, TEN, request_id="r-1")

        assert gateway.capture(ORDER, TEN, request_id="r-2") == "t-2"
        assert wire.connections == 1


@pytest.mark.fault(92)
def test_silence_after_a_first_byte_does_not_begin_a_new_wait() -> None:
    def one_byte(connection: socket.socket, stop: threading.Event) -> bool:
        stop.wait(1.5)
        connection.sendall(ANSWER[:1])
        return hang(connection, stop)

    with Wire(one_byte) as wire:
        gateway = gateway_at(wire.url, seconds=1.8)
        gateway.authenticate()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            gateway.capture(ORDER, TEN, request_id="r-1")

        # A read timeout that began anew would end after 3.3 seconds.
        assert time.monotonic() - started < 2.8
