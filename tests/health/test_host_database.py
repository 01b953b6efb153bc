"""The database that payments are in: what it really does, asked of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from django_sezzle.health import Level, Symptom, database, examine
from tests.fixtures import payments_connection
from tests.reliability.isolation import LEVELS, isolation

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_TABLE = "django_sezzle_sezzlewebhookevent"


def only_on(*vendors: str) -> pytest.MarkDecorator:
    """Run a test on these databases."""
    return pytest.mark.skipif(
        payments_connection().vendor not in vendors, reason=f"about {' and '.join(vendors)}"
    )


@contextmanager
def set_up_with(**options: Any) -> Iterator[None]:
    """Give the host's database other options, as its settings would."""
    connection = payments_connection()
    before = dict(connection.settings_dict["OPTIONS"])
    connection.settings_dict["OPTIONS"].update(options)
    connection.close()
    connection.__dict__.pop("isolation_level", None)
    try:
        yield
    finally:
        connection.settings_dict["OPTIONS"].clear()
        connection.settings_dict["OPTIONS"].update(before)
        connection.__dict__.pop("isolation_level", None)
        connection.close()


@contextmanager
def told_when_connected(statement: str) -> Iterator[None]:
    """Have every new connection be told something that no setting shows."""

    def say(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    connection_created.connect(say)
    payments_connection().close()
    try:
        yield
    finally:
        connection_created.disconnect(say)
        payments_connection().close()


def check(symptom: Symptom, level: Level, said: str, advice: str = "") -> None:
    assert (symptom.id, symptom.level) == ("database", level)
    assert said in symptom.message
    assert advice in symptom.advice


@only_on("postgresql", "mysql")
def test_it_fits_and_says_how_it_isolates() -> None:
    check(database.examine(), Level.GREEN, "read committed) fits.")


@only_on("sqlite")
def test_sqlite_is_for_small_shops() -> None:
    assert database.isolation_of(payments_connection()) == "serializable"
    check(database.examine(), Level.YELLOW, "one process write at a time")


@only_on("mysql")
@pytest.mark.parametrize(
    "around",
    [
        lambda: set_up_with(isolation_level="read uncommitted"),
        lambda: told_when_connected("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"),
    ],
    ids=["by its settings", "by nothing that settings show"],
)
def test_reading_what_is_not_committed_is_red(around: Callable[[], Any]) -> None:
    with around():
        check(database.examine(), Level.RED, "reads what others have not committed", "OPTIONS")
        # Nothing else is looked at: what it says may be undone.
        assert {symptom.id for symptom in examine(ask_sezzle=False)} == {"settings", "database"}


@only_on("sqlite")
def test_a_shared_cache_that_reads_what_is_not_committed_is_red() -> None:
    with told_when_connected("PRAGMA read_uncommitted = 1"):
        check(database.examine(), Level.RED, "reads what others have not committed")


@only_on("postgresql")
def test_postgresql_has_no_such_level() -> None:
    from psycopg import IsolationLevel  # noqa: PLC0415 (only runs on PostgreSQL have it)

    with set_up_with(isolation_level=IsolationLevel.READ_UNCOMMITTED):
        check(database.examine(), Level.GREEN, "read committed) fits.")


@only_on("postgresql")
def test_a_level_that_the_driver_names_only_in_a_transaction_is_seen() -> None:
    from psycopg import IsolationLevel  # noqa: PLC0415 (only runs on PostgreSQL have it)

    with set_up_with(isolation_level=IsolationLevel.SERIALIZABLE):
        check(database.examine(), Level.YELLOW, "'serializable'", "Money moves once")
    with set_up_with(isolation_level=IsolationLevel.REPEATABLE_READ):
        check(database.examine(), Level.YELLOW, "'repeatable read'", "sezzle_reconcile")


@only_on("postgresql", "mysql")
@pytest.mark.parametrize("level", LEVELS)
def test_a_stricter_level_that_no_setting_shows_is_said(level: str) -> None:
    fails_when_read = payments_connection().vendor == "postgresql" and level == "SERIALIZABLE"
    said = "database error" if fails_when_read else "called again a minute or more later"
    with isolation(level):
        check(database.examine(), Level.YELLOW, f"isolates by '{level.lower()}': ")
        check(database.examine(), Level.YELLOW, said, "Money moves once all the same")


@only_on("mysql")
def test_a_table_without_transactions_is_red_and_named() -> None:
    with payments_connection().cursor() as cursor:
        cursor.execute(f"ALTER TABLE {FIRST_TABLE} ENGINE=MyISAM")
        cursor.execute("CREATE TABLE somebody_elses (id INT) ENGINE=MyISAM")
        try:
            symptom = database.examine()
        finally:
            cursor.execute("DROP TABLE somebody_elses")
            cursor.execute(f"ALTER TABLE {FIRST_TABLE} ENGINE=InnoDB")
    check(symptom, Level.RED, f"no transactions for {FIRST_TABLE}:", "to InnoDB")
    assert "somebody_elses" not in symptom.message


def test_without_autocommit_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(payments_connection().settings_dict, "AUTOCOMMIT", False)
    check(database.examine(), Level.RED, "AUTOCOMMIT off: no money can be moved", "AUTOCOMMIT")


def test_a_table_that_is_not_there_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.SezzlePayment._meta, "db_table", "is_not_there")
    check(database.examine(), Level.RED, "cannot be read", "migrate")


def test_each_question_is_one_query() -> None:
    connection = payments_connection()
    database.examine()
    with CaptureQueriesContext(connection) as queries:
        database.examine()
    asked = [q["sql"] for q in queries if q["sql"].split()[0] not in ("BEGIN", "COMMIT")]
    # The payments' table and the isolation; of MariaDB the tables besides.
    assert len(asked) == (3 if connection.vendor == "mysql" else 2), asked
    assert connections[connection.alias].get_autocommit()
