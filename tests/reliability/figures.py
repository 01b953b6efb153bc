"""What a run has tried, and how much of it went wrong: kept for ``docs/reliability.rst``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.conf import settings

#: A file that every process of a run adds lines to; nothing is kept when it is not set.
FILE = os.environ.get("RELIABILITY_FIGURES", "")


def count(rig: str, *, tried: int, wrong: int = 0) -> None:
    """
    Keep a figure. Call it last, after everything was asserted.

    :param rig: what was tried, in words for the table, such as "simultaneous full captures".
    :param wrong: how many of them did not end as they must.
    """
    if not FILE:
        return
    database = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    line = {"rig": rig, "database": database, "tried": tried, "wrong": wrong}
    # One write of one line: processes that append beside each other do not mix.
    with Path(FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
