"""
Whether everything needed to take payments is there, and what needs attention.

One list for every reader: ``sezzle_doctor`` prints it, a health endpoint or a page can show it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django_sezzle.health import accounts, browser, disputes, host, running, waiting, worker
from django_sezzle.health.report import Level, Symptom

__all__ = ["Level", "Symptom", "examine"]


def examine(*, ask_sezzle: bool = True, only: Collection[str] | None = None) -> Iterator[Symptom]:
    """
    Look at the host, at each account, and at what waits in the database.

    Nothing is changed and no money can move. Symptoms come as they are found, good ones too.

    :param ask_sezzle: whether to try the keys and compare the webhook subscription; at most
        10 seconds for each account.
    :param only: ask about these accounts; None for all.
    """
    stops = False
    for symptom in host.examine():
        # Without settings or database there is nothing else to look at.
        stops |= symptom.level is Level.RED and symptom.id in ("settings", "database")
        yield symptom
    if stops:
        return
    yield from accounts.examine(ask_sezzle=ask_sezzle, only=only)
    yield from running.examine()
    yield from waiting.examine()
    yield from disputes.examine()
    yield from worker.examine()
    yield from browser.examine()
