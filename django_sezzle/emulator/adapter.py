"""The door for tests: a requests adapter that reaches the emulator without a socket."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import (
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from .gateway import Emulator
from .messages import Request, Response
from .outcome import Manner, Outcome


class EmulatorAdapter(BaseAdapter):
    """
    Mount it on a session at the emulator's ``base_url``.

    Broken connections raise what requests raises over a real network; a call that would never be
    answered raises ``ReadTimeout`` at once.

    :param sleep: waits for ``slow`` and ``drip`` faults; a test may pass one that does not.
    """

    def __init__(
        self, emulator: Emulator, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        super().__init__()
        self.emulator = emulator
        self._sleep = sleep
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Perform a call. :raises requests.RequestException: as the planned fault demands."""
        outcome = self.emulator.exchange(_request(request))
        self.emulator.answered(outcome)
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        response = outcome.response
        if response is None or self._is_too_slow(outcome, read_timeout):
            raise _broken(request, outcome, read_timeout)
        return self._build(request, response, self._body(outcome, response))

    def close(self) -> None:
        """Do nothing; there is no connection to close."""

    def _is_too_slow(self, outcome: Outcome, read_timeout: float | None) -> bool:
        if outcome.manner is not Manner.SLOW:
            return False
        patience = outcome.seconds if read_timeout is None else read_timeout
        self._sleep(min(outcome.seconds, patience))
        return outcome.seconds > patience

    def _body(self, outcome: Outcome, response: Response) -> io.RawIOBase | io.BytesIO:
        if outcome.manner is Manner.DRIP:
            return _Dripping(response.body, outcome.seconds, self._sleep)
        if outcome.manner is Manner.ENDLESS:
            return _Endless(outcome.size)
        return io.BytesIO(response.body)

    def _build(
        self, request: requests.PreparedRequest, response: Response, body: Any
    ) -> requests.Response:
        headers = dict(response.headers)
        if isinstance(body, io.BytesIO):
            headers["Content-Length"] = str(len(response.body))
        raw = HTTPResponse(
            body=body,
            headers=headers,
            status=response.status,
            preload_content=False,
            decode_content=False,
        )
        return self._builder.build_response(request, raw)


class _Dripping(io.RawIOBase):
    def __init__(self, body: bytes, delay: float, sleep: Callable[[float], object]) -> None:
        super().__init__()
        self._left = body
        self._delay = delay
        self._sleep = sleep

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left or not len(buffer):
            return 0
        self._sleep(self._delay)
        buffer[0], self._left = self._left[0], self._left[1:]
        return 1


class _Endless(io.RawIOBase):
    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            # Even this body has to end somewhere, and then not like an answer.
            raise ProtocolError("Connection broken", ConnectionResetError(104, "Reset by peer"))
        count = min(len(buffer), self._left)
        buffer[:count] = b" " * count
        self._left -= count
        return count


def _broken(
    request: requests.PreparedRequest, outcome: Outcome, read_timeout: float | None
) -> requests.RequestException:
    parts = urlsplit(request.url or "")
    host = parts.hostname or "localhost"
    pool = HTTPSConnectionPool(host, parts.port)
    if outcome.manner is Manner.REFUSED:
        reason = NewConnectionError(
            HTTPSConnection(host),
            "Failed to establish a new connection: [Errno 111] Connection refused",
        )
        return requests.ConnectionError(
            MaxRetryError(pool, request.path_url, reason), request=request
        )
    if outcome.manner is Manner.DROPPED:
        cause = RemoteDisconnected("Remote end closed connection without response")
        return requests.ConnectionError(
            ProtocolError("Connection aborted.", cause), request=request
        )
    message = f"Read timed out. (read timeout={read_timeout})"
    return requests.ReadTimeout(ReadTimeoutError(pool, request.path_url, message), request=request)


def _request(prepared: requests.PreparedRequest) -> Request:
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    return Request(
        method=prepared.method or "GET",
        path=parts.path,
        query=parts.query,
        headers={str(name): str(value) for name, value in prepared.headers.items()},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )
