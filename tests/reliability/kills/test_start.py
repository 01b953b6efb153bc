"""A checkout whose maker is killed anywhere: the next start gives one that can be paid, once."""

from __future__ import annotations

import random

import pytest

from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refresh, start_checkout
from tests.fixtures import a_checkout
from tests.reliability import figures
from tests.reliability.kills.cases import few
from tests.reliability.kills.points import ANSWERED, POSTED, POSTING, RECORDED, RECORDING
from tests.reliability.kills.shop import Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import IS_FULL, many
from tests.services.rigs import again, moved

CENTS = 10_000

#: Every point of a first start, and whether Sezzle has made a session by then that nobody knows.
FIRST = {
    "no row": False,
    "row": False,
    POSTING: False,
    POSTED: True,
    ANSWERED: True,
    "session checked": True,
    RECORDING: True,
}
#: The same of a start that takes the row of a dead one over.
TAKEN_OVER = {"row taken over": False} | {
    name: orphans for name, orphans in FIRST.items() if name not in ("no row", "row")
}
#: What is recorded is given to whoever asks next.
KNOWN = (RECORDED, "checkout given")


def seconds(first: str) -> tuple[str, ...]:
    """Name the points that the start after a death comes to."""
    if first in KNOWN:
        return ("checkout given",)
    return (*(FIRST if first == "no row" else TAKEN_OVER), *KNOWN)


def cases(dice: random.Random) -> list[tuple[str, str | None]]:
    """Give every pair of deaths; or every first one once, and every second one at least once."""
    reaching: dict[str | None, list[str]] = {None: [*FIRST, *KNOWN]}
    for first in (*FIRST, *KNOWN):
        for second in seconds(first):
            reaching.setdefault(second, []).append(first)
    if IS_FULL:
        return [(first, second) for second, able in reaching.items() for first in able]
    return few(dice, reaching, set(reaching))


@pytest.mark.fault(8, 17, 97)
def test_a_start(shop: Shop, dice: random.Random) -> None:
    tried = cases(dice)
    for first, second in tried:
        try:
            go_through(shop, first, second)
        except AssertionError as error:
            error.add_note(f"{first}, then {second}")
            raise
    figures.count("kills of a checkout being started", tried=len(tried))


def go_through(shop: Shop, first: str, second: str | None) -> None:
    # What the dead had Sezzle make may have used its reference up.
    shop.emulator.profile.change(unique_reference_ids=True)
    reference = shop.new_reference()
    orphans = 0
    for point in filter(None, (first, second)):
        shop.kill("start", point, sends="session_create", reference=reference, cents=CENTS)
        orphans += (FIRST | TAKEN_OVER).get(point, False)
        let_time_pass()
    payment = start_checkout(a_checkout(reference, CENTS))
    made = [o.uuid for o in shop.emulator.orders if o.reference_id.split("-")[0] == reference]
    # What the dead had Sezzle make lives on there, but nobody knows its address.
    assert len(made) == orphans + 1
    rows = SezzlePayment.objects.filter(shop_reference=reference)
    known = list(rows.values_list("is_current", "order_uuid", "checkout_url"))
    assert known == [(True, made[-1], payment.checkout_url)]
    assert payment.checkout_url.endswith(made[-1])
    shop.emulator.approve(made[-1])
    refresh(payment)
    capture(payment)
    check_all_is_well(shop, payment)
    assert moved(shop.emulator, payment) == [("capture", CENTS)]
    assert again(payment).is_funded_for(CENTS, "USD")


@pytest.mark.fault(17, 97)
def test_a_start_that_replaces_a_checkout(shop: Shop, dice: random.Random) -> None:
    points = ["old checkout deleted", *FIRST, *KNOWN]
    tried = dice.sample(points, many(3, len(points)))
    for point in tried:
        try:
            replace(shop, point)
        except AssertionError as error:
            error.add_note(point)
            raise
    figures.count("kills of a checkout being replaced", tried=len(tried))


def replace(shop: Shop, point: str) -> None:
    """Kill a start with other contents; the shopper can pay the new amount only, and once."""
    first = shop.started()
    reference, cents = first.shop_reference, CENTS + 100
    shop.kill("start", point, sends="session_create", reference=reference, cents=cents)
    # Before anything new was made, the old one was dead.
    assert shop.emulator.order(str(first.order_uuid)).checkout_status == "deleted"
    let_time_pass()
    second = start_checkout(a_checkout(reference, cents))
    assert again(first).is_current is None
    assert second.pk != first.pk
    made = {o.uuid: o for o in shop.emulator.orders if o.reference_id.split("-")[0] == reference}
    given = SezzlePayment.objects.filter(order_uuid__in=made)
    payable = [
        row.order_uuid for row in given if made[str(row.order_uuid)].checkout_status == "active"
    ]
    assert payable == [second.order_uuid]
    shop.emulator.approve(str(second.order_uuid))
    refresh(second)
    capture(second)
    check_all_is_well(shop, second)
    assert moved(shop.emulator, second) == [("capture", cents)]
