"""A gateway as far away as one likes, and what goes on with it at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import BaseAdapter

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.gateway.transport import mount


class FarAway(BaseAdapter):
    """
    Answers like the emulator, after a while, and notes how many calls are under way.

    :param before: called with each request before it is answered, in the thread that made it.
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        seconds: float = 0.0,
        before: Callable[[requests.PreparedRequest], object] = lambda _request: None,
    ) -> None:
        super().__init__()
        self._near = EmulatorAdapter(emulator, sleep=lambda _seconds: None)
        self._seconds = seconds
        self._before = before
        self._lock = threading.Lock()
        self._under_way = 0
        self.most_at_once = 0
        self.calls = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Wait, then answer."""
        with self._lock:
            self.calls += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            self._before(request)
            time.sleep(self._seconds)
            return self._near.send(request, *args, **kwargs)
        finally:
            with self._lock:
                self._under_way -= 1

    def close(self) -> None:
        """Do nothing; there is no connection to close."""


@contextmanager
def far_away(emulator: Emulator, **options: Any) -> Iterator[FarAway]:
    """Put the emulator of a test further away until the block ends."""
    adapter = FarAway(emulator, **options)
    unmount = mount(emulator.base_url, adapter)
    try:
        yield adapter
    finally:
        unmount()
        mount(emulator.base_url, EmulatorAdapter(emulator, sleep=lambda _seconds: None))
