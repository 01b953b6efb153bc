"""Answers no gateway should give, over real sockets: an error of ours each time, never a crash."""

from __future__ import annotations

import gzip
import json

import pytest

from django_sezzle.exceptions import GatewayRejected, GatewayUnavailable, OutcomeUnknown
from django_sezzle.gateway import Price, transport

from .conftest import a_session, gateway_at
from .wire import ORDER, Step, Wire, endless, message, order, raw, reset, say

pytestmark = pytest.mark.usefixtures("quick_retries")

TEN = Price(1_000, "USD")
YES = {"uuid": "t-1"}
WHOLE = message(200, YES)
HUGE = b'{"uuid": "t-1", "padding": "' + b"x" * 2**21 + b'"}'

BROKEN: dict[str, Step] = {
    "no answer": raw(b""),
    "reset": reset,
    "not HTTP": raw(b"hello\r\n\r\n"),
    "half a status line": raw(b"HTTP/1.1 2"),
    "half a header": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a header of a megabyte": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20),
    "a thousand headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"),
    "cut short": raw(WHOLE[:-3]),
    "a cut chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "a chunk of no length": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
    "endless": endless,
    "over a megabyte": say(200, HUGE),
    "a megabyte unpacked": say(200, gzip.compress(HUGE), Content_Encoding="gzip"),
    "not gzip": say(200, b"plain", Content_Encoding="gzip"),
    "empty": say(200, b""),
    "HTML": say(200, b"<html></html>", Content_Type="text/html"),
    "other bytes": say(200, b"\xff\xfe\x00"),
    "deep": say(200, b"[" * 100_000),
    "a number of 5000 digits": say(200, b"1" * 5000),
    "null": say(200, None),
    "a list": say(200, [YES]),
    "a string": say(200, "t-1"),
    "no uuid": say(200, {}),
    "a null uuid": say(200, {"uuid": None}),
    "a uuid that is a path": say(200, {"uuid": "../x"}),
    "a bare error with status 200": say(200, {"code": "invalid", "message": "no"}),
    "no content": raw(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True),
    "status 100 for ever": raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
    "status 425": say(425, []),
    "status 501": say(501, b""),
    "status 599": say(599, b""),
    "status 418": say(418, b""),
    "status 402": say(402, b""),
    # No body follows a 304: the client is told not to use the closing connection again.
    "status 304": raw(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"),
}


@pytest.mark.fault(7, 29)
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_money_is_in_doubt_and_was_sent_once(answer: Step) -> None:
    with Wire(answer) as wire:
        with pytest.raises(OutcomeUnknown, match="Do not repeat"):
            gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

        assert len(wire.calls) == 1


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_read_and_a_checkout_are_unavailable(answer: Step) -> None:
    with Wire(answer) as wire:
        gateway = gateway_at(wire.url)
        with pytest.raises(GatewayUnavailable):
            gateway.get_order(ORDER)
        reads = len(wire.calls)
        with pytest.raises(GatewayUnavailable):
            gateway.create_session(a_session())

        assert 1 <= reads <= 3
        assert len(wire.calls) == reads + 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"[1, null]", b'{"message": 5}'])
@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_needs_no_readable_body(status: int, body: bytes) -> None:
    with Wire(say(status, body)) as wire:
        with pytest.raises(GatewayRejected) as raised:
            gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

        assert raised.value.status == status
        assert (raised.value.code, raised.value.debug_uuid) == ("", "")
        assert len(wire.calls) == 1


def test_what_sezzle_said_is_shown_in_part_and_without_control_characters() -> None:
    said = [{"code": "invalid", "message": "no\x1b[2J\n" + "x" * 10_000, "debug_uuid": "d-1"}]
    with Wire(say(422, said * 100)) as wire, pytest.raises(GatewayRejected) as raised:
        gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1_500
    assert raised.value.debug_uuid == "d-1"


def test_an_answer_of_exactly_a_megabyte_is_read() -> None:
    body = json.dumps(YES).encode()
    with Wire(say(200, body.ljust(transport.MAX_ANSWER_BYTES))) as wire:
        assert gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1") == "t-1"


def test_an_answer_is_judged_by_its_members_and_not_by_its_type() -> None:
    with Wire(say(201, YES, Content_Type="text/plain")) as wire:
        assert gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1") == "t-1"


@pytest.mark.fault(64)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_stays_here(status: int) -> None:
    with Wire(say(200, order())) as elsewhere:
        location = f"{elsewhere.url}/v2/order/{ORDER}"
        with Wire(say(status, b"", Location=location)) as wire:
            gateway = gateway_at(wire.url)
            with pytest.raises(GatewayUnavailable, match=f"HTTP {status}"):
                gateway.get_order(ORDER)
            with pytest.raises(OutcomeUnknown, match=f"HTTP {status}"):
                gateway.capture(ORDER, TEN, request_id="r-1")
            with pytest.raises(GatewayUnavailable):
                gateway.create_session(a_session())

            assert len(wire.calls) == 3
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "answer",
    [say(200, {}), say(200, {"token": ""}), say(200, {"token": "a\r\nb"}), say(200, {"token": "é"}),
     say(200, {"token": 5}), say(200, b""), say(204, b""), say(302, b"", Location="/"), say(500)],
    ids=["nothing", "empty", "two lines", "not ASCII", "a number", "no body", "204", "302", "500"],
)  # fmt: skip
def test_without_a_usable_token_nothing_else_is_sent(answer: Step) -> None:
    with Wire(say(200, YES), authentication=answer) as wire:
        with pytest.raises(GatewayUnavailable, match="No money moved"):
            gateway_at(wire.url).capture(ORDER, TEN, request_id="r-1")

        assert wire.authentications == 1
        assert wire.calls == []
