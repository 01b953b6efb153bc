"""Answers of Sezzle that repeat what the shopper typed, or are no answers: kept to ourselves."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import SezzleError
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzleOperation
from django_sezzle.services import capture, read_order, refresh
from tests.admin.conftest import Desk
from tests.reliability.canaries.conftest import Scene
from tests.reliability.canaries.plants import EXPLOIT, SHOPPER, link
from tests.reliability.canaries.walk import look_around, pay, visit
from tests.reliability.scale import many
from tests.services.rigs import Wire, says

pytestmark = [pytest.mark.django_db, pytest.mark.off_contract]

STATUSES = [400, 401, 403, 404, 409, 422, 429, 500, 302]

ECHO = {
    "code": "invalid",
    "message": f"{SHOPPER['echo of an error']} {SHOPPER['e-mail']}",
    "location": "customer.first_name",
    "debug_uuid": "d-1",
}
#: What an answer may hold of the shopper, in members that are documented.
SAID = {
    "customer": {"first_name": SHOPPER["first name"], "email": SHOPPER["e-mail"]},
    "token": SHOPPER["note of a webhook"],
    "tokenize": {"token": SHOPPER["note of a webhook"], "expiration": SHOPPER["e-mail"]},
}

EVIL = {"code": EXPLOIT, "message": EXPLOIT, "location": EXPLOIT, "debug_uuid": EXPLOIT}


@pytest.mark.fault(72, 73)
@pytest.mark.parametrize("form", ["array", "object"])
def test_errors_that_repeat_the_shoppers_words_are_not_repeated(
    form: str, scene: Scene, emulator: Emulator, dice: random.Random
) -> None:
    wire = Wire(emulator)
    for status in dice.sample(STATUSES, many(4, len(STATUSES))):
        edit = says(status, json.dumps([ECHO] if form == "array" else ECHO))
        wire.falsify("session_create", edit, times=100)

        for url in (f"/pay/{status}3/", f"/careless/{status}4/"):
            scene.open("post", url, follow=True)
        refused = pay(scene, f"{status}5", send_to=link())
        # A shop that wants to know can look.
        assert SHOPPER["e-mail"] in refused.errors[0].message
        wire._edits.clear()
    scene.end()


BROKEN: dict[str, tuple[str, Any]] = {
    "session without an order": ("session_create", SAID),
    "session with a foreign address": (
        "session_create",
        SAID | {"uuid": "s-1", "order": {"uuid": "o-1", "checkout_url": "https://evil.example/"}},
    ),
    "session with odd ids": ("session_create", SAID | {"uuid": {}, "order": SAID}),
    "token that cannot travel": ("authentication", {"token": "canary-note-2718\u00e9"} | SAID),
    "token that is a list": ("authentication", SAID | {"token": [SHOPPER["e-mail"]]}),
    "order without an id": ("order_get", SAID),
    "order with an odd amount": (
        "order_get",
        SAID | {"uuid": "o-1", "order_amount": {"amount_in_cents": "1", "currency": "USD"}},
    ),
    "another order": ("order_get", SAID | {"uuid": "o-1"}),
    "order with odd money": (
        "order_get",
        SAID | {"uuid": "o-1", "authorization": {"captures": [SAID], "approved": True}},
    ),
    "capture without an id": ("capture", SAID),
}


@pytest.mark.fault(72, 73, 29)
@pytest.mark.parametrize("name", BROKEN)
def test_answers_that_cannot_be_read_are_not_shown(
    name: str, scene: Scene, emulator: Emulator, staff: Client
) -> None:
    paid = pay(scene, "1")
    emulator.approve(str(paid.order_uuid))
    scene.attempt(lambda: refresh(paid))
    operation, document = BROKEN[name]
    Wire(emulator).falsify(operation, says(200, json.dumps(document)), times=100)
    tokens.clear()

    for url in ("/pay/3/", "/careless/4/", "/careless/1/"):
        scene.open("post", url)
    made = [scene.attempt(lambda act=act: act(paid)) for act in (refresh, read_order, capture)]
    made.append(pay(scene, "6"))
    # A capture whose answer is odd is found in the order instead.
    assert operation == "capture" or any(isinstance(each, SezzleError) for each in made)
    visit(scene, paid)
    scene.end()


@pytest.mark.fault(79)
def test_what_sezzle_says_is_text_and_never_markup(
    scene: Scene, emulator: Emulator, staff: Client
) -> None:
    paid = pay(scene, "1")
    emulator.approve(str(paid.order_uuid))
    scene.attempt(lambda: refresh(paid))
    desk = Desk(staff, "capture").open(paid)
    # So that Sezzle really refuses: what it did all the same would be found in the order.
    emulator.dashboard_release(str(paid.order_uuid), 10_000)
    Wire(emulator).falsify("capture", says(422, json.dumps([EVIL])))
    page = desk.send(reason=EXPLOIT).content.decode()
    pages = [page, *look_around(scene, staff)]
    operation = SezzleOperation.objects.get()
    assert (operation.state, operation.error_message) == ("failed", EXPLOIT)
    assert sum(escape(EXPLOIT) in page for page in pages) >= 3
    assert not any(EXPLOIT in page for page in pages)
