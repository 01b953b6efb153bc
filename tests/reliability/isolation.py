"""Databases that a host has set to a stricter isolation than usual."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

#: What is stricter here. SQLite knows one level only, the strictest.
LEVELS = {
    "postgresql": ("REPEATABLE READ", "SERIALIZABLE"),
    "mysql": ("REPEATABLE READ", "SERIALIZABLE"),
}.get(connection.vendor, ("SERIALIZABLE",))

_SET = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {}",
    "mysql": "SET SESSION TRANSACTION ISOLATION LEVEL {}",
}.get(connection.vendor)


@contextmanager
def isolation(level: str) -> Iterator[None]:
    """Make every connection that is opened inside so strict, this thread's among them."""

    def make_strict(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
        if _SET:
            with connection.cursor() as cursor:
                cursor.execute(_SET.format(level))

    connection_created.connect(make_strict)
    connection.close()
    try:
        yield
    finally:
        connection_created.disconnect(make_strict)
        connection.close()
