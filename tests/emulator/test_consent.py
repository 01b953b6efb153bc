"""What a shopper agrees to at the hosted checkout, as the shop described it."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.emulator import Emulator, MemoryStore, Request
from django_sezzle.emulator.web import Site

from .shop import Shop, session_body


def page_of(emulator: Emulator, **customer: Any) -> str:
    """Open a checkout for a customer like this; returns what the shopper sees."""
    body = session_body() | {"customer": customer}
    order_uuid = Shop(emulator).post("/v2/session", body).json()["order"]["uuid"]
    return shown(emulator, order_uuid)


def shown(emulator: Emulator, order_uuid: str) -> str:
    response = Site(emulator).respond(Request("GET", "/checkout/", f"id={order_uuid}"))
    assert response.status == 200
    return response.body.decode()


@pytest.mark.parametrize(
    ("recurring", "terms"),
    [
        (True, "this shop may charge the payments of this subscription to my account"),
        (False, "this shop may charge one later order to my account"),
        (None, "this shop may charge later orders to my account"),
    ],
)
def test_it_says_what_may_be_charged(
    emulator: Emulator, recurring: bool | None, terms: str
) -> None:
    asked = {} if recurring is None else {"recurring": recurring}
    page = page_of(emulator, tokenize=True, **asked)
    assert "<strong>Remember me</strong>" in page
    assert terms in page


def test_a_subscription_has_its_name(emulator: Emulator) -> None:
    plan = {"recurring": True, "recurring_metadata": {"name": "Tea <& Cakes>"}}
    assert "<strong>Tea &lt;&amp; Cakes&gt;</strong>: this" in page_of(
        emulator, tokenize=True, **plan
    )
    assert "Cakes" not in page_of(emulator, **plan), "nothing was to be agreed to"


def test_it_is_still_known_after_a_restart() -> None:
    store = MemoryStore()
    before = Emulator(store=store)
    body = session_body() | {
        "customer": {"tokenize": True, "recurring_metadata": {"name": "Lamp club"}}
    }
    order_uuid = Shop(before).post("/v2/session", body).json()["order"]["uuid"]

    assert "Lamp club" in shown(Emulator(store=store), order_uuid)
