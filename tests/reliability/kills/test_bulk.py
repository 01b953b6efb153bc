"""Many captures one after the other, and the process dies halfway: the rerun does the rest."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from django_sezzle.reconcile import reconcile
from tests.reliability import figures
from tests.reliability.kills.cases import CLICK
from tests.reliability.kills.shop import Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import many
from tests.services.rigs import moved

ROWS = 3


@pytest.mark.fault(104)
@pytest.mark.parametrize("form", ["the same form", "a new form"])
def test_killed_halfway_through_many(shop: Shop, dice: random.Random, form: str) -> None:
    tried = 0
    for point in dice.sample(list(CLICK), many(2, len(CLICK))):
        halfway = dice.randint(1, ROWS)
        payments = [shop.payment() for _ in range(ROWS)]
        rows = {str(payment.pk): str(uuid4()) for payment in payments}
        # Two of these belong to each capture, the first one to its preflight.
        nth = 2 * halfway - 1 if point in ("read", "joined, not committed") else halfway
        shop.kill("capture_each", point, nth=nth, payments=rows, cents=None)
        if form == "a new form":
            rows = {pk: str(uuid4()) for pk in rows}
        shop.do("capture_each", payments=rows, cents=None)
        try:
            for number, payment in enumerate(payments, start=1):
                if number != halfway:
                    check_all_is_well(shop, payment)
                    assert moved(shop.emulator, payment) == [("capture", 10_000)]
            # The one in the middle waits until its sender's time is over, and for nothing else.
            let_time_pass()
            victim = payments[halfway - 1]
            list(reconcile())
            shop.do("capture_each", payments=rows, cents=None)
            check_all_is_well(shop, victim)
            assert moved(shop.emulator, victim) == [("capture", 10_000)]
            assert all(len(shop.sent("capture", payment)) == 1 for payment in payments)
        except AssertionError as error:
            error.add_note(f"{point} of payment {halfway}")
            raise
        tried += 1
    figures.count("kills halfway through many captures", tried=tried)
