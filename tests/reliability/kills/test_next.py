"""Whoever comes next finishes it: a click, a webhook or the command; and nobody comes too early."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from django_sezzle import webhooks
from django_sezzle.exceptions import OperationInProgress
from django_sezzle.models import SezzlePayment
from django_sezzle.reconcile import Run, reconcile
from django_sezzle.services import capture
from tests.reliability import figures
from tests.reliability.kills.cases import CLAIMED, CLICK, NOTHING, UNSENT
from tests.reliability.kills.shop import CENTS, Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import many
from tests.services.rigs import again, moved
from tests.webhooks.conftest import as_body, event

#: What the click wants; another amount than the dead one's, so that both may be executed.
MORE = 1_000


def a_click(payment: SezzlePayment) -> None:
    try:
        capture(again(payment), amount_in_cents=MORE)
    except OperationInProgress:
        # Right while the other one may still be at it; that nothing was sent is seen elsewhere.
        assert again(payment).open_operation() is not None


def a_webhook(payment: SezzlePayment) -> None:
    assert webhooks.receive("default", as_body(event("order.captured", str(payment.order_uuid))))


def the_command(payment: SezzlePayment) -> None:
    list(reconcile(Run()))


@pytest.mark.fault(8, 51, 97)
@pytest.mark.parametrize("come", [a_click, a_webhook, the_command])
def test_whoever_comes_next(
    shop: Shop, dice: random.Random, come: Callable[[SezzlePayment], None]
) -> None:
    points = dice.sample(list(CLICK), many(3, len(CLICK)))
    for point in points:
        try:
            go_through(shop, point, come)
        except AssertionError as error:
            error.add_note(point)
            raise
    figures.count("kills that a click, a webhook or the command finishes", tried=len(points))


def go_through(shop: Shop, point: str, come: Callable[[SezzlePayment], None]) -> None:
    payment = shop.payment()
    left = CLICK[point]
    shop.kill("move", point, kind="capture", payment=payment.pk, cents=CENTS)
    if left == CLAIMED:
        come(payment)
        assert shop.sent("capture", payment) == [], "sent while the dead one's lease lasted"
        assert again(payment).open_operation() is not None
    let_time_pass()
    come(payment)
    check_all_is_well(shop, payment)
    first = [] if left in (NOTHING, UNSENT) else [("capture", CENTS)]
    second = [("capture", MORE)] if come is a_click else []
    assert moved(shop.emulator, payment) == first + second
    assert len(shop.sent("capture", payment)) == len(first + second)
