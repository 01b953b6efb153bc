"""
Every page of the desk in Chromium: nothing that keeps anybody out, and a picture of each.

``python -m tests.admin.screenshots FOLDER`` runs this to have the pictures.
"""

from __future__ import annotations

import os
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from django_sezzle.admin import batches
from django_sezzle.emulator import Emulator
from tests.admin.browsing import Open, complaints, open_desk, width_of
from tests.admin.conftest import MakePayment
from tests.admin.tour import furnish, stops
from tests.flows.browser import NARROW, keep_picture

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize
    from pytest_django.live_server_helper import LiveServer

__all__ = ["complaints", "open_desk"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
SIZES = {"desktop": DESKTOP, "phone": NARROW}
SCHEMES = ("light", "dark")

#: What every run looks at; the command for pictures looks at all four.
LOOKS = (
    [(size, scheme) for size in SIZES for scheme in SCHEMES]
    if os.environ.get("SCREENSHOTS")
    else [("desktop", "light"), ("phone", "dark")]
)

GRAVE = ("serious", "critical")

#: Ends the slow change of colours that the admin has between light and dark.
SETTLE = """() => document.getAnimations()
    .filter((change) => change instanceof CSSTransition).forEach((change) => change.finish())"""

#: What is Django's own and no part of our pages: the nodes, and why they are left out.
NOT_OURS = {
    "body:not(.sezzle-money) .breadcrumbs": "its links differ from the text by their colour alone",
    "#searchbar": "it is named by a picture's alternative text and a title",
    "#changelist-search .quiet": "its link differs from the text by its colour alone",
}


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the package that carries it."""
    if find_spec("axe_playwright_python") is None:
        missing = "axe-playwright-python is not installed; it belongs to the group 'browser'."
        (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)(missing)
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def test_every_page_keeps_nobody_out(
    open_desk: Open,
    live_server: LiveServer,
    admin_client: Client,
    make_payment: MakePayment,
    emulator: Emulator,
    axe: str,
    complaints: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Otherwise so few would be sent before the first page is shown.
    monkeypatch.setattr(batches, "SENT_AT_ONCE", 1)
    desk = furnish(make_payment, emulator)
    found: dict[str, list[str]] = {}

    with open_desk(admin_client) as page:
        for stop in stops(live_server.url, desk):
            stop.visit(page)
            for size, scheme in LOOKS:
                page.set_viewport_size(SIZES[size])
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.evaluate(SETTLE)
                where = f"{stop.name} {size} {scheme}"
                before = len(complaints)
                for finding in _findings(page, axe):
                    found.setdefault(finding, []).append(where)
                # The content policy stops axe-core's own styles; what the page did is kept.
                del complaints[before:]
                keep_picture(page, f"{stop.name}-{size}-{scheme}")
                if width_of(page) > SIZES[size]["width"]:
                    found.setdefault(f"wider than a {size}", []).append(stop.name)
            page.set_viewport_size(DESKTOP)
            page.emulate_media(color_scheme="light")

    assert not found, "\n\n".join(f"{what}\n{pages}" for what, pages in found.items())


def _findings(page: Page, axe: str) -> list[str]:
    """Have axe-core look at the page; evaluating passes by the content policy, as a person does."""
    page.evaluate(axe)
    result: dict[str, Any] = page.evaluate(
        """([excluded]) => axe.run({exclude: excluded}, {resultTypes: ["violations"]})""",
        [[[selector] for selector in NOT_OURS]],
    )
    return [
        f"{violation['id']} ({violation['impact']}) {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
