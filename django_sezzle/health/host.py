"""The host: its settings, its database, the package's place in it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import WARNING, CheckMessage, Tags, run_checks
from django.db import DatabaseError, connections

from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database


def examine() -> Iterator[Symptom]:
    """Look at settings and database; nobody is asked."""
    yield from _settings()
    yield _database()


def _settings() -> Iterator[Symptom]:
    found = [
        message
        for message in run_checks(tags=["sezzle", Tags.security], include_deployment_checks=True)
        if str(message.id).startswith("sezzle.") and message.level >= WARNING
    ]
    if not found:
        yield Symptom("settings", Level.GREEN, "SEZZLE is complete and usable.")
    for message in found:
        yield Symptom(
            "settings", _level(message), f"{message.id}: {message.msg}", message.hint or ""
        )


def _level(message: CheckMessage) -> Level:
    return Level.RED if message.is_serious() else Level.YELLOW


def _database() -> Symptom:
    alias = database()
    connection = connections[alias]
    try:
        SezzlePayment.objects.using(alias).exists()
    except DatabaseError as error:
        return Symptom(
            "database",
            Level.RED,
            f"The payments' table in database {alias!r} cannot be read ({type(error).__name__}).",
            "Run migrate, and check the database's address and permissions.",
        )
    if not connection.settings_dict["AUTOCOMMIT"]:
        return Symptom(
            "database",
            Level.RED,
            f"Database {alias!r} has AUTOCOMMIT off: no money can be moved.",
            "Set AUTOCOMMIT.",
        )
    # Asked of MySQL and MariaDB only: elsewhere the question makes a table.
    if connection.vendor == "mysql" and not connection.features.supports_transactions:
        return Symptom(
            "database",
            Level.RED,
            f"Database {alias!r} keeps no transactions: what was recorded could be half a fact.",
            "Use a storage engine with transactions, such as InnoDB.",
        )
    if connection.vendor == "sqlite":
        return Symptom(
            "database",
            Level.YELLOW,
            "SQLite lets one process write at a time.",
            "Fine for a small shop on one machine. Use PostgreSQL or MariaDB for more.",
        )
    return Symptom("database", Level.GREEN, f"Database {alias!r} ({connection.vendor}) fits.")
