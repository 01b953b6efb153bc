"""The join: whatever arrives in whatever order, the same facts, and totals that never fall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_sezzle.gateway.messages import Amount, Kind, Order, Transaction
from django_sezzle.gateway.messages.orders import Authorization
from django_sezzle.models import Review, Status
from django_sezzle.services.merge import (
    Expected,
    Facts,
    Known,
    derive,
    merge,
    without_order,
)

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXPECTED = Expected("1001", 10_000, "USD")
EXPIRES = START + timedelta(minutes=30)
Snapshot = tuple[Order | None, datetime]
Ledger = dict[tuple[str, str], Known]


def usd(cents: int) -> Amount:
    return Amount(cents, "USD")


def an_order(
    *moves: tuple[Kind, str, int], approved: bool = True, status: str = "complete", **changes: Any
) -> Order:
    """Make an order of 100.00 that lists these transactions."""
    authorization = Authorization(
        approved=True,
        amount=usd(10_000),
        expires_at=EXPIRES,
        sezzle_order_id="s-1",
        financing_option="",
        transactions={
            kind: tuple(Transaction(kind, uuid, usd(c)) for k, uuid, c in moves if k is kind)
            for kind in Kind.of_its_own_money()
        },
    )
    order = Order(
        uuid="o-1",
        intent="AUTH",
        reference_id="1001",
        amount=usd(10_000),
        checkout_status=status,
        checkout_expires_at=START + timedelta(days=1),
        authorization=authorization if approved else None,
    )
    return replace(order, **changes)


def read_all(snapshots: list[Snapshot]) -> tuple[Facts, Ledger, str, list[Facts]]:
    """Join snapshots one after the other, as the services do."""
    facts, ledger, review, path = Facts(), {}, "", []
    for order, read_at in snapshots:
        if order is None:
            facts = without_order(facts, read_at=read_at)
        else:
            joined = merge(facts, ledger, order, EXPECTED, read_at=read_at)
            facts, review = joined.facts, joined.review
            for new in joined.new:
                # First seen at the latest moment: how late must not matter.
                seen = Known(new.amount.amount_in_cents, START + timedelta(days=1))
                ledger[new.kind.value, new.uuid] = seen
        path.append(facts)
    return facts, ledger, review, path


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """A life of an order as Sezzle could show it, snapshot by snapshot."""
    moves: list[tuple[Kind, str, int]] = []
    shown: list[Order | None] = [an_order(approved=False, status="active"), an_order()]
    held, taken = 10_000, 0
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(Kind.of_its_own_money()))
        most = taken if kind is Kind.REFUND else held
        if not most:
            continue
        cents = draw(st.integers(1, most))
        held -= cents if kind is not Kind.REFUND else 0
        taken += {Kind.CAPTURE: cents, Kind.REFUND: -cents, Kind.RELEASE: 0}[kind]
        moves.append((kind, f"t-{number}", cents))
        shown.append(an_order(*moves))
    ending = draw(st.sampled_from(["", "deleted", "gone"]))
    if ending == "deleted":
        shown.append(an_order(*moves, status="deleted"))
    if ending == "gone":
        shown.append(None)
    return [(order, START + timedelta(minutes=n)) for n, order in enumerate(shown)]


@pytest.mark.fault(37, 38)
@settings(max_examples=400, deadline=None)
@given(history=histories(), data=st.data())
def test_any_order_of_arrival_gives_the_same_facts(
    history: list[Snapshot], data: st.DataObject
) -> None:
    truth, ledger, _review, _path = read_all(history)
    stale = data.draw(st.lists(st.sampled_from(history)))
    # Everything arrives at least once, in any order; the last snapshot alone is enough for totals.
    shuffled = data.draw(st.permutations([*history, *stale]))
    facts, other_ledger, _review, path = read_all(shuffled)
    assert facts == truth
    assert other_ledger.keys() == ledger.keys()
    assert derive(facts, canceled=False) == derive(truth, canceled=False)
    for earlier, later in pairwise(path):
        assert later.captured_in_cents >= earlier.captured_in_cents
        assert later.refunded_in_cents >= earlier.refunded_in_cents
        assert later.released_in_cents >= earlier.released_in_cents
        assert later.authorized_in_cents >= earlier.authorized_in_cents
        assert later.approved >= earlier.approved
    assert all(facts.is_possible for facts in path)


@pytest.mark.fault(38)
@settings(max_examples=200, deadline=None)
@given(history=histories(), data=st.data())
def test_dropped_snapshots_lose_nothing_that_the_last_one_shows(
    history: list[Snapshot], data: st.DataObject
) -> None:
    visible = [snapshot for snapshot in history if snapshot[0] is not None]
    kept = data.draw(st.lists(st.sampled_from(visible)))
    facts, ledger, review, _path = read_all([*kept, visible[-1]])
    truth, all_rows, _review, _path = read_all(visible)
    # The moment a lapse was first seen, and a word that only an earlier answer used, may differ.
    same = {"lapsed_at": None, "checkout_status": ""}
    assert replace(facts, **same) == replace(truth, **same)
    assert (facts.lapsed_at is None) == (truth.lapsed_at is None)
    assert ledger.keys() == all_rows.keys()
    assert review == ""


@pytest.mark.fault(50)
@settings(max_examples=200, deadline=None)
@given(history=histories())
def test_totals_are_the_sums_over_the_ledger(history: list[Snapshot]) -> None:
    facts, ledger, _review, _path = read_all(history)
    for kind, total in (
        ("capture", facts.captured_in_cents),
        ("refund", facts.refunded_in_cents),
        ("release", facts.released_in_cents),
    ):
        assert total == sum(row.amount_in_cents for key, row in ledger.items() if key[0] == kind)


CAPTURE = (Kind.CAPTURE, "c-1", 4_000)


def after(*snapshots: Order, ledger: Ledger | None = None, **expected: Any) -> str:
    """Name the review that reading these one after the other ends with."""
    facts, known, review = Facts(), dict(ledger or {}), ""
    for number, order in enumerate(snapshots):
        read_at = START + timedelta(minutes=5 * number)
        joined = merge(facts, known, order, replace(EXPECTED, **expected), read_at=read_at)
        facts, review = joined.facts, joined.review
        for new in joined.new:
            known[new.kind.value, new.uuid] = Known(new.amount.amount_in_cents, read_at)
    return review


def with_granted(cents: int) -> Order:
    order = an_order()
    assert order.authorization
    return replace(order, authorization=replace(order.authorization, amount=usd(cents)))


@pytest.mark.fault(3, 25, 46)
@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (an_order(amount=usd(9_999)), Review.AMOUNT_DIFFERS),
        (an_order(amount=usd(10_001)), Review.AMOUNT_DIFFERS),
        (with_granted(10_001), Review.AMOUNT_DIFFERS),
        (an_order(amount=Amount(10_000, "CAD")), Review.CURRENCY_DIFFERS),
        (an_order(amount=Amount(10_000, "usd")), Review.CURRENCY_DIFFERS),
        (
            an_order(approved=False, status="active", reference_id="1002"),
            Review.REFERENCE_DIFFERS,
        ),
        (an_order((Kind.REFUND, "r-1", 1)), Review.TOTALS_IMPOSSIBLE),
        (an_order((Kind.CAPTURE, "c-1", 10_001)), Review.TOTALS_IMPOSSIBLE),
        (
            an_order((Kind.CAPTURE, "c-1", 9_000), (Kind.RELEASE, "l-1", 1_001)),
            Review.TOTALS_IMPOSSIBLE,
        ),
        (an_order((Kind.CAPTURE, "c-1", 2**63 - 1)), Review.TOTALS_IMPOSSIBLE),
    ],
)
def test_each_reason_and_its_clearing(order: Order, reason: Review) -> None:
    good = an_order(approved=order.authorization is not None, status=order.checkout_status)
    assert after(order) == reason
    assert after(good, order) == reason
    assert after(order, good) == ""


def test_less_granted_than_asked_needs_a_human() -> None:
    joined = merge(Facts(), {}, with_granted(6_000), EXPECTED, read_at=START)
    assert joined.facts.authorized_in_cents == 6_000
    assert joined.review == Review.AMOUNT_DIFFERS


@pytest.mark.fault(3)
def test_more_granted_than_asked_is_never_counted_on() -> None:
    joined = merge(Facts(), {}, with_granted(99_999), EXPECTED, read_at=START)
    assert joined.facts.authorized_in_cents == 10_000


@pytest.mark.fault(47)
def test_known_transaction_with_another_amount() -> None:
    changed = an_order((Kind.CAPTURE, "c-1", 4_001))
    assert after(an_order(CAPTURE), changed) == Review.TRANSACTION_CHANGED
    assert after(an_order(CAPTURE), changed, an_order(CAPTURE)) == ""


@pytest.mark.fault(47)
def test_known_transaction_that_vanishes() -> None:
    assert after(an_order(CAPTURE), an_order()) == Review.TRANSACTION_MISSING
    assert after(an_order(CAPTURE), an_order(), an_order(CAPTURE)) == ""


@pytest.mark.fault(47)
@pytest.mark.parametrize(("after_seen", "is_missing"), [(-10, False), (59, False), (61, True)])
def test_absence_counts_only_in_a_read_begun_well_after(after_seen: int, is_missing: bool) -> None:
    ledger = {("capture", "c-1"): Known(4_000, START)}
    facts = Facts(approved=True, authorized_in_cents=10_000, captured_in_cents=4_000)
    read_at = START + timedelta(seconds=after_seen)
    joined = merge(facts, ledger, an_order(), EXPECTED, read_at=read_at)
    assert (joined.review == Review.TRANSACTION_MISSING) == is_missing
    assert joined.facts.captured_in_cents == 4_000


@pytest.mark.fault(61)
def test_parts_that_are_left_out_change_nothing() -> None:
    full = an_order(CAPTURE)
    assert full.authorization
    bare = replace(full, authorization=None, amount=None, checkout_status="", reference_id="")
    lists = replace(
        full,
        authorization=replace(
            full.authorization, transactions=dict.fromkeys(Kind.of_its_own_money())
        ),
    )
    first = merge(Facts(), {}, full, EXPECTED, read_at=START).facts
    ledger = {("capture", "c-1"): Known(4_000, START)}
    for order in (bare, lists):
        joined = merge(first, ledger, order, EXPECTED, read_at=START + timedelta(hours=1))
        assert (joined.facts, joined.new, joined.review) == (first, (), "")


@pytest.mark.fault(106)
@pytest.mark.parametrize("word", ["", "pending", "zzz", "ACTIVE"])
def test_unknown_words_neither_raise_nor_lower(word: str) -> None:
    first = merge(Facts(), {}, an_order(status=word), EXPECTED, read_at=START)
    assert first.facts.approved
    assert derive(first.facts, canceled=False) == Status.AUTHORIZED
    later = merge(first.facts, {}, an_order(), EXPECTED, read_at=START)
    assert later.facts.checkout_status == "complete"
    back = merge(later.facts, {}, an_order(status=word), EXPECTED, read_at=START)
    assert back.facts.checkout_status == "complete"


@pytest.mark.fault(43)
@pytest.mark.parametrize("late", ["denied", "active"])
def test_a_late_no_does_not_take_an_approval_back(late: str) -> None:
    approved = merge(Facts(), {}, an_order(CAPTURE), EXPECTED, read_at=START).facts
    order = an_order(approved=False, status=late)
    ledger = {("capture", "c-1"): Known(4_000, START)}
    joined = merge(approved, ledger, order, EXPECTED, read_at=START + timedelta(hours=1))
    assert derive(joined.facts, canceled=False) == Status.PARTIALLY_CAPTURED


def test_deleted_after_approval_means_nothing_is_held() -> None:
    joined = merge(Facts(), {}, an_order(CAPTURE, status="deleted"), EXPECTED, read_at=START)
    assert (joined.facts.lapsed_at, joined.facts.held_in_cents) == (START, 0)
    assert derive(joined.facts, canceled=False) == Status.CAPTURED
    empty = merge(Facts(), {}, an_order(status="deleted"), EXPECTED, read_at=START)
    assert derive(empty.facts, canceled=False) == Status.RELEASED


def test_deleted_after_approval_counts_even_where_the_authorization_is_left_out() -> None:
    approved = merge(Facts(), {}, an_order(), EXPECTED, read_at=START).facts
    order = an_order(approved=False, status="deleted")
    joined = merge(approved, {}, order, EXPECTED, read_at=START + timedelta(hours=1))
    assert (joined.facts.approved, joined.facts.held_in_cents) == (True, 0)


@pytest.mark.parametrize("approved", [True, False])
def test_an_order_that_comes_back_was_never_gone(approved: bool) -> None:
    order = an_order(approved=approved, status="complete" if approved else "active")
    known = merge(Facts(), {}, order, EXPECTED, read_at=START).facts
    gone = without_order(known, read_at=START + timedelta(minutes=5))
    assert gone.held_in_cents == 0
    for minutes, is_back in ((4, False), (5, False), (7, True)):
        read_at = START + timedelta(minutes=minutes)
        facts = merge(gone, {}, order, EXPECTED, read_at=read_at).facts
        assert (facts.lapsed_at is None) == is_back
    assert facts == known


@pytest.mark.parametrize("first", [0, 1])
def test_the_later_expiry_counts(first: int) -> None:
    order = an_order()
    assert order.authorization
    longer = replace(order.authorization, expires_at=EXPIRES + timedelta(days=7))
    orders = [order, replace(order, authorization=longer)]
    facts, _ledger, _review, _path = read_all([(orders[first], START), (orders[1 - first], START)])
    assert facts.authorization_expires_at == EXPIRES + timedelta(days=7)


def test_a_reference_edited_after_the_approval_is_no_reason_for_review() -> None:
    assert after(an_order(reference_id="1001-edited")) == ""
    unapproved = an_order(approved=False, status="active")
    edited = an_order(approved=False, reference_id="edited")
    assert after(unapproved, an_order(), edited) == ""


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    ("facts", "canceled", "status"),
    [
        (Facts(), False, Status.CREATED),
        (Facts(checkout_status="active"), False, Status.CREATED),
        (Facts(checkout_status="denied"), False, Status.DENIED),
        (Facts(checkout_status="denied"), True, Status.DENIED),
        (Facts(checkout_status="deleted"), False, Status.CANCELED),
        (Facts(), True, Status.CANCELED),
        (Facts(lapsed_at=START), False, Status.CANCELED),
        (Facts(approved=True, authorized_in_cents=9), True, Status.AUTHORIZED),
        (Facts(True, 9, 4), False, Status.PARTIALLY_CAPTURED),
        (Facts(True, 9, 4, 4), False, Status.PARTIALLY_CAPTURED),
        (Facts(True, 9, 4, 4, 5), False, Status.REFUNDED),
        (Facts(True, 9, 4, 0, 5), False, Status.CAPTURED),
        (Facts(True, 9, 9, 1), False, Status.PARTIALLY_REFUNDED),
        (Facts(True, 9, 0, 0, 9), False, Status.RELEASED),
        (Facts(True, 9, lapsed_at=START), False, Status.RELEASED),
    ],
)
def test_status_follows_from_the_facts(facts: Facts, canceled: bool, status: Status) -> None:
    assert derive(facts, canceled=canceled) == status
