"""Sezzle in a window of its own: the shop looks at Sezzle, whatever the window says or does not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.flows.browser import PATIENCE_MS, keep_picture, keep_pictures
from tests.flows.in_page import (
    NO_WINDOWS,
    PAID,
    Count,
    another_browser,
    open_window,
    press,
    ready,
    wait_for_order_page,
)
from tests.flows.people import Shopper
from tests.flows.world import World

pytestmark = pytest.mark.browser

SCRIPT = "**/checkout.min.js"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
TABLET = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
IN_AN_APP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 "
    "Safari/537.36 [FBAN/FBForWindows]"
)

#: An iPad calls itself a Mac, whose screen nobody touches with several fingers.
IPAD = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Safari/605.1.15"
)
TOUCHED = "Object.defineProperty(Navigator.prototype, 'maxTouchPoints', {get: () => 5});"
#: A phone that asks for the pages of a desktop.
MOBILE = "Object.defineProperty(NavigatorUAData.prototype, 'mobile', {get: () => true});"
#: An app that shows the checkout and says so.
WEB_VIEW = """
    if (location.pathname === "/checkout/") history.replaceState(null, "", "?isWebView=true");
"""

#: A script that says at once, before anybody paid, that another order is complete.
FORGED = """
    window.Checkout = class {
        init(callbacks) { this.callbacks = callbacks; }
        openModal() {}
        closeModal() {}
        startCheckout() {
            this.callbacks.onComplete({data: {order_uuid: "forged", session_uuid: "forged"}});
        }
    };
"""

#: A script that opens the window and never says another word.
SILENT = """
    window.Checkout = class {
        init() {}
        openModal() { this.window = window.open("about:blank", "_blank", "popup"); }
        closeModal() { this.window.close(); }
        startCheckout({ checkout_url }) { this.window.location.replace(checkout_url); }
    };
"""
WITHOUT_A_WINDOW = "window.Checkout = class { init() {} startCheckout() {} };"


def answer_with(shopper: Shopper, script: str) -> None:
    """Put another script in the place of Sezzle's."""
    shopper.page.route(
        SCRIPT, lambda route: route.fulfill(body=script, content_type="text/javascript")
    )


def test_approved_in_the_window(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    keep_pictures(shopper.page, "popup-checkout")
    orders = Count(world)
    window = open_window(shopper)
    keep_picture(window, "popup-window")
    # The shop's page stays where it is meanwhile.
    assert "/checkout/" in shopper.page.url
    with window.expect_event("close"):
        window.get_by_role("button", name="Approve", exact=True).click()

    wait_for_order_page(shopper)
    shopper.wait_for_state("Paid")
    assert orders.modes == ["popup"]
    assert world.moved(orders.new[0].uuid) == PAID


def test_denied_in_the_window(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    open_window(shopper).get_by_role("button", name="Be denied").click()

    wait_for_order_page(shopper)
    shopper.wait_for_state("Not approved")
    shopper.page.get_by_text("Nothing was charged").first.wait_for()
    assert world.moved(orders.new[0].uuid) == []


def test_canceled_in_the_window_and_paid_in_the_next(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    open_window(shopper).get_by_role("button", name="Cancel", exact=True).click()
    wait_for_order_page(shopper)
    assert shopper.state == "Waiting for payment"

    open_window(shopper).get_by_role("button", name="Approve", exact=True).click()

    shopper.wait_for_state("Paid")
    # The same checkout: nothing about it had changed.
    assert orders.modes == ["popup"]
    assert world.moved(orders.new[0].uuid) == PAID


def test_the_window_is_closed(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    open_window(shopper).close()

    wait_for_order_page(shopper)
    assert shopper.state == "Waiting for payment"
    assert world.moved(orders.new[0].uuid) == []


def test_the_window_says_nothing_of_the_approval(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    window = open_window(shopper)
    window.get_by_role("button", name="Close the tab", exact=True).click()
    window.get_by_text("close this tab").first.wait_for()
    world.lose_webhooks()
    window.close()

    wait_for_order_page(shopper)
    shopper.wait_for_state("Paid")
    assert world.moved(orders.new[0].uuid) == PAID


def test_a_script_that_does_not_notice_the_end(shopper: Shopper, world: World) -> None:
    answer_with(shopper, SILENT)
    ready(shopper, "popup")
    orders = Count(world)
    window = open_window(shopper)
    window.get_by_role("button", name="Approve", exact=True).click()

    # The window has closed itself; the shop asks Sezzle why.
    wait_for_order_page(shopper)
    shopper.wait_for_state("Paid")
    assert world.moved(orders.new[0].uuid) == PAID


def test_the_browser_lets_no_window_open(shopper: Shopper, world: World) -> None:
    shopper.page.add_init_script(NO_WINDOWS)
    ready(shopper, "popup")
    orders = Count(world)
    press(shopper)
    shopper.arrive_at_sezzle()
    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    assert orders.modes == ["redirect"]


@pytest.mark.parametrize(
    "script",
    ["", "class Checkout {}", WITHOUT_A_WINDOW],
    ids=["nothing", "the shop's own", "no window"],
)
def test_a_script_that_is_not_what_it_should_be(
    script: str, shopper: Shopper, world: World
) -> None:
    answer_with(shopper, script)
    ready(shopper, "popup")
    orders = Count(world)
    press(shopper)
    shopper.arrive_at_sezzle()
    assert orders.modes == ["redirect"]


@pytest.mark.parametrize(
    ("options", "script"),
    [
        ({"java_script_enabled": False}, ""),
        ({"user_agent": PHONE}, ""),
        ({"user_agent": TABLET}, ""),
        ({"user_agent": IN_AN_APP}, ""),
        ({"user_agent": IPAD}, TOUCHED),
        ({}, MOBILE),
        ({}, WEB_VIEW),
    ],
    ids=["no scripts", "phone", "tablet", "app", "iPad", "mobile", "web view"],
)
def test_where_no_window_can_be_the_shop_redirects(
    options: dict[str, Any], script: str, shopper: Shopper, world: World
) -> None:
    orders = Count(world)
    with another_browser(shopper.page, **options) as page:
        page.add_init_script(script)
        other = Shopper(page, world)
        ready(other, "popup")
        press(other)
        other.arrive_at_sezzle()
        other.choose("Approve")
        other.wait_for_state("Paid")
    assert orders.modes == ["redirect"]
    assert world.moved(orders.new[0].uuid) == PAID


def test_a_double_click_opens_one_window(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    with shopper.page.expect_popup() as opened:
        shopper.page.get_by_role("button", name="Pay with Sezzle").dblclick()
    opened.value.get_by_role("button", name="Approve", exact=True).wait_for()
    # Again, when the button works again: at once, or when its guard against taps has ended.
    shopper.page.get_by_role("button", name="Pay with Sezzle").click(timeout=4 * PATIENCE_MS)
    assert len(shopper.page.context.pages) == 2
    opened.value.get_by_role("button", name="Approve", exact=True).click()

    wait_for_order_page(shopper)
    shopper.wait_for_state("Paid")
    assert orders.modes == ["popup"]


@pytest.mark.fault(5)
def test_what_the_script_says_of_the_end_proves_nothing(shopper: Shopper, world: World) -> None:
    answer_with(shopper, FORGED)
    ready(shopper, "popup")
    orders = Count(world)
    press(shopper)

    shopper.page.get_by_role("heading", name="One moment").wait_for()
    assert world.moved(orders.new[0].uuid) == []
    shopper.look_at_order()
    assert shopper.state == "Waiting for payment"


def test_after_a_window_the_redirect_has_a_checkout_of_its_own(
    shopper: Shopper, world: World
) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    open_window(shopper).close()
    wait_for_order_page(shopper)
    shopper.page.evaluate("() => { window.open = () => null }")
    press(shopper)
    uuid = shopper.arrive_at_sezzle()
    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    assert orders.modes == ["popup", "redirect"]
    # Nobody can pay in the old window any more.
    assert [order.checkout_status for order in orders.new] == ["deleted", "complete"]
    assert world.moved(uuid) == PAID


def test_a_wrong_address_is_shown_as_without_scripts(shopper: Shopper, world: World) -> None:
    ready(shopper, "popup")
    orders = Count(world)
    shopper.page.get_by_label("ZIP code", exact=True).fill("nowhere")
    press(shopper)
    shopper.page.get_by_text(re.compile("Five digits")).wait_for()
    assert orders.new == []
    assert len(shopper.page.context.pages) == 1


def test_without_sezzle_the_window_goes_away(shopper: Shopper, world: World) -> None:
    world.emulator.faults.add("session_create", "503", times=None)
    ready(shopper, "popup")
    press(shopper)
    wait_for_order_page(shopper)
    shopper.page.get_by_text("This click charged nothing").wait_for()
    assert len(shopper.page.context.pages) == 1
