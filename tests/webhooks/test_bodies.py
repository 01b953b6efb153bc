"""What a body may be: size first, then the signature, and signed rubbish harms nobody."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import UnreadablePostError
from django.test import Client, RequestFactory

from django_sezzle.api import MAX_BODY_BYTES, WebhookView
from django_sezzle.gateway.signature import sign
from django_sezzle.models import EventState, SezzleWebhookEvent
from tests.fixtures import PRIVATE_KEY
from tests.webhooks.conftest import URL, Post, as_body, event
from tests.webhooks.counting import statements

pytestmark = pytest.mark.django_db


class Unread(io.BytesIO):
    """A body that must not be touched."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("The body was read.")


class Broken(io.BytesIO):
    """A body whose sender went away."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("The connection was reset.")


def raw_request(body: io.BytesIO, content_length: str) -> Any:
    """Make a request whose headers say what they like about the body."""
    request = RequestFactory().post(URL, headers={"Sezzle-Signature": "a" * 64})
    request.META["CONTENT_LENGTH"] = content_length
    request._stream = body
    return request


@pytest.mark.fault(85)
@pytest.mark.parametrize("length", [MAX_BODY_BYTES + 1, 10**9, "many", "1e3", "0x10"])
def test_body_over_the_limit_is_refused_unread(length: Any) -> None:
    with statements() as made:
        answer = WebhookView.as_view()(raw_request(Unread(), str(length)))
    assert answer.status_code == 413
    assert made == []


@pytest.mark.fault(85)
def test_body_at_the_limit_is_taken(post: Post) -> None:
    filler = "x" * (MAX_BODY_BYTES - len(as_body({"a": ""})))
    body = as_body({"a": filler})
    assert len(body) == MAX_BODY_BYTES
    assert post(body).status_code == 200
    assert post(as_body({"a": filler + "x"})).status_code == 413


@pytest.mark.fault(85)
def test_body_whose_length_nobody_named_is_measured() -> None:
    # Under ASGI a body may come in pieces, without a Content-Length.
    body = as_body({"a": "x" * MAX_BODY_BYTES})
    headers = [(b"sezzle-signature", sign(body, PRIVATE_KEY).encode())]
    scope = {"type": "http", "method": "POST", "path": URL, "query_string": b""}
    request = ASGIRequest(scope | {"headers": headers}, io.BytesIO(body))
    assert WebhookView.as_view()(request).status_code == 413
    assert not SezzleWebhookEvent.objects.exists()


def test_negative_length_is_an_empty_body() -> None:
    factory = RequestFactory()
    request = factory.generic("POST", URL, b"{}", CONTENT_LENGTH="-2")
    assert WebhookView.as_view()(request).status_code == 401


def test_body_that_breaks_off_is_no_error_of_ours() -> None:
    answer = WebhookView.as_view()(raw_request(Broken(), "20"))
    assert answer.status_code == 400


def test_broken_body_is_what_django_says_it_is() -> None:
    with pytest.raises(UnreadablePostError):
        _ = raw_request(Broken(), "20").body


DEEP = 20_000
RUBBISH: dict[str, bytes | str] = {
    "empty": b"",
    "not JSON": b"uuid=1&event=order.authorized",
    "HTML": b"<html></html>",
    "array": b"[]",
    "array of events": b'[{"uuid":"e1","event":"order.authorized"}]',
    "number": b"7",
    "text": b'"order.authorized"',
    "null": b"null",
    "true": b"true",
    "empty object": b"{}",
    "half": b'{"uuid": "e1", "event"',
    "not UTF-8": b'{"uuid": "\xff\xfe"}',
    "UTF-16": '{"uuid": "e1"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"uuid": "e1"}',
    "NUL bytes": b"\x00" * 64,
    "deep array": b"[" * DEEP + b"]" * DEEP,
    "deep object": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "huge number": b'{"uuid": ' + b"9" * 10_000 + b"}",
    "huge exponent": b'{"uuid": 1e999999}',
    "infinity": b'{"uuid": Infinity, "created_at": NaN}',
    "id with NUL": b'{"uuid": "e\\u0000", "event": "order.captured", "data": {"uuid": "a\\u0000"}}',
    "lone surrogate": b'{"uuid": "\\ud800", "event": "\\udfff", "data": {"uuid": "\\ud800"}}',
    "long id": json.dumps({"uuid": "a" * 10_000, "event": "order.captured"}).encode(),
    "long order": json.dumps({"uuid": "e", "event": "order.captured", "data": {"uuid": "a" * 65}}),
    "path as order": b'{"uuid": "e", "event": "order.captured", "data": {"uuid": "../v2/x?#"}}',
    "line in order": b'{"uuid": "e", "event": "order.captured", "data": {"uuid": "abc\\n"}}',
    "id is a number": b'{"uuid": 7, "event": 8, "data": {"uuid": 9}}',
    "id is a list": b'{"uuid": [], "event": {}, "data": [{"uuid": "a"}]}',
    "data is text": b'{"uuid": "e", "event": "order.captured", "data": "a"}',
    "data is null": b'{"uuid": "e", "event": "order.captured", "data": null}',
    "no id": b'{"event": "order.captured", "data": {}}',
    "type not ASCII": '{"uuid": "e", "event": "órder.captüred"}'.encode(),
    "SQL in every id": b"""{"uuid": "e' OR '1'='1", "event": "order.captured'; DROP TABLE x; --",
        "data": {"uuid": "a' UNION SELECT 1 --"}}""",
    "type with markup": b'{"uuid": "e", "event": "<script>alert(1)</script>"}',
    "long type": json.dumps({"uuid": "e", "event": "a" * 10_000}).encode(),
    "unknown type": b'{"uuid": "e", "event": "payout.created", "data": {"uuid": "p"}}',
    "moment is rubbish": b'{"uuid": "e", "event": "order.captured", "created_at": "yesterday"}',
    "moment is a number": b'{"uuid": "e", "event": "order.captured", "created_at": 1e300}',
    "moment before time": b'{"uuid": "e", "created_at": "0001-01-01T00:00:00+14:00"}',
    "moment after time": b'{"uuid": "e", "created_at": "9999-12-31T23:59:59-14:00"}',
    "first moment": b'{"uuid": "e", "created_at": "0001-01-01T00:00:00Z"}',
    "last moment": b'{"uuid": "e", "created_at": "9999-12-31T23:59:59.999999Z"}',
    "same name twice": b'{"uuid": "e", "uuid": "\\u0000", "event": "order.captured"}',
}


@pytest.mark.fault(80, 86, 87, 89)
@pytest.mark.parametrize("name", RUBBISH)
def test_signed_rubbish_is_kept_once_without_its_text(name: str, post: Post) -> None:
    body = as_body(RUBBISH[name])
    for _ in range(2):
        assert post(body).status_code == 200
    row = SezzleWebhookEvent.objects.get()
    assert row.state == EventState.IGNORED
    kept = f"{row.key} {row.event_type} {row.order_uuid or ''}".replace("sha256:", "")
    assert kept.isascii()
    assert kept.replace(" ", "").replace("-", "").replace(".", "").replace("_", "").isalnum()
    assert len(row.key) <= 80
    assert len(row.event_type) <= 64
    assert row.last_error == ""


@pytest.mark.fault(74)
def test_nothing_of_the_body_but_ids_is_kept(post: Post) -> None:
    body = event("order.refunded", "order-1")
    body["data"] |= {"refund": {"amount": {"amount_in_cents": 4242}}, "email": "a@b.example"}
    assert post(body).status_code == 200
    row = SezzleWebhookEvent.objects.values().get()
    assert "4242" not in str(row).replace(row["body_sha256"], "").replace(row["key"], "")
    assert "a@b.example" not in str(row)
    assert (row["order_uuid"], row["event_type"]) == ("order-1", "order.refunded")


@pytest.mark.fault(89)
def test_event_without_an_id_is_told_apart_by_its_body(post: Post) -> None:
    for number in (1, 1, 2):
        body = {"event": "order.captured", "data": {"uuid": f"order-{number}"}}
        assert post(body).status_code == 200
    keys = SezzleWebhookEvent.objects.order_by("pk").values_list("key", flat=True)
    assert [key.partition(":")[0] for key in keys] == ["sha256", "sha256"]
    assert len(set(keys)) == 2


def test_form_content_is_read_raw(client: Client) -> None:
    body = b"uuid=1&event=order.authorized"
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "", "x/y; charset=?"):
        answer = client.generic(
            "POST",
            URL,
            body,
            content_type=content_type,
            HTTP_SEZZLE_SIGNATURE=sign(body, PRIVATE_KEY),
        )
        assert answer.status_code == 200, content_type


@pytest.mark.fault(110)
@pytest.mark.parametrize("zone", ["America/Toronto", "Asia/Tokyo", "UTC"])
def test_host_without_time_zones_keeps_events_too(zone: str, post: Post, settings: Any) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = zone
    for moment in ("2026-11-20T00:15:39.281826Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        answer = post(event("order.authorized", "unknown", created_at=moment))
        assert answer.status_code == 200
    local = {"America/Toronto": "2026-11-19 19", "Asia/Tokyo": "2026-11-20 09"}
    first = SezzleWebhookEvent.objects.order_by("pk").values_list("created_at", flat=True)[0]
    assert str(first).startswith(local.get(zone, "2026-11-20 00"))
