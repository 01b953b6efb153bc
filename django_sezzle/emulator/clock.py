"""Sezzle's clock: real time plus an offset that a test or the dashboard can move forward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The emulator's own time, which the shop's clock does not follow."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self.on_change: Callable[[], None] | None = None

    def now(self) -> datetime:
        """Return the present moment at the emulated Sezzle, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """
        Move the clock forward.

        :raises ValueError: a step back; what has expired does not come back to life.
        """
        if by < timedelta(0):
            raise ValueError("Sezzle's clock only moves forward.")
        self.offset += by
        if self.on_change is not None:
            self.on_change()
