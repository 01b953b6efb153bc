"""Faults that nobody thought of, in every doorway: what is logged, mailed and shown of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection
from requests.adapters import BaseAdapter

from django_sezzle import checks, conf
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ConfigurationError
from django_sezzle.gateway import Gateway, transport
from django_sezzle.gateway.messages import Event, Order, Session
from django_sezzle.gateway.tokens import tokens
from django_sezzle.gateway.transport import Answer, Call
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refresh
from django_sezzle.signals import payment_authorized
from tests.fixtures import GATEWAY_URL
from tests.reliability.canaries import places
from tests.reliability.canaries.conftest import Scene
from tests.reliability.canaries.plants import KEYS, SHOPPER, link, shopper, wishes
from tests.reliability.canaries.urls import checkout
from tests.reliability.canaries.walk import deliver, pay
from tests.reliability.scale import many
from tests.webhooks.conftest import URL

pytestmark = pytest.mark.django_db

Doorway = Callable[[Scene, SezzlePayment], object]
DOORWAYS: dict[str, Doorway] = {
    "checkout": lambda scene, payment: scene.open("post", "/pay/9/"),
    "careless start": lambda scene, payment: scene.open("post", "/careless/8/"),
    "careless reading": lambda scene, payment: scene.open("post", "/careless/1/"),
    "return": lambda scene, payment: scene.open("get", f"/sezzle/{payment.token}/complete/"),
    "webhook": lambda scene, payment: deliver(scene),
}


class Unthinkable(Exception):
    """What nobody catches."""


@contextmanager
def broken_database(after: int) -> Iterator[None]:
    """Let so many statements through, then fail once: reports of it ask the database too."""
    left = after

    def execute(execute: Any, sql: str, params: Any, is_many: bool, context: Any) -> Any:
        nonlocal left
        # The host's own tables are not what is tried here.
        if "django_sezzle" in sql:
            left -= 1
            if left == -1:
                raise OperationalError("the server closed the connection")
        return execute(sql, params, is_many, context)

    with connection.execute_wrapper(execute):
        yield


class BrokenAdapter(BaseAdapter):
    """A fault that nobody thought of, deep in what sends."""

    def send(self, request: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Break, with everything at hand."""
        headers, body = dict(request.headers), request.body
        raise Unthinkable(f"{len(headers)} headers, {len(body or b'')} bytes")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def begun(scene: Scene, emulator: Emulator) -> SezzlePayment:
    """A payment that was approved at Sezzle; its shopper agreed to be charged again."""
    Gateway(conf.get_settings()).create_webhook(f"https://shop.example{URL}")
    payment = pay(scene, "1", tokenize=True)
    emulator.approve(str(payment.order_uuid), tokenize=True)
    scene.client.raise_request_exception = False
    return payment


@pytest.mark.django_db(transaction=True)
@pytest.mark.fault(72, 73, 74)
@pytest.mark.parametrize("name", DOORWAYS)
def test_a_database_that_is_lost_at_any_statement(
    name: str, scene: Scene, begun: SezzlePayment, settings: Any, dice: random.Random
) -> None:
    for after in range(many(4, 15)):
        settings.DEBUG = dice.random() < 0.5
        SezzlePayment.objects.update(asked_at=None)
        with broken_database(after):
            DOORWAYS[name](scene, begun)
    scene.end()


@pytest.mark.fault(72, 73, 74)
@pytest.mark.parametrize("name", DOORWAYS)
def test_a_fault_deep_in_what_sends(
    name: str, scene: Scene, begun: SezzlePayment, settings: Any, dice: random.Random
) -> None:
    for prefix in (f"{GATEWAY_URL}/v2/order", f"{GATEWAY_URL}/v2/session", GATEWAY_URL):
        settings.DEBUG = dice.random() < 0.5
        unmount = transport.mount(prefix, BrokenAdapter())
        try:
            DOORWAYS[name](scene, begun)
            tokens.clear()
        finally:
            unmount()
    scene.end()


@pytest.mark.fault(52, 72, 73)
def test_a_receiver_that_raises_with_the_shopper_in_its_text(
    scene: Scene, begun: SezzlePayment
) -> None:
    def receive(payment: SezzlePayment, **kwargs: Any) -> None:
        raise Unthinkable(f"no mail to {SHOPPER['e-mail']}: {KEYS['private key']}")

    payment_authorized.connect(receive)
    try:
        scene.attempt(lambda: refresh(begun))
        deliver(scene)
    finally:
        payment_authorized.disconnect(receive)
    assert begun.announcements.get(fact_key="authorized").last_error == "Unthinkable"
    scene.end()


BAD_VALUES: dict[str, Any] = {
    "PRIVATE_KEY": f" {KEYS['private key']}",
    "PREVIOUS_PRIVATE_KEYS": [KEYS["previous key"], 7],
    "GATEWAY_URL": "https://user:password@gateway.example",
    "BASE_URL": "shop",
    "ENVIRONMENT": "live",
    "CHECKOUT_HOSTS": "/",
    "ACCOUNTS": {"canada": {"PRIVATE_KEY": KEYS["previous key"] + "\n"}},
    "TIMEOUT": "5",
    "SECRET": KEYS["private key"],
}


@pytest.mark.fault(72, 105)
@pytest.mark.parametrize("name", [*BAD_VALUES, "swapped"])
def test_what_is_said_of_settings_that_cannot_be_used(
    name: str, scene: Scene, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    good = settings.SEZZLE
    bad = {"PUBLIC_KEY": "sz_pr_x", "PRIVATE_KEY": KEYS["private key"][3:]}
    settings.SEZZLE = good | (bad if name == "swapped" else {name: BAD_VALUES[name]})
    said = [*checks.check_settings(), *checks.check_deployment()]
    said += run_checks(include_deployment_checks=True)
    assert any(message.id.startswith("sezzle.") for message in said)
    for message in said:
        scene.search_all(places.thing(message))
    try:
        call_command("check", "--deploy")
    except SystemCheckError as error:
        scene.search("error", f"{error} {error!r}")
    scene.search("output", "".join(capsys.readouterr()))
    try:
        account = "canada" if name == "ACCOUNTS" else "default"
        scene.search_all(places.thing(conf.get_settings(account)))
    except ConfigurationError as error:
        scene.search_all(places.error(error))
    scene.open("post", URL, data=SHOPPER["note of a webhook"], content_type="text/plain")
    scene.end()


@pytest.mark.fault(72, 73)
def test_nothing_is_written_out_with_its_secrets(scene: Scene, begun: SezzlePayment) -> None:
    configured = conf.get_settings()
    gateway = Gateway(configured)
    document = {"uuid": "s-1", "tokenize": {"token": KEYS["previous key"]}}
    order = {"uuid": "o-1", "customer": {"email": SHOPPER["e-mail"]}}
    capturing = scene.attempt(lambda: capture(refresh(begun)))
    described = checkout("7", send_to=link(), tokenize=True, recurring_name=SHOPPER["subscription"])
    for value in (
        configured,
        gateway,
        gateway.authenticate(),
        tokens,
        transport.session(),
        Call(method="POST", path="/", token=KEYS["private key"], body={"k": KEYS["private key"]}),
        Answer(200, document),
        Session.from_json(document),
        Order.from_json(order),
        Event.from_body(SHOPPER["note of a webhook"].encode()),
        shopper(),
        link(),
        *wishes()["items"],
        described,
        described.session_request("7", "https://shop.example/", "https://shop.example/"),
        begun,
        capturing,
        *begun.announcements.all(),
        *begun.transactions.all(),
    ):
        scene.search_all(places.thing(value))
    assert scene.searched["repr"] > 15
    scene.end()
