"""Sezzle's own reports of a merchant account: of orders, and of what is on the interest account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar

from django_sezzle.conf import DEFAULT_ACCOUNT, get_settings
from django_sezzle.exceptions import AuthenticationFailed, GatewayRejected, InvalidInput
from django_sezzle.gateway import Reports
from django_sezzle.gateway.messages import ReportedOrder
from django_sezzle.gateway.messages.money import CURRENCIES
from django_sezzle.services.locking import nothing_open

T = TypeVar("T")

#: Sezzle gives its orders report for so many days at a time.
REPORT_DAYS = 7


def read_orders_report(
    first: date, last: date, account: str = DEFAULT_ACCOUNT
) -> Iterator[ReportedOrder]:
    """
    Read Sezzle's own report of the orders of a period, seven days at a time.

    :raises InvalidInput: the last day is before the first; nothing was asked.
    :raises GatewayRejected: the account does not have the report; the message says what to do.
    :raises GatewayUnavailable: Sezzle could not be read.
    """
    if last < first:
        raise InvalidInput(
            f"The period ends ({last}) before it begins ({first}). Nothing was asked."
        )
    return _weeks(reports_of(account), first, last)


def _weeks(reports: Reports, first: date, last: date) -> Iterator[ReportedOrder]:
    while first <= last:
        until = min(last, first + timedelta(days=REPORT_DAYS - 1))
        yield from explained(reports.get_orders_report, first, until, what="orders report")
        first = until + timedelta(days=1)


def read_interest_balance(currency: str, account: str = DEFAULT_ACCOUNT) -> Decimal:
    """
    Read what is on the merchant's interest account: dollars, with fractions of a cent.

    :raises InvalidInput: not ``USD`` or ``CAD``; nothing was asked.
    :raises GatewayRejected: the account does not have one; the message says what to do.
    :raises GatewayUnavailable: Sezzle could not be read.
    """
    if currency not in CURRENCIES:
        raise InvalidInput(
            f"An interest account is in {' or '.join(CURRENCIES)}. Nothing was asked."
        )
    reports = reports_of(account)
    return explained(reports.get_interest_balance, currency, what="interest account")


def reports_of(account: str, *, seconds: float | None = None) -> Reports:
    """Make a client for an account's reports that refuses to speak inside a transaction."""
    return Reports(get_settings(account), seconds=seconds, guard=nothing_open)


def explained(ask: Callable[..., T], *args: object, what: str, **options: object) -> T:
    """Ask, and say what a refusal means: not every account has every report."""
    try:
        return ask(*args, **options)
    except AuthenticationFailed:
        raise
    except GatewayRejected as error:
        if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            said = (
                f"Sezzle gives this account no {what} (HTTP {error.status}). Ask Sezzle's merchant "
                "support to open it for the account; payments do not depend on it."
            )
        else:
            said = f"{error} It was asked for {what}; choose other days, or one currency."
        raise GatewayRejected(
            said,
            status=error.status,
            errors=error.errors,
        ) from error
