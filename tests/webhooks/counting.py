"""Counting what a doorway costs: statements that reach the database, and calls to Sezzle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections
from django.test.utils import CaptureQueriesContext

from django_sezzle.emulator import Emulator

#: What marks a transaction is not a statement of ours; commits are counted by nobody here.
FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements made inside the block, without what frames transactions."""
    made: list[str] = []
    with ExitStack() as stack:
        everywhere = [stack.enter_context(CaptureQueriesContext(c)) for c in connections.all()]
        yield made
    for captured in everywhere:
        made += [q["sql"] for q in captured if not q["sql"].upper().startswith(FRAMES)]


def calls(emulator: Emulator) -> list[str]:
    """Name the calls that reached Sezzle, in order."""
    return [call.operation for call in emulator.calls]
