"""Who may look, and what an address, a header or a miss gives away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from django_sezzle.services import refresh
from tests.views.conftest import PAGES, SHOPPER_PATH, Open, Started, address
from tests.webhooks.counting import calls, statements

pytestmark = pytest.mark.django_db

NAMES = ("complete", "cancel", "status")


def misses(payment: SezzlePayment) -> dict[str, str]:
    """Write what somebody may try in the place of the token."""
    return {
        "another token": "A" * 43,
        "primary key": str(payment.pk),
        "order": str(payment.order_uuid),
        "session": payment.session_uuid,
        "reference": payment.reference_id,
        "part": payment.token[:-1],
        "more": payment.token + "A",
        "long": "A" * 3_000,
        "NUL": "%00",
        "token and NUL": payment.token + "%00",
        "token and line": payment.token + "%0A",
        "wild card": "%25",
        "quote": "'%20OR%201=1",
        "broken UTF-8": "%FF",
        "dots": "..%2e",
    }


@pytest.mark.fault(69, 80)
@pytest.mark.parametrize("name", NAMES)
def test_every_miss_is_the_same_404(
    name: str, emulator: Emulator, started: Started, client: Client
) -> None:
    payment = started(**PAGES)
    emulator.calls.clear()
    answers = {
        why: client.get(f"{SHOPPER_PATH}{token}/{name}/") for why, token in misses(payment).items()
    }
    assert {why: answer.status_code for why, answer in answers.items()} == dict.fromkeys(
        answers, 404
    )
    assert len({answer.content for answer in answers.values()}) == 1
    assert calls(emulator) == []


@pytest.mark.fault(69)
def test_token_is_256_bits_and_new_each_time(started: Started) -> None:
    tokens = {started(str(number)).token for number in range(3)}
    assert len(tokens) == 3
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{43}", token) for token in tokens)


def test_token_that_cannot_be_one_is_not_looked_up(client: Client) -> None:
    with statements() as made:
        assert client.get(f"{SHOPPER_PATH}%00/complete/").status_code == 404
    assert made == []


@pytest.mark.fault(70)
@pytest.mark.parametrize("paid", [True, False], ids=["redirect", "page"])
@pytest.mark.parametrize("name", ["complete", "cancel"])
def test_pages_are_kept_out_of_caches_and_of_other_sites_logs(
    name: str, paid: bool, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    if paid:
        emulator.approve(str(payment.order_uuid))
    answer = open_page(payment, name, "?customer-uuid=e0003e6a")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    if answer.has_header("Location"):
        assert payment.token not in answer["Location"]
        assert answer["Location"] in PAGES.values()
    assert "e0003e6a" not in answer.content.decode()


@pytest.mark.fault(70)
def test_host_with_a_loose_referrer_policy_keeps_ours(
    started: Started, open_page: Open, settings: Any
) -> None:
    settings.SECURE_REFERRER_POLICY = "unsafe-url"
    assert open_page(started(**PAGES))["Referrer-Policy"] == "same-origin"


STATES: dict[str, tuple[Callable[[Emulator, str], object], str]] = {
    "waiting": (lambda emulator, uuid: None, ""),
    "approved": (lambda emulator, uuid: emulator.approve(uuid), "/paid/"),
    "denied": (lambda emulator, uuid: emulator.deny(uuid), "/not-approved/"),
}


@pytest.mark.fault(69)
@pytest.mark.parametrize("state", STATES)
def test_status_says_a_word_and_the_next_address_and_nothing_else(
    state: str, emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    act, url = STATES[state]
    act(emulator, str(payment.order_uuid))
    answer = open_page(payment, "status")
    assert answer.json() == {"state": state, "next": url}
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]


def test_page_shows_no_ids_and_no_amounts(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started("secret-reference", 98_765, **PAGES)
    page = open_page(payment).content.decode()
    for secret in (payment.reference_id, payment.order_uuid, payment.session_uuid, "98", "sz_p"):
        assert str(secret) not in page.replace(payment.token, "")


@pytest.mark.fault(22)
def test_order_uuid_comes_from_our_own_session_only(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    small, big = started("1", 100, **PAGES), started("2", 90_000, **PAGES)
    emulator.approve(str(small.order_uuid))
    answer = open_page(big, "complete", f"?order_uuid={small.order_uuid}&token={small.token}")
    assert answer.status_code == 200
    refresh(big)
    assert not big.approved
    assert address(big) not in answer.content.decode()
