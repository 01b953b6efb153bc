"""Somebody approves at Sezzle and closes the tab: the order is paid all the same."""

from __future__ import annotations

import pytest

from tests.flows.people import Shopper
from tests.flows.world import World

pytestmark = pytest.mark.browser


def test_a_webhook_alone_makes_the_order_paid(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Harbour wool throw")
    shopper.close_the_tab()

    shopper.look_at_order()

    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$97.45"})
    assert world.moved(order_uuid) == [("authorize", 9_745), ("capture", 9_745)]


@pytest.mark.fault(45)
def test_checking_alone_makes_the_order_paid_when_webhooks_are_lost(
    shopper: Shopper, world: World
) -> None:
    world.lose_webhooks()
    order_uuid = shopper.go_to_sezzle("Harbour wool throw")
    shopper.close_the_tab()
    shopper.look_at_order()
    assert shopper.state == "Waiting for payment"

    shopper.page.get_by_role("button", name="Check payment").click()

    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$97.45"})
    assert world.moved(order_uuid) == [("authorize", 9_745), ("capture", 9_745)]


def test_the_cart_is_empty_after_a_closed_tab(shopper: Shopper, world: World) -> None:
    shopper.go_to_sezzle("Cloudware teapot")
    shopper.close_the_tab()
    shopper.look_at_order()
    shopper.wait_for_state("Paid")

    shopper.page.goto(f"{world.shop}checkout/")

    shopper.page.get_by_text("There is nothing in it yet.").wait_for()
