"""``manage.py sezzle_settlements``: what Sezzle paid out, and whether it is what was captured."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)

from django_sezzle.conf import DEFAULT_ACCOUNT, account_names
from django_sezzle.exceptions import ConfigurationError, GatewayRejected, SezzleError
from django_sezzle.gateway.messages.money import CURRENCIES
from django_sezzle.management.settlements import Machine, Person, Teller, cells, spreadsheet
from django_sezzle.services.reports import read_interest_balance, read_orders_report
from django_sezzle.services.settlements import Period, settle

#: The one of all ISO 8601 forms that nobody mistakes.
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Command(BaseCommand):
    """Fetch payouts of a period and match each order in them to its payment."""

    help = (
        "Fetch what Sezzle paid out from one day to another, match it to payments, and say what "
        "does not match. Changes nothing. Exit code 1: something does not match."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        parser.add_argument(
            "--from",
            dest="first",
            type=_day,
            required=True,
            metavar="DAY",
            help="payouts made on this day (2026-01-31) or later",
        )
        parser.add_argument(
            "--to", dest="last", type=_day, required=True, metavar="DAY", help="the last such day"
        )
        parser.add_argument("--account", default=DEFAULT_ACCOUNT, help="the merchant account")
        parser.add_argument(
            "--currency", choices=CURRENCIES, help="only payouts in this currency (else each)"
        )
        parser.add_argument(
            "--csv", metavar="FILE", help="write a line for each order of each payout to this file"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a line, the last is the summary"
        )
        parser.add_argument(
            "--orders",
            action="store_true",
            help="show Sezzle's own orders report of these days too, where the account has it",
        )
        parser.add_argument(
            "--interest",
            action="store_true",
            help="show the balance of the interest account too, where there is one",
        )

    # In English, as every command and the log.
    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        """Show payout after payout; leave with 1 when something does not match."""
        account = options["account"]
        if account not in account_names():
            raise CommandError(f'There is no account {account!r} in SEZZLE["ACCOUNTS"].')
        tell = Machine(self) if options["json"] else Person(self)
        try:
            period = Period(
                options["first"],
                options["last"],
                account,
                [options["currency"]] if options["currency"] else CURRENCIES,
            )
            with spreadsheet(options["csv"]) as lines:
                for item in settle(period):
                    tell.count(item)
                    tell.item(item)
                    if lines is not None:
                        lines.writerows(cells(item))
            if options["orders"]:
                self._show_orders(period, tell)
            if options["interest"]:
                self._show_interest(period, tell)
        except (SezzleError, ConfigurationError) as error:
            shown = " What was shown before this is not all." if tell.payouts else ""
            raise CommandError(f"{error}{shown}") from error
        tell.sum_up()
        if tell.findings:
            raise SystemExit(1)

    def _show_orders(self, period: Period, tell: Teller) -> None:
        try:
            for row in read_orders_report(period.first, period.last, period.account):
                tell.order(row)
        except GatewayRejected as error:
            tell.note("orders_report", str(error))

    def _show_interest(self, period: Period, tell: Teller) -> None:
        for currency in period.currencies:
            try:
                balance = read_interest_balance(currency, period.account)
            except GatewayRejected as error:
                tell.note("interest_balance", str(error))
                return
            tell.interest(currency, f"{balance:f}")


def _day(text: str) -> date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day like 2026-01-31") from None
