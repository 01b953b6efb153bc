"""
HTTP connections that obey a total deadline, even when bytes drip in one by one.

A read timeout starts anew with every byte that arrives, so a slow gateway could hold a worker
for ever. Here each read waits for what is left of the deadline at most. The deadline belongs to
the thread that makes the call.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_local = threading.local()


class DeadlinePassed(TimeoutError):
    """The whole call took longer than it may."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """
    Give everything this thread reads from the gateway inside the block so many seconds.

    A block inside another one can shorten the time, never lengthen it.
    """
    before: float | None = getattr(_local, "ends_at", None)
    ends_at = time.monotonic() + seconds
    _local.ends_at = ends_at if before is None else min(before, ends_at)
    try:
        yield
    finally:
        _local.ends_at = before


def remaining() -> float:
    """
    Tell how many seconds of the current deadline are left.

    :raises DeadlinePassed: none are.
    """
    ends_at: float | None = getattr(_local, "ends_at", None)
    if ends_at is None:
        return float("inf")
    left = ends_at - time.monotonic()
    if left <= 0:
        raise DeadlinePassed("the deadline of the call passed")
    return left


class _Reader(io.RawIOBase):
    """Reads from a socket; each read waits no longer than the deadline allows."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._read_timeout = sock.gettimeout()
        # unbuffered makefile() keeps the socket's own count of who still reads from it
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = remaining()
        limit = self._read_timeout
        self._socket.settimeout(left if limit is None else min(limit, left))
        result: int | None = self._raw.readinto(buffer)
        return result

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose connections obey :func:`deadline`; it never retries by itself."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pools from connections that know the deadline."""
        super().init_poolmanager(*args, **kwargs)
        manager: urllib3.PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def after_fork(callback: Any) -> None:
    """Call back in a forked child: a connection shared by two processes mixes up answers."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=callback)
