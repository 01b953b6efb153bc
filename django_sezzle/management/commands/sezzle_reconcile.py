"""``manage.py sezzle_reconcile``: nothing is lost, whatever was missed."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_sezzle.exceptions import PaymentError
from django_sezzle.reconcile import Done, Finding, Run, Task, reconcile

#: One of them, several of them, and what was done with them.
SAID = {
    Task.OPERATION: ("open operation", "open operations", "finished"),
    Task.EVENT: ("webhook event", "webhook events", "processed"),
    Task.ORDER: ("unknown order", "unknown orders", "looked up"),
    Task.PAYMENT: ("payment", "payments", "read"),
    Task.EXPIRY: ("authorization", "authorizations", "about to end seen to"),
    Task.CONSENT: ("shopper", "shoppers", "looked up who were asked to be remembered"),
    Task.ANNOUNCEMENT: ("fact", "facts", "told to the shop"),
    Task.SUBSCRIPTION: ("subscription", "subscriptions", "checked"),
}


class Command(BaseCommand):
    """Finish, process, read and tell whatever is waiting. Run it every five minutes."""

    help = (
        "Finish open operations, process kept webhook events, read payments that may have "
        "changed, tell the shop what it missed, and check the webhook subscription. Safe to run "
        "at any time and beside itself. Exit code 1: a human is needed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        parser.add_argument(
            "--all",
            action="store_true",
            help="read settled payments too, however old; after a backup was restored",
        )
        parser.add_argument("--limit", type=_positive, help="at most so many of each kind")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only count what is waiting; Sezzle is asked for its subscriptions only",
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a line, the last is the summary"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through it all; leave with 1 when a human is needed."""
        run = Run(everything=options["all"], limit=options["limit"], dry_run=options["dry_run"])
        done: Counter[Task] = Counter()
        findings = humans = 0
        progress = Progress(self)
        try:
            for item in reconcile(run):
                if isinstance(item, Done):
                    done[item.task] += 1
                    progress.show(item.task, done[item.task])
                else:
                    progress.clear()
                    findings += 1
                    humans += item.needs_human
                    self._say(item, as_json=options["json"])
        except PaymentError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.clear()
        self._sum_up(done, findings, humans, options)
        if humans:
            raise SystemExit(1)

    def _say(self, finding: Finding, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(finding.as_dict()))
        elif finding.needs_human:
            self.stdout.write(self.style.ERROR("LOOK  ") + finding.message)
        else:
            self.stdout.write(self.style.NOTICE("note  ") + finding.message)

    def _sum_up(
        self, done: Counter[Task], findings: int, humans: int, options: dict[str, Any]
    ) -> None:
        if options["json"]:
            summary = {
                "dry_run": options["dry_run"],
                "done": {task.value: done[task] for task in Task},
                "findings": findings,
                "need_human": humans,
            }
            self.stdout.write(json.dumps(summary))
            return
        is_done = not options["dry_run"]
        parts = [_count(task, done[task], is_done=is_done) for task in Task if done[task]]
        self.stdout.write(f"{'Done' if is_done else 'Waiting'}: {', '.join(parts) or 'nothing'}.")
        if humans:
            self.stdout.write(self.style.ERROR(f"A human is needed for {humans}."))
        else:
            self.stdout.write(self.style.SUCCESS("No human is needed."))


class Progress:
    """One line on a terminal that says how far a run is; nothing anywhere else."""

    def __init__(self, command: BaseCommand) -> None:
        self._stream = command.stderr
        self._is_shown = bool(self._stream.isatty())

    def show(self, task: Task, number: int) -> None:
        """Replace the line."""
        if self._is_shown:
            self._stream.write(f"\r\033[K{_count(task, number, is_done=True)}", ending="")

    def clear(self) -> None:
        """Leave nothing behind."""
        if self._is_shown:
            self._stream.write("\r\033[K", ending="")


def _count(task: Task, number: int, *, is_done: bool) -> str:
    one, several, verb = SAID[task]
    counted = f"{number} {one if number == 1 else several}"
    return f"{counted} {verb}" if is_done else counted


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError("give a whole number from 1")
    return int(text)
