"""Connections are few, are ours, and carry nothing that the environment or an answer put there."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import django_sezzle
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Price, transport

from .conftest import gateway_at
from .wire import ORDER, Wire, message, order, raw, say

TEN = Price(1_000, "USD")
YES = {"uuid": "t-1"}


def test_a_warm_call_is_one_request_on_the_same_connection() -> None:
    with Wire(say(200, order())) as wire:
        gateway = gateway_at(wire.url)
        gateway.get_order(ORDER)
        assert (len(wire.requests), wire.connections) == (2, 1)

        for number in range(1, 6):
            gateway.get_order(ORDER)
            assert (len(wire.requests), wire.connections) == (2 + number, 1)


def test_every_client_of_the_process_shares_the_connection() -> None:
    with Wire(say(200, YES)) as wire:
        for number in range(5):
            gateway_at(wire.url).capture(ORDER, TEN, request_id=f"r-{number}")

        assert (wire.connections, wire.authentications) == (1, 1)


def test_threads_keep_their_connections_for_later() -> None:
    with Wire(say(200, order())) as wire:
        gateway_at(wire.url).authenticate()
        for _ in range(2):
            together = threading.Barrier(8)

            def read(together: threading.Barrier = together) -> None:
                together.wait(5)
                gateway_at(wire.url).get_order(ORDER)

            threads = [threading.Thread(target=read) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert len(wire.calls) == 16
        assert wire.connections <= 8


def test_a_refusal_and_an_empty_answer_keep_the_connection() -> None:
    no_content = raw(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True)
    with Wire(say(422, []), no_content, say(200, YES)) as wire:
        gateway = gateway_at(wire.url)
        with pytest.raises(django_sezzle.exceptions.GatewayRejected):
            gateway.capture(ORDER, TEN, request_id="r-1")
        gateway.set_reference(ORDER, "order-2")
        gateway.capture(ORDER, TEN, request_id="r-2")

        assert wire.connections == 1


def test_a_connection_the_server_closed_in_between_is_replaced() -> None:
    said_goodbye = threading.Event()

    def close(connection: socket.socket, stop: threading.Event) -> bool:
        connection.sendall(message(200, YES))
        connection.shutdown(socket.SHUT_RDWR)
        said_goodbye.set()
        return False

    with Wire(close, say(200, {"uuid": "t-2"})) as wire:
        gateway = gateway_at(wire.url)
        assert gateway.capture(ORDER, TEN, request_id="r-1") == "t-1"
        assert said_goodbye.wait(5)
        assert gateway.capture(ORDER, TEN, request_id="r-2") == "t-2"

        assert [seen.headers["sezzle-request-id"] for seen in wire.calls] == ["r-1", "r-2"]
        assert wire.connections == 2


@pytest.mark.fault(7)
def test_money_on_a_kept_connection_that_breaks_is_not_sent_again() -> None:
    with Wire(say(200, YES), raw(b""), say(200, YES)) as wire:
        gateway = gateway_at(wire.url)
        gateway.capture(ORDER, TEN, request_id="r-1")
        with pytest.raises(OutcomeUnknown):
            gateway.capture(ORDER, TEN, request_id="r-2")

        assert len(wire.calls) == 2


@pytest.mark.fault(65)
def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Wire(say(500)) as proxy, Wire(say(200, YES)) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

        assert proxy.connections == 0
        assert wire.calls[0].headers["authorization"] == "Bearer a-token"
        assert "authorization" not in wire.requests[0].headers
        assert not transport.session().trust_env


def test_cookies_are_not_kept() -> None:
    with Wire(say(200, order(), Set_Cookie="shopper=ada; Path=/")) as wire:
        gateway = gateway_at(wire.url)
        gateway.get_order(ORDER)
        gateway.get_order(ORDER)

        assert len(transport.session().cookies) == 0
        assert all("cookie" not in seen.headers for seen in wire.requests)


def test_every_request_says_who_is_calling() -> None:
    with Wire(say(200, order())) as wire:
        gateway_at(wire.url).get_order(ORDER)

        agents = {seen.headers["user-agent"] for seen in wire.requests}
        assert agents == {f"django-sezzle/{django_sezzle.__version__}"}


FORKING = """
import json, os, sys
from django.conf import settings
settings.configure(SEZZLE={
    "PUBLIC_KEY": "sz_pub_1", "PRIVATE_KEY": "sz_pr_1", "GATEWAY_URL": sys.argv[1],
})
from django_sezzle.conf import get_settings
from django_sezzle.gateway import Gateway, transport
from django_sezzle.gateway.tokens import tokens

gateway = Gateway(get_settings())
gateway.get_order(sys.argv[2])
before = transport.session()
tokens.clear()
new_token = gateway._new_token

def fork_while_the_lock_is_held():
    # What another thread may be doing at the moment a server forks.
    with transport._lock:
        child = os.fork()
        if child == 0:
            gateway.get_order(sys.argv[2])
            os._exit(0 if transport.session() is not before else 3)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    return new_token()

tokens.get(gateway.settings, fork_while_the_lock_is_held)
gateway.get_order(sys.argv[2])
assert transport.session() is before
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_connections_tokens_and_locks_of_its_own(tmp_path: Path) -> None:
    package = Path(django_sezzle.__file__).parents[1]
    with Wire(say(200, order())) as wire:
        done = subprocess.run(
            [sys.executable, "-c", FORKING, wire.url, ORDER],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(package)},
            timeout=30,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        # The first one, the child's own, and the parent's second one on its first connection.
        assert wire.authentications == 3
        assert len(wire.calls) == 3
        assert wire.connections == 2


@pytest.mark.fault(23)
def test_what_is_sent_is_json_of_whole_numbers() -> None:
    with Wire(say(200, YES)) as wire:
        gateway_at(wire.url).refund(ORDER, Price(2**31 - 1, "CAD"), request_id="r-1")

        (seen,) = wire.calls
        assert seen.headers["content-type"] == "application/json"
        assert json.loads(seen.body, parse_float=pytest.fail) == {
            "amount_in_cents": 2**31 - 1,
            "currency": "CAD",
        }
