"""Sezzle's checkout in a window or a frame of the shop's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.flows.browser import PATIENCE_MS, WIDE
from tests.flows.people import Shopper

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from django_sezzle.emulator.records import Order
    from tests.flows.world import World

TEAPOT = "Cloudware teapot"
PAID = [("authorize", 7_195), ("capture", 7_195)]

#: A browser that lets no window open.
NO_WINDOWS = "window.open = () => null;"


def ready(shopper: Shopper, mode: str) -> None:
    """Order a teapot and stand before the button, in a mode of the demonstration."""
    shopper.fill_cart(TEAPOT)
    shopper.page.goto(f"{shopper.world.shop}checkout/?mode={mode}")
    shopper.fill_in_address()


def press(shopper: Shopper) -> None:
    """Press the button."""
    shopper.page.get_by_role("button", name="Pay with Sezzle").click()


def open_window(shopper: Shopper) -> Page:
    """Press the button; gives the window with Sezzle's checkout."""
    with shopper.page.expect_popup() as opened:
        press(shopper)
    window = opened.value
    window.get_by_role("button", name="Approve", exact=True).wait_for()
    return window


def wait_for_order_page(shopper: Shopper) -> None:
    """Wait until the shop's own page shows the order."""
    shopper.page.wait_for_url("**/orders/*-*/")


class Count:
    """The orders that Sezzle got since."""

    def __init__(self, world: World) -> None:
        self.emulator = world.emulator
        self.before = len(world.emulator.orders)

    @property
    def new(self) -> list[Order]:
        """List them, the newest last."""
        return list(self.emulator.orders)[self.before :]

    @property
    def modes(self) -> list[str]:
        """How the shop wanted each of them shown."""
        return [order.checkout_mode for order in self.new]


@contextmanager
def another_browser(page: Page, **options: Any) -> Iterator[Page]:
    """Give a page of a browser that differs."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(**({"viewport": WIDE} | options))
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
