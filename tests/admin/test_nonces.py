"""What the desk's own pages load carries the nonce of a host's content policy."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import CHANGE, Desk, MakePayment, money_url
from tests.admin.pages import nothing_at_once
from tests.admin.test_overview import OVERVIEW
from tests.admin.test_resolve import OPEN, url
from tests.views.test_waiting_page import nonce

__all__ = ["nothing_at_once"]

OURS = "/static/django_sezzle/"


class Loaded(HTMLParser):
    """Lists the addresses of a page's scripts and styles, each with its nonce."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "link"):
            self.found.append((given.get("src") or given.get("href") or "", given.get("nonce")))


@pytest.mark.usefixtures("nothing_at_once")
@pytest.mark.parametrize("given", [True, False])
def test_scripts_and_styles_carry_it(
    given: bool,
    manager: Client,
    make_payment: MakePayment,
    desk: Callable[[str], Desk],
    settings: Any,
) -> None:
    if given:
        (engine,) = settings.TEMPLATES
        processors = [
            *engine["OPTIONS"]["context_processors"],
            f"{nonce.__module__}.{nonce.__name__}",
        ]
        options = engine["OPTIONS"] | {"context_processors": processors}
        settings.TEMPLATES = [engine | {"OPTIONS": options}]
    payment, other, third = (make_payment() for _number in range(3))
    pages = {
        "result": desk("capture").open(other, third).send(),
        **{
            address: manager.get(address)
            for address in (
                money_url("capture", payment),
                reverse(CHANGE, args=[payment.pk]),
                reverse(OPEN),
                reverse(OVERVIEW),
                url(payment, "cancel"),
            )
        },
    }
    loaded: dict[str, set[str | None]] = {}
    for answer in pages.values():
        for path, of in Loaded(answer.content.decode()).found:
            if path.startswith(OURS):
                loaded.setdefault(path.removeprefix(OURS), set()).add(of)

    expected = "a-nonce" if given else None
    # Django writes this one, too, wherever an admin's media are, and with a nonce since 6.1.
    assert expected in loaded.pop("admin.css")
    assert loaded == {
        name: {expected}
        for name in (
            "admin_copy.js",
            "admin_page.css",
            "money.css",
            "money_confirmation.js",
            "money_result.js",
        )
    }
