"""What the people of a journey can do: a shopper in the shop, staff in the admin."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.example.running import PASSWORD
from tests.flows.browser import PATIENCE_MS, keep_picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.flows.world import World

ADDRESS = {
    "First name": "Ada",
    "Last name": "Meadows",
    "E-mail": "ada@example.com",
    "Street": "12 Lake Street",
    "City": "Minneapolis",
    "State": "MN",
    "ZIP code": "55401",
}


class Shopper:
    """Somebody who buys something."""

    def __init__(self, page: Page, world: World) -> None:
        self.page = page
        self.world = world

    def fill_cart(self, *products: str) -> None:
        """Put products into the cart, by their names."""
        for product in products:
            self.page.goto(self.world.shop)
            self.page.get_by_role("link", name=product).click()
            self.page.get_by_role("button", name="Add to cart").click()

    def fill_in_address(self) -> None:
        """Open the checkout and say where things go."""
        self.page.goto(f"{self.world.shop}checkout/")
        for label, value in ADDRESS.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def go_to_sezzle(self, *products: str) -> str:
        """Order products, and go on to Sezzle's page; returns Sezzle's id of the order."""
        self.fill_cart(*products)
        self.fill_in_address()
        self.page.get_by_role("button", name="Pay with Sezzle").click()
        return self.arrive_at_sezzle()

    def arrive_at_sezzle(self) -> str:
        """Wait for Sezzle's page; returns Sezzle's id of the newest order."""
        self.page.wait_for_url(re.compile(re.escape(self.world.emulator.base_url)))
        return self.world.emulator.orders[-1].uuid

    def choose(self, button: str) -> None:
        """Press a button of Sezzle's page and come back to the shop's order page."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/"))

    def close_the_tab(self) -> None:
        """Approve at Sezzle and never come back."""
        self.page.get_by_role("button", name="Close the tab", exact=True).click()
        self.page.get_by_text("close this tab").first.wait_for()

    def look_at_order(self) -> None:
        """Open the newest order from the shop's list."""
        self.page.goto(f"{self.world.shop}orders/")
        self.page.get_by_role("rowheader").get_by_role("link").first.click()
        self.page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/"))

    @property
    def order_number(self) -> str:
        """The number of the order on the page."""
        heading = self.page.get_by_role("heading", level=1).inner_text()
        return heading.removeprefix("Order ")

    @property
    def state(self) -> str:
        """How the order stands, in the shop's words."""
        return self.page.locator("#state").inner_text()

    def wait_for_state(self, state: str) -> None:
        """Wait until the order's page, which follows the payment by itself, says this."""
        shown = self.page.locator("#state", has_text=re.compile(f"^{re.escape(state)}$"))
        shown.wait_for(timeout=2 * PATIENCE_MS)

    def amounts(self) -> dict[str, str]:
        """Read the amounts of the payment from the order's page."""
        words = self.page.locator("#amounts").inner_text().split("\n")
        found = [word.strip() for word in words if word.strip()]
        return dict(zip(found[::2], found[1::2], strict=True))

    def wait_for_amounts(self, amounts: dict[str, str]) -> None:
        """Wait until the order's page, which nobody reloads, shows these amounts."""
        last_moment = time.monotonic() + 2 * PATIENCE_MS / 1000
        while (shown := self.amounts()) != amounts:
            assert time.monotonic() < last_moment, f"{shown} instead of {amounts}"
            self.page.wait_for_timeout(100)


class Staff:
    """Somebody who works in the admin."""

    def __init__(self, page: Page, world: World) -> None:
        self.page = page
        self.world = world

    def log_in(self, name: str) -> None:
        """Log in with one of the demonstration's roles."""
        self.page.goto(f"{self.world.shop}admin/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("link", name="Sezzle payments").first.wait_for()

    def open_payment(self, order_number: str, nth: int = 0) -> None:
        """Open a payment of an order; the newest one unless told otherwise."""
        self.page.goto(f"{self.world.shop}admin/django_sezzle/sezzlepayment/?q={order_number}")
        self.page.get_by_role("link", name=order_number, exact=True).nth(nth).click()
        self.page.get_by_role("heading", name="Money").wait_for()

    def money(self) -> dict[str, str]:
        """Read the amounts from the payment's page."""
        names = ("held", "taken", "given_back", "let_go")
        return {
            name: self.page.locator(f".field-{name} .readonly").first.inner_text() for name in names
        }

    def money_buttons(self) -> list[str]:
        """Name the ways to move money that the payment's page offers."""
        return self.page.locator(".object-tools .sezzle-button").all_text_contents()

    def move(self, action: str, dollars: str | None = None, *, picture: str = "") -> str:
        """
        Move money through the confirmation page; returns the headline of the result.

        :param dollars: the amount to type in; what the page proposes when left out.
        """
        self.page.locator(".object-tools").get_by_role("link", name=action, exact=True).click()
        if dollars is not None:
            self.page.locator(".sezzle-ask input").fill(dollars)
        self.page.get_by_label("Reason").fill("A journey")
        if picture:
            keep_picture(self.page, f"{picture}-confirm")
        self.page.locator(".submit-row input[type=submit]").click()
        self.page.wait_for_url(re.compile("/money/result/"))
        if picture:
            keep_picture(self.page, f"{picture}-result")
        return self.page.locator("td .sezzle-badge").inner_text()


@contextmanager
def without_javascript(page: Page) -> Iterator[Page]:
    """Give a second page of a browser that runs no scripts."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    try:
        yield context.new_page()
    finally:
        context.close()


def path_of(url: str) -> str:
    """Give the path of an address."""
    return urlsplit(url).path
