"""The database of payments: whether it can be read, keeps transactions, and isolates them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _

from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

READ_UNCOMMITTED = "read uncommitted"
SERIALIZABLE = "serializable"
#: What makes a database undo work that met other work, where it would otherwise wait.
STRICT = ("repeatable read", SERIALIZABLE)


def examine() -> Symptom:
    """Look at the database that payments are written to."""
    alias = database()
    connection = connections[alias]
    try:
        SezzlePayment.objects.using(alias).exists()
        return next(_troubles(connection))
    except DatabaseError as error:
        return _says(
            Level.RED,
            _("The payments' table in database '%(alias)s' cannot be read (%(error)s).")
            % {"alias": alias, "error": type(error).__name__},
            _("Run migrate, and check the database's address and permissions."),
        )


def _troubles(connection: BaseDatabaseWrapper) -> Iterator[Symptom]:
    """Say the worst first; that all is well comes last."""
    isolation = isolation_of(connection)
    named = {"alias": connection.alias, "vendor": connection.vendor, "isolation": isolation}
    yield from _no_transactions(connection)
    if isolation == READ_UNCOMMITTED:
        yield _says(
            Level.RED,
            _(
                "Database '%(alias)s' reads what others have not committed: money could be moved "
                "because of rows that are undone a moment later."
            )
            % named,
            _("Take the isolation level out of OPTIONS, or set it to 'read committed'."),
        )
    if connection.vendor == "sqlite":
        yield _says(
            Level.YELLOW,
            _("SQLite lets one process write at a time."),
            _("Fine for a small shop on one machine. Use PostgreSQL or MariaDB for more."),
        )
    if isolation in STRICT:
        yield _is_strict(named)
    fits = _("Database '%(alias)s' (%(vendor)s, %(isolation)s) fits.")
    if not isolation:
        fits = _("Database '%(alias)s' (%(vendor)s) fits.")
    yield _says(Level.GREEN, fits % named)


def _says(level: Level, message: str, advice: str = "") -> Symptom:
    return Symptom("database", level, message, advice)


def _no_transactions(connection: BaseDatabaseWrapper) -> Iterator[Symptom]:
    named = {"alias": connection.alias}
    if not connection.settings_dict["AUTOCOMMIT"]:
        yield _says(
            Level.RED,
            _("Database '%(alias)s' has AUTOCOMMIT off: no money can be moved.") % named,
            _("Set AUTOCOMMIT."),
        )
    if tables := _tables_without_transactions(connection):
        named["tables"] = ", ".join(tables)
        yield _says(
            Level.RED,
            _(
                "Database '%(alias)s' keeps no transactions for %(tables)s: what was recorded "
                "could be half a fact."
            )
            % named,
            _("Convert them to InnoDB with ALTER TABLE, while the shop stands still."),
        )


def _is_strict(named: dict[str, str]) -> Symptom:
    # On PostgreSQL even a lone SELECT may fail then, and not everything that reads is repeated.
    if (named["vendor"], named["isolation"]) == ("postgresql", SERIALIZABLE):
        return _says(
            Level.YELLOW,
            _(
                "Database '%(alias)s' isolates by 'serializable': when much happens at once, a "
                "call can end in a database error although its money has moved."
            )
            % named,
            _(
                "Money moves once all the same, and sezzle_reconcile finishes what was left. Look "
                "at the payment after such an error, or use 'read committed'."
            ),
        )
    return _says(
        Level.YELLOW,
        _(
            "Database '%(alias)s' isolates by '%(isolation)s': work that meets other work is "
            "undone, and a receiver of yours among it is called again a minute or more later."
        )
        % named,
        _(
            "Money moves once all the same. Let sezzle_reconcile run every few minutes, or use "
            "'read committed'."
        ),
    )


def isolation_of(connection: BaseDatabaseWrapper) -> str:
    """
    Ask the database how the connection isolates its transactions, in one query.

    :returns: such as "read committed"; empty where the database is none that is known.
    """
    ask = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}.get(connection.vendor)
    return ask(connection) if ask is not None else ""


def _postgresql(connection: BaseDatabaseWrapper) -> str:
    # The driver names the level only when it begins a transaction; outside one the answer would
    # be the server's own.
    begun = transaction.atomic(using=connection.alias, savepoint=False)
    with begun, connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        level = str(cursor.fetchone()[0])
    # PostgreSQL takes the one for the other.
    return "read committed" if level == READ_UNCOMMITTED else level


def _mysql(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        # MariaDB gave the variable its new name with 11.1, MySQL took the old one away with 8.0.
        cursor.execute(
            "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')"
        )
        return str(cursor.fetchone()[1]).replace("-", " ").lower()


def _sqlite(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        # It has an effect between connections that share a cache.
        cursor.execute("PRAGMA read_uncommitted")
        return READ_UNCOMMITTED if cursor.fetchone()[0] else SERIALIZABLE


def _tables_without_transactions(connection: BaseDatabaseWrapper) -> list[str]:
    """Name the package's tables that are kept by an engine without transactions, in one query."""
    if connection.vendor != "mysql":
        return []
    ours = {model._meta.db_table for model in apps.get_app_config("django_sezzle").get_models()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.table_name FROM information_schema.tables t "
            "LEFT JOIN information_schema.engines e ON e.engine = t.engine "
            "WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' "
            "AND COALESCE(e.transactions, 'NO') <> 'YES'"
        )
        return sorted(ours.intersection(str(name) for (name,) in cursor.fetchall()))
