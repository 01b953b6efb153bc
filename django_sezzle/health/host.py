"""The host: its settings, its database, the package's place in it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import WARNING, CheckMessage, Tags, run_checks
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

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
        yield Symptom("settings", Level.GREEN, _("SEZZLE is complete and usable."))
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
            _("The payments' table in database '%(alias)s' cannot be read (%(error)s).")
            % {"alias": alias, "error": type(error).__name__},
            _("Run migrate, and check the database's address and permissions."),
        )
    if not connection.settings_dict["AUTOCOMMIT"]:
        return Symptom(
            "database",
            Level.RED,
            _("Database '%(alias)s' has AUTOCOMMIT off: no money can be moved.") % {"alias": alias},
            _("Set AUTOCOMMIT."),
        )
    # Asked of MySQL and MariaDB only: elsewhere the question makes a table.
    if connection.vendor == "mysql" and not connection.features.supports_transactions:
        return Symptom(
            "database",
            Level.RED,
            _("Database '%(alias)s' keeps no transactions: what was recorded could be half a fact.")
            % {"alias": alias},
            _("Use a storage engine with transactions, such as InnoDB."),
        )
    if connection.vendor == "sqlite":
        return Symptom(
            "database",
            Level.YELLOW,
            _("SQLite lets one process write at a time."),
            _("Fine for a small shop on one machine. Use PostgreSQL or MariaDB for more."),
        )
    message = _("Database '%(alias)s' (%(vendor)s) fits.")
    return Symptom("database", Level.GREEN, message % {"alias": alias, "vendor": connection.vendor})
