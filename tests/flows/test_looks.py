"""The shop's pages: what they say, and pictures of them for people to look at."""

from __future__ import annotations

import pytest

from tests.flows.browser import NARROW, keep_picture, keep_pictures
from tests.flows.people import Shopper, Staff
from tests.flows.world import World

pytestmark = pytest.mark.browser


def test_every_page_from_shelf_to_checkout(shopper: Shopper, world: World) -> None:
    page = shopper.page
    page.goto(world.shop)
    assert page.locator(".card").count() == 8
    keep_pictures(page, "products")
    page.get_by_role("link", name="Evening record player").click()
    line = page.locator(".product .sezzle-installments-line")
    assert line.inner_text() == "or 4 payments of $62.49 with Sezzle (the last one $62.52)"
    keep_pictures(page, "product")
    page.get_by_role("button", name="Add to cart").click()
    shopper.fill_cart("Quiet Hours candles")
    page.get_by_label("Quantity of Quiet Hours candles").fill("2")
    page.get_by_role("button", name="Update Quiet Hours candles").click()
    assert page.locator(".totals .total dd").inner_text() == "$322.09"
    keep_pictures(page, "cart")
    page.goto(f"{world.shop}checkout/")
    page.get_by_text("Dates and amounts").click()
    assert page.locator(".sezzle-installments li strong").all_inner_texts() == [
        "$80.52",
        "$80.52",
        "$80.52",
        "$80.53",
    ]
    page.get_by_label("ZIP code", exact=True).fill("nowhere")
    keep_pictures(page, "checkout")
    page.goto(f"{world.shop}orders/")
    keep_pictures(page, "orders-empty")


def test_wrong_input_is_said_at_its_field(shopper: Shopper, world: World) -> None:
    before = len(world.emulator.orders)
    shopper.fill_cart("Cloudware teapot")
    shopper.fill_in_address()
    shopper.page.get_by_label("ZIP code", exact=True).fill("nowhere")

    shopper.page.get_by_role("button", name="Pay with Sezzle").click()

    shopper.page.get_by_text("Five digits, such as 55401.").wait_for()
    keep_pictures(shopper.page, "checkout-wrong")
    assert len(world.emulator.orders) == before


def test_no_page_is_wider_than_a_phone(shopper: Shopper, world: World) -> None:
    page = shopper.page
    page.set_viewport_size(NARROW)
    shopper.go_to_sezzle("Alder reading chair")
    shopper.choose("Approve")
    for path in ("", "products/alder-reading-chair/", "orders/", "cart/"):
        for address in (page.url, f"{world.shop}{path}"):
            page.goto(address)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW["width"], address
    page.goto(f"{world.shop}orders/")
    keep_picture(page, "orders-phone")
    shopper.look_at_order()
    keep_picture(page, "order-phone")


def test_sezzle_out_of_reach_is_said_and_leaves_a_way_on(shopper: Shopper, world: World) -> None:
    world.emulator.faults.add("session_create", "500_before", times=5)
    shopper.fill_cart("Cloudware teapot")
    shopper.fill_in_address()

    shopper.page.get_by_role("button", name="Pay with Sezzle").click()

    shopper.page.get_by_text("This click charged nothing").wait_for()
    assert shopper.state == "Waiting for payment"
    keep_pictures(shopper.page, "order-unreachable")
    world.emulator.faults.clear()
    shopper.page.get_by_role("button", name="Pay with Sezzle").click()
    shopper.arrive_at_sezzle()
    shopper.choose("Approve")
    shopper.wait_for_state("Paid")


def test_the_staff_see_the_order_beside_its_payment(
    shopper: Shopper, staff: Staff, world: World
) -> None:
    shopper.go_to_sezzle("Emberlight table lamp")
    shopper.choose("Approve")
    staff.log_in("manager")
    staff.page.goto(f"{world.shop}admin/shop/order/?q={shopper.order_number}")
    keep_picture(staff.page, "admin-orders")

    staff.page.get_by_role("link", name=shopper.order_number, exact=True).click()
    assert staff.page.locator(".field-charged .readonly").inner_text() == "$129.99"
    keep_picture(staff.page, "admin-order")
    staff.page.get_by_role("link", name=shopper.order_number, exact=True).click()
    assert staff.money()["taken"] == "$129.99 USD"
