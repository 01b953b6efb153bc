"""What the shop's pages say of the payments is what Sezzle then asks for."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.flows.browser import NARROW, keep_pictures
from tests.flows.people import Shopper
from tests.flows.world import World

pytestmark = pytest.mark.browser

THREE_LAMPS = ["$97.49", "$97.49", "$97.49", "$97.50"]


def test_the_payments_are_the_same_from_the_product_to_sezzle(
    shopper: Shopper, world: World
) -> None:
    page = shopper.page
    page.goto(world.shop)
    page.get_by_role("link", name="Emberlight table lamp").click()
    line = page.locator(".product [data-sezzle-line]")
    assert line.inner_text() == "or 4 payments of $32.49 with Sezzle (the last one $32.52)"
    page.get_by_label("Pieces").select_option("3")
    assert line.inner_text() == "or 4 payments of $97.49 with Sezzle (the last one $97.50)"
    page.locator(".product summary").click()
    parts = page.locator("[data-sezzle-schedule] li")
    assert parts.locator("strong").all_inner_texts() == THREE_LAMPS
    keep_pictures(page, "product-three")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    page.get_by_role("button", name="Add to cart").click()
    assert "4 payments of $97.49" in page.locator(".panel").inner_text()
    shopper.fill_in_address()
    days = [
        date.fromisoformat(part.get_attribute("datetime") or "")
        for part in parts.locator("time").all()
    ]
    page.get_by_role("button", name="Pay with Sezzle").click()
    shopper.arrive_at_sezzle()

    asked = page.locator(".plan li")
    amounts = [re.sub(r"[^$0-9.]", "", each) for each in asked.locator("strong").all_inner_texts()]
    assert amounts == THREE_LAMPS
    assert asked.locator("span").all_inner_texts() == [
        "Today",
        *(f"{day:%b} {day.day}" for day in days[1:]),
    ]
