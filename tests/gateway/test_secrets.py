"""Keys, tokens and shoppers show nowhere: not in a repr, a log, an error or an error report."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest
from django.views.debug import ExceptionReporter

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, EmulatorServer, FaultKind
from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway import Address, Customer, Gateway, Price, transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.gateway.transport import Call

from .conftest import a_session, gateway_at
from .wire import ORDER, Step, Wire, raw, say, token_answer

pytestmark = pytest.mark.usefixtures("quick_retries")

PRIVATE, PREVIOUS, TOKEN = "sz_pr_canary_1", "sz_pr_canary_2", "canary-token-3"
SHOPPER = Customer(first_name="Canary-Ada", billing_address=Address(street="Canary St 4"))
CANARIES = (PRIVATE, PREVIOUS, TOKEN, "Canary-Ada", "Canary St 4")
TEN = Price(1_000, "USD")


def assert_silent(text: str) -> None:
    found = [canary for canary in CANARIES if canary in text]
    assert not found, f"{found} in: {text[:2000]}"


def everything_about(error: BaseException) -> str:
    """Write out an error in every way in which it may get into a log or a mail."""
    # The test's own frame holds the secrets it looks for.
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    return "\n".join(
        [
            *map(str, chain),
            *map(repr, chain),
            *traceback.format_exception(error),
            # Both show local variables of every frame when asked to.
            reporter.get_traceback_text(),
            reporter.get_traceback_html(),
            "".join(
                traceback.TracebackException.from_exception(error, capture_locals=True).format()
            ),
        ]
    )


@pytest.mark.fault(72)
def test_keys_and_tokens_have_no_repr(emulator: Emulator) -> None:
    gateway = gateway_at(emulator.base_url, private_key=PRIVATE, previous_private_keys=(PREVIOUS,))
    call = Call(method="POST", path="/", token=TOKEN, body={"private_key": PRIVATE})

    for value in (gateway.settings, gateway, call, tokens, transport.session(), SHOPPER):
        assert_silent(repr(value))
        assert_silent(f"{value} {value!r}")
    real = Gateway(get_settings()).authenticate()
    assert real.value not in repr(real)


ANSWERS: dict[str, Step] = {
    "dropped": raw(b""),
    "refused": say(422, [{"code": "invalid", "message": "no"}]),
    "HTTP 401": say(401, []),
    "HTTP 500": say(500, []),
    "a redirect": say(302, b"", Location="https://elsewhere.example/"),
    "unreadable": say(200, b"<html>"),
}


@pytest.mark.fault(72, 73)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_error_of_any_kind_is_silent(answer: Step, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = a_session(customer=SHOPPER)
    with Wire(answer, authentication=token_answer(TOKEN)) as wire:
        gateway = gateway_at(wire.url, private_key=PRIVATE, previous_private_keys=(PREVIOUS,))
        calls: list[Callable[[], object]] = [
            lambda: gateway.create_session(request),
            lambda: gateway.capture(ORDER, TEN, request_id="r-1"),
            lambda: gateway.get_order(ORDER),
        ]
        for call in calls:
            with pytest.raises(GatewayError) as raised:
                call()
            assert_silent(everything_about(raised.value))
        # The canaries did travel, or silence would prove nothing.
        assert wire.requests[0].json["private_key"] == PRIVATE
        assert wire.calls[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert wire.calls[0].json["customer"]["first_name"] == "Canary-Ada"
    assert caplog.records
    assert_silent(caplog.text)
    assert_silent(" ".join(repr(record.__dict__) for record in caplog.records))


@pytest.mark.fault(72)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_failed_authentication_is_silent(answer: Step, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Wire(say(200), authentication=answer) as wire:
        gateway = gateway_at(wire.url, private_key=PRIVATE, previous_private_keys=(PREVIOUS,))
        with pytest.raises(GatewayError) as raised:
            gateway.capture(ORDER, TEN, request_id="r-1")
        assert wire.requests[0].json["private_key"] == PRIVATE
    assert_silent(everything_about(raised.value))
    assert_silent(caplog.text)


@pytest.mark.fault(72)
@pytest.mark.parametrize("fault", ["drop_after", "refused", "timeout_before", "endless", "401"])
def test_a_real_token_is_silent_too(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.faults.add("order_get", FaultKind(fault), times=None)
    with EmulatorServer(emulator, delivers=False) as server:
        gateway = gateway_at(server.url, read_timeout=0.2)
        token = gateway.authenticate().value
        with pytest.raises(GatewayError) as raised:
            gateway.get_order(ORDER)
    for text in (everything_about(raised.value), caplog.text):
        assert token not in text
        assert "sz_pr_test" not in text


def test_a_log_line_names_the_call_and_how_it_went(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "django_sezzle.gateway")
    with Wire(say(200, {"uuid": "t-1"})) as wire:
        gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

    line = caplog.records[-1].getMessage()
    assert line.startswith(f"method=POST path=/v2/order/{ORDER}/capture status=200 ms=")
    assert line.endswith("request_id=r-1 error=-")
