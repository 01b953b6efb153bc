"""``manage.py sezzle_webhooks``: look after the subscriptions that make Sezzle send webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_sezzle.conf import DEFAULT_ACCOUNT, account_names
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.health import Level
from django_sezzle.health.delivery import examine_round_trip
from django_sezzle.services import subscription


class Command(BaseCommand):
    """Check, apply, list, delete or test webhook subscriptions."""

    help = (
        "Look after the webhook subscriptions at Sezzle. 'apply' is safe to run on every "
        "deployment. Exit code 1: something is wrong, or was not reached."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="action")
        check = actions.add_parser("check", help="compare them with what is needed")
        apply = actions.add_parser("apply", help="create or correct them")
        listed = actions.add_parser("list", help="show what Sezzle has, other shops' included")
        delete = actions.add_parser("delete", help="end one")
        test = actions.add_parser("test", help="have a sample event sent, and wait for it")
        for action in (check, apply, listed, test):
            action.add_argument("--account", help="only this merchant account")
        for action in (check, apply, listed, delete, test):
            action.add_argument("--json", action="store_true", help="one JSON object a line")
        apply.add_argument("--dry-run", action="store_true", help="only say what would be done")
        delete.add_argument("uuid", help="the subscription's id, from 'list'")
        delete.add_argument("--account", default=DEFAULT_ACCOUNT, help="the merchant account")
        test.add_argument("--wait", type=float, default=30, help="seconds to wait (30)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for the named account, or for each; leave with 1 when one is not right."""
        act: Callable[..., bool] = getattr(self, f"_{options['action']}")
        named = options["account"]
        if named is not None and named not in account_names():
            raise CommandError(f'There is no account {named!r} in SEZZLE["ACCOUNTS"].')
        are_right = []
        for account in [named] if named is not None else account_names():
            try:
                are_right.append(act(account, options))
            except (SezzleError, ConfigurationError) as error:
                are_right.append(False)
                self._say(account, options, ok=False, message=str(error))
        if not all(are_right):
            raise SystemExit(1)

    def _check(self, account: str, options: dict[str, Any]) -> bool:
        drift = subscription.find_drift(account)
        self._say(account, options, ok=not drift, message=drift or "as it should be.")
        return not drift

    def _apply(self, account: str, options: dict[str, Any]) -> bool:
        change = subscription.apply_subscription(account, dry_run=options["dry_run"])
        would = "would be " if options["dry_run"] and change is not change.NONE else ""
        message = f"{subscription.webhook_url(account)} {would}{change.value}."
        self._say(account, options, ok=True, message=message, change=change.value)
        return True

    def _list(self, account: str, options: dict[str, Any]) -> bool:
        for found in subscription.list_subscriptions(account):
            message = f"{found.uuid} {found.url} ({len(found.events)} events)"
            about = {"uuid": found.uuid, "url": found.url, "events": list(found.events)}
            self._say(account, options, ok=True, message=message, **about)
        return True

    def _delete(self, account: str, options: dict[str, Any]) -> bool:
        subscription.delete_subscription(options["uuid"], account)
        uuid = options["uuid"]
        self._say(account, options, ok=True, message=f"{uuid} deleted.", uuid=uuid)
        return True

    def _test(self, account: str, options: dict[str, Any]) -> bool:
        symptom = examine_round_trip(account, seconds=options["wait"])
        arrived = symptom.level is Level.GREEN
        message = f"{symptom.message} {symptom.advice}".strip()
        self._say(account, options, ok=arrived, message=message)
        return arrived

    def _say(
        self, account: str, options: dict[str, Any], *, ok: bool, message: str, **more: Any
    ) -> None:
        if options["json"]:
            line = {"account": account, "ok": ok, "message": message, **more}
            self.stdout.write(json.dumps(line))
            return
        style = self.style.SUCCESS if ok else self.style.ERROR
        self.stdout.write(style("ok    " if ok else "WRONG ") + f"{account}: {message}")
