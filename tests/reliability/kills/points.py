"""
Where a process can be made to die, by name.

The product knows nothing of this: one of its functions is replaced by one that kills the process
just before or after it. A function that is no longer there is an error; that a point was really
reached is seen by the process having died.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from importlib import import_module
from typing import Any

from django.db import connection
from urllib3.connection import HTTPConnection

from django_sezzle.gateway import calling
from django_sezzle.gateway.transport import Answer, Call

BEFORE, AFTER, COMMITTED = "before", "after", "committed"

#: Name -> the module that calls a function, the function, and when: before it, after it, or inside
#: it just when the database has committed, and nothing that waits for the commit has run.
AROUND = {
    # A read
    "read": ("django_sezzle.services.truth", "read", AFTER),
    "joined, not committed": ("django_sezzle.services.truth", "apply", AFTER),
    "joined": ("django_sezzle.services.truth", "short_transaction", COMMITTED),
    # Money
    "begun, not committed": ("django_sezzle.services.money", "begin", AFTER),
    "begun": ("django_sezzle.services.money", "short_transaction", COMMITTED),
    "about to send what was deferred": ("django_sezzle.services.money", "_send_deferred", BEFORE),
    "claimed": ("django_sezzle.services.operations", "claim", AFTER),
    "read back": ("django_sezzle.services.operations", "read_back", AFTER),
    "settled, not committed": ("django_sezzle.services.operations", "settle", AFTER),
    "settled": ("django_sezzle.services.operations", "short_transaction", COMMITTED),
    "given up": ("django_sezzle.services.recovery", "give_up_unsent", AFTER),
    # The end of an authorization, which was just announced
    "about to capture": ("django_sezzle.services.expiry", "capture", BEFORE),
    "about to release": ("django_sezzle.services.expiry", "release", BEFORE),
    # A saved customer
    "charge written, not committed": ("django_sezzle.services.charging", "_write_down", AFTER),
    "charge written": ("django_sezzle.services.charging", "short_transaction", COMMITTED),
    "made order read": ("django_sezzle.services.operations", "read_child", AFTER),
    "charge settled, not committed": (
        "django_sezzle.services.operations",
        "settle_charge",
        AFTER,
    ),
    # Telling
    "about to tell": ("django_sezzle.services.telling", "_claim", AFTER),
    "receiver": ("tests.reliability.kills.diary", "write", AFTER),
    "heard, not committed": ("django_sezzle.services.telling", "_send", AFTER),
    "told": ("django_sezzle.services.telling", "_tell_one", COMMITTED),
    # A checkout
    "no row": ("django_sezzle.services.starting", "create", BEFORE),
    "row": ("django_sezzle.services.starting", "create", AFTER),
    "row taken over": ("django_sezzle.services.starting", "take_over", AFTER),
    "session checked": ("django_sezzle.services.starting", "_check_usable", AFTER),
    "old checkout deleted": ("django_sezzle.services.closing", "give_up", BEFORE),
    # A host's own work
    "host not committed": ("tests.reliability.kills.jobs", "write_intent", AFTER),
    "host committed": ("tests.reliability.kills.jobs", "change_order", COMMITTED),
    "checkout given": ("tests.reliability.kills.jobs", "start_checkout", AFTER),
}

#: About the call that moves money or makes a session: not sent, sent and unanswered, answered.
POSTING, POSTED, ANSWERED = "posting", "posted", "answered"

#: Before and after the statement that records the session of a checkout, whatever function runs it.
RECORDING, RECORDED = "about to record the session", "session recorded"


def install(name: str, nth: int = 1) -> None:
    """
    Let this process die when it comes to a point.

    :param nth: die only when it comes there for this time.
    """
    strike = _Strike(nth)
    if name in (POSTING, POSTED, ANSWERED):
        _install_around_post(name, strike)
        return
    if name in (RECORDING, RECORDED):
        _install_around_record(name, strike)
        return
    module_name, function_name, moment = AROUND[name]
    module = import_module(module_name)
    original = getattr(module, function_name)

    @wraps(original)
    def replaced(*args: Any, **options: Any) -> Any:
        if moment == BEFORE:
            strike()
        with _struck_commits(strike) if moment == COMMITTED else nullcontext():
            result = original(*args, **options)
        if moment == AFTER:
            strike()
        return result

    setattr(module, function_name, replaced)


@contextmanager
def _struck_commits(strike: Callable[[], None]) -> Iterator[None]:
    """Strike at the commits of the block, just after each."""
    commit = connection.commit

    def struck_commit() -> None:
        commit()
        strike()

    connection.commit = struck_commit
    try:
        yield
    finally:
        connection.commit = commit


class _Strike:
    """Kills this process when called for the nth time."""

    def __init__(self, nth: int) -> None:
        self._left = nth

    def __call__(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def _install_around_post(name: str, strike: Callable[[], None]) -> None:
    under_way = []
    exchange, getresponse = calling.exchange, HTTPConnection.getresponse

    def struck_exchange(call: Call, *args: Any) -> Answer:
        if not (call.moves_money or call.path == "/v2/session"):
            return exchange(call, *args)
        if name == POSTING:
            strike()
        under_way.append(call)
        answer = exchange(call, *args)
        under_way.clear()
        if name == ANSWERED:
            strike()
        return answer

    def struck_getresponse(connection: HTTPConnection) -> Any:
        # All of the request is with the kernel by now, which delivers it also for the dead.
        if under_way and name == POSTED:
            strike()
        return getresponse(connection)

    calling.exchange = struck_exchange
    HTTPConnection.getresponse = struck_getresponse  # type: ignore[method-assign]


def _install_around_record(name: str, strike: Callable[[], None]) -> None:
    def around(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        is_it = sql.startswith("UPDATE") and "session_uuid" in sql.partition(" WHERE ")[0]
        if is_it and name == RECORDING:
            strike()
        result = execute(sql, *args)
        if is_it and name == RECORDED:
            strike()
        return result

    connection.execute_wrappers.append(around)
