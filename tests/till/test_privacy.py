"""A number and an address nobody has: they go to Sezzle, and are found nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import SezzleError
from django_sezzle.gateway import Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import ask_in_store, starting
from tests.fixtures import make_user
from tests.reliability.canaries.conftest import Scene, emulator, scene
from tests.reliability.canaries.plants import SHOPPER
from tests.services.rigs import Wire, says

__all__ = ["emulator", "scene"]

pytestmark = [pytest.mark.django_db, pytest.mark.off_contract]

PHONE, EMAIL = SHOPPER["phone for the link"], SHOPPER["e-mail for the link"]
PAYMENTS = "/till/payments/"
SALE = {
    "shop_reference": "T-1",
    "amount_in_cents": 10_000,
    "currency": "USD",
    "phone": PHONE,
    "email": EMAIL,
    "description": SHOPPER["description"],
}
#: What the canaries look like before they are put in order; none may be repeated either.
LOOSE = ("(555) 014-9944", "555 014 99449944", "link@canary-mail", "link@canary-mail.example@")


@pytest.fixture
def cashier(scene: Scene, settings: Any) -> Client:
    """A till of somebody who may do everything, in the shop with the canary keys."""
    settings.ROOT_URLCONF = "tests.till.urls"
    client = Client(raise_request_exception=False)
    client.force_login(make_user("till", password="x", is_superuser=True))
    for number, text in enumerate(LOOSE):
        scene.plants.secret[f"loose {number}"] = text
    return client


def post(scene: Scene, cashier: Client, path: str, body: Any) -> Any:
    """Post to the till's API and search the answer."""
    raw = json.dumps(body)
    return scene.open("post", path, cashier, data=raw, content_type="application/json")


def test_a_sale_leaves_no_canary(scene: Scene, emulator: Emulator, cashier: Client) -> None:
    token = post(scene, cashier, PAYMENTS, SALE).json()["token"]
    assert {link.to for link in emulator.sent_links} == {PHONE, EMAIL}
    post(scene, cashier, PAYMENTS, SALE)
    scene.open("get", f"{PAYMENTS}{token}/", cashier)
    emulator.approve(str(SezzlePayment.objects.get().order_uuid))
    post(scene, cashier, PAYMENTS, SALE)
    post(scene, cashier, f"{PAYMENTS}{token}/capture/", {"request_id": "c"})
    post(scene, cashier, f"{PAYMENTS}{token}/refund/", {"request_id": "r"})
    assert len(emulator.sent_links) == 2
    scene.end()


@pytest.mark.parametrize(
    "change",
    [
        {"phone": LOOSE[0] + "ext"},
        {"phone": LOOSE[1]},
        {"email": LOOSE[2]},
        {"email": LOOSE[3]},
        {"phone": [PHONE]},
        {PHONE: EMAIL},
        {"amount_in_cents": 1},
        {"currency": "EUR"},
        {"language": "de"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_refused_is_not_repeated(
    scene: Scene, emulator: Emulator, cashier: Client, change: dict[str, Any]
) -> None:
    assert post(scene, cashier, PAYMENTS, SALE | change).status_code == 400
    scene.end()


@pytest.mark.parametrize("status", [400, 401, 409, 422, 500])
def test_words_of_sezzle_that_repeat_it_are_not_repeated(
    scene: Scene, emulator: Emulator, cashier: Client, status: int
) -> None:
    said = [{"code": "invalid", "message": f"no such number: {PHONE} {EMAIL}", "location": "x"}]
    Wire(emulator).falsify("session_create", says(status, json.dumps(said)), times=100)
    assert post(scene, cashier, PAYMENTS, SALE).status_code in (422, 503)
    scene.end()


def test_a_fault_of_ours_shows_nothing(
    scene: Scene, emulator: Emulator, cashier: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(starting, "create", break_down)
    assert post(scene, cashier, PAYMENTS, SALE).status_code == 500
    assert scene.searched["log"]
    scene.end()


@pytest.mark.parametrize(
    "given",
    [
        {"phone": PHONE, "email": LOOSE[3]},
        {"phone": LOOSE[1], "email": EMAIL},
        {"phone": PHONE, "email": EMAIL, "language": "de"},
        {"phone": PHONE, "email": EMAIL, "shop_reference": "no spaces"},
        {"phone": PHONE, "email": EMAIL, "amount": Price(1, "USD")},
        {"phone": PHONE, "email": EMAIL, "account": "nobody's"},
        {"phone": PHONE, "email": EMAIL},
    ],
    ids=" ".join,
)
def test_errors_of_the_service_hold_nothing(
    scene: Scene, emulator: Emulator, settings: Any, given: dict[str, Any]
) -> None:
    emulator.faults.add("session_create", "drop_before", times=None)
    sale = {"shop_reference": "T-1", "amount": Price(10_000, "USD")}
    raised = scene.attempt(lambda: _ask(sale | given))
    assert isinstance(raised, Exception)
    scene.end()


def _ask(sale: dict[str, Any]) -> Any:
    try:
        return ask_in_store(**sale)
    except SezzleError:
        raise
    except Exception as error:
        raise SezzleError(type(error).__name__) from error


def test_the_search_finds_what_is_there(scene: Scene) -> None:
    scene.search("test", f"x {PHONE}")
    with pytest.raises(AssertionError, match="phone for the link"):
        scene.end()
