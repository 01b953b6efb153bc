"""Which accounts can be spoken to in this run, and which payments could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from django.utils import timezone

from django_sezzle.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayError,
    GatewayUnavailable,
)
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.services.patience import STUCK_AFTER

#: So many of those that failed alike are named.
NAMED = 5


@dataclass
class _Outage:
    """Why nothing of an account can be read, and when the oldest that failed was read last."""

    error: Exception
    read_at: datetime | None = None
    failures: int = 0
    in_a_row: int = 0


@dataclass
class _Alike:
    """Payments of an account that could not be read for the same reason."""

    error: Exception
    count: int = 0
    references: list[str] = field(default_factory=list)


class Reach:
    """
    Which accounts can be spoken to. One that fails three times in a row is left for the next run.

    Otherwise a long outage would cost each of thousands of payments a time-out. What is wrong
    with one payment only says nothing about the others.
    """

    MOST_FAILURES = 3

    def __init__(self) -> None:
        self._outages: dict[str, _Outage] = {}
        self._alike: dict[tuple[str, str], _Alike] = {}
        self._skipped: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()

    def is_given_up(self, account: str) -> bool:
        """Tell whether to leave this account alone; what is left is counted."""
        outage = self._outages.get(account)
        given_up = outage is not None and outage.in_a_row >= self.MOST_FAILURES
        self._skipped[account] += given_up
        return given_up

    def succeeded(self, account: str) -> None:
        """Note an answer."""
        if account in self._outages:
            self._outages[account].in_a_row = 0

    def unanswered(self, account: str) -> None:
        """Note something that was sent and got no clear answer; reading may be fine meanwhile."""
        self._unanswered[account] += 1

    def is_silent(self, account: str) -> bool:
        """Tell whether to send no more of what nothing was read before."""
        return self._unanswered[account] >= self.MOST_FAILURES

    def failed(
        self,
        account: str,
        error: Exception,
        *,
        read_at: datetime | None = None,
        reference: str = "",
    ) -> None:
        """
        Note a failure.

        :param read_at: when what could not be read now was read last.
        :param reference: what could not be read.
        """
        if not _is_of_the_account(error):
            alike = self._alike.setdefault((account, type(error).__name__), _Alike(error))
            alike.count += 1
            if reference and len(alike.references) < NAMED:
                alike.references.append(reference)
            return
        outage = self._outages.setdefault(account, _Outage(error))
        outage.error = error
        outage.failures += 1
        outage.in_a_row += 1
        if read_at is not None and (outage.read_at is None or read_at < outage.read_at):
            outage.read_at = read_at
        if _is_final(error):
            outage.in_a_row = self.MOST_FAILURES

    def findings(self) -> Iterator[Finding]:
        """Say what could not be read: once for each account, and once for each reason."""
        for account, outage in self._outages.items():
            yield _unreachable(account, outage, left=self._skipped[account])
        for (account, _reason), alike in self._alike.items():
            yield _unreadable(account, alike)


def _is_of_the_account(error: Exception) -> bool:
    """Whether it would most likely fail for any other payment, too."""
    if _is_final(error):
        return True
    # An answer that came whole and could not be understood is about this one order.
    return isinstance(error, GatewayUnavailable) and not _was_answered(error)


def _was_answered(error: GatewayError) -> bool:
    return error.status is not None and error.status < HTTPStatus.MULTIPLE_CHOICES


def _is_final(error: Exception) -> bool:
    """Whether asking again in this run is no use, or is what Sezzle forbids (429)."""
    is_limited = isinstance(error, GatewayError) and error.status == HTTPStatus.TOO_MANY_REQUESTS
    return is_limited or isinstance(error, (ConfigurationError, AuthenticationFailed))


def _unreachable(account: str, outage: _Outage, *, left: int) -> Finding:
    error = outage.error
    passes = isinstance(error, GatewayUnavailable)
    is_old = outage.read_at is not None and outage.read_at < timezone.now() - STUCK_AFTER
    what = f"{outage.failures} could not be read or sent ({type(error).__name__})"
    rest = f", {left} more were left for the next run" if left else ""
    if isinstance(error, ConfigurationError):
        advice = str(error)
    elif passes and not is_old:
        advice = "No money moved. It is tried again by the next run."
    else:
        advice = "No money moved. Check the account's keys, the network and Sezzle's status."
    return Finding(
        Code.UNREADABLE,
        f"Account {account}: {what}{rest}. {advice}",
        needs_human=not passes or is_old,
        account=account,
        debug_uuid=_debug_uuid(error),
    )


def _unreadable(account: str, alike: _Alike) -> Finding:
    names = ", ".join(alike.references)
    more = alike.count - len(alike.references)
    which = f" (orders {names}{f' and {more} more' if more else ''})" if names else ""
    return Finding(
        Code.UNREADABLE,
        f"Account {account}: {alike.count} could not be read{which}. {alike.error}",
        needs_human=True,
        account=account,
        debug_uuid=_debug_uuid(alike.error),
    )


def _debug_uuid(error: Exception) -> str:
    return error.debug_uuid if isinstance(error, GatewayError) else ""
