"""A window and a frame where the host is strict: nonces, and an opener policy that cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment
from tests.fixtures import PRIVATE_KEY, PUBLIC_KEY
from tests.flows.browser import PATIENCE_MS, WIDE, require_playwright, watch_console
from tests.messaging import modes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route
    from pytest_django.live_server_helper import LiveServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.messaging.modes"),
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]

Visit = Callable[[str], "Page"]

#: A page that nobody looks at, until somebody does.
ELSEWHERE = "document.hasFocus = () => false;"
BACK = "() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')) }"


@pytest.fixture
def gateway(settings: Any) -> Iterator[Emulator]:
    emulator = Emulator(public_key=PUBLIC_KEY, private_key=PRIVATE_KEY)
    tokens.clear()
    with EmulatorServer(emulator, delivers=False) as server:
        own = {"GATEWAY_URL": server.url, "BASE_URL": None}
        settings.SEZZLE = settings.SEZZLE | own
        yield emulator
    tokens.clear()


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, live_server: LiveServer, gateway: Emulator
) -> Iterator[Visit]:
    """Open the shop's page; complaints of any console fail the test."""
    require_playwright()
    chromium: Browser = request.getfixturevalue("chromium")
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    context.on("page", lambda page: watch_console(page, complaints))

    def go(query: str) -> Page:
        page = context.new_page()
        page.goto(f"{live_server.url}/lamp/?{query}")
        page.wait_for_function("() => typeof Checkout === 'function'")
        return page

    yield go
    context.close()
    assert complaints == []


def press(page: Page) -> Page:
    """Press the button; gives the window."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Pay with Sezzle").click()
    opened.value.get_by_role("button", name="Approve", exact=True).wait_for()
    return opened.value


def title(page: Page) -> str:
    """Read the page's heading."""
    return page.get_by_role("heading", level=1).inner_text()


def test_a_window_under_nonces_alone(visit: Visit, gateway: Emulator) -> None:
    page = visit("mode=popup")
    press(page).get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url("**/order/")
    assert title(page) == "Paid"
    assert SezzlePayment.objects.get().checkout_mode == "popup"
    operations = [call.operation for call in gateway.calls]
    # One look at Sezzle made it paid.
    assert operations == ["authentication", "session_create", "order_get"]


def test_a_frame_under_nonces_alone(visit: Visit) -> None:
    page = visit("mode=iframe")
    page.get_by_role("button", name="Pay with Sezzle").click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Approve", exact=True).wait_for()
    frame.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url("**/order/")
    assert title(page) == "Paid"


def test_the_button_names_the_account_and_no_secret(visit: Visit) -> None:
    page = visit("mode=popup")
    given = page.locator("[data-sezzle-button]").evaluate("(button) => ({...button.dataset})")
    assert (given["sezzleKey"], given["sezzleApi"]) == (PUBLIC_KEY, "sandbox")
    assert PRIVATE_KEY not in page.content()


def test_a_page_that_is_cut_off_waits_until_it_is_looked_at(visit: Visit) -> None:
    page = visit("mode=popup&opener=same-origin")
    page.evaluate(f"() => {{ {ELSEWHERE} }}")
    window = press(page)
    # The page takes the window for closed by now; nobody has come back to it.
    page.wait_for_timeout(3_000)
    assert page.url.endswith("/lamp/?mode=popup&opener=same-origin")

    # With nobody to tell, the window goes on to the shop by itself.
    window.get_by_role("button", name="Approve", exact=True).click()
    window.wait_for_url("**/order/")
    assert title(window) == "Paid"
    page.evaluate(BACK)
    page.wait_for_url("**/order/")
    assert title(page) == "Paid"


def test_a_page_that_is_cut_off_and_looked_at_too_early_tells_the_truth(visit: Visit) -> None:
    page = visit("mode=popup&opener=same-origin")
    window = press(page)
    page.wait_for_url("**/order/")
    assert title(page) == "Open"
    window.get_by_role("button", name="Approve", exact=True).click()
    window.wait_for_url("**/order/")
    assert title(window) == "Paid"
    page.reload()
    assert title(page) == "Paid"


def test_a_window_closed_before_sezzle_is_there_leaves_the_button(
    visit: Visit, gateway: Emulator
) -> None:
    page = visit("mode=popup")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(1_500)
        route.continue_()

    page.route("**/pay/", slowly)
    button = page.get_by_role("button", name="Pay with Sezzle")
    with page.expect_popup() as opened:
        button.click(no_wait_after=True)
    opened.value.close()
    page.wait_for_timeout(3_000)
    assert page.url.endswith("/lamp/?mode=popup")
    button.wait_for()
    assert button.get_attribute("aria-disabled") is None
    page.unroute("**/pay/")
    press(page)
    # The same checkout as before.
    assert len(list(gateway.orders)) == 1


def test_a_shop_that_has_no_windows_goes_on_in_the_page(
    visit: Visit, gateway: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modes.Pay, "checkout_modes", ())
    page = visit("mode=popup")
    page.get_by_role("button", name="Pay with Sezzle").click()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url("**/order/")
    assert title(page) == "Paid"
    assert [order.checkout_mode for order in gateway.orders] == ["redirect"]
    assert len(page.context.pages) == 1


def test_an_answer_that_is_no_checkout_sends_the_form(visit: Visit, gateway: Emulator) -> None:
    page = visit("mode=popup")
    # As a login page is, to which the shop redirects the script.
    page.route("**/pay/", lambda route: route.fulfill(body="<h1>Log in</h1>"), times=1)
    page.get_by_role("button", name="Pay with Sezzle").click()
    page.get_by_role("button", name="Approve", exact=True).wait_for()
    assert [order.checkout_mode for order in gateway.orders] == ["redirect"]
    assert len(page.context.pages) == 1


def test_an_answer_for_a_window_that_was_just_closed_leads_nowhere(visit: Visit) -> None:
    page = visit("mode=popup")
    asked: list[Route] = []
    # Playwright takes no built-in function here.
    page.route("**/pay/", lambda route: asked.append(route))  # noqa: PLW0108
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Pay with Sezzle").click(no_wait_after=True)
    while not asked:
        page.wait_for_timeout(10)
    opened.value.close()
    asked[0].fulfill(json={"mode": "popup", "checkout_url": "/", "cancel_url": "/order/"})
    page.wait_for_timeout(3_000)
    assert page.url.endswith("/lamp/?mode=popup")
