"""The shop is being told several facts when its process dies: each is heard once, in order."""

from __future__ import annotations

import random
from itertools import product

import pytest

from django_sezzle.models import SezzlePayment
from django_sezzle.reconcile import reconcile
from django_sezzle.services import refresh
from tests.reliability import figures
from tests.reliability.kills import diary
from tests.reliability.kills.cases import TELLING
from tests.reliability.kills.shop import CENTS, Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import many

#: Authorized, captured, refunded.
FACTS = 3

#: A point, and at which fact.
Death = tuple[str, int]


def with_much_to_tell(shop: Shop) -> SezzlePayment:
    """Make a payment of which the shop has heard nothing yet."""
    payment = shop.started()
    order_uuid = str(payment.order_uuid)
    shop.emulator.approve(order_uuid)
    shop.emulator.dashboard_capture(order_uuid, CENTS)
    shop.emulator.dashboard_refund(order_uuid, CENTS)
    return payment


def deaths() -> list[tuple[Death, Death | None]]:
    """Give every death, alone and with every one that the next teller can still die."""
    all_deaths = list(product(TELLING, range(1, FACTS + 1)))
    pairs: list[tuple[Death, Death | None]] = [(death, None) for death in all_deaths]
    for first, second in product(all_deaths, all_deaths):
        if heard_before(*first) + second[1] <= FACTS:
            pairs.append((first, second))
    return pairs


def heard_before(point: str, nth: int) -> int:
    """Count the facts that were heard for good before a death."""
    return nth if point == "told" else nth - 1


@pytest.mark.fault(51, 53)
def test_killed_while_telling(shop: Shop, dice: random.Random) -> None:
    tried = dice.sample(deaths(), many(8, len(deaths())))
    for first, second in tried:
        try:
            go_through(shop, first, second)
        except AssertionError as error:
            error.add_note(f"{first}, then {second}")
            raise
    figures.count("kills while the shop is told", tried=len(tried))


def go_through(shop: Shop, first: Death, second: Death | None) -> None:
    payment = with_much_to_tell(shop)
    heard = 0
    for point, nth in filter(None, (first, second)):
        shop.kill("refresh", point, nth=nth, payment=payment.pk)
        heard += heard_before(point, nth)
        assert len(diary.facts(payment)) == heard
        let_time_pass()
    list(reconcile())
    check_all_is_well(shop, payment)
    assert len(diary.facts(payment)) == FACTS


@pytest.mark.fault(51, 53)
def test_somebody_else_tells_only_when_the_dead_ones_time_is_over(shop: Shop) -> None:
    payment = with_much_to_tell(shop)
    shop.kill("refresh", "receiver", payment=payment.pk)
    refresh(payment)
    assert diary.facts(payment) == [], "told while the other one may still be telling"
    let_time_pass()
    refresh(payment)
    check_all_is_well(shop, payment)
