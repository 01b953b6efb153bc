"""
Counters for whoever watches: one signal, so that nothing has to be installed here.

Connect Prometheus, OpenTelemetry or StatsD to ``counted``; ``docs/logs`` lists what is counted. A
receiver gets ``event`` and ``labels``; labels have few values each, and never an id, a key or
anything of a shopper. ``seconds`` says how long it took, where that is known, and is None
elsewhere. It is called where the thing happens, perhaps inside a database transaction and in any
thread: it adds one to a number and does nothing else. What it raises goes to the log of Django's
signals and disturbs nobody.
"""

from __future__ import annotations

from django.dispatch import Signal

counted = Signal()
"""Something happened once; sent with ``event``, ``labels`` and ``seconds``."""


def count(event: str, *, seconds: float | None = None, **labels: str) -> None:
    """Tell whoever listens that something happened once."""
    counted.send_robust(sender=None, event=event, labels=labels, seconds=seconds)
