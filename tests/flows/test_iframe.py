"""Sezzle in a frame of the shop's page, which Sezzle allows for domains that it knows."""

from __future__ import annotations

import pytest
import requests

from tests.flows.browser import NARROW, WIDE, keep_picture
from tests.flows.in_page import PAID, Count, another_browser, press, ready, wait_for_order_page
from tests.flows.people import Shopper
from tests.flows.test_popup import PHONE
from tests.flows.world import World

pytestmark = pytest.mark.browser

FRAME = "iframe[title='Sezzle checkout']"


@pytest.mark.parametrize(
    ("button", "state"),
    [("Approve", "Paid"), ("Be denied", "Not approved"), ("Cancel", "Waiting for payment")],
)
def test_decided_in_the_frame(button: str, state: str, shopper: Shopper, world: World) -> None:
    ready(shopper, "iframe")
    orders = Count(world)
    press(shopper)
    choice = shopper.page.frame_locator(FRAME).get_by_role("button", name=button, exact=True)
    choice.wait_for()
    if button == "Approve":
        keep_picture(shopper.page, "iframe-wide")
        shopper.page.set_viewport_size(NARROW)
        keep_picture(shopper.page, "iframe-narrow")
        shopper.page.set_viewport_size(WIDE)
    choice.click()

    wait_for_order_page(shopper)
    shopper.wait_for_state(state)
    assert orders.modes == ["iframe"]
    assert world.moved(orders.new[0].uuid) == (PAID if button == "Approve" else [])


def test_the_frame_is_closed(shopper: Shopper, world: World) -> None:
    ready(shopper, "iframe")
    orders = Count(world)
    press(shopper)
    shopper.page.frame_locator(FRAME).get_by_role("button", name="Approve", exact=True).wait_for()
    shopper.page.get_by_role("button", name="Close", exact=True).click()

    wait_for_order_page(shopper)
    assert shopper.state == "Waiting for payment"
    assert world.moved(orders.new[0].uuid) == []


def test_a_phone_goes_to_sezzle_itself(shopper: Shopper, world: World) -> None:
    orders = Count(world)
    with another_browser(shopper.page, user_agent=PHONE, viewport=NARROW) as page:
        other = Shopper(page, world)
        ready(other, "iframe")
        press(other)
        other.arrive_at_sezzle()
    assert orders.modes == ["redirect"]


def test_only_the_shop_may_show_it_in_a_frame(shopper: Shopper, world: World) -> None:
    for mode, allowed in (("iframe", world.shop.rstrip("/")), ("popup", "'none'")):
        ready(shopper, mode)
        orders = Count(world)
        if mode == "iframe":
            press(shopper)
        else:
            with shopper.page.expect_popup():
                press(shopper)
        shopper.page.wait_for_function("() => true")
        while not orders.new:
            shopper.page.wait_for_timeout(50)
        url = f"{world.emulator.base_url}/checkout/?id={orders.new[-1].uuid}"
        policy = requests.get(url, timeout=5).headers["Content-Security-Policy"]
        assert f"frame-ancestors {allowed};" in policy
