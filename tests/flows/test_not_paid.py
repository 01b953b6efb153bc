"""Somebody changes their mind or is denied: nothing is charged, and there is a way on."""

from __future__ import annotations

import pytest

from tests.flows.browser import keep_pictures
from tests.flows.people import Shopper
from tests.flows.world import World

pytestmark = pytest.mark.browser


def test_cancel_at_sezzle_and_pay_after_all(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Birch chess set")
    shopper.choose("Cancel")
    assert shopper.state == "Waiting for payment"
    assert shopper.amounts() == {"Charged": "$0.00"}
    assert world.moved(order_uuid) == []
    keep_pictures(shopper.page, "order-waiting")

    shopper.page.get_by_role("button", name="Pay with Sezzle").click()
    shopper.page.get_by_role("button", name="Approve", exact=True).wait_for()
    assert shopper.arrive_at_sezzle() == order_uuid
    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$118.00"})
    assert world.moved(order_uuid) == [("authorize", 11_800), ("capture", 11_800)]


@pytest.mark.parametrize("lands_at", ["cancel_url", "complete_url"])
def test_denied_and_then_approved(shopper: Shopper, world: World, lands_at: str) -> None:
    world.emulator.profile.change(denied_shopper=lands_at)
    denied_uuid = shopper.go_to_sezzle("Evening record player")
    shopper.choose("Be denied")
    shopper.wait_for_state("Not approved")
    shopper.page.get_by_text("Nothing was charged").first.wait_for()
    assert shopper.amounts() == {"Charged": "$0.00"}
    keep_pictures(shopper.page, "order-denied")

    shopper.page.get_by_role("button", name="Try again with Sezzle").click()
    approved_uuid = shopper.arrive_at_sezzle()
    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$249.99"})
    assert world.moved(denied_uuid) == []
    assert world.moved(approved_uuid) == [("authorize", 24_999), ("capture", 24_999)]
