"""How long to wait before the next try, and from when on a human should know."""

from __future__ import annotations

from datetime import timedelta

#: What failed is tried again after 1, 2, 4 ... minutes, at most this many.
LONGEST_PAUSE = timedelta(hours=6)

#: What waits for so long does not pass by itself.
STUCK_AFTER = timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """Say how long to wait for the next try, after one that failed and ``attempts`` before it."""
    return min(timedelta(minutes=2 ** min(attempts, 20)), LONGEST_PAUSE)
