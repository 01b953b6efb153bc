"""The door for other processes: an HTTP/1.1 server on the loopback address only."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from .gateway import Emulator
from .messages import Request, Response
from .web import Site
from .wire import perform, send

logger = logging.getLogger("django_sezzle.emulator")

MAX_BODY = 1024 * 1024
DELIVERY_INTERVAL = 0.2
"""Seconds between two looks at the webhooks that are due."""


class EmulatorServer:
    """
    Serves an emulator from threads of this process; use it in a ``with`` statement.

    :param port: 0 takes any free one; ``url`` tells which.
    :param host: a loopback address.
    :param delivers: whether webhooks are sent in the background.
    :raises ValueError: an address that other machines could reach.
    """

    def __init__(
        self,
        emulator: Emulator,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        delivers: bool = True,
    ) -> None:
        if not _is_loopback(host):
            raise ValueError("The emulator listens on a loopback address only.")
        self.emulator = emulator
        self._host = host
        self._port = port
        self._delivers = delivers
        self._stop = Event()
        self._listener: _Listener | None = None
        self._thread: Thread | None = None
        self._deliverer: Thread | None = None

    @property
    def url(self) -> str:
        """The address of the running server, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Listen, and point the emulator's links at this server."""
        self._stop.clear()
        self._listen()
        self.emulator.base_url = self.url
        if self._delivers:
            self._deliverer = Thread(target=self._deliver, name="sezzle-webhooks", daemon=True)
            self._deliverer.start()

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self._stop.set()
        self._close()
        if self._deliverer is not None:
            self._deliverer.join()
            self._deliverer = None

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Close the port for a while, so that connections are really refused."""
        self._close()
        try:
            yield
        finally:
            self._listen()

    def request_stop(self) -> None:
        """End ``wait``; safe in a signal handler."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until the server is stopped from elsewhere."""
        # Not without a timeout: a signal that comes just before would never be looked at.
        while not self._stop.wait(0.5):
            pass

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _listen(self) -> None:
        self._listener = _Listener(self._host, self._port, self.emulator, self._stop)
        self._port = int(self._listener.server_address[1])
        self._thread = Thread(
            target=self._listener.serve_forever, args=(0.05,), name="sezzle-emulator", daemon=True
        )
        self._thread.start()

    def _close(self) -> None:
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.hang_up()
        self._thread.join()
        self._listener = self._thread = None

    def _deliver(self) -> None:
        while not self._stop.wait(DELIVERY_INTERVAL):
            try:
                self.emulator.deliver_due()
            except Exception:
                # The doorway of this thread: one bad delivery must not end all later ones.
                logger.exception("A webhook delivery failed unexpectedly.")


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, emulator: Emulator, stop: Event) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.emulator = emulator
        self.site = Site(emulator)
        self.stop = stop
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close the connections callers have kept alive."""
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The other side was faster.
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        if isinstance(sys.exception(), ConnectionError):
            return
        logger.exception("The emulator failed to answer.")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SezzleEmulator"
    sys_version = ""
    # Head and body are separate writes; without this, Nagle holds the second one back.
    disable_nagle_algorithm = True
    server: _Listener

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        parts = urlsplit(self.path)
        headers = dict(self.headers.items())
        request = Request(self.command, parts.path, parts.query, headers, body)
        if not _is_loopback(self._hostname()):
            # Defeats DNS rebinding: a web page's own host name never reaches this server.
            send(self, Response(421, {"Content-Type": "text/plain"}, b"Not this host.\n"))
        elif parts.path.startswith("/v2/"):
            self._answer_call(request)
        else:
            send(self, self.server.site.respond(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _answer

    def _answer_call(self, request: Request) -> None:
        emulator = self.server.emulator
        outcome = emulator.exchange(request)
        if not outcome.is_intact:
            emulator.answered(outcome)
        try:
            perform(self, outcome, self.server.stop)
        finally:
            emulator.answered(outcome)

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            send(self, Response(411))
            return None
        if int(length) > MAX_BODY:
            self.close_connection = True
            send(self, Response(413))
            return None
        return self.rfile.read(int(length))

    def _hostname(self) -> str:
        try:
            return urlsplit("//" + self.headers.get("Host", "")).hostname or ""
        except ValueError:
            return ""

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
