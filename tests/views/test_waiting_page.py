"""The waiting page: valid, readable by anybody, without inline code, and it ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.views import MOST_POLLS, POLL_SECONDS
from tests.views.conftest import PAGES, Later, Open, Started, address
from tests.views.html import Page
from tests.webhooks.counting import calls

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(started: Started, open_page: Open) -> Any:
    """The page of a payment nobody has completed."""
    return open_page(started(**PAGES))


def test_page_is_valid_and_named(waiting: Any) -> None:
    text = waiting.content.decode()
    assert text.startswith("<!doctype html>")
    page = Page(text)
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert len(page.all("title")) == 1
    assert len(page.all("main")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert {"name": "robots", "content": "noindex"} in page.all("meta")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_page_says_what_happens_to_those_who_listen(waiting: Any) -> None:
    (live,) = [a for _, a in Page(waiting.content.decode()).tags if a.get("role") == "status"]
    assert live["aria-live"] == "polite"
    hidden = [a for _, a in Page(waiting.content.decode()).tags if "aria-hidden" in a]
    assert [a["class"] for a in hidden] == ["sezzle-arrival-bar"]


def test_page_works_under_a_strict_content_policy(waiting: Any) -> None:
    page = Page(waiting.content.decode())
    assert page.inline == []
    assert page.all("style") == []
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("href", "src"):
            url = str(attributes.get(name, "/"))
            assert url.startswith(("/", "?")), url
    assert [script["src"] for script in page.all("script")] == ["/static/django_sezzle/arrival.js"]


class Nonce:
    """Like Django's own: made when it is written, and false until then."""

    def __str__(self) -> str:
        return "a-nonce"

    def __bool__(self) -> bool:
        return False


def nonce(request: HttpRequest) -> dict[str, Any]:
    """Offer a nonce to templates, as django.template.context_processors.csp does."""
    return {"csp_nonce": Nonce()}


@pytest.mark.parametrize("given", [True, False])
def test_script_carries_the_hosts_nonce(
    given: bool, started: Started, open_page: Open, settings: Any
) -> None:
    if given:
        (engine,) = settings.TEMPLATES
        options = engine["OPTIONS"] | {"context_processors": [f"{__name__}.nonce"]}
        settings.TEMPLATES = [engine | {"OPTIONS": options}]
    (script,) = Page(open_page(started(**PAGES)).content.decode()).all("script")
    assert script.get("nonce") == ("a-nonce" if given else None)


def test_address_of_the_shop_is_escaped(started: Started, open_page: Open) -> None:
    payment = started(success_url='/a"><script>alert(1)</script>&b=1')
    text = open_page(payment).content.decode()
    assert "<script>alert" not in text
    links = [a["href"] for a in Page(text).all("a")]
    assert '/a"><script>alert(1)</script>&b=1' in links


def test_page_speaks_the_direction_of_its_language(
    started: Started, open_page: Open, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "ar"
    (html,) = Page(open_page(started(**PAGES)).content.decode()).all("html")
    assert html == {"lang": "ar", "dir": "rtl"}


def follow(page: str) -> str | None:
    """Find where a browser without scripts goes by itself."""
    found = re.search(r'<noscript><meta http-equiv="refresh" content="(\d+);url=(\?n=\d+)">', page)
    if found is None:
        return None
    assert int(found[1]) == POLL_SECONDS
    return found[2]


def test_without_scripts_the_page_asks_for_a_minute_and_then_offers_a_way_back(
    emulator: Emulator, started: Started, client: Client, later: Later
) -> None:
    payment = started(**PAGES)
    emulator.calls.clear()
    query: str | None = ""
    pages: list[str] = []
    while query is not None:
        pages.append(client.get(address(payment) + query).content.decode())
        query = follow(pages[-1])
        later(POLL_SECONDS)
        assert len(pages) < 100
    assert len(pages) == MOST_POLLS + 1
    assert calls(emulator) == ["order_get"] * len(pages)
    assert MOST_POLLS * POLL_SECONDS == 60
    while_waiting, after = (
        re.search(rf"<div data-{name}-waiting( hidden)?>", pages[-1]) for name in ("while", "after")
    )
    assert while_waiting
    assert while_waiting[1]
    assert after
    assert not after[1]
    links = [a["href"] for a in Page(pages[-1]).all("a")]
    assert links == ["?n=0", "/cart/"]


def test_without_scripts_the_page_goes_on_as_soon_as_sezzle_approves(
    emulator: Emulator, started: Started, client: Client, later: Later
) -> None:
    payment = started(**PAGES)
    query = follow(client.get(address(payment)).content.decode())
    emulator.approve(str(payment.order_uuid))
    later(POLL_SECONDS)
    assert client.get(f"{address(payment)}{query}")["Location"] == "/paid/"


@pytest.mark.parametrize("number", ["-1", "x", "", "1.5", "9" * 5_000, "1e9", "%00", "20"])
def test_number_that_nobody_counted_ends_the_chain(
    number: str, started: Started, open_page: Open
) -> None:
    answer = open_page(started(**PAGES), "complete", f"?n={number}")
    assert answer.status_code == 200
    assert follow(answer.content.decode()) is None
