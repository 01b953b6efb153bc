"""The host: its settings, its database, the package's place in it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import WARNING, CheckMessage, Tags, run_checks
from django.utils.translation import gettext as _

from django_sezzle.health import database
from django_sezzle.health.report import Level, Symptom


def examine() -> Iterator[Symptom]:
    """Look at settings and database; nobody is asked."""
    yield from _settings()
    yield database.examine()


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
