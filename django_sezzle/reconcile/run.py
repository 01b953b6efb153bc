"""One run: what it was asked to do, and what it has learnt about Sezzle on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from django_sezzle.models import SezzleRun
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.reach import Reach
from django_sezzle.services.locking import database, short_transaction

logger = logging.getLogger("django_sezzle.reconcile")

Row = TypeVar("Row", bound=models.Model)

#: So many rows are fetched at once.
PAGE = 500

#: Of what a limited run tries, so many may come to nothing: it ends, and what fails again in every
#: run keeps nothing behind it waiting.
MOST_IN_VAIN = 1_000


class Task(StrEnum):
    """The kinds of things that are done."""

    OPERATION = "operation"
    """An operation whose sender is gone was finished."""

    EVENT = "event"
    """A webhook event was processed."""

    EXPIRY = "expiry"
    """Something was done about an authorization that is about to end."""

    ORDER = "order"
    """An order was read that no payment belongs to."""

    PAYMENT = "payment"
    """A payment's order was read."""

    CONSENT = "consent"
    """Sezzle was asked whether a shopper agreed to be charged again."""

    ANNOUNCEMENT = "announcement"
    """The shop was told something that it had not been told."""

    SUBSCRIPTION = "subscription"
    """An account's webhook subscription was looked at."""


class Done(NamedTuple):
    """One thing that was done, or that would be done."""

    task: Task


class Allowance:
    """How much more of one task may be done in this run."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._in_vain = 0

    @property
    def is_used_up(self) -> bool:
        """Whether no more of it may be done, or tried, in this run."""
        if self._left is None:
            return False
        return self._left <= 0 or self._in_vain >= MOST_IN_VAIN

    def take(self) -> bool:
        """Use up one; False when there is none left."""
        if self.is_used_up:
            return False
        self.note(done=1)
        return True

    def note(self, *, done: int) -> None:
        """Use up what was done of something that was tried."""
        if self._left is not None:
            self._left -= done
        self._in_vain += not done


@dataclass
class Run:
    """What is asked for. ``limit`` is how much of each task is done at most; None means all."""

    everything: bool = False
    """Read settled payments too: after a backup was restored."""

    limit: int | None = None
    dry_run: bool = False
    """Tell what would be done. Sezzle is asked for its subscriptions only."""

    started_at: datetime = field(default_factory=timezone.now)
    reach: Reach = field(default_factory=Reach)
    cut_short: set[Task] = field(default_factory=set)
    """Of what more was waiting than the limit, or an account's outage, let through."""

    def allowance(self) -> Allowance:
        """Start counting what is done of one task; what waits in vain is not counted."""
        return Allowance(self.limit)

    def page(self, rows: Callable[[Q], models.QuerySet[Row]], *columns: str) -> Iterator[Row]:
        """
        Give rows in the order of columns that together are unique, a page at a time.

        No server-side cursor, which a connection pooler would break, and no list of everything.
        What happens to a row's columns meanwhile brings no row twice.

        :param rows: makes the query from a condition that says where to go on.
        """
        behind = Q()
        while page := list(rows(behind).order_by(*columns)[:PAGE]):
            behind = _behind(columns, [getattr(page[-1], column) for column in columns])
            is_last = len(page) < PAGE
            yield from page
            # Two pages at once would be twice the memory.
            del page
            if is_last:
                return

    def work(
        self,
        task: Task,
        rows: Iterator[Row],
        do: Callable[[Row], Iterator[Done | Finding]],
        *,
        about: Callable[[Row], tuple[str, str]],
    ) -> Iterator[Done | Finding]:
        """
        Do one task to each row: within the limit, past accounts that cannot be spoken to.

        One row's fault keeps no other waiting.

        :param about: gives a row's account, and what to call it.
        """
        allowance = self.allowance()
        for row in rows:
            account, name = about(row)
            if self.reach.is_given_up(account):
                self.cut_short.add(task)
                continue
            if allowance.is_used_up:
                self.cut_short.add(task)
                return
            done = 0
            try:
                for item in [Done(task)] if self.dry_run else do(row):
                    done += isinstance(item, Done)
                    yield item
            except Exception as error:  # noqa: BLE001 - a doorway for whatever nobody thought of
                yield self.fault(name, error, account=account)
            allowance.note(done=done)

    def note_end(self) -> None:
        """
        Note for the doctor that this run came to its end.

        One that changed nothing does not count, nor one that left an authorization to its end.
        """
        if self.dry_run or Task.EXPIRY in self.cut_short:
            return
        rows, ended = SezzleRun.objects.using(database()), {"ended_at": timezone.now()}
        short_transaction(lambda: rows.update_or_create(pk=SezzleRun.ONLY, defaults=ended))

    def fault(self, what: str, error: Exception, **ids: str) -> Finding:
        """Report what nobody thought of; the run goes on with the next."""
        logger.critical("%s fault=%s", what, type(error).__name__, exc_info=error)
        return Finding(
            Code.FAULT,
            f"{what} could not be handled ({type(error).__name__}). The log says more. Nothing is "
            "lost: the next run tries again.",
            needs_human=True,
            **ids,
        )


def _behind(columns: tuple[str, ...], values: list[Any]) -> Q:
    """Say in SQL that a row comes after these values."""
    condition = Q()
    for number, column in enumerate(columns):
        equal = dict(zip(columns[:number], values[:number], strict=True))
        condition |= Q(**equal, **{f"{column}__gt": values[number]})
    return condition
