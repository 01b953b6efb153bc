"""The browser: its sizes, its complaints, and pictures of what it shows."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

PATIENCE_MS = 15_000
WIDE: ViewportSize = {"width": 1200, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


def require_playwright() -> None:
    """Skip and say so when Playwright is missing; fail where everything is required to run."""
    if find_spec("playwright") is None:
        missing = "Playwright is not installed; it belongs to the dependency group 'browser'."
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)


def keep_picture(page: Page, name: str) -> None:
    """Save what the page shows, if the environment names a directory for it."""
    directory = os.environ.get("SCREENSHOTS")
    if directory:
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


def keep_pictures(page: Page, name: str) -> None:
    """Save the page light, dark and narrow."""
    if not os.environ.get("SCREENSHOTS"):
        return
    keep_picture(page, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    keep_picture(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    keep_picture(page, f"{name}-narrow")
    page.set_viewport_size(WIDE)


def watch_console(page: Page, complaints: list[str]) -> None:
    """Collect what the browser complains about: errors of scripts, and the content policy."""

    def note(text: str) -> None:
        # Chromium also reports answers such as 404 here; pages that are meant to be missing are
        # no complaint about a page.
        if not re.search(r"Failed to load resource: the server responded with a status of 4", text):
            complaints.append(text)

    page.on("console", lambda message: note(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: note(str(error)))
