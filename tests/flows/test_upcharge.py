"""Something is added to an order before it leaves: staff charge extra for it, once."""

from __future__ import annotations

import pytest

from tests.flows.browser import keep_picture
from tests.flows.people import Shopper, Staff
from tests.flows.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def held(shopper: Shopper, staff: Staff, world: World) -> str:
    """Have a chair paid, which is held until it is made; Sezzle's id of the order."""
    world.emulator.profile.change(upcharge=True)
    order_uuid = shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")
    shopper.wait_for_state("Approved")
    staff.log_in("manager")
    staff.open_payment(shopper.order_number)
    return order_uuid


def charged_extra(world: World, order_uuid: str) -> list[int]:
    """Sezzle's own books of what was charged on top of an order."""
    return [o.amount_in_cents for o in world.emulator.orders if o.parent_order_uuid == order_uuid]


def test_staff_charge_extra_once(held: str, shopper: Shopper, staff: Staff, world: World) -> None:
    assert staff.money_buttons() == ["Capture", "Release", "Charge extra"]
    assert staff.move("Charge extra", "12.50", picture="admin-upcharge") == "Done"

    # The result is asked for again, and the form is a new one.
    staff.page.reload()
    staff.page.go_back()
    assert charged_extra(world, held) == [1_250]
    # What was held for the chair is as it was; the extra is a payment of its own.
    staff.open_payment(shopper.order_number, nth=1)
    assert staff.money()["held"] == "$480.50 USD"
    staff.open_payment(shopper.order_number)
    keep_picture(staff.page, "admin-upcharge-payment")
    assert staff.money()["taken"] == "$12.50 USD"
    assert world.moved(held) == [("authorize", 48_050)]


def test_a_lost_answer_is_found_again_and_not_repeated(
    held: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    world.emulator.faults.add("upcharge", "drop_after")
    assert staff.move("Charge extra", "12.50") == "Done"
    assert charged_extra(world, held) == [1_250]


def test_an_account_that_does_not_have_it_is_told_so(
    held: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    world.emulator.profile.change(upcharge=False)
    assert (
        staff.move("Charge extra", "12.50", picture="admin-upcharge-refused")
        == "Refused: no money moved"
    )
    said = staff.page.locator("#content").inner_text()
    assert "not switched on for this account" in said
    assert charged_extra(world, held) == []
