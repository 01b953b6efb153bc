"""The waiting page in a real browser, with and without scripts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.live_server_helper import LiveServer

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.views.conftest import PAGES, Started, address

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts: it would share this thread's connection if it met the settings'
    # own name of the database, which is one in memory.
    pytest.mark.usefixtures("django_db_setup"),
]

DESK = {"width": 1024, "height": 720}
PHONE = {"width": 320, "height": 640}


@contextmanager
def browsing(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a window, and fail for whatever its console complains about on our own page."""
    context = browser.new_context(viewport=options.pop("viewport", DESK), **options)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert errors == []


@pytest.fixture
def payment(started: Started) -> SezzlePayment:
    """A payment whose shopper is at Sezzle."""
    return started(**PAGES)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_page_goes_on_by_itself_once_sezzle_approves(
    scripts: bool,
    chromium: Browser,
    live_server: LiveServer,
    emulator: Emulator,
    payment: SezzlePayment,
) -> None:
    with browsing(chromium, java_script_enabled=scripts) as page:
        page.goto(live_server.url + address(payment))
        assert page.get_by_role("heading").all_inner_texts() == ["One moment"]
        assert page.get_by_role("link", name="Back to the shop").is_visible()
        emulator.approve(str(payment.order_uuid))
        page.wait_for_url("**/paid/", timeout=15_000)
        assert payment.token not in page.url


def test_page_stops_asking_after_a_minute_and_can_be_asked_again(
    chromium: Browser, live_server: LiveServer, emulator: Emulator, payment: SezzlePayment
) -> None:
    with browsing(chromium) as page:
        page.clock.install()
        page.goto(live_server.url + address(payment))
        for _ in range(20):
            with page.expect_response("**/status/"):
                page.clock.run_for(3_000)
        heading = page.get_by_role("heading", name="Not confirmed yet")
        heading.wait_for()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.run_for(60_000)
        assert asked == []
        page.get_by_role("link", name="Check again").click()
        page.get_by_role("heading", name="One moment").wait_for()


def test_page_survives_a_network_that_goes_away(
    chromium: Browser, live_server: LiveServer, emulator: Emulator, payment: SezzlePayment
) -> None:
    with browsing(chromium) as page:
        page.goto(live_server.url + address(payment))
        page.route("**/status/", lambda route: route.abort())
        page.wait_for_timeout(3_500)
        assert page.get_by_role("heading", name="One moment").is_visible()
        page.route("**/status/", lambda route: route.fulfill(json={"code": 1}))
        page.wait_for_timeout(3_500)
        assert page.get_by_role("heading", name="One moment").is_visible()
        page.unroute("**/status/")
        emulator.approve(str(payment.order_uuid))
        page.wait_for_url("**/paid/", timeout=15_000)


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": PHONE},
    "ended": {"java_script_enabled": False},
}


@pytest.mark.parametrize("look", LOOKS)
def test_page_fits_and_can_be_read(
    look: str,
    chromium: Browser,
    live_server: LiveServer,
    emulator: Emulator,
    payment: SezzlePayment,
    tmp_path: Path,
) -> None:
    with browsing(chromium, reduced_motion="reduce", **LOOKS[look]) as page:
        page.goto(live_server.url + address(payment) + ("?n=20" if look == "ended" else ""))
        # SCREENSHOTS names a folder for people who want to look.
        folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
        page.screenshot(path=folder / f"arrival-{look}.png")
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= (PHONE if look == "narrow" else DESK)["width"]
        shown = page.get_by_role("heading").all_inner_texts()
        assert shown == ["Not confirmed yet" if look == "ended" else "One moment"]
