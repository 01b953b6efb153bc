"""Each fault through both doors: what the caller meets, and whether the money moved."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from django_sezzle.emulator import (
    ConnectionBroken,
    Emulator,
    EmulatorAdapter,
    EmulatorServer,
    FaultKind,
    Refusal,
    Request,
)

from .shop import Shop, usd

STATUSES = {
    "500_before": 500,
    "500_after": 500,
    "html": 502,
    "redirect": 302,
    "401": 401,
    "429": 429,
    "422_duplicate": 422,
    "408": 408,
    "409": 409,
    "503": 503,
}
EXECUTED = {
    "drop_after",
    "500_after",
    "garbage_after",
    "empty_after",
    "no_uuid_after",
    "slow",
    "timeout_after",
    "drip",
    "endless",
}


@pytest.fixture(params=["adapter", "server"])
def door(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Shop]:
    if request.param == "adapter":
        yield Shop(emulator)
        return
    with EmulatorServer(emulator) as server:
        yield Shop(emulator, server.url)


def authorized(emulator: Emulator, shop: Shop) -> str:
    uuid = shop.start()
    emulator.approve(uuid)
    return uuid


def captures(emulator: Emulator) -> int:
    return sum(each.kind == "capture" for each in emulator.executions)


@pytest.mark.parametrize("fault", sorted(STATUSES))
def test_fault_with_an_answer(emulator: Emulator, door: Shop, fault: str) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", fault)
    answer = door.capture(uuid, 100)
    assert answer.status_code == STATUSES[fault]
    assert captures(emulator) == (fault in EXECUTED)
    assert (emulator.calls[-1].fault, emulator.calls[-1].status) == (fault, STATUSES[fault])
    if fault == "429":
        assert answer.headers["Retry-After"] == "30"
    if fault == "redirect":
        assert answer.headers["Location"] == "https://elsewhere.example/"
    if fault == "html":
        assert answer.text.startswith("<!doctype html>")
    assert door.capture(uuid, 100).status_code == 200


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "late"])
def test_dropped_connection(emulator: Emulator, door: Shop, fault: str) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", fault, seconds=600)
    with pytest.raises(requests.ConnectionError) as raised:
        door.capture(uuid, 100)
    assert isinstance(raised.value.args[0], ProtocolError)
    assert "without response" in str(raised.value)
    assert captures(emulator) == (fault in EXECUTED)


def test_late_call_is_executed_when_its_time_has_come(emulator: Emulator, door: Shop) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", "late", seconds=60)
    with pytest.raises(requests.ConnectionError):
        door.capture(uuid, 100)
    emulator.clock.advance(timedelta(seconds=59))
    assert captures(emulator) == 0
    emulator.clock.advance(timedelta(seconds=2))
    assert door.order(uuid)["authorization"]["captures"][0]["amount"] == usd(100)


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_call_without_an_answer_times_out(emulator: Emulator, door: Shop, fault: str) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", fault)
    door.timeout = 0.3
    with pytest.raises(requests.ReadTimeout):
        door.capture(uuid, 100)
    assert captures(emulator) == (fault in EXECUTED)


def test_slow_answer_arrives_or_times_out_by_the_callers_patience(
    emulator: Emulator, door: Shop
) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", "slow", times=2, seconds=0.4)
    started = time.monotonic()
    assert door.capture(uuid, 100).status_code == 200
    assert time.monotonic() - started >= 0.4
    door.timeout = 0.2
    with pytest.raises(requests.ReadTimeout):
        door.capture(uuid, 100)
    assert captures(emulator) == 2


def test_slow_answer_does_not_hold_up_others(emulator: Emulator, door: Shop) -> None:
    uuid, other = authorized(emulator, door), door.start()
    emulator.faults.add("capture", "slow", seconds=1.5)
    slow = threading.Thread(target=door.capture, args=(uuid, 100))
    slow.start()
    while captures(emulator) == 0:
        time.sleep(0.01)
    started = time.monotonic()
    emulator.order(uuid)
    emulator.deny(emulator.order(other).uuid)
    assert time.monotonic() - started < 1
    slow.join()


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("garbage_after", b'\x00\xff\xfe{"uuid": '),
        ("empty_after", b""),
        ("no_uuid_after", b"{}"),
    ],
)
def test_unusable_yes(emulator: Emulator, door: Shop, fault: str, body: bytes) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", fault)
    answer = door.capture(uuid, 100)
    assert (answer.status_code, answer.content) == (200, body)
    assert captures(emulator) == 1


def test_dripping_answer_takes_its_time_and_is_whole(emulator: Emulator, door: Shop) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", "drip", delay=0.01)
    started = time.monotonic()
    answer = door.capture(uuid, 100)
    assert time.monotonic() - started >= 0.01 * len(answer.content)
    assert list(answer.json()) == ["uuid"]


def test_endless_answer_goes_on_beyond_a_mebibyte(emulator: Emulator, door: Shop) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", "endless")
    url = f"{door.url}/v2/order/{uuid}/capture"
    body = {"capture_amount": usd(100)}
    with door.http.post(url, json=body, stream=True, timeout=5) as answer:
        read = 0
        for chunk in answer.iter_content(65536):
            read += len(chunk)
            if read > 2 * 1024 * 1024:
                break
    assert read > 2 * 1024 * 1024
    assert captures(emulator) == 1


def test_refused_connection_never_arrives(emulator: Emulator, shop: Shop) -> None:
    uuid = authorized(emulator, shop)
    before = len(emulator.calls)
    emulator.faults.add("capture", "refused")
    with pytest.raises(requests.ConnectionError) as raised:
        shop.capture(uuid, 100)
    cause = raised.value.args[0]
    assert isinstance(cause, MaxRetryError)
    assert isinstance(cause.reason, NewConnectionError)
    assert len(emulator.calls) == before


def test_refused_is_a_reset_on_a_connection_the_server_has_accepted(emulator: Emulator) -> None:
    with EmulatorServer(emulator) as server:
        shop = Shop(emulator, server.url)
        uuid = authorized(emulator, shop)
        emulator.faults.add("capture", "refused")
        with pytest.raises(requests.ConnectionError, match="reset"):
            shop.capture(uuid, 100)
        assert captures(emulator) == 0


def test_server_can_really_refuse_connections(emulator: Emulator) -> None:
    with EmulatorServer(emulator) as server:
        shop = Shop(emulator, server.url)
        with server.refusing(), pytest.raises(requests.ConnectionError) as raised:
            requests.get(server.url + "/v2/webhooks", timeout=2)
        assert isinstance(raised.value.args[0].reason, NewConnectionError)
        assert shop.get("/v2/webhooks").status_code == 200


def test_fault_hits_as_often_as_asked_and_only_its_operation(
    emulator: Emulator, shop: Shop
) -> None:
    uuid = authorized(emulator, shop)
    emulator.faults.add("order_get", "503", times=2)
    assert shop.capture(uuid, 100).status_code == 200
    path = f"/v2/order/{uuid}"
    assert [shop.get(path).status_code for _ in range(3)] == [503, 503, 200]
    emulator.faults.add("*", "500_before", times=None)
    assert [shop.get(path).status_code for _ in range(3)] == [500] * 3
    emulator.faults.clear()
    assert shop.get(path).status_code == 200


def test_error_answers_can_be_made_to_execute(emulator: Emulator, shop: Shop) -> None:
    uuid = authorized(emulator, shop)
    emulator.faults.add("capture", "408", executes=True)
    assert shop.capture(uuid, 100).status_code == 408
    assert captures(emulator) == 1


def test_lost_answer_is_given_again_under_its_request_id(emulator: Emulator, door: Shop) -> None:
    uuid = authorized(emulator, door)
    emulator.faults.add("capture", "drop_after")
    with pytest.raises(requests.ConnectionError):
        door.capture(uuid, 100, "key-1")
    answer = door.capture(uuid, 100, "key-1")
    assert answer.json()["uuid"] == emulator.executions[-1].uuid
    assert captures(emulator) == 1


@pytest.mark.parametrize(
    ("operation", "fault", "options"),
    [("captur", "408", {}), ("capture", "409x", {}), ("capture", "slow", {"minutes": 1})],
)
def test_nonsense_is_no_fault(
    emulator: Emulator, operation: str, fault: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        emulator.faults.add(operation, fault, **options)
    assert len(emulator.faults) == 0


@pytest.mark.parametrize("fault", [kind.value for kind in FaultKind])
def test_observers_are_told_which_answers_were_broken(
    emulator: Emulator, shop: Shop, fault: str
) -> None:
    seen: list[Any] = []
    emulator.observers.append(seen.append)
    emulator.faults.add("webhook_list", fault, seconds=0)
    with contextlib.suppress(requests.RequestException):
        shop.get("/v2/webhooks")
    assert [each.fault for each in seen] == ([] if fault == "refused" else [fault])


@pytest.mark.off_contract
def test_handle_raises_where_there_is_no_wire(emulator: Emulator) -> None:
    emulator.faults.add("webhook_list", "drop_after")
    with pytest.raises(ConnectionBroken):
        emulator.handle(Request("GET", "/v2/webhooks"))


def test_many_threads_capture_only_what_is_held(emulator: Emulator) -> None:
    first = Shop(emulator)
    uuid = authorized(emulator, first)
    http = [Shop(emulator) for _ in range(8)]
    threads = [threading.Thread(target=shop.capture, args=(uuid, 3000)) for shop in http]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert captures(emulator) == 3
    assert emulator.order(uuid).captured_in_cents == 9000


def test_adapter_can_be_told_how_to_wait(emulator: Emulator) -> None:
    waited: list[float] = []
    shop = Shop(emulator)
    shop.http.mount(emulator.base_url, EmulatorAdapter(emulator, sleep=waited.append))
    emulator.faults.add("webhook_list", "slow", seconds=4)
    assert shop.get("/v2/webhooks").status_code == 200
    assert waited == [4]


def test_refusal_tells_status_and_code() -> None:
    assert str(Refusal.not_found()) == "404 record_not_found: not found"
