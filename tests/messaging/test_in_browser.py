"""The scripts in Chromium: a variant's price, and a button that is tapped twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.admin.test_every_page import axe
from tests.flows.browser import (
    NARROW,
    PATIENCE_MS,
    WIDE,
    keep_picture,
    require_playwright,
    watch_console,
)
from tests.messaging.pages import installments, presses

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["axe"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.messaging.urls"),
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]

SMALL = "or 4 payments of $12.49 with Sezzle (the last one $12.52)"
LARGE = "or 4 payments of $25.00 with Sezzle"
AWAY = "() => window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"


@pytest.fixture
def shop(request: pytest.FixtureRequest, live_server: LiveServer) -> Iterator[Any]:
    """Open the product's page in a browser; complaints of its console fail the test."""
    require_playwright()
    chromium: Browser = request.getfixturevalue("chromium")
    complaints: list[str] = []
    presses.clear()

    @contextmanager
    def visit(language: str = "en", **options: Any) -> Iterator[Page]:
        context = chromium.new_context(viewport=WIDE, **options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watch_console(page, complaints)
        page.goto(f"{live_server.url}/product/?language={language}")
        try:
            yield page
        finally:
            context.close()

    yield visit
    assert not complaints, complaints


def line(page: Page, where: str = "#product") -> str:
    """Read the sentence."""
    return page.locator(f"{where} [data-sezzle-line]").inner_text()


def tell(page: Page, where: str, detail: str, *, bubbles: bool = False) -> None:
    """Send the event of another price to an element, or to the document."""
    element = f"document.querySelector('{where}')" if where else "document"
    options = f"{{detail: {detail}, bubbles: {str(bubbles).lower()}}}"
    page.evaluate(f"() => {{{element}.dispatchEvent(new CustomEvent('sezzle:price', {options}))}}")


def test_the_payments_follow_the_chosen_variant(shop: Any) -> None:
    with shop() as page:
        assert line(page) == SMALL
        details = page.locator("#product details")
        details.locator("summary").click()

        page.get_by_label("Size").select_option("Large")
        assert line(page) == LARGE
        assert details.locator("li strong").all_inner_texts() == ["$25.00"] * 4
        assert "$100.00\xa0USD in all" in details.inner_text()
        # Still open, and still where the keyboard was.
        assert details.get_attribute("open") is not None
        page.get_by_label("Size").select_option("Cheap")
        assert line(page) == "Pay in 4 with Sezzle on orders from $35.00"
        assert not details.is_visible()
        page.get_by_label("Size").select_option("Palace")
        assert line(page) == ""
        page.get_by_label("Size").select_option("Choose")
        assert line(page) == SMALL
        assert details.locator("li strong").all_inner_texts() == ["$12.49"] * 3 + ["$12.52"]

        # The other line follows the radio buttons.
        other = line(page, "#other")
        assert other == "or 4 payments of $20.00 with Sezzle"
        page.get_by_label("Red").check()
        assert line(page, "#other") == ("or 4 payments of $20.00 with Sezzle (the last one $20.01)")
        page.get_by_label("Blue").check()
        assert line(page, "#other") == "or 4 payments of $22.50 with Sezzle"
        assert line(page) == SMALL


def test_the_payments_follow_an_event(shop: Any) -> None:
    with shop() as page:
        tell(page, "#product", "{amount_in_cents: 10000}")
        assert (line(page), line(page, "#other")) == (LARGE, "or 4 payments of $20.00 with Sezzle")
        tell(page, "#other [data-sezzle-installments]", "{amount_in_cents: 10000}", bubbles=True)
        assert line(page, "#other") == LARGE
        tell(page, "", "{amount_in_cents: '4999'}")
        assert (line(page), line(page, "#other")) == (SMALL, SMALL)


def test_an_amount_that_is_none_takes_the_old_one_away(shop: Any) -> None:
    with shop() as page:
        for detail in (
            "null",
            "{}",
            "{amount_in_cents: null}",
            "{amount_in_cents: 49.99}",
            "{amount_in_cents: '49.99'}",
            "{amount_in_cents: -5000}",
            "{amount_in_cents: 0}",
            "{amount_in_cents: 1e21}",
            "{amount_in_cents: '9'.repeat(400)}",
            "{amount_in_cents: NaN}",
            "{amount_in_cents: '<img src=x onerror=alert(1)>'}",
        ):
            tell(page, "#product", "{amount_in_cents: 4999}")
            assert line(page) == SMALL
            tell(page, "#product", detail)
            assert line(page) == "", detail
            assert not page.locator("#product details").is_visible()


@pytest.mark.parametrize("language", ["en", "en-ca", "fr-ca", "de"])
def test_the_script_writes_what_the_server_writes(shop: Any, language: str) -> None:
    dice = random.Random(4)
    edges = [1, 3499, 3500, 3501, 99_999, 100_000, 123_456, 249_999, 250_000, 250_001, 10**9]
    amounts = edges + [dice.randint(3400, 260_000) for _ in range(200)]
    written = [[cents, installments(cents, language=language)] for cents in amounts]
    with shop(language) as page:
        different = page.evaluate(
            """(written) => {
                const read = (box) => [
                    box.querySelector("[data-sezzle-line]").textContent,
                    box.querySelector("details").hidden,
                    ...[...box.querySelectorAll("details p, li strong")].map((e) => e.textContent),
                ].filter((part, index, all) => index < 2 || !all[1]).join("|");
                const box = document.querySelector("#product [data-sezzle-installments]");
                return written.map(([amount_in_cents, html]) => {
                    const server = document.createElement("template");
                    server.innerHTML = html;
                    const event = new CustomEvent("sezzle:price", {detail: {amount_in_cents}});
                    box.dispatchEvent(event);
                    return [read(server.content.firstElementChild), read(box)];
                }).filter(([server, script]) => server !== script);
            }""",
            written,
        )

    assert different == []


def test_without_javascript_everything_is_there(shop: Any) -> None:
    with shop("fr-ca", java_script_enabled=False) as page:
        assert line(page).startswith("ou 4 versements de 12,49\xa0$ avec Sezzle")
        page.get_by_text("Dates et montants").click()
        assert page.locator("#product li strong").first.is_visible()
        page.locator("#own button").click()
        page.get_by_role("heading", name="At Sezzle").wait_for()

    assert presses == ["POST"]


#: Playwright waits while a page is left; so the page itself notes what becomes of its buttons.
DIARY = """
    const note = (what) => {
        const button = document.querySelector("[aria-disabled=true]");
        const notes = JSON.parse(sessionStorage.getItem("notes") ?? "[]");
        notes.push([what, button && button.innerText]);
        sessionStorage.setItem("notes", JSON.stringify(notes));
    };
    addEventListener("submit", (event) => {
        note(event.defaultPrevented ? "refused" : "sent");
        if (event.defaultPrevented) return;
        setTimeout(() => event.submitter.click(), 50);
        setTimeout(() => {
            dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}));
            note("kept");
        }, 100);
    });
"""


@pytest.mark.parametrize("name", ["Pay with Sezzle", "Try again"])
def test_a_button_that_is_tapped_twice_sends_once(shop: Any, name: str) -> None:
    with shop() as page:
        page.add_init_script(DIARY)
        page.reload()
        button = page.get_by_role("button", name=name)
        button.dblclick()
        page.get_by_role("heading", name="At Sezzle").wait_for()
        notes = page.evaluate("() => JSON.parse(sessionStorage.getItem('notes'))")
        assert notes == [
            ["sent", "Going to Sezzle…"],
            ["refused", "Going to Sezzle…"],
            ["refused", "Going to Sezzle…"],
            # The browser kept the page and shows it again: the button works.
            ["kept", None],
        ]
        assert presses == ["POST"]

        page.go_back()
        button.click()
        page.get_by_role("heading", name="At Sezzle").wait_for()

    assert presses == ["POST", "POST"]


def test_a_shopper_who_stops_the_page_gets_the_button_back(shop: Any) -> None:
    with shop() as page:
        page.clock.install()
        page.reload()
        # As a network that is gone, or the browser's own Stop: nothing comes, nothing is left.
        page.evaluate("() => addEventListener('submit', (event) => event.preventDefault())")
        button = page.locator("#own button")
        button.click()
        assert button.get_attribute("aria-disabled") == "true"
        page.clock.run_for(15_000)
        assert button.get_attribute("aria-disabled") is None
        assert button.inner_text() == "Try again"


def test_what_the_browser_fills_in_again_counts(shop: Any) -> None:
    with shop() as page:
        page.evaluate("() => { document.querySelector('#size').value = '3' }")
        page.evaluate("() => { document.querySelector('[name=colour]').checked = true }")
        assert line(page) == SMALL
        page.evaluate(AWAY)
        assert line(page) == LARGE
        assert "$20.01" in line(page, "#other")


def test_nobody_is_kept_out(shop: Any, axe: str) -> None:
    for language in ("en", "fr-ca"):
        for scheme in ("light", "dark"):
            with shop(language, color_scheme=scheme) as page:
                for summary in page.locator("summary").all():
                    summary.click()
                page.evaluate(axe)
                found = page.evaluate("() => axe.run()")
                # The page of this test has no design; what is wrong with it is ours all the same.
                assert [each["id"] for each in found["violations"]] == []
                keep_picture(page, f"messaging-{language}-{scheme}")
                page.set_viewport_size(NARROW)
                keep_picture(page, f"messaging-{language}-{scheme}-narrow")
                assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
