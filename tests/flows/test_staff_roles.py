"""Staff see the buttons that belong to their role, and no other."""

from __future__ import annotations

import pytest

from tests.flows.people import Shopper, Staff
from tests.flows.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        ("viewer", []),
        ("cashier", ["Capture", "Release"]),
        ("manager", ["Capture", "Release", "Charge extra"]),
    ],
)
def test_buttons_of_a_held_payment(
    shopper: Shopper, staff: Staff, world: World, role: str, buttons: list[str]
) -> None:
    shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")

    staff.log_in(role)
    staff.open_payment(shopper.order_number)

    assert staff.money_buttons() == buttons


@pytest.mark.parametrize(
    ("role", "buttons"), [("viewer", []), ("cashier", []), ("manager", ["Refund", "Charge extra"])]
)
def test_buttons_of_a_captured_payment(
    shopper: Shopper, staff: Staff, world: World, role: str, buttons: list[str]
) -> None:
    shopper.go_to_sezzle("Cloudware teapot")
    shopper.choose("Approve")

    staff.log_in(role)
    staff.open_payment(shopper.order_number)

    assert staff.money_buttons() == buttons


@pytest.mark.fault(32)
def test_a_viewer_who_knows_the_address_moves_nothing(
    shopper: Shopper, staff: Staff, world: World, complaints: list[str]
) -> None:
    order_uuid = shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")
    staff.log_in("manager")
    staff.open_payment(shopper.order_number)
    tool = staff.page.locator(".object-tools").get_by_role("link", name="Capture", exact=True)
    address = tool.get_attribute("href")
    staff.page.context.clear_cookies()
    staff.log_in("viewer")

    answer = staff.page.request.get(f"{world.shop.rstrip('/')}{address}")

    assert answer.status == 403
    assert world.moved(order_uuid) == [("authorize", 48_050)]
