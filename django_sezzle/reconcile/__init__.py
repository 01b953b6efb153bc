"""
Going through everything that may have been missed, in the order of urgency.

Nothing here decides about money: each step is what a click or a webhook would have done.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_sezzle.reconcile import (
    announcements,
    consents,
    expiries,
    inbox,
    operations,
    payments,
    subscriptions,
    unknown_orders,
)
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.locking import nothing_open

__all__ = ["Code", "Done", "Finding", "Run", "Task", "reconcile"]


def reconcile(run: Run | None = None) -> Iterator[Done | Finding]:
    """
    Finish, process, read and tell what is waiting; give each thing done, and what was found.

    It streams: nothing is kept in memory, and nothing is done before it is asked for. Safe to
    run beside itself, the shop and its staff.

    :raises ActionNotAllowed: a database transaction is open; nothing was sent.
    """
    run = run or Run()
    nothing_open()
    newest = payments.newest_transaction()
    yield from operations.finish(run)
    yield from inbox.process(run)
    # Before the longest part, which might take longer than there is time.
    yield from expiries.act(run)
    yield from unknown_orders.look(run)
    yield from payments.read(run)
    yield from consents.ask(run)
    inbox.close_answered(run)
    yield from announcements.tell(run)
    yield from consents.compare(run)
    yield from subscriptions.check(run)
    yield from operations.report(run)
    yield from inbox.report(run)
    yield from payments.report(run, after=newest)
    yield from announcements.report(run)
    yield from run.reach.findings()
    run.note_end()
