"""What staff and the page's script do with the page that works a confirmed form off."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_sezzle.admin import batches as dialogs

ALL_WAIT = 0


@pytest.fixture
def nothing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a confirmed form only written down, however small it is."""
    monkeypatch.setattr(dialogs, "SENT_AT_ONCE", ALL_WAIT)


def address_of(page: Any) -> str:
    """Give the address of a page that was followed to."""
    return f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}"


def go_on(client: Client, page: Any) -> Any:
    """Press Continue on a result page, and follow."""
    return client.post(address_of(page), follow=True)


def progress(client: Client, page: Any, *, works: bool = False) -> Any:
    """Ask as the page's script does."""
    ask = client.post if works else client.get
    answer = ask(address_of(page), headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/json", answer
    return answer.json()
