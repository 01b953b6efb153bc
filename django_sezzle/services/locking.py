"""
Short transactions, the payment's lock, and the rule that none is open while Sezzle is asked.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    OperationalError,
    connections,
    router,
    transaction,
)
from django.db.models import F, QuerySet

from django_sezzle.exceptions import ActionNotAllowed
from django_sezzle.models import SezzlePayment

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])

TRIES = 5
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.4

#: Under a strict isolation every commit fails all who waited for it, so that the last of many
#: writers of one payment needs more tries, for so many seconds.
PATIENCE = 10.0
MOST_TRIES = 60

#: Serialization failure, deadlock, lock not available (SQLSTATE of PostgreSQL).
RETRY_SQLSTATES = frozenset({"40001", "40P01", "55P03"})
#: Lock wait timeout, deadlock, record changed since last read (MySQL and MariaDB).
RETRY_ERRNOS = frozenset({1205, 1213, 1020})


def database() -> str:
    """Name the database that payments are written to, and read from before any decision."""
    return router.db_for_write(SezzlePayment) or DEFAULT_DB_ALIAS


def short_transaction(work: Callable[[], T]) -> T:
    """
    Run work in a transaction of its own, again when the database asks for that.

    The work must have no effect outside the database. It runs on the write database, it is
    committed when this returns, and there is no transaction around it.
    """

    def framed() -> T:
        with transaction.atomic(using=database(), durable=True):
            return work()

    return _repeated(framed)


def update_alone(rows: QuerySet[Any], **columns: object) -> int:
    """
    Update rows by one statement that is committed by itself, again when the database asks.

    Under an isolation that is stricter than usual, a statement that had to wait for another
    one's commit fails.
    """
    return _repeated(lambda: rows.update(**columns))


def _repeated(work: Callable[[], T]) -> T:
    ends_at = time.monotonic() + PATIENCE
    for attempt in range(1, MOST_TRIES + 1):
        try:
            return work()
        except DatabaseError as error:
            tries = TRIES if _takes_no_longer(error, ends_at) else MOST_TRIES
            if attempt >= tries or not _may_pass(error):
                raise
            pause = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads load
    raise AssertionError("unreachable")  # pragma: no cover


def _takes_no_longer(error: DatabaseError, ends_at: float) -> bool:
    """Whether the usual number of tries must do: a constraint spoke, or each takes very long."""
    return isinstance(error, IntegrityError) or time.monotonic() > ends_at


def _may_pass(error: DatabaseError) -> bool:
    if connections[database()].in_atomic_block:
        # Only in tests: the transaction around this one is lost, so trying again is no use.
        return False
    if isinstance(error, IntegrityError):
        # Somebody else was first; a second look sees what they wrote.
        return True
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    errno = error.args[0] if error.args else None
    return (
        sqlstate in RETRY_SQLSTATES
        or errno in RETRY_ERRNOS
        or (isinstance(error, OperationalError) and "is locked" in str(error))
    )


def lock(pk: int, **columns: object) -> SezzlePayment:
    """
    Take the payment's lock until the transaction ends, and read the row as it is now.

    It must be the first statement of its transaction: the lock is an UPDATE, which makes
    SQLite's writers queue instead of failing, locks the row everywhere else, and counts
    ``lock_seq`` up, the payment's own clock.

    :param columns: values to write with the same statement.
    :raises SezzlePayment.DoesNotExist: there is no such payment.
    """
    rows = SezzlePayment.objects.using(database()).filter(pk=pk)
    if not rows.update(lock_seq=F("lock_seq") + 1, **columns):
        raise SezzlePayment.DoesNotExist(f"There is no payment {pk}.")
    return rows.get()


def outside_transactions(view: View) -> View:
    """
    Keep a view out of the transactions of ``ATOMIC_REQUESTS``, on every database.

    Django's own mark names one database. Payments may live on any, and a transaction held open
    on another one while Sezzle is asked would be as long.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return view


def nothing_open() -> None:
    """
    Refuse to go on inside a database transaction.

    A transaction open while Sezzle is asked would hold locks for as long as Sezzle takes, and
    a rollback after the answer would forget that money moved.

    :raises ActionNotAllowed: one is open; nothing was sent.
    """
    connection = connections[database()]
    if not connection.in_atomic_block:
        # A thread that only talks to Sezzle has no connection, and gets none from being asked.
        is_free = (
            connection.settings_dict["AUTOCOMMIT"]
            if connection.connection is None
            else connection.get_autocommit()
        )
        if is_free:
            return
        raise ActionNotAllowed(
            "Sezzle cannot be asked on a connection without autocommit: every statement opens a "
            "transaction that a rollback could take back. Nothing was sent. Set AUTOCOMMIT."
        )
    try:
        # Inside a TestCase this passes: its outer transactions do not count.
        with transaction.atomic(using=database(), durable=True):
            pass
    except RuntimeError as error:
        raise ActionNotAllowed(
            "Sezzle cannot be asked inside a database transaction: a rollback would forget that "
            "money moved. Nothing was sent. Decorate the view with "
            f'transaction.non_atomic_requests("{database()}"), or pass on_commit=True.'
        ) from error
