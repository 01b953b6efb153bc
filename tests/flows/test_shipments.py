"""An order is shipped in parts: each is charged as it leaves, and the rest is let go."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.flows.browser import PATIENCE_MS, keep_picture, keep_pictures
from tests.flows.people import Shopper, Staff
from tests.flows.world import World, wait_until

pytestmark = pytest.mark.browser

CHAIR, LAMP, TEAPOT = "Alder reading chair", "Emberlight table lamp", "Cloudware teapot"


@pytest.fixture
def held(shopper: Shopper, staff: Staff, world: World) -> str:
    """Have three things ordered, one of them made to order; Sezzle's id of the order."""
    order_uuid = shopper.go_to_sezzle(CHAIR, LAMP, TEAPOT)
    shopper.choose("Approve")
    shopper.wait_for_state("Approved")
    wait_for_shipments(shopper)
    staff.log_in("cashier")
    return order_uuid


def test_two_shipments_and_the_rest_released(
    held: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    shopper.wait_for_amounts({"Held": "$674.49", "Charged": "$0.00"})

    assert ship(staff, shopper, "129.99", "S-1") == "Done"
    wait_for_shipments(shopper, "S-1 charged DAY $129.99", "Still held $544.50")

    assert ship(staff, shopper, "64.00", "S-2") == "Done"
    wait_for_shipments(
        shopper, "S-1 charged DAY $129.99", "S-2 charged DAY $64.00", "Still held $480.50"
    )
    keep_pictures(shopper.page, "order-in-parts")

    assert release_the_rest(staff, shopper) == "Done"
    wait_for_shipments(
        shopper,
        "S-1 charged DAY $129.99",
        "S-2 charged DAY $64.00",
        "Released, and not charged $480.50",
    )
    shopper.wait_for_state("Partly charged")
    keep_pictures(shopper.page, "order-in-parts-released")
    assert world.moved(held) == [
        ("authorize", 67_449),
        ("capture", 12_999),
        ("capture", 6_400),
        ("release", 48_050),
    ]
    open_order(staff, shopper)
    assert "S-1: $129.99" in staff.page.locator(".field-shipments").inner_text()
    assert "nothing is held" in staff.page.locator(".field-rest").inner_text()
    keep_picture(staff.page, "admin-order-in-parts")
    staff.open_payment(shopper.order_number)
    timeline = staff.page.locator(".sezzle-timeline").inner_text()
    assert "S-1" in timeline
    assert "S-2" in timeline


@pytest.mark.fault(1)
def test_a_lost_answer_at_the_second_shipment_is_charged_once(
    held: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    assert ship(staff, shopper, "129.99", "S-1") == "Done"
    world.emulator.faults.add("capture", "drop_after")
    world.emulator.faults.add("order_get", "503", times=None)

    assert ship(staff, shopper, "64.00", "S-2") == "Being checked: do not repeat"

    checked = "being checked: it is charged once, or not at all"
    wait_for_shipments(
        shopper, "S-1 charged DAY $129.99", f"S-2 {checked} $64.00", "Still held $544.50"
    )
    shopper.wait_for_amounts({"Held": "$544.50", "Charged": "$129.99"})
    keep_pictures(shopper.page, "order-being-checked")
    open_order(staff, shopper)
    assert "S-2: $64.00" in staff.page.locator(".field-shipments").inner_text()
    assert "being checked" in staff.page.locator(".field-shipments").inner_text()

    # Sezzle can be read again, and tells once more what happened.
    world.emulator.faults.clear()
    wait_until(lambda: bool(world.emulator.pending_deliveries))
    world.emulator.clock.advance(timedelta(minutes=2))
    wait_for_shipments(
        shopper, "S-1 charged DAY $129.99", "S-2 charged DAY $64.00", "Still held $480.50"
    )
    assert world.moved(held) == [("authorize", 67_449), ("capture", 12_999), ("capture", 6_400)]


def test_somebody_who_only_looks_is_offered_no_way_to_the_money(
    held: str, shopper: Shopper, staff: Staff, world: World
) -> None:
    open_order(staff, shopper)
    assert staff.page.get_by_role("link", name="Capture what is shipped").count() == 1
    staff.page.context.clear_cookies()
    staff.log_in("viewer")

    open_order(staff, shopper)

    assert "none" in staff.page.locator(".field-shipments").inner_text()
    assert staff.page.get_by_role("link", name="Capture what is shipped").count() == 0
    assert staff.page.get_by_role("link", name="Release the rest").count() == 0


def open_order(staff: Staff, shopper: Shopper) -> None:
    """Open the shop's own page of the order in the admin."""
    staff.page.goto(f"{staff.world.shop}admin/shop/order/?q={shopper.order_number}")
    staff.page.get_by_role("link", name=shopper.order_number, exact=True).click()
    staff.page.locator(".field-shipments").wait_for()


def ship(staff: Staff, shopper: Shopper, dollars: str, number: str) -> str:
    """Capture what a shipment is worth under its number; returns the headline of the result."""
    open_order(staff, shopper)
    staff.page.get_by_role("link", name="Capture what is shipped").click()
    staff.page.locator(".sezzle-ask input").fill(dollars)
    staff.page.get_by_label(f"Shipment for {shopper.order_number}, if any").fill(number)
    keep_pictures(staff.page, f"admin-ship-{number}")
    return confirm(staff)


def release_the_rest(staff: Staff, shopper: Shopper) -> str:
    """Let go what will not be shipped; returns the headline of the result."""
    open_order(staff, shopper)
    staff.page.get_by_role("link", name="Release the rest").click()
    return confirm(staff)


def confirm(staff: Staff) -> str:
    staff.page.locator(".submit-row input[type=submit]").click()
    staff.page.wait_for_url("**/money/result/**")
    keep_picture(staff.page, "admin-shipped")
    return staff.page.locator("td .sezzle-badge").inner_text()


def wait_for_shipments(shopper: Shopper, *lines: str) -> None:
    """Wait until the order's page, which nobody reloads, shows these lines; DAY is any day."""
    from playwright.sync_api import expect  # noqa: PLC0415 (only browser runs have it)

    shown = shopper.page.locator("[aria-labelledby=shipments] li")
    day = r"[A-Z][a-z]+ \d{1,2}, \d{4}"
    wanted = [
        re.compile(r"\s+".join(day if word == "DAY" else re.escape(word) for word in line.split()))
        for line in lines
    ]
    expect(shown).to_have_text(wanted, use_inner_text=True, timeout=2 * PATIENCE_MS)
