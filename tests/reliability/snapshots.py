"""Lives of an order at Sezzle, seen in pieces: late, twice, not at all, or with parts left out."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from django_sezzle.gateway.messages import Kind, Order
from tests.services.test_merge import Snapshot, an_order

LIFE = timedelta(days=1)

#: Reads of one order lie so far apart; a whole history is over before a transaction that one of
#: them lacks would count as missing.
GAP = timedelta(seconds=1)


def history(dice: random.Random, begin: datetime) -> list[Snapshot]:
    """Make a whole life, every step of it seen once and in order; it ends with a full view."""
    moves: list[tuple[Kind, str, int]] = []
    seen: list[Order | None] = [an_order(approved=False, status="active"), an_order()]
    held, kept = 10_000, 0
    for number in range(dice.randrange(8)):
        kind = dice.choice(Kind.of_its_own_money())
        most = kept if kind is Kind.REFUND else held
        if not most:
            continue
        cents = dice.choice((most, dice.randint(1, most)))
        held -= cents if kind is not Kind.REFUND else 0
        kept += {Kind.CAPTURE: cents, Kind.REFUND: -cents, Kind.RELEASE: 0}[kind]
        moves.append((kind, f"t-{number}", cents))
        seen.append(an_order(*moves))
    ending = dice.choice(("", "", "deleted", "gone"))
    if ending == "deleted":
        seen.append(an_order(*moves, status="deleted"))
    if ending == "gone":
        seen.append(None)
    return [(_lasting(order, begin), begin + number * GAP) for number, order in enumerate(seen)]


def _lasting(order: Order | None, begin: datetime) -> Order | None:
    """Let the authorization outlive the history: when it ends is no part of this."""
    if order is None or order.authorization is None:
        return order
    return replace(order, authorization=replace(order.authorization, expires_at=begin + LIFE))


def scattered(dice: random.Random, whole: list[Snapshot]) -> list[Snapshot]:
    """Let the reads of a life arrive in any order, some twice, some with parts left out."""
    again = dice.choices(whole, k=dice.randrange(2 * len(whole)))
    poorer = [
        (_poorer(dice, order), read_at)
        for order, read_at in dice.choices(whole, k=dice.randrange(4))
        if order is not None
    ]
    arrived = [*whole, *again, *poorer]
    dice.shuffle(arrived)
    return arrived


def with_gaps(dice: random.Random, whole: list[Snapshot]) -> list[Snapshot]:
    """Let some reads never arrive; what the last one shows is all there was."""
    visible = [snapshot for snapshot in whole if snapshot[0] is not None]
    kept = [snapshot for snapshot in visible[:-1] if dice.random() < 0.5]
    arrived = [*kept, *dice.choices(visible, k=dice.randrange(3)), visible[-1]]
    dice.shuffle(arrived)
    return arrived


def _poorer(dice: random.Random, order: Order) -> Order:
    """Leave out a part that a read may lack."""
    authorization = order.authorization
    if authorization is None:
        return replace(order, amount=None, reference_id="")
    listed = authorization.transactions
    return dice.choice(
        (
            replace(order, authorization=None),
            replace(order, amount=None, checkout_status="", reference_id=""),
            replace(order, authorization=replace(authorization, amount=None)),
            replace(order, authorization=replace(authorization, expires_at=None)),
            replace(
                order,
                authorization=replace(
                    authorization,
                    transactions={**listed, dice.choice(Kind.of_its_own_money()): None},
                ),
            ),
        )
    )
