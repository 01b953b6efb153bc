"""What each fault means, for money and for a read, and how often it was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from django_sezzle.emulator import Emulator, EmulatorServer, FaultKind
from django_sezzle.exceptions import (
    AuthenticationFailed,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    OutcomeUnknown,
)
from django_sezzle.gateway import Gateway, Price

from .conftest import a_session, gateway_at

pytestmark = pytest.mark.usefixtures("quick_retries")

TEN = Price(1_000, "USD")
#: Seconds a call has when the answer comes a byte at a time.
DRIPPING = 0.5
#: Faults that leave money in doubt, whether or not the gateway did its work.
UNCLEAR = set(FaultKind) - {FaultKind.REFUSED, FaultKind.UNAUTHORIZED, FaultKind.DUPLICATE}
#: Clear answers although useless ones: asking again would bring the same.
ASKED_ONCE = {
    "redirect",
    "409",
    "429",
    "422_duplicate",
    "garbage_after",
    "empty_after",
    "no_uuid_after",
}
OPTIONS: dict[str, dict[str, float]] = {
    "slow": {"seconds": 1.0},
    "timeout_before": {"seconds": 5.0},
    "timeout_after": {"seconds": 5.0},
    "late": {"seconds": 600},
    "endless": {"bytes": 4 * 2**20},
}


def impatient(gateway: Gateway, *, seconds: float | None = None) -> Gateway:
    """Give a client of the same gateway that waits only a moment, its token at hand."""
    gateway.authenticate()
    settings = dataclasses.replace(gateway.settings, read_timeout=0.3)
    return Gateway(settings, seconds=seconds)


def plan(emulator: Emulator, operation: str, fault: str, times: int | None = 1) -> None:
    options = OPTIONS.get(fault, {})
    if fault == "drip":
        # Longer than DRIPPING in all: an order has many more bytes than the answer to a capture.
        options = {"delay": 0.02 if operation == "capture" else 0.002}
    emulator.faults.add(operation, fault, times=times, **options)


def captures(emulator: Emulator) -> int:
    return sum(execution.kind == "capture" for execution in emulator.executions)


def meet(emulator: Emulator, gateway: Gateway, fault: str, uuid: str) -> GatewayError:
    """Capture under a fault and return the error."""
    seconds = DRIPPING if fault == "drip" else None
    client = impatient(gateway, seconds=seconds)
    emulator.calls.clear()
    plan(emulator, "capture", fault)
    with pytest.raises(GatewayError) as raised:
        client.capture(uuid, TEN, request_id="r-1")
    return raised.value


@pytest.mark.fault(7, 95)
@pytest.mark.parametrize("fault", sorted(UNCLEAR))
def test_money_in_doubt_is_sent_once(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str], fault: str
) -> None:
    error = meet(emulator, gateway, fault, authorized())

    assert type(error) is OutcomeUnknown
    assert "Do not repeat" in str(error)
    assert [call.operation for call in emulator.calls] == ["capture"]


def test_money_refused_by_sezzle_is_rejected(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str]
) -> None:
    error = meet(emulator, gateway, "422_duplicate", authorized())

    assert type(error) is GatewayRejected
    assert (error.status, error.code) == (422, "duplicate")
    assert len(emulator.calls) == 1


def test_money_to_a_closed_port_never_left(
    emulator: Emulator, authorized: Callable[..., str], gateway: Gateway
) -> None:
    uuid = authorized()
    with EmulatorServer(emulator, delivers=False) as server:
        client = gateway_at(server.url)
        client.authenticate()
        emulator.calls.clear()
        with server.refusing(), pytest.raises(GatewayUnavailable, match="could not be reached"):
            client.capture(uuid, TEN, request_id="r-1")
    assert emulator.calls == []


def test_money_refused_at_the_connection_never_left(emulator: Emulator) -> None:
    client = gateway_at(emulator.base_url)
    client.authenticate()
    emulator.faults.add("capture", "refused")

    with pytest.raises(GatewayUnavailable, match="No money moved"):
        client.capture("o-1", TEN, request_id="r-1")


def test_a_reset_before_any_answer_is_in_doubt(
    emulator: Emulator, authorized: Callable[..., str]
) -> None:
    with EmulatorServer(emulator, delivers=False) as server:
        client = gateway_at(server.url)
        client.authenticate()
        emulator.faults.add("capture", "refused")
        with pytest.raises(OutcomeUnknown):
            client.capture(authorized(), TEN, request_id="r-1")


@pytest.mark.fault(9, 94)
def test_money_after_a_refused_token_is_sent_again_with_the_same_id_and_body(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str]
) -> None:
    uuid = authorized()
    plan(emulator, "capture", "401")

    assert gateway.capture(uuid, TEN, request_id="r-1")

    assert [call.operation for call in emulator.calls] == ["capture", "authentication", "capture"]
    first, _, second = emulator.calls
    assert (first.request_id, first.body) == (second.request_id, second.body)
    assert first.request_id == "r-1"
    assert captures(emulator) == 1


@pytest.mark.fault(94)
def test_a_token_refused_twice_is_a_failed_authentication(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str]
) -> None:
    uuid = authorized()
    plan(emulator, "capture", "401", times=None)

    with pytest.raises(AuthenticationFailed, match="No money moved"):
        gateway.capture(uuid, TEN, request_id="r-1")

    assert [call.operation for call in emulator.calls] == ["capture", "authentication", "capture"]
    assert captures(emulator) == 0


def test_wrong_keys_are_a_failed_authentication(emulator: Emulator) -> None:
    gateway = gateway_at(emulator.base_url, private_key="sz_pr_wrong")

    with pytest.raises(AuthenticationFailed, match="Check that both keys"):
        gateway.capture("o-1", TEN, request_id="r-1")

    assert [call.operation for call in emulator.calls] == ["authentication"]


@pytest.mark.parametrize("fault", sorted(UNCLEAR | {FaultKind.REFUSED}))
def test_a_read_that_brought_nothing_is_unavailable(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str], fault: str
) -> None:
    uuid = authorized()
    client = impatient(gateway, seconds=DRIPPING if fault == "drip" else None)
    emulator.calls.clear()
    plan(emulator, "order_get", fault, times=None)

    with pytest.raises(GatewayUnavailable):
        client.get_order(uuid)

    if fault not in ("drip", "refused"):
        assert len(emulator.calls) == (1 if fault in ASKED_ONCE else 3)


@pytest.mark.fault(93)
@pytest.mark.parametrize("fault", ["drop_before", "500_before", "503", "408", "html", "refused"])
def test_a_read_is_tried_again_until_it_succeeds(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str], fault: str
) -> None:
    uuid = authorized()
    plan(emulator, "order_get", fault, times=2)

    assert gateway.get_order(uuid).uuid == uuid


def test_a_read_of_what_does_not_exist_is_asked_once(emulator: Emulator, gateway: Gateway) -> None:
    gateway.authenticate()
    emulator.calls.clear()

    with pytest.raises(GatewayRejected) as raised:
        gateway.get_order("o-1")

    assert raised.value.status == 404
    assert len(emulator.calls) == 1


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "503", "html", "empty_after"])
def test_a_checkout_is_sent_once_and_is_unavailable(
    emulator: Emulator, gateway: Gateway, fault: str
) -> None:
    gateway.authenticate()
    emulator.calls.clear()
    plan(emulator, "session_create", fault)

    with pytest.raises(GatewayUnavailable):
        gateway.create_session(a_session())

    assert [call.operation for call in emulator.calls] == ["session_create"]


@pytest.mark.parametrize("fault", ["drop_after", "500_before", "503", "html"])
def test_a_change_is_sent_once(
    emulator: Emulator, gateway: Gateway, authorized: Callable[..., str], fault: str
) -> None:
    uuid = authorized()
    plan(emulator, "order_update", fault)
    plan(emulator, "checkout_delete", fault)

    with pytest.raises(GatewayUnavailable):
        gateway.set_reference(uuid, "order-2")
    with pytest.raises(GatewayUnavailable):
        gateway.delete_checkout(uuid)

    assert [call.operation for call in emulator.calls] == ["order_update", "checkout_delete"]


@pytest.mark.parametrize("fault", ["drop_before", "500_before", "html", "garbage_after", "refused"])
def test_money_without_a_token_never_left(emulator: Emulator, gateway: Gateway, fault: str) -> None:
    plan(emulator, "authentication", fault)

    with pytest.raises(GatewayUnavailable, match="No money moved"):
        gateway.capture("o-1", TEN, request_id="r-1")

    assert {call.operation for call in emulator.calls} <= {"authentication"}
