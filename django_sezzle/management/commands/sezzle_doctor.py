"""``manage.py sezzle_doctor``: is everything there that payments need?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, no_translations

from django_sezzle.conf import account_names
from django_sezzle.health import Level, Symptom, examine
from django_sezzle.health.delivery import examine_address, examine_round_trip


class Command(BaseCommand):
    """Examine keys, network, webhooks, settings, database, and what waits."""

    help = (
        "Examine keys, network, webhook subscription, settings and database, and count what "
        "waits. Changes nothing. Exit code 1: something is red."
    )
    #: What is wrong with the settings is its own finding.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        parser.add_argument(
            "--offline", action="store_true", help="ask neither Sezzle nor the shop's address"
        )
        parser.add_argument(
            "--round-trip",
            action="store_true",
            help="have Sezzle send a sample event for each account, and wait for it",
        )
        parser.add_argument("--wait", type=float, default=30, help="seconds to wait for it (30)")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    # In English, as every command and the log.
    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is found; leave with 1 when something is red."""
        is_red = False
        for symptom in self._examine(options):
            self._say(symptom, as_json=options["json"])
            is_red |= symptom.level is Level.RED
        if is_red:
            raise SystemExit(1)

    def _examine(self, options: dict[str, Any]) -> Iterator[Symptom]:
        yield from examine(ask_sezzle=not options["offline"])
        for account in account_names():
            if not options["offline"]:
                yield examine_address(account)
            if options["round_trip"]:
                yield examine_round_trip(account, seconds=options["wait"])

    def _say(self, symptom: Symptom, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(symptom.as_dict()))
            return
        styles = {
            Level.GREEN: self.style.SUCCESS,
            Level.YELLOW: self.style.WARNING,
            Level.RED: self.style.ERROR,
        }
        whose = f"{symptom.account}: " if symptom.account else ""
        line = f"{symptom.level.value:<7}{symptom.id}: {whose}{symptom.message}"
        self.stdout.write(styles[symptom.level](line))
        if symptom.advice and symptom.level is not Level.GREEN:
            self.stdout.write(f"       {symptom.advice}")
