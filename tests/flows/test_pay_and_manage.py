"""Somebody buys, comes back, and staff take, let go and give back money."""

from __future__ import annotations

import pytest

from tests.flows.browser import keep_picture, keep_pictures
from tests.flows.people import Shopper, Staff
from tests.flows.world import World

pytestmark = pytest.mark.browser


def test_pay_now_and_come_back_to_a_paid_order(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Emberlight table lamp")
    shopper.page.get_by_text("$32.52").wait_for()

    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$129.99"})
    shopper.page.get_by_text("$129.99 was charged.").wait_for()
    assert world.moved(order_uuid) == [("authorize", 12_999), ("capture", 12_999)]
    # What was paid is no longer in the cart.
    shopper.page.get_by_role("link", name="Cart").click()
    shopper.page.get_by_text("There is nothing in it yet.").wait_for()


def test_staff_capture_a_part_release_the_rest_and_refund_a_part(
    shopper: Shopper, staff: Staff, world: World
) -> None:
    order_uuid = shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")
    shopper.wait_for_state("Approved")
    shopper.wait_for_amounts({"Held": "$480.50", "Charged": "$0.00"})
    keep_pictures(shopper.page, "order-held")
    staff.log_in("manager")
    staff.open_payment(shopper.order_number)
    assert staff.money() == _usd(held="480.50")

    assert staff.move("Capture", "300.00", picture="admin-capture") == "Done"
    staff.open_payment(shopper.order_number)
    assert staff.money() == _usd(held="180.50", taken="300.00")
    shopper.wait_for_amounts({"Held": "$180.50", "Charged": "$300.00"})

    assert staff.move("Release") == "Done"
    staff.open_payment(shopper.order_number)
    assert staff.money() == _usd(taken="300.00", let_go="180.50")
    shopper.wait_for_state("Partly charged")
    shopper.wait_for_amounts({"Charged": "$300.00", "Released": "$180.50"})

    assert staff.move("Refund", "99.99") == "Done"
    staff.open_payment(shopper.order_number)
    assert staff.money() == _usd(taken="300.00", given_back="99.99", let_go="180.50")
    keep_picture(staff.page, "admin-payment")
    shopper.wait_for_state("Partly refunded")
    shopper.wait_for_amounts(
        {
            "Charged": "$300.00",
            "Released": "$180.50",
            "Refunded": "$99.99",
        }
    )
    keep_pictures(shopper.page, "order-refunded")
    assert world.moved(order_uuid) == [
        ("authorize", 48_050),
        ("capture", 30_000),
        ("release", 18_050),
        ("refund", 9_999),
    ]


def test_an_open_order_page_follows_what_staff_do(
    shopper: Shopper, staff: Staff, world: World
) -> None:
    shopper.go_to_sezzle("Emberlight table lamp")
    shopper.choose("Approve")
    staff.log_in("manager")
    staff.open_payment(shopper.order_number)

    assert staff.move("Refund") == "Done"

    # Nobody reloads the shopper's page.
    shopper.wait_for_state("Refunded")
    shopper.wait_for_amounts({"Charged": "$129.99", "Refunded": "$129.99"})


def _usd(
    *, held: str = "0.00", taken: str = "0.00", given_back: str = "0.00", let_go: str = "0.00"
) -> dict[str, str]:
    amounts = {"held": held, "taken": taken, "given_back": given_back, "let_go": let_go}
    return {name: f"${amount} USD" for name, amount in amounts.items()}
