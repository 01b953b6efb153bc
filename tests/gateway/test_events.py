"""A delivery is reduced to what may be kept: its id, its type, its order, its time."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from django_sezzle.gateway import EventType
from django_sezzle.gateway.messages import Event

SAMPLES = Path(__file__).parents[1] / "samples"
EVENTS = sorted(path.name for path in SAMPLES.glob("event.*.json"))


@pytest.mark.fault(89)
@pytest.mark.parametrize("name", EVENTS)
def test_documented_event(name: str) -> None:
    body = (SAMPLES / name).read_bytes()
    given = json.loads(body)

    event = Event.from_body(body)

    assert (event.key, event.type) == (given["uuid"], given["event"])
    assert event.created_at == datetime.fromisoformat(given["created_at"])
    data = given["data"]
    expected = data["uuid"] if name.startswith("event.order.") else data.get("order_uuid")
    assert event.order_uuid == expected
    assert event.body_sha256 == hashlib.sha256(body).hexdigest()


def test_every_event_sezzle_announces_is_among_the_samples() -> None:
    announced = {json.loads((SAMPLES / name).read_bytes())["event"] for name in EVENTS}

    assert announced == set(EventType)


@pytest.mark.fault(74)
def test_nothing_of_the_shopper_is_kept() -> None:
    event = Event.from_body((SAMPLES / "event.customer.tokenized.json").read_bytes())

    assert "ce56604a-5dfd-489a-80e9-753d0325dd46" not in repr(event)
    assert event.order_uuid is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"1", b'"event"', b"\xff\xfe", b"[" * 100_000]
)
def test_a_body_that_is_no_event(body: bytes) -> None:
    event = Event.from_body(body)

    assert event.type == "unparsable"
    assert event.key == f"sha256:{hashlib.sha256(body).hexdigest()}"


def event_of(**members: Any) -> Event:
    return Event.from_body(json.dumps(members).encode())


@pytest.mark.fault(89, 106)
@pytest.mark.parametrize("word", ["order.voided", "payout.sent", "order.captured.late"])
def test_an_unknown_type_is_kept(word: str) -> None:
    assert event_of(uuid="e-1", event=word).type == word


@pytest.mark.parametrize("word", [None, 1, "", "a b", "order\x00", "<b>", "é", {}, ["order"]])
def test_free_text_is_not_kept_as_a_type(word: Any) -> None:
    assert event_of(uuid="e-1", event=word).type == "unparsable"


@pytest.mark.parametrize("uuid", [None, "", 1, "../x", "x" * 65, "a\n"])
def test_an_event_without_a_usable_id_is_told_apart_by_its_body(uuid: Any) -> None:
    one, two = event_of(uuid=uuid, event="a"), event_of(uuid=uuid, event="b")

    assert one.key.startswith("sha256:")
    assert one.key != two.key


def test_a_moment_that_cannot_be_read_is_left_out() -> None:
    assert event_of(uuid="e-1", event="a", created_at="yesterday").created_at is None


@pytest.mark.parametrize("data", [None, [], "o-1", {"uuid": "../o"}, {"uuid": 1}])
def test_an_event_without_a_usable_order(data: Any) -> None:
    assert event_of(uuid="e-1", event="order.captured", data=data).order_uuid is None
