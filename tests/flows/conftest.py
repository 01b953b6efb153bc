"""The world, the browser, and the people of the journeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.flows.browser import PATIENCE_MS, WIDE, require_playwright, watch_console
from tests.flows.people import Shopper, Staff
from tests.flows.world import World, running_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    require_playwright()
    found: Browser = request.getfixturevalue("chromium")
    return found


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("shop")) as world:
        yield world


@pytest.fixture
def world(browser: Browser, running: World) -> Iterator[World]:
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complained about; a journey without its consent fails."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", lambda page: watch_console(page, complaints))
    yield context.new_page()
    context.close()


@pytest.fixture
def staff_page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", lambda page: watch_console(page, complaints))
    yield context.new_page()
    context.close()


@pytest.fixture
def shopper(page: Page, world: World) -> Shopper:
    return Shopper(page, world)


@pytest.fixture
def staff(staff_page: Page, world: World) -> Staff:
    return Staff(staff_page, world)
