"""Who agreed to be charged again, asked with a token that shows nowhere."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayError, GatewayRejected, GatewayUnavailable
from django_sezzle.gateway import Customer, Gateway, transport
from django_sezzle.gateway.messages import Session

from .conftest import a_session, gateway_at
from .test_secrets import ANSWERS, everything_about
from .wire import Step, Wire, raw, say

pytestmark = pytest.mark.usefixtures("quick_retries")

TOKEN = "canary-4f8cf865"
SESSION = Session(uuid="s-1", order_uuid="o-1", checkout_url="", token=TOKEN)


def test_it_is_read_before_and_after_the_shopper_agreed(
    emulator: Emulator, gateway: Gateway
) -> None:
    session = gateway.create_session(a_session(customer=Customer(tokenize=True)))
    before = gateway.get_token_session(session)
    emulator.approve(str(session.order_uuid), tokenize=True)

    after = gateway.get_token_session(gateway.get_session(session.uuid))

    (customer,) = emulator.state.customers
    assert before.customer_uuid is None
    assert before.expires_at == session.token_expires_at
    assert after.customer_uuid == customer.uuid
    assert after.customer_expires_at == customer.expires_at
    assert customer.uuid not in repr(after)


@pytest.mark.parametrize("customer", [None, {}], ids=str)
def test_nobody_agreed(customer: Any) -> None:
    with Wire(say(200, {"token": TOKEN, "customer": customer})) as wire:
        assert gateway_at(wire.url).get_token_session(SESSION).customer_uuid is None
        assert wire.calls[0].path == f"/v2/token/{TOKEN}/session"


@pytest.mark.parametrize("customer", [[], "c-1", {"uuid": 7}, {"uuid": "../c"}, {"links": []}])
def test_a_customer_without_a_usable_id_is_not_believed(customer: Any) -> None:
    answer = say(200, {"token": TOKEN, "customer": customer})
    with Wire(answer) as wire, pytest.raises(GatewayUnavailable):
        gateway_at(wire.url).get_token_session(SESSION)


@pytest.mark.fault(80)
@pytest.mark.parametrize("token", ["", "../../v2/customer", "a b", "a\n", "x" * 65])
def test_a_token_that_does_not_belong_into_an_address_is_not_asked_with(token: str) -> None:
    session = Session(uuid="s-1", order_uuid="o-1", checkout_url="", token=token)
    with Wire(say(200, {})) as wire:
        with pytest.raises(GatewayUnavailable):
            gateway_at(wire.url).get_token_session(session)
        assert wire.calls == []


ECHO = say(404, [{"code": "record_not_found", "message": f"no token {TOKEN}"}])


@pytest.mark.fault(72, 74)
@pytest.mark.parametrize(
    "answer",
    [*ANSWERS.values(), ECHO, raw(b"rubbish"), say(200, {"customer": {"uuid": 7}})],
    ids=[*ANSWERS, "an echo", "no HTTP", "malformed"],
)
def test_the_token_is_in_no_error_and_no_log(
    answer: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Wire(answer) as wire:
        with pytest.raises(GatewayError) as raised:
            gateway_at(wire.url).get_token_session(SESSION)
        assert TOKEN in wire.calls[0].path
    assert caplog.records
    for text in (everything_about(raised.value), caplog.text):
        assert TOKEN not in text


@pytest.mark.fault(72)
def test_the_token_is_in_no_error_when_nothing_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Wire(say(200)) as wire:
        gateway = gateway_at(wire.url)
        gateway.authenticate()
    transport.session().close()
    with pytest.raises(GatewayUnavailable) as raised:
        gateway.get_token_session(SESSION)
    for text in (everything_about(raised.value), caplog.text):
        assert TOKEN not in text


def test_what_sezzle_does_not_know_is_a_refusal() -> None:
    with Wire(ECHO) as wire, pytest.raises(GatewayRejected) as raised:
        gateway_at(wire.url).get_token_session(SESSION)
    assert raised.value.code == "record_not_found"
