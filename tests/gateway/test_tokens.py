"""One token per process and account: asked for once, in time, and never shown."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayError, GatewayUnavailable
from django_sezzle.gateway import Gateway, known_merchant
from django_sezzle.gateway.tokens import LIFE, MARGIN, Token, tokens

from .conftest import gateway_at
from .wire import ORDER, Wire, order, say, token_answer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def authentications(emulator: Emulator) -> int:
    return sum(call.operation == "authentication" for call in emulator.calls)


def test_a_process_authenticates_once(emulator: Emulator, gateway: Gateway) -> None:
    for _ in range(3):
        gateway.list_webhooks()
        Gateway(gateway.settings).list_webhooks()

    assert authentications(emulator) == 1


@pytest.mark.fault(94)
def test_a_token_is_replaced_before_it_ends(emulator: Emulator) -> None:
    gateway = Gateway(get_settings())
    with time_machine.travel(NOW, tick=False) as clock:
        first = gateway.authenticate()
        clock.shift(first.expires_at - NOW - MARGIN - timedelta(seconds=1))
        assert gateway.authenticate() is first
        clock.shift(timedelta(seconds=1))
        second = gateway.authenticate()

        assert second is not first
        assert second.expires_at > first.expires_at
    assert authentications(emulator) == 2


@pytest.mark.fault(94)
def test_sixteen_threads_at_once_authenticate_once(emulator: Emulator, gateway: Gateway) -> None:
    emulator.faults.add("authentication", "slow", seconds=0.3)
    together = threading.Barrier(16)
    seen: list[str] = []

    def ask() -> None:
        together.wait(10)
        seen.append(gateway.authenticate().value)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 16
    assert len(set(seen)) == 1
    assert authentications(emulator) == 1


def test_a_refused_token_is_dropped_and_replaced(emulator: Emulator, gateway: Gateway) -> None:
    first = gateway.authenticate()
    emulator.faults.add("webhook_list", "401")

    gateway.list_webhooks()

    assert gateway.authenticate() is not first
    assert authentications(emulator) == 2


def test_a_token_that_another_thread_replaced_is_not_dropped() -> None:
    settings = get_settings()
    old, new = (Token(value, "m-1", datetime.now(UTC) + LIFE) for value in ("old", "new"))
    assert tokens.get(settings, lambda: old) is old
    tokens.drop(settings, old)
    assert tokens.get(settings, lambda: new) is new

    tokens.drop(settings, old)

    assert tokens.get(settings, lambda: pytest.fail("asked again")) is new


def test_a_failure_is_not_remembered(emulator: Emulator, gateway: Gateway) -> None:
    emulator.faults.add("authentication", "500_before")
    with pytest.raises(GatewayError):
        gateway.authenticate()

    assert gateway.authenticate().value
    assert authentications(emulator) == 2


def test_each_account_has_its_own_token(emulator: Emulator, settings: Any) -> None:
    emulator.add_merchant("sz_pub_canada", "sz_pr_canada")
    canada = {"PUBLIC_KEY": "sz_pub_canada", "PRIVATE_KEY": "sz_pr_canada"}
    settings.SEZZLE = {**settings.SEZZLE, "ACCOUNTS": {"canada": canada}}

    one = Gateway(get_settings()).authenticate()
    other = Gateway(get_settings("canada")).authenticate()

    assert one.value != other.value
    assert one.merchant_uuid != other.merchant_uuid
    assert known_merchant(get_settings()) == one.merchant_uuid
    assert known_merchant(get_settings("canada")) == other.merchant_uuid
    assert Gateway(get_settings()).authenticate() is one
    assert authentications(emulator) == 2


@pytest.mark.parametrize("member", ["public_key", "private_key"])
def test_a_new_key_gets_a_new_token(member: str) -> None:
    with Wire(say(200, order())) as wire:
        gateway = gateway_at(wire.url)
        gateway.get_order(ORDER)
        rotated = dataclasses.replace(gateway.settings, **{member: "sz_new"})
        Gateway(rotated).get_order(ORDER)

        assert wire.authentications == 2
        assert wire.requests[2].json[member] == "sz_new"


def test_the_other_environment_gets_another_token() -> None:
    with Wire(say(200, order())) as one, Wire(say(200, order())) as other:
        gateway_at(one.url).get_order(ORDER)
        gateway_at(other.url).get_order(ORDER)

        assert (one.authentications, other.authentications) == (1, 1)


@pytest.mark.parametrize(
    "said", [None, "", "soon", 5, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]
)
def test_an_end_that_cannot_be_right_is_the_documented_one(said: Any) -> None:
    given = {"token": "t", "merchant_uuid": "m", "expiration_date": said}

    assert Token.from_json(given, now=NOW).expires_at == NOW + LIFE


@pytest.mark.parametrize("minutes", [6, 60, 120, 239])
def test_an_end_that_may_be_right_is_believed(minutes: int) -> None:
    ends_at = NOW + timedelta(minutes=minutes)
    given = {"token": "t", "merchant_uuid": "m", "expiration_date": ends_at.isoformat()}

    assert Token.from_json(given, now=NOW).expires_at == ends_at


def test_a_merchant_that_is_not_named_is_no_obstacle() -> None:
    assert Token.from_json({"token": "t"}, now=NOW).merchant_uuid == ""


def test_an_answer_whose_token_is_cut_short_is_unusable() -> None:
    with (
        Wire(say(200, order()), authentication=token_answer("a\ttoken")) as wire,
        pytest.raises(GatewayUnavailable, match="held no token") as raised,
    ):
        gateway_at(wire.url).get_order(ORDER)
    assert "a\ttoken" not in str(raised.value)
