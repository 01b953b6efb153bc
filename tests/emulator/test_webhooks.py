"""Subscriptions and deliveries: signature, schedule, duplicates, disorder, giving up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.emulator.deliveries import RETRY_AFTER, sign

from .shop import ALL_EVENTS, Shop


class Inbox:
    """A receiver that answers what it is told to."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.seen: list[tuple[str, Mapping[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.seen.append((url, headers, body))
        return self.status

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.seen]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


def unreachable(url: str, headers: Mapping[str, str], body: bytes) -> int:
    raise ConnectionRefusedError(111, "Connection refused")


def test_subscription_can_be_made_read_changed_and_ended(shop: Shop) -> None:
    uuid = shop.subscribe()
    path = f"/v2/webhooks/{uuid}"
    assert shop.get(path).json()["events"] == ALL_EVENTS
    changed = shop.patch(path, {"url": "https://shop.test/b/", "events": ["order.captured"]})
    assert changed.json()["uuid"] == uuid
    (listed,) = shop.get("/v2/webhooks").json()
    assert (listed["url"], listed["events"]) == ("https://shop.test/b/", ["order.captured"])
    assert shop.delete(path).status_code == 204
    assert shop.get(path).status_code == 404


@pytest.mark.parametrize("status", [409, 422])
def test_same_url_twice_is_refused(emulator: Emulator, shop: Shop, status: int) -> None:
    emulator.profile.change(duplicate_webhook_status=status)
    shop.subscribe()
    body = {"url": "https://shop.test/webhook/", "events": ["order.captured"]}
    assert shop.post("/v2/webhooks", body).status_code == status


@pytest.mark.off_contract
@pytest.mark.parametrize(
    "body",
    [
        {"events": ["order.captured"]},
        {"url": "https://a.test", "events": []},
        {"url": "https://a.test", "events": ["order.released"]},
        {"url": "ftp://a.test", "events": ["order.captured"]},
        {"url": "https://a.test", "events": "order.captured"},
    ],
)
def test_bad_subscription_is_refused(emulator: Emulator, shop: Shop, body: Any) -> None:
    assert shop.post("/v2/webhooks", body).status_code in (400, 422)
    assert emulator.subscriptions == []


def test_events_of_an_order_and_their_shapes(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    inbox = Inbox()
    uuid, token = shop.start_tokenizing()
    emulator.approve(uuid, tokenize=True)
    capture = shop.capture(uuid, 3000).json()["uuid"]
    shop.refund(uuid, 1000)
    shop.release(uuid, 7000)
    emulator.open_dispute(uuid)
    emulator.warn_of_dispute_deadline(uuid)
    emulator.close_dispute(uuid, "customer_win")
    emulator.deliver_due(inbox)
    assert inbox.names == [
        "customer.tokenized",
        "order.authorized",
        "order.captured",
        "order.refunded",
        "dispute.merchant_input_requested",
        "dispute.deadline_approaching",
        "order.refunded",
        "dispute.closed.customer_win",
    ]
    tokenized, authorized, captured, refunded, disputed, *_ = inbox.events
    assert tokenized["data"]["token"] == token
    assert authorized["data"]["authorization"]["approved"] is True
    assert captured["data"]["uuid"] == uuid
    assert captured["data"]["capture"]["uuid"] == capture
    assert refunded["data"]["refund"]["source"] == "gateway"
    assert "uuid" not in disputed["data"]
    assert disputed["data"]["order_uuid"] == uuid
    assert disputed["data"]["dispute_amount_in_cents"] == 2000
    assert emulator.order(uuid).refunded_in_cents == 3000
    assert emulator.pending_deliveries == []


def test_signature_is_hex_of_the_raw_body(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    inbox = Inbox()
    emulator.approve(shop.start())
    emulator.deliver_due(inbox)
    _, headers, body = inbox.seen[0]
    digest = hmac.new(b"sz_pr_emulator", body, hashlib.sha256)
    assert headers["Sezzle-Signature"] == digest.hexdigest()
    assert sign(body, "sz_pr_emulator", "base64") == base64.b64encode(digest.digest()).decode()


def test_signature_agrees_with_the_published_vector() -> None:
    body = '{"uuid":"e1","event":"order.captured","data":{"uuid":"o1","note":"Montréal"}}'
    expected = "2412b33fc21e7a95801670da8a8e7d82a0c2714f546fbdf27e81ffc5c16d1d19"
    assert sign(body.encode(), "sz_pr_example", "hex") == expected


def test_retry_is_signed_with_the_key_of_the_moment(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    inbox = Inbox(status=500)
    emulator.approve(shop.start())
    emulator.deliver_due(inbox)
    emulator.rotate_key("sz_pr_new")
    emulator.clock.advance(timedelta(minutes=2))
    emulator.deliver_due(inbox)
    (_, first, body), (_, second, again) = inbox.seen
    assert body == again
    assert first["Sezzle-Signature"] == sign(body, "sz_pr_emulator", "hex")
    assert second["Sezzle-Signature"] == sign(body, "sz_pr_new", "hex")
    keys = {"public_key": "sz_pub_emulator", "private_key": "sz_pr_emulator"}
    assert shop.post("/v2/authentication", keys).status_code == 401
    assert Shop(emulator, private_key="sz_pr_new").get("/v2/webhooks").status_code == 200


@pytest.mark.parametrize("status", [201, 202, 204, 302, 401, 500])
def test_only_200_counts(emulator: Emulator, shop: Shop, status: int) -> None:
    shop.subscribe()
    emulator.approve(shop.start())
    (delivery,) = emulator.deliver_due(Inbox(status))
    assert delivery.status == status
    (pending,) = emulator.pending_deliveries
    assert pending.last_status == status
    assert emulator.deliver_due(Inbox()) == []
    emulator.clock.advance(timedelta(minutes=1))
    assert [each.status for each in emulator.deliver_due(Inbox())] == [200]
    assert emulator.pending_deliveries == []


def test_retries_last_five_days_then_the_subscription_is_gone(
    emulator: Emulator, shop: Shop
) -> None:
    assert timedelta(days=4, hours=12) < sum(RETRY_AFTER, timedelta()) <= timedelta(days=5)
    shop.subscribe()
    emulator.approve(shop.start(intent="CAPTURE"))
    attempts = len(emulator.deliver_due(unreachable))
    for pause in RETRY_AFTER:
        assert len(emulator.subscriptions) == 1
        emulator.clock.advance(pause)
        attempts += len(emulator.deliver_due(unreachable))
    # The last attempt of the first event takes the second event's down with it.
    assert attempts == 2 * len(RETRY_AFTER) + 1
    assert emulator.subscriptions == []
    assert emulator.pending_deliveries == []
    shop.sign_in()
    assert shop.get("/v2/webhooks").json() == []


def test_new_events_overtake_retried_ones(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.deliver_due(unreachable)
    shop.capture(uuid, 100)
    inbox = Inbox()
    emulator.deliver_due(inbox)
    emulator.clock.advance(timedelta(minutes=2))
    emulator.deliver_due(inbox)
    assert inbox.names == ["order.captured", "order.authorized"]


def test_deliveries_can_be_duplicated_reversed_and_delayed(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    emulator.profile.change(webhook_copies=2, webhook_order="reversed", webhook_delay_seconds=60)
    emulator.approve(shop.start(intent="CAPTURE"))
    inbox = Inbox()
    emulator.deliver_due(inbox)
    assert inbox.seen == []
    emulator.clock.advance(timedelta(seconds=61))
    emulator.deliver_due(inbox)
    assert inbox.names == ["order.captured"] * 2 + ["order.authorized"] * 2
    assert len({event["uuid"] for event in inbox.events}) == 2


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, ["order.authorized", "order.captured"]),
        ({"capture_intent_events": "captured"}, ["order.captured"]),
        ({"automatic_capture_event": False}, ["order.authorized"]),
    ],
)
def test_which_events_an_automatic_capture_makes(
    emulator: Emulator, shop: Shop, switches: dict[str, Any], expected: list[str]
) -> None:
    emulator.profile.change(**switches)
    shop.subscribe()
    emulator.approve(shop.start(intent="CAPTURE"))
    inbox = Inbox()
    emulator.deliver_due(inbox)
    assert inbox.names == expected


def test_dashboard_capture_and_reauthorization_may_be_silent(
    emulator: Emulator, shop: Shop
) -> None:
    emulator.profile.change(dashboard_capture_event=False, reauthorization_event=False)
    shop.subscribe()
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.dashboard_capture(uuid, 100)
    emulator.clock.advance(timedelta(minutes=31))
    shop.reauthorize(uuid, 100)
    inbox = Inbox()
    emulator.deliver_due(inbox)
    assert inbox.names == ["order.authorized"]


@pytest.mark.parametrize("status", [201, 204])
@pytest.mark.parametrize("event", ALL_EVENTS)
def test_sample_event_is_delivered_once(
    emulator: Emulator, shop: Shop, status: int, event: str
) -> None:
    emulator.profile.change(webhook_test_status=status)
    answer = shop.post("/v2/webhooks/test", {"event": event, "url": "https://b.test/"})
    assert (answer.status_code, answer.content) == (status, b"")
    inbox = Inbox(status=500)
    emulator.deliver_due(inbox)
    assert (inbox.seen[0][0], inbox.names) == ("https://b.test/", [event])
    assert emulator.pending_deliveries == []


def test_sample_without_url_goes_to_the_subscribers(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    shop.post("/v2/webhooks/test", {"event": "order.captured"})
    inbox = Inbox()
    emulator.deliver_due(inbox)
    assert [url for url, _, _ in inbox.seen] == ["https://shop.test/webhook/"]


def test_webhook_waits_until_its_call_was_answered(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.deliver_due(Inbox())
    during: list[list[str]] = []

    def look(_: object) -> None:
        inbox = Inbox()
        emulator.deliver_due(inbox)
        during.append(inbox.names)

    emulator.observers.append(look)
    shop.capture(uuid, 100)
    emulator.observers.clear()
    assert during == [[]]
    assert len(emulator.deliver_due(Inbox())) == 1


def test_receiver_with_a_bug_does_not_lose_the_event(emulator: Emulator, shop: Shop) -> None:
    shop.subscribe()
    emulator.approve(shop.start())

    def broken(url: str, headers: Mapping[str, str], body: bytes) -> int:
        raise RuntimeError("the view raised")

    with pytest.raises(RuntimeError):
        emulator.deliver_due(broken)
    assert len(emulator.deliver_due(Inbox())) == 1


@pytest.mark.off_contract
def test_server_delivers_by_itself(emulator: Emulator) -> None:
    receiver = Emulator()
    with EmulatorServer(receiver) as other, EmulatorServer(emulator) as server:
        shop = Shop(emulator, server.url)
        shop.subscribe(other.url + "/v2/nowhere")
        emulator.approve(shop.start())
        for _ in range(100):
            if receiver.calls:
                break
            time.sleep(0.05)
        for _ in range(100):
            if emulator.pending_deliveries[0].last_status is not None:
                break
            time.sleep(0.05)
    assert receiver.calls[0].body["event"] == "order.authorized"
    assert emulator.pending_deliveries[0].last_status == 401
