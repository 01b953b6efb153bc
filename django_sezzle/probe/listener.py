"""
A small web server that Sezzle's webhooks come to, and the shopper's browser.

It answers under one address that cannot be guessed; behind a public tunnel nobody else is heard.
A body is reduced to its structure as soon as it was read: nothing of a shopper is kept.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from django_sezzle.gateway.messages import Event
from django_sezzle.gateway.signature import HEADER, sign
from django_sezzle.probe.shape import fraction_digits, plain_word, shape

MAX_BODY = 2**16
SECONDS = 10.0
PAGE = b"<!doctype html><title>Probe</title><p>Thank you. You may go back to the terminal."


@dataclass(frozen=True, slots=True)
class Heard:
    """One delivery, without what it says about anybody."""

    at: float
    """When it came, by ``time.monotonic()``."""

    event: Event
    data_type: str
    signature: str
    """How the digest was written: ``hex``, ``base64``, or what it looked like instead."""

    structure: Any
    digits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """A shopper's browser that came back."""

    reference: str
    where: str
    """``complete`` or ``cancel``."""

    added: tuple[str, ...]
    """Names in the query string; nothing was there when it was given to Sezzle."""


class Listener:
    """
    Listens while the ``with`` statement lasts.

    :param port: 0 takes any free one.
    :param public_url: the origin under which Sezzle reaches it; its own when left out.
    :raises OSError: the port is taken.
    """

    def __init__(
        self, host: str, port: int, keys: Iterable[str], *, public_url: str | None = None
    ) -> None:
        self._keys = tuple(keys)
        self._secret = secrets.token_urlsafe(16)
        self._changed = threading.Condition()
        self.heard: list[Heard] = []
        self.returns: list[Return] = []
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sezzle-probe", daemon=True
        )
        own = f"http://{host}:{self._server.server_address[1]}"
        self._base = f"{(public_url or own).rstrip('/')}/{self._secret}"

    @property
    def webhook_url(self) -> str:
        """Where webhooks come to."""
        return f"{self._base}/webhook"

    def return_url(self, where: str, reference: str) -> str:
        """Where a shopper's browser comes back to: ``complete`` or ``cancel``."""
        return f"{self._base}/{where}/{reference}"

    def wait(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is there; False when it was not in that time."""
        with self._changed:
            return self._changed.wait_for(is_there, seconds)

    def wait_until_quiet(self, seconds: float) -> None:
        """Wait until nothing has come for so long."""
        before = -1
        while before != len(self.heard):
            before = len(self.heard)
            self.wait(lambda: len(self.heard) != before, seconds)  # noqa: B023 - called at once

    def take(self, path: str, headers: Any, body: bytes) -> int:
        """Take a delivery; return the status that Sezzle wants to see."""
        if path != f"/{self._secret}/webhook":
            return 404
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        given = document if isinstance(document, dict) else {}
        seen = Heard(
            at=time.monotonic(),
            event=Event.from_body(body),
            data_type=plain_word(given.get("data_type")),
            signature=self._form(body, headers),
            structure=shape(document),
            digits=tuple(fraction_digits(document)),
        )
        with self._changed:
            self.heard.append(seen)
            self._changed.notify_all()
        return 200

    def welcome(self, target: str) -> int:
        """Take note of a shopper's browser; return the status of its page."""
        parts = urlsplit(target)
        where, _, reference = parts.path.removeprefix(f"/{self._secret}/").partition("/")
        if not parts.path.startswith(f"/{self._secret}/") or where not in ("complete", "cancel"):
            return 404
        added = tuple(plain_word(name) or "?" for name, _ in parse_qsl(parts.query))
        with self._changed:
            self.returns.append(Return(reference, where, added))
            self._changed.notify_all()
        return 200

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _form(self, body: bytes, headers: Any) -> str:
        text = (headers.get(HEADER) or "").strip()
        if not text:
            names = sorted(name for name in headers if "signature" in name.lower())
            return f"missing; instead {', '.join(map(plain_word, names)) or 'none'}"
        for key in self._keys:
            digest = sign(body, key)
            if text == digest:
                return "hex"
            if text.lower() == digest:
                return "hex, upper case"
            if text == base64.b64encode(bytes.fromhex(digest)).decode():
                return "base64"
        return f"not understood: {len(text)} characters"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], listener: Listener) -> None:
        self.listener = listener
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: whoever hung up will come again."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SECONDS
    server_version, sys_version = "Probe", ""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        self._answer(self.server.listener.take(self.path, self.headers, body))

    def do_GET(self) -> None:
        status = self.server.listener.welcome(self.path)
        self._answer(status, PAGE if status == 200 else b"")

    def _answer(self, status: int, page: bytes = b"") -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the path is the secret."""
