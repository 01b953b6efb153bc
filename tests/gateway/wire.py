"""A loopback HTTP server that answers as it is told, and counts what reaches it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

#: Does something with the connection; returns whether the connection is kept.
Step = Callable[[socket.socket, threading.Event], bool]

ORDER = "0aa6df31-6a3d-4dbb-8c9c-4a3c5c4c6d11"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """
    A server for one test: ``with Wire(answer, answer) as wire``.

    Each request but authentication takes the next answer; the last one is given again and again.

    :param authentication: how to answer ``POST /v2/authentication``; a fresh token when left out.
    :param tls: speaks TLS with this context.
    """

    def __init__(
        self,
        *answers: Step,
        authentication: Step | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        #: Set once the first request has arrived.
        self.reached = threading.Event()
        self._answers = list(answers)
        self._authentication = authentication
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def calls(self) -> list[Seen]:
        """The requests that are not authentication."""
        return [seen for seen in self.requests if seen.path != "/v2/authentication"]

    @property
    def authentications(self) -> int:
        return len(self.requests) - len(self.calls)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        # Wakes up accept(), which close() alone would not.
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # A caller that gives up in the middle is what many tests are about.
        with contextlib.suppress(OSError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection, connection.makefile("rb") as stream:
                while (seen := _read(stream)) is not None:
                    self.requests.append(seen)
                    self.reached.set()
                    if not self._answer_to(seen)(connection, self._stop):
                        return

    def _answer_to(self, seen: Seen) -> Step:
        if seen.path == "/v2/authentication":
            return self._authentication or token_answer()
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _read(stream: Any) -> Seen | None:
    line = stream.readline().decode()
    if not line:
        return None
    method, path, _ = line.split(" ")
    headers = {}
    while (line := stream.readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Seen(method, path, headers, stream.read(int(headers.get("content-length", "0"))))


def message(status: int, body: Any = None, **headers: str) -> bytes:
    """Write an HTTP answer; a body that is not bytes becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def say(status: int, body: Any = None, **headers: str) -> Step:
    """Answer and keep the connection."""
    return raw(message(status, body, **headers), keep=True)


def raw(data: bytes, *, keep: bool = False) -> Step:
    """Send bytes, and close the connection unless it is kept."""

    def step(connection: socket.socket, stop: threading.Event) -> bool:
        connection.sendall(data)
        return keep

    return step


def drip(data: bytes, delay: float) -> Step:
    """Send one byte at a time, seconds apart."""

    def step(connection: socket.socket, stop: threading.Event) -> bool:
        for position in range(len(data)):
            if stop.wait(delay):
                return False
            connection.sendall(data[position : position + 1])
        return True

    return step


def hang(connection: socket.socket, stop: threading.Event) -> bool:
    """Say nothing until the test is over."""
    stop.wait(30)
    return False


def reset(connection: socket.socket, stop: threading.Event) -> bool:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def endless(connection: socket.socket, stop: threading.Event, *, status: bytes = b"200 OK") -> bool:
    """Send a body that does not end."""
    connection.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")
    while not stop.is_set():
        connection.sendall(b" " * 65536)
    return False


def token_answer(value: str = "a-token") -> Step:
    """Answer an authentication with a token that lasts two hours."""
    ends_at = datetime.now(UTC) + timedelta(hours=2)
    return say(
        201,
        {"token": value, "merchant_uuid": "m-1", "expiration_date": ends_at.isoformat()},
    )


def order(**members: Any) -> dict[str, Any]:
    """Write an order as GET gives it."""
    return {"uuid": ORDER, "checkout_status": "active"} | members
