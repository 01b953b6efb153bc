"""``manage.py sezzle_probe``: ask Sezzle's sandbox what its documents leave open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_sezzle.conf import DEFAULT_ACCOUNT, LOOPBACK, Settings, get_settings
from django_sezzle.exceptions import ConfigurationError, GatewayError
from django_sezzle.probe import Options, Probe, Report
from django_sezzle.probe.client import Refused
from django_sezzle.probe.run import MOST_CHECKOUTS

#: Nothing was asked.
NOT_STARTED = 2


class Command(BaseCommand):
    """Probe a sandbox gateway, and write a report and a profile for the emulator."""

    help = (
        "Ask Sezzle's sandbox what its documents leave open, and write a report and a profile "
        "for the emulator. Moves small amounts of play money and gives all of them back; refuses "
        "production. Exit code 1: something was cut short, or an order could not be ended; "
        "2: nothing was asked."
    )
    #: It needs keys, and nothing else of the shop.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--account", default=DEFAULT_ACCOUNT, help="the merchant account")
        parser.add_argument(
            "--checkouts",
            type=int,
            default=MOST_CHECKOUTS,
            choices=range(1, MOST_CHECKOUTS + 1),
            help=f"how many checkouts you will finish as the shopper ({MOST_CHECKOUTS})",
        )
        parser.add_argument(
            "--no-checkout", action="store_true", help="ask only what needs no shopper"
        )
        parser.add_argument(
            "--wait", type=float, default=600, help="seconds to wait for each shopper (600)"
        )
        parser.add_argument(
            "--wait-for-expiry",
            action="store_true",
            help="one more checkout, left alone until it runs out: half an hour or more",
        )
        parser.add_argument(
            "--denial", action="store_true", help="one more checkout, in which you get denied"
        )
        parser.add_argument(
            "--dashboard",
            action="store_true",
            help="one more checkout, which you capture in Sezzle's dashboard",
        )
        parser.add_argument(
            "--listen", metavar="HOST:PORT", help="take webhooks there, such as 127.0.0.1:8766"
        )
        parser.add_argument(
            "--public-url", metavar="URL", help="the https origin of the tunnel that leads there"
        )
        parser.add_argument(
            "--event-wait", type=float, default=60, help="seconds to wait for an event (60)"
        )
        parser.add_argument("--json", metavar="FILE", help="write the report there, for programs")
        parser.add_argument(
            "--profile", metavar="FILE", help="write what the emulator needs to play the same"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, tell, write; leave with 1 when a human has to look."""
        try:
            settings = get_settings(options["account"])
            allowed = _options(options, settings)
            for name in ("json", "profile"):
                _check_place(options[name])
            report = Probe(settings, allowed, self._say).run()
        except (ConfigurationError, GatewayError, Refused) as error:
            raise CommandError(f"Nothing was asked. {error}", returncode=NOT_STARTED) from None
        _write(options["json"], report.as_dict())
        _write(options["profile"], report.profile)
        self._tell(report)
        if report.troubles:
            raise SystemExit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _tell(self, report: Report) -> None:
        self.stdout.write("")
        for line in report.lines():
            self.stdout.write(self.style.ERROR(line) if line.startswith("Trouble") else line)


def _options(options: dict[str, Any], settings: Settings) -> Options:
    no_checkout = options["no_checkout"]
    wanted = [name for name in ("wait_for_expiry", "denial", "dashboard") if options[name]]
    if no_checkout and wanted:
        raise Refused(f"--no-checkout and --{wanted[0].replace('_', '-')} exclude each other.")
    if not (options["wait"] >= 0 and options["event_wait"] > 0):
        raise Refused("--wait and --event-wait are seconds.")
    is_here = (urlsplit(settings.gateway_url).hostname or "") in LOOPBACK
    public_url, listen = options["public_url"], options["listen"]
    if public_url is not None and listen is None:
        raise Refused("--public-url needs --listen: say where the tunnel leads.")
    if listen is not None and public_url is None and not is_here:
        raise Refused("--listen needs --public-url: Sezzle has to reach it from outside.")
    return Options(
        checkouts=0 if no_checkout else options["checkouts"],
        wait=options["wait"],
        event_wait=options["event_wait"],
        expiry=options["wait_for_expiry"],
        denial=options["denial"],
        dashboard=options["dashboard"],
        listen=None if listen is None else _address(listen),
        public_url=None if public_url is None else _origin(public_url, is_here),
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise Refused("--listen is HOST:PORT, such as 127.0.0.1:8766.")
    return host, int(port)


def _origin(text: str, is_here: bool) -> str:
    try:
        parts = urlsplit(text)
        is_usable = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        is_usable = False
    if not is_usable or parts.scheme not in (("https", "http") if is_here else ("https",)):
        raise Refused("--public-url is an https address, such as https://tunnel.example.")
    return text


def _check_place(path: str | None) -> None:
    """Find out now, and not after half an hour, that a report cannot be written."""
    try:
        if path:
            Path(path).touch()
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error


def _write(path: str | None, document: dict[str, Any]) -> None:
    if path:
        Path(path).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
