"""Each operation sends exactly what the contract says, through both doors of the emulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator, Exchange
from django_sezzle.exceptions import GatewayRejected, GatewayUnavailable, InvalidInput
from django_sezzle.gateway import Customer, EventType, Gateway, Intent, Price, known_merchant
from django_sezzle.gateway.messages import Kind

from .conftest import a_session, gateway_at
from .wire import ORDER, Wire, order, say

USD_10 = {"amount_in_cents": 1_000, "currency": "USD"}
TEN = Price(1_000, "USD")
HOOK = "https://shop.example/hook/"


@pytest.fixture
def sent(emulator: Emulator) -> list[tuple[str, str, Any]]:
    """Method, path and body of every call but authentication."""
    found: list[tuple[str, str, Any]] = []

    def note(seen: Any) -> None:
        if isinstance(seen, Exchange) and seen.operation != "authentication":
            headers = {name.lower(): value for name, value in seen.request_headers.items()}
            assert headers["authorization"].startswith("Bearer ")
            assert headers["accept"] == "application/json"
            assert ("content-type" in headers) == bool(seen.request_body)
            assert seen.query == ""
            found.append((seen.method, seen.path, emulator.calls[-1].body))

    emulator.observers.append(note)
    return found


Sent = list[tuple[str, str, Any]]
Authorized = Callable[..., str]


def test_session_is_created_and_read(gateway: Gateway, sent: Sent) -> None:
    created = gateway.create_session(a_session())
    read = gateway.get_session(created.uuid)

    assert sent == [
        ("POST", "/v2/session", a_session().to_json()),
        ("GET", f"/v2/session/{created.uuid}", None),
    ]
    assert read.order_uuid == created.order_uuid
    assert read.checkout_url == created.checkout_url


def test_money_is_captured_wrapped_and_refunded_and_released_bare(
    emulator: Emulator, gateway: Gateway, authorized: Authorized, sent: Sent
) -> None:
    uuid = authorized()
    sent.clear()

    capture = gateway.capture(uuid, TEN, request_id="r-1")
    refund = gateway.refund(uuid, TEN, request_id="r-2")
    release = gateway.release(uuid, TEN, request_id="r-3")

    assert sent == [
        ("POST", f"/v2/order/{uuid}/capture", {"capture_amount": USD_10}),
        ("POST", f"/v2/order/{uuid}/refund", USD_10),
        ("POST", f"/v2/order/{uuid}/release", USD_10),
    ]
    assert [call.request_id for call in emulator.calls] == ["r-1", "r-2", "r-3"]
    authorization = gateway.get_order(uuid).authorization
    assert authorization
    listed = {
        kind: entries[0].uuid for kind, entries in authorization.transactions.items() if entries
    }
    assert listed == {Kind.CAPTURE: capture, Kind.REFUND: refund, Kind.RELEASE: release}


def test_order_is_reauthorized(
    emulator: Emulator, gateway: Gateway, authorized: Authorized, sent: Sent
) -> None:
    uuid = authorized()
    emulator.clock.advance(timedelta(days=30))
    sent.clear()
    emulator.calls.clear()

    approval = gateway.reauthorize(uuid, TEN, request_id="r-1")

    assert sent[-1] == ("POST", f"/v2/order/{uuid}/reauthorize", USD_10)
    assert emulator.calls[-1].request_id == "r-1"
    assert approval.approved is True
    assert approval.uuid not in (None, uuid)


def test_order_is_upcharged(
    emulator: Emulator, gateway: Gateway, authorized: Authorized, sent: Sent
) -> None:
    emulator.profile.upcharge = True
    uuid = authorized(intent=Intent.CAPTURE)
    sent.clear()

    child = gateway.upcharge(uuid, TEN, intent=Intent.CAPTURE, request_id="r-1")

    body = {"intent": "CAPTURE", "upcharge_amount": USD_10}
    assert sent == [("POST", f"/v2/order/{uuid}/upcharge", body)]
    assert emulator.calls[-1].request_id == "r-1"
    assert gateway.get_order(child).parent_order_uuid == uuid


def test_reference_is_written(gateway: Gateway, authorized: Authorized, sent: Sent) -> None:
    uuid = authorized()
    sent.clear()

    gateway.set_reference(uuid, "order-2")

    assert sent == [("PATCH", f"/v2/order/{uuid}", {"reference_id": "order-2"})]
    assert gateway.get_order(uuid).reference_id == "order-2"


def test_checkout_is_deleted(gateway: Gateway, sent: Sent) -> None:
    uuid = gateway.create_session(a_session()).order_uuid
    assert uuid

    gateway.delete_checkout(uuid)

    assert sent[-1] == ("DELETE", f"/v2/order/{uuid}/checkout", None)
    assert gateway.get_order(uuid).checkout_status == "deleted"


def test_only_money_carries_a_request_id(
    emulator: Emulator, gateway: Gateway, authorized: Authorized
) -> None:
    uuid = authorized()
    gateway.get_order(uuid)
    gateway.set_reference(uuid, "order-2")
    gateway.list_webhooks()

    assert {call.request_id for call in emulator.calls} == {None}


def test_subscriptions_come_change_and_go(gateway: Gateway, sent: Sent) -> None:
    uuid = gateway.create_webhook(HOOK)
    (listed,) = gateway.list_webhooks()
    gateway.update_webhook(uuid, HOOK, [EventType.ORDER_CAPTURED])
    changed = gateway.get_webhook(uuid)
    gateway.delete_webhook(uuid)

    every = [str(event) for event in EventType]
    assert sent == [
        ("POST", "/v2/webhooks", {"url": HOOK, "events": every}),
        ("GET", "/v2/webhooks", None),
        ("PATCH", f"/v2/webhooks/{uuid}", {"url": HOOK, "events": ["order.captured"]}),
        ("GET", f"/v2/webhooks/{uuid}", None),
        ("DELETE", f"/v2/webhooks/{uuid}", None),
    ]
    assert (listed.uuid, listed.url, set(listed.events)) == (uuid, HOOK, set(EventType))
    assert changed.events == ("order.captured",)
    assert gateway.list_webhooks() == []


def test_sample_event_is_asked_for_in_both_documented_members(gateway: Gateway, sent: Sent) -> None:
    gateway.test_webhook(HOOK)

    assert sent == [("POST", "/v2/webhooks/test", {"event": "order.authorized", "url": HOOK})]


def test_authentication_tells_whose_keys_these_are(emulator: Emulator, gateway: Gateway) -> None:
    assert known_merchant(gateway.settings) is None

    merchant = gateway.authenticate().merchant_uuid

    assert known_merchant(gateway.settings) == merchant
    assert emulator.calls[-1].body == {"public_key": "sz_pub_test", "private_key": "***"}


def test_a_list_of_no_subscriptions_may_be_null() -> None:
    with Wire(say(200, None)) as wire:
        assert gateway_at(wire.url).list_webhooks() == []


BAD_IDS = [
    "../x",
    "a/b",
    "a?b=c",
    "a#b",
    "a b",
    "a\n",
    "a\r\nX: y",
    "",
    ".",
    "..",
    "é",
    "x" * 65,
    "%2e",
]


@pytest.mark.fault(67)
@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_would_change_the_address_is_never_sent(emulator: Emulator, bad: str) -> None:
    gateway = gateway_at(emulator.base_url)
    calls: list[Callable[[], object]] = [
        lambda: gateway.get_session(bad),
        lambda: gateway.get_order(bad),
        lambda: gateway.set_reference(bad, "r"),
        lambda: gateway.delete_checkout(bad),
        lambda: gateway.capture(bad, TEN, request_id="r"),
        lambda: gateway.refund(bad, TEN, request_id="r"),
        lambda: gateway.release(bad, TEN, request_id="r"),
        lambda: gateway.reauthorize(bad, TEN, request_id="r"),
        lambda: gateway.upcharge(bad, TEN, intent=Intent.AUTH, request_id="r"),
        lambda: gateway.get_webhook(bad),
        lambda: gateway.update_webhook(bad, HOOK, []),
        lambda: gateway.delete_webhook(bad),
    ]
    for call in calls:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            call()
    assert emulator.calls == []


def test_another_order_than_the_one_asked_for_is_not_used() -> None:
    with (
        Wire(say(200, order(uuid="another-order"))) as wire,
        pytest.raises(GatewayUnavailable, match="another order"),
    ):
        gateway_at(wire.url).get_order(ORDER)


@pytest.mark.fault(63)
def test_links_in_answers_are_never_followed() -> None:
    with Wire(say(500)) as elsewhere:
        url = f"{elsewhere.url}/v2/order/{ORDER}"
        links = [{"href": url, "rel": "self", "method": "GET"}]
        with Wire(say(200, order(links=links)), say(200, {"uuid": "t-1", "links": links})) as wire:
            gateway = gateway_at(wire.url)
            gateway.get_order(ORDER)
            gateway.capture(ORDER, TEN, request_id="r-1")

            assert len(wire.calls) == 2
        assert elsewhere.connections == 0


@pytest.mark.parametrize("form", ["array", "object"])
def test_a_refusal_is_read_in_both_forms(
    emulator: Emulator, gateway: Gateway, authorized: Authorized, form: str
) -> None:
    emulator.profile.error_body = form  # type: ignore[assignment]

    with pytest.raises(GatewayRejected) as raised:
        gateway.get_order("0" * 8)

    assert raised.value.status == 404
    assert raised.value.code == "record_not_found"
    assert raised.value.debug_uuid
    assert "HTTP 404, not found" in str(raised.value)


@pytest.mark.fault(90)
def test_the_guard_is_asked_before_anything_is_sent(emulator: Emulator) -> None:
    def no() -> None:
        raise InvalidInput("This is no moment to send.")

    gateway = Gateway(gateway_at(emulator.base_url).settings, guard=no)

    for call in (gateway.authenticate, gateway.list_webhooks):
        with pytest.raises(InvalidInput, match="no moment"):
            call()
    assert emulator.calls == []


def agreed(emulator: Emulator, gateway: Gateway) -> str:
    """Let a shopper agree to be charged again; gives Sezzle's id of them."""
    request = a_session(customer=Customer(tokenize=True, first_name="Ada"))
    emulator.approve(str(gateway.create_session(request).order_uuid), tokenize=True)
    (customer,) = emulator.state.customers
    return customer.uuid


def test_customers_are_listed_and_read(emulator: Emulator, gateway: Gateway, sent: Sent) -> None:
    uuid = agreed(emulator, gateway)
    sent.clear()

    (listed,) = gateway.list_customers()
    read = gateway.get_customer(uuid)

    assert sent == [("GET", "/v2/customer", None), ("GET", f"/v2/customer/{uuid}", None)]
    assert (listed.uuid, read.uuid) == (uuid, uuid)
    (known,) = emulator.state.customers
    assert listed.expires_at == known.expires_at
    assert listed.details == {}
    assert read.details["first_name"] == "Ada"
    assert "Ada" not in repr(read)
    assert uuid not in repr(read)


def test_customer_is_preapproved_without_anything_moving(
    emulator: Emulator, gateway: Gateway, sent: Sent
) -> None:
    uuid = agreed(emulator, gateway)
    moved = list(emulator.executions)
    sent.clear()

    assert gateway.preapprove_customer(uuid, TEN).approved is True
    emulator.profile.spending_power_in_cents = 1
    assert gateway.preapprove_customer(uuid, TEN).approved is False

    assert sent == [("POST", f"/v2/customer/{uuid}/preapprove", USD_10)] * 2
    assert emulator.calls[-1].request_id is None
    assert list(emulator.executions) == moved


def test_customer_is_deleted(emulator: Emulator, gateway: Gateway, sent: Sent) -> None:
    uuid = agreed(emulator, gateway)
    sent.clear()

    gateway.delete_customer(uuid)

    assert sent == [("DELETE", f"/v2/customer/{uuid}", None)]
    assert gateway.list_customers() == []
    with pytest.raises(GatewayRejected) as refused:
        gateway.delete_customer(uuid)
    assert refused.value.status == 404


def test_a_foreign_id_does_not_become_part_of_a_customers_address(
    emulator: Emulator, gateway: Gateway
) -> None:
    for call in (gateway.get_customer, gateway.delete_customer):
        with pytest.raises(InvalidInput):
            call("../webhooks")
    with pytest.raises(InvalidInput):
        gateway.preapprove_customer("a/order", TEN)
    assert emulator.calls == []
