"""
The process that victims are forked from: warm, with one thread, and no connection open.

Run as ``python -m tests.reliability.kills.zygote DATABASE_NAME``. It reads one command a line,
as JSON, and answers with one line for each: how the child ended that did it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from typing import Any

import django
from django.conf import settings

import django_sezzle

#: A child that takes longer than this hangs, and is ended by SIGALRM.
SECONDS = 60


def main() -> None:
    """Get warm, then fork a child for every line."""
    database = settings.DATABASES["default"]
    database["NAME"] = sys.argv[1]
    if database["ENGINE"].endswith("mysql"):
        # Its driver would read all certificates of the machine for every connection.
        database.setdefault("OPTIONS", {})["ssl_disabled"] = True
    django.setup()
    _get_warm()
    _answer({"package": str(django_sezzle.__file__)})
    gc.freeze()
    for line in sys.stdin:
        _answer(_run(json.loads(line)))


def _get_warm() -> None:
    """Import and work out once what every victim would have to."""
    from django.apps import apps  # noqa: PLC0415
    from django.contrib.auth.models import Group  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from tests.reliability.kills import diary, jobs, points  # noqa: F401, PLC0415

    diary.connect()
    for model in (Group, *apps.get_app_config("django_sezzle").get_models()):
        list(model._default_manager.all()[:1])
    # A connection that two processes share would mix up answers.
    connections.close_all()


def _answer(said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _run(command: dict[str, Any]) -> dict[str, Any]:
    """Do a command in a child; tell its exit code (minus the signal) and what it said."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        said = json.dumps(_work(command)).encode()
        os.write(writer, said)
        # Not sys.exit: nothing of the zygote's is the child's to clean up.
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        words = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), **json.loads(words or b"{}")}


def _work(command: dict[str, Any]) -> dict[str, Any]:
    from django.db import connections  # noqa: PLC0415

    from tests.reliability.kills import jobs, points  # noqa: PLC0415

    signal.alarm(SECONDS)
    settings.SEZZLE = command["sezzle"]
    try:
        if command["die_at"]:
            points.install(command["die_at"], command["nth"])
        return {"result": jobs.JOBS[command["job"]](**command["arguments"])}
    except BaseException:  # noqa: BLE001 - told to the test, which fails
        return {"trace": traceback.format_exc()}
    finally:
        connections.close_all()


if __name__ == "__main__":
    main()
