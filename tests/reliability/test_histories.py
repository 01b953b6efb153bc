"""Thousands of histories, shuffled and torn: the end is the same, and nothing known is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from django.utils import timezone

from django_sezzle.models import Review, SezzlePayment
from django_sezzle.services import truth
from django_sezzle.services.merge import Facts, derive
from django_sezzle.services.truth import Reading
from tests.reliability import figures
from tests.reliability.scale import many
from tests.reliability.snapshots import history, scattered, with_gaps
from tests.services.rigs import again
from tests.services.test_merge import START, Ledger, Snapshot, read_all

#: A lapse is dated by the first read that saw it, and its word is only in reads that saw it.
NOT_IN_THE_LAST = {"lapsed_at": None, "checkout_status": ""}


def assert_only_grows(path: list[Facts]) -> None:
    for earlier, later in pairwise(path):
        assert later.approved >= earlier.approved
        assert later.authorized_in_cents >= earlier.authorized_in_cents
        assert later.captured_in_cents >= earlier.captured_in_cents
        assert later.refunded_in_cents >= earlier.refunded_in_cents
        assert later.released_in_cents >= earlier.released_in_cents
    assert all(facts.is_possible for facts in path)


def listed(snapshots: list[Snapshot]) -> set[tuple[str, str]]:
    """Name every transaction that any of the reads shows."""
    return {
        (kind.value, transaction.uuid)
        for order, _read_at in snapshots
        if order is not None and order.authorization is not None
        for kind, transactions in order.authorization.transactions.items()
        for transaction in transactions or ()
    }


def assert_totals(facts: Facts, ledger: Ledger) -> None:
    for kind, total in (
        ("capture", facts.captured_in_cents),
        ("refund", facts.refunded_in_cents),
        ("release", facts.released_in_cents),
    ):
        assert total == sum(row.amount_in_cents for key, row in ledger.items() if key[0] == kind)


@pytest.mark.fault(37, 38, 39, 50, 61)
def test_scattered_histories_end_alike(dice: random.Random) -> None:
    tried = many(200, 7_000)
    for _ in range(tried):
        whole = history(dice, START)
        arrived = scattered(dice, whole)
        truth_, _ledger, _review, _path = read_all(whole)
        facts, ledger, review, path = read_all(arrived)
        assert facts == truth_, arrived
        assert set(ledger) == listed(whole), arrived
        assert review == "", arrived
        assert derive(facts, canceled=False) == derive(truth_, canceled=False)
        assert_only_grows(path)
        assert_totals(facts, ledger)
    figures.count("histories of reads: shuffled, repeated, stale, parts left out", tried=tried)


@pytest.mark.fault(38, 45, 50)
def test_histories_with_gaps_lose_nothing_that_the_last_read_shows(dice: random.Random) -> None:
    tried = many(100, 3_000)
    for _ in range(tried):
        whole = history(dice, START)
        visible = [snapshot for snapshot in whole if snapshot[0] is not None]
        arrived = with_gaps(dice, whole)
        truth_, _ledger, _review, _path = read_all(visible)
        facts, ledger, _review, path = read_all(arrived)
        assert replace(facts, **NOT_IN_THE_LAST) == replace(truth_, **NOT_IN_THE_LAST), arrived
        assert (facts.lapsed_at is None) == (truth_.lapsed_at is None), arrived
        assert set(ledger) == listed(visible), arrived
        assert_only_grows(path)
        assert_totals(facts, ledger)
    figures.count("histories of reads: some never arrive", tried=tried)


def record_all(
    payment: SezzlePayment, snapshots: list[Snapshot]
) -> tuple[SezzlePayment, list[Facts], set[tuple[str, str]]]:
    """Join reads into a row as every doorway does; give the row, its path and its ledger."""
    path = []
    for order, read_at in snapshots:
        if order is not None:
            order = replace(  # noqa: PLW2901 - the order of this row
                order, reference_id=order.reference_id and payment.reference_id
            )
        truth.record(payment, Reading(order, read_at))
        path.append(Facts.of(again(payment)))
    rows = set(payment.transactions.values_list("kind", "uuid"))
    return again(payment), path, rows


@pytest.mark.django_db
@pytest.mark.fault(37, 38, 39, 50, 61)
def test_rows_end_alike(dice: random.Random, started: Callable[..., SezzlePayment]) -> None:
    """The same with rows: two of them live through one history, each in its own order."""
    tried = many(20, 500)
    for number in range(tried):
        rows = started(f"one-{number}"), started(f"other-{number}")
        whole = history(dice, timezone.now())
        arrived = scattered(dice, whole)
        one, _path, ledger = record_all(rows[0], whole)
        other, path, other_ledger = record_all(rows[1], arrived)
        assert Facts.of(other) == Facts.of(one), arrived
        assert other_ledger == ledger == listed(whole), arrived
        assert (other.status, other.is_current) == (one.status, one.is_current), arrived
        # A read that lacked its captures raised a doubt; only a read newer than all takes it away,
        # and of an order that is gone there is none.
        is_gone = whole[-1][0] is None
        assert other.review_reason in ("", is_gone and Review.TOTALS_IMPOSSIBLE), arrived
        assert_only_grows(path)
        told = {line.subject for line in other.announcements.all()} - {""}
        assert told >= {uuid for _kind, uuid in ledger}, arrived
    figures.count("histories of reads, joined into rows", tried=tried)
