"""A shopper disputes a purchase and wins: Sezzle refunds it, and everybody sees so."""

from __future__ import annotations

import pytest

from tests.flows.browser import keep_picture
from tests.flows.people import Shopper, Staff
from tests.flows.world import World, wait_until

pytestmark = pytest.mark.browser

LIST = "admin/django_sezzle/sezzledispute/"


def test_opened_lost_and_refunded(shopper: Shopper, staff: Staff, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Cloudware teapot")
    shopper.choose("Approve")
    shopper.wait_for_state("Paid")
    (paid,) = {cents for kind, cents in world.moved(order_uuid) if kind == "capture"}
    charged = f"${paid / 100:.2f}"
    staff.log_in("viewer")

    world.emulator.open_dispute(order_uuid)
    world.emulator.warn_of_dispute_deadline(order_uuid)
    wait_until(lambda: not world.deliveries_under_way())
    staff.page.goto(f"{world.shop}{LIST}?dispute=open&q={order_uuid}")
    row = staff.page.locator("#result_list tbody tr")
    keep_picture(staff.page, "admin-dispute-open")
    text = row.inner_text()
    assert "final notice" in text
    assert "in 14 days" in text
    assert f"{charged} USD" in text
    # A dispute alone takes nothing back.
    assert shopper.state == "Paid"

    world.emulator.close_dispute(order_uuid, "customer_win")

    shopper.wait_for_state("Refunded")
    shopper.wait_for_amounts({"Charged": charged, "Refunded": charged})
    wait_until(lambda: not world.deliveries_under_way())
    assert world.moved(order_uuid)[-1] == ("refund", paid)
    staff.page.goto(f"{world.shop}{LIST}?dispute=closed&q={order_uuid}")
    assert "lost: the shopper won" in row.inner_text()
    row.locator(".field-payment_link a").click()
    staff.page.get_by_role("heading", name="Money").wait_for()
    assert staff.money()["given_back"] == f"{charged} USD"
    assert staff.money_buttons() == []
    keep_picture(staff.page, "admin-dispute-lost")
    timeline = staff.page.locator("#content").inner_text()
    assert f"dispute of {charged} USD" in timeline
