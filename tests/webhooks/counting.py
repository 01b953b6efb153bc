"""Counting what a doorway costs: statements that reach the database, and calls to Sezzle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_sezzle.emulator import Emulator

#: What marks a transaction is not a statement of ours; commits are counted by nobody here.
FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements made inside the block, without what frames transactions."""
    made: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield made
    made += [query["sql"] for query in captured if not query["sql"].upper().startswith(FRAMES)]


def calls(emulator: Emulator) -> list[str]:
    """Name the calls that reached Sezzle, in order."""
    return [call.operation for call in emulator.calls]
