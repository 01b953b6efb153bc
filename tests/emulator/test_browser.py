"""The hosted pages in a real browser, which enforces their policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from django_sezzle.emulator import Emulator, EmulatorServer

from .shop import Shop, session_body

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 700}
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert complaints == []


def test_shopper_approves_and_lands_on_another_origin(emulator: Emulator, page: Page) -> None:
    with EmulatorServer(Emulator()) as elsewhere, EmulatorServer(emulator) as server:
        shop = Shop(emulator, server.url)
        landing = elsewhere.url + "/dashboard/inbox/"
        body = session_body() | {"complete_url": {"href": landing}}
        order = shop.post("/v2/session", body).json()["order"]
        page.goto(order["checkout_url"])
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(landing)
        assert emulator.order(order["uuid"]).authorization is not None


def test_merchant_captures_in_the_dashboard(emulator: Emulator, page: Page) -> None:
    with EmulatorServer(emulator) as server:
        uuid = Shop(emulator, server.url).start()
        emulator.approve(uuid)
        page.goto(server.url)
        page.get_by_role("link", name="order-1").click()
        page.get_by_label("Capture").fill("12.34")
        page.get_by_role("button", name="Capture").click()
        assert page.get_by_role("status").inner_text() == "Captured."
        assert emulator.order(uuid).captured_in_cents == 1234


def test_no_page_is_wider_than_a_phone(emulator: Emulator, page: Page) -> None:
    with EmulatorServer(emulator, delivers=False) as server:
        shop = Shop(emulator, server.url)
        uuid = shop.start(description="Supercalifragilisticexpialidocious" * 4)
        shop.subscribe("https://shop.test/" + "webhook/" * 20)
        emulator.approve(shop.start())
        order = f"order/?id={uuid}"
        paths = [f"/dashboard/{name}" for name in ("", order, "inbox/", "webhooks/", "settings/")]
        for path in (f"/checkout/?id={uuid}", *paths):
            page.goto(server.url + path)
            body = page.locator("body").bounding_box()
            assert body is not None
            assert body["width"] <= 360
            assert page.locator("main").evaluate("main => main.scrollWidth") <= 360
