"""An authorization runs out before staff ship: they ask Sezzle for a new one."""

from __future__ import annotations

import pytest

from tests.flows.browser import keep_picture
from tests.flows.people import Shopper, Staff
from tests.flows.world import World

pytestmark = pytest.mark.browser


DONE = "Done"
REFUSED = "Refused: no money moved"


@pytest.fixture
def expired(shopper: Shopper, staff: Staff, world: World) -> str:
    """Have staff find out that an authorization ran out; Sezzle's id of the order."""
    order_uuid = shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")
    shopper.wait_for_state("Approved")
    world.let_authorizations_run_out()
    staff.log_in("manager")
    staff.open_payment(shopper.order_number)
    assert staff.move("Capture", picture="admin-too-late") == REFUSED
    shopper.wait_for_state("Not charged")
    shopper.wait_for_amounts({"Charged": "$0.00", "Released": "$480.50"})
    staff.open_payment(shopper.order_number)
    assert staff.money()["held"] == "$0.00 USD"
    assert staff.money_buttons() == ["Reauthorize"]
    return order_uuid


def test_reauthorized_and_then_captured(
    expired: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    assert staff.move("Reauthorize", picture="admin-reauthorize") == DONE

    child_uuid = world.emulator.orders[-1].uuid
    assert child_uuid != expired
    shopper.wait_for_state("Approved")
    shopper.wait_for_amounts({"Held": "$480.50", "Charged": "$0.00", "Released": "$480.50"})
    staff.page.get_by_role("link", name="Go to the new payment").click()
    assert staff.move("Capture") == DONE
    shopper.wait_for_state("Paid")
    shopper.wait_for_amounts({"Charged": "$480.50", "Released": "$480.50"})
    assert world.moved(child_uuid) == [("authorize", 48_050), ("capture", 48_050)]
    assert ("capture", 48_050) not in world.moved(expired)
    staff.open_payment(shopper.order_number, nth=1)
    keep_picture(staff.page, "admin-reauthorized-parent")
    assert staff.money_buttons() == []


def test_declined_and_paid_anew_by_the_shopper(
    expired: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    world.emulator.profile.spending_power_in_cents = 1

    assert staff.move("Reauthorize", picture="admin-declined") == REFUSED

    world.reset()
    shopper.wait_for_state("Not charged")
    shopper.wait_for_amounts({"Charged": "$0.00", "Released": "$480.50"})
    shopper.page.get_by_role("button", name="Try again with Sezzle").click()
    again_uuid = shopper.arrive_at_sezzle()
    assert again_uuid != expired
    shopper.choose("Approve")
    shopper.wait_for_state("Approved")
    shopper.wait_for_amounts({"Held": "$480.50", "Charged": "$0.00", "Released": "$480.50"})
    assert world.moved(again_uuid) == [("authorize", 48_050)]
    assert "capture" not in {kind for kind, _ in world.moved(expired)}
