"""Staff in Chromium: pages under a strict content policy, and what people do with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.flows.browser import PATIENCE_MS, WIDE, require_playwright, watch_console

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route
    from pytest_django.live_server_helper import LiveServer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)

Open = Callable[..., "AbstractContextManager[Page]"]


def let_only_own_code_run(page: Page) -> None:
    """Have every page of the admin come with the policy."""

    def guard(route: Route) -> None:
        if route.request.resource_type != "document":
            route.continue_()
            return
        answer = route.fetch(max_redirects=0)
        route.fulfill(
            response=answer, headers={**answer.headers, "content-security-policy": POLICY}
        )

    page.route("**/admin/**", guard)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complained about; a test without their consent fails."""
    found: list[str] = []
    yield found
    assert not found, found


@pytest.fixture
def open_desk(
    request: pytest.FixtureRequest, live_server: LiveServer, complaints: list[str]
) -> Open:
    """Open pages of somebody's browser, named by the client that is logged in."""
    require_playwright()
    chromium: Browser = request.getfixturevalue("chromium")

    @contextmanager
    def open_page(client: Client, *, scripts: bool = True) -> Iterator[Page]:
        context = chromium.new_context(viewport=WIDE, java_script_enabled=scripts)
        context.set_default_timeout(PATIENCE_MS)
        name = django_settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        let_only_own_code_run(page)
        watch_console(page, complaints)
        try:
            yield page
        finally:
            # A page that is left early may still be fetching.
            page.unroute_all(behavior="ignoreErrors")
            context.close()

    return open_page


@pytest.fixture
def desk_page(open_desk: Open, manager: Client) -> Open:
    """Open pages of the manager's browser."""

    def open_page(*, scripts: bool = True) -> AbstractContextManager[Page]:
        return open_desk(manager, scripts=scripts)

    return open_page


def confirm(page: Page) -> None:
    """Press the button of a confirmation page."""
    page.locator(".submit-row input[type=submit]").click()


def wait_until_through(page: Page) -> None:
    """Wait until a result page has nothing left to do."""
    page.wait_for_url(re.compile("/money/result/"))
    page.locator(".sezzle-counts").wait_for()
    page.locator("#sezzle-progress").wait_for(state="detached", timeout=2 * PATIENCE_MS)


def counts(page: Page) -> list[str]:
    """Read how many payments became what from a result page."""
    return [" ".join(line.split()) for line in page.locator(".sezzle-counts li").all_inner_texts()]


def width_of(page: Page) -> int:
    """Measure how wide the whole page is, in CSS pixels."""
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found
