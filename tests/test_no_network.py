"""The guard that keeps tests on this machine really guards."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

from tests import conftest


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)


@pytest.mark.parametrize("address", ["http://192.0.2.1/", "http://sezzle.example/"])
def test_another_machine_is_refused_even_through_requests(address: str) -> None:
    with pytest.raises(conftest.NetworkBlocked):
        requests.get(address, timeout=5)
    assert len(conftest.blocked) == 1
    conftest.blocked.clear()


def test_an_attempt_whose_error_was_lost_in_a_thread_is_remembered() -> None:
    def leave() -> None:
        with socket.socket() as outward, pytest.raises(conftest.NetworkBlocked):
            outward.connect(("192.0.2.1", 443))

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    assert conftest.blocked == ["socket.connect 192.0.2.1"]
    conftest.blocked.clear()
