"""How many of everything a run tries: few by default, the full number when asked for."""

from __future__ import annotations

import os

from django.db import connection

#: ``RELIABILITY=full`` asks for the numbers that ``docs/reliability.rst`` shows.
IS_FULL = os.environ.get("RELIABILITY", "") == "full"


def many(few: int, full: int, *, on_servers: int | None = None) -> int:
    """
    Choose between the number for every run and the full one.

    :param on_servers: the full number on PostgreSQL and MariaDB, for what hardly meets a database.
    """
    if not IS_FULL:
        return few
    return full if on_servers is None or connection.vendor == "sqlite" else on_servers
