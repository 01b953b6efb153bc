"""What the gateway refuses, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from django_sezzle.emulator import Emulator, EmulatorAdapter

from .shop import Shop, session_body, usd


@pytest.mark.off_contract
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "bearer {token}", "{token}", "Token {token}"]
)
def test_only_bearer_and_a_living_token_are_accepted(
    emulator: Emulator, shop: Shop, header: str | None
) -> None:
    token = str(shop.http.headers["Authorization"]).removeprefix("Bearer ")
    http = requests.Session()
    http.mount(emulator.base_url, EmulatorAdapter(emulator))
    headers = {} if header is None else {"Authorization": header.format(token=token)}
    answer = http.get(emulator.base_url + "/v2/webhooks", headers=headers)
    assert answer.status_code == 401
    (error,) = answer.json()
    assert (error["code"], error["message"]) == ("unauthorized", "authorization not accepted")


def test_token_runs_out_after_120_minutes(emulator: Emulator, shop: Shop) -> None:
    emulator.clock.advance(timedelta(minutes=119))
    assert shop.get("/v2/webhooks").status_code == 200
    emulator.clock.advance(timedelta(minutes=1, seconds=1))
    assert shop.get("/v2/webhooks").status_code == 401
    shop.sign_in()
    assert shop.get("/v2/webhooks").status_code == 200


def test_wrong_keys_get_no_token(shop: Shop) -> None:
    for public, private in (("sz_pub_emulator", "wrong"), ("wrong", "sz_pr_emulator")):
        body = {"public_key": public, "private_key": private}
        assert shop.post("/v2/authentication", body).status_code == 401


@pytest.mark.off_contract
@pytest.mark.parametrize(
    ("change", "status", "location"),
    [
        ({"order_amount": {"amount_in_cents": "100", "currency": "USD"}}, 400, "amount_in_cents"),
        ({"order_amount": {"amount_in_cents": 100.5, "currency": "USD"}}, 400, "amount_in_cents"),
        ({"order_amount": {"amount_in_cents": True, "currency": "USD"}}, 400, "amount_in_cents"),
        ({"order_amount": {"currency": "USD"}}, 400, "amount_in_cents"),
        ({"order_amount": usd(99)}, 422, "order.amount.amount_in_cents"),
        ({"order_amount": {"amount_in_cents": 500, "currency": "EUR"}}, 422, "currency"),
        ({"intent": "TAKE"}, 422, "order.intent"),
        ({"intent": None}, 400, "order.intent"),
        ({"reference_id": "a b"}, 422, "order.reference_id"),
        ({"reference_id": "a\n"}, 422, "order.reference_id"),
        ({"items": [{"name": "x", "quantity": "2"}]}, 400, "order.items.quantity"),
        ({"items": {"name": "x"}}, 400, "order.items"),
        ({"metadata": {"k": 1}}, 400, "order.metadata.k"),
        ({"tax_amount": {"amount_in_cents": 1, "currency": "CAD"}}, 422, "tax_amount.currency"),
        ({"locale": "de-DE"}, 422, "order.locale"),
        ({"checkout_mode": "tab"}, 422, "order.checkout_mode"),
        ({"send_checkout_url": {"language": "en"}}, 422, "order.send_checkout_url"),
        ({"send_checkout_url": {"to_email": "a", "language": "fr"}}, 422, "language"),
        ({"checkout_financing_options": ["9-pay"]}, 422, "checkout_financing_options"),
    ],
)
def test_bad_session_is_refused_with_its_place(
    emulator: Emulator, shop: Shop, change: dict[str, Any], status: int, location: str
) -> None:
    answer = shop.post("/v2/session", session_body(**change))
    assert answer.status_code == status, answer.text
    assert answer.json()[0]["location"].endswith(location)
    assert "debug_uuid" in answer.json()[0]
    assert emulator.orders == []


@pytest.mark.off_contract
def test_wrong_type_is_told_in_the_published_words(shop: Shop) -> None:
    answer = shop.post("/v2/session", session_body(items=[{"quantity": "2"}]))
    assert answer.json()[0]["message"] == "cannot unmarshal string into order.items.quantity"


@pytest.mark.off_contract
@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"null", b"\xff", b'{"order": NaN}'])
def test_unreadable_body_is_400(emulator: Emulator, shop: Shop, raw: bytes) -> None:
    answer = shop.http.post(emulator.base_url + "/v2/session", data=raw)
    assert (answer.status_code, answer.json()[0]["code"]) == (400, "bad_request")


@pytest.mark.off_contract
def test_session_needs_an_order_or_a_tokenization(shop: Shop) -> None:
    body = session_body()
    del body["order"]
    assert shop.post("/v2/session", body).status_code == 422
    assert shop.post("/v2/session", body | {"customer": {"tokenize": True}}).status_code == 201


@pytest.mark.parametrize("cents", [0, -1])
def test_money_calls_need_a_positive_amount(emulator: Emulator, shop: Shop, cents: int) -> None:
    uuid = shop.start(intent="CAPTURE")
    emulator.approve(uuid)
    assert shop.refund(uuid, cents).status_code == 422
    assert len(emulator.executions) == 2


@pytest.mark.off_contract
def test_capture_wants_its_price_wrapped_and_refund_bare(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    assert shop.post(f"/v2/order/{uuid}/capture", usd(100)).status_code == 400
    assert shop.post(f"/v2/order/{uuid}/refund", {"capture_amount": usd(1)}).status_code == 400
    other = {"capture_amount": {"amount_in_cents": 100, "currency": "CAD"}}
    refused = shop.post(f"/v2/order/{uuid}/capture", other)
    assert refused.json()[0]["location"] == "capture_amount.currency"


def test_limits_hold(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert shop.capture(uuid, 1).json()[0]["code"] == "invalid_authorization"
    assert shop.refund(uuid, 1).status_code == 422
    assert shop.release(uuid, 1).status_code == 422
    emulator.approve(uuid)
    assert shop.refund(uuid, 1).status_code == 422
    assert shop.capture(uuid, 10_001).status_code == 422
    assert shop.capture(uuid, 6000).status_code == 200
    assert shop.capture(uuid, 4001).status_code == 422
    assert shop.release(uuid, 4001).status_code == 422
    assert shop.refund(uuid, 6001).status_code == 422
    assert [each.kind for each in emulator.executions] == ["authorize", "capture"]


def test_limits_can_be_switched_off(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.profile.limits = False
    assert [shop.capture(uuid, 10_000).status_code for _ in range(3)] == [200] * 3
    assert shop.refund(uuid, 50_000).status_code == 200


def test_merchant_minimum_is_told_in_dollars(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.merchant_minimum_in_cents = 3500
    answer = shop.post("/v2/session", session_body(order_amount=usd(3499)))
    assert answer.json()[0]["message"] == "Order amount must be greater than $35"
    assert shop.post("/v2/session", session_body(order_amount=usd(3500))).status_code == 201


@pytest.mark.off_contract
def test_unknown_path_is_404(shop: Shop) -> None:
    assert shop.get("/v2/nothing").status_code == 404
    assert shop.get("/v2/session").status_code == 404


@pytest.mark.off_contract
def test_slash_at_the_end_is_tolerated(shop: Shop) -> None:
    assert shop.post("/v2/session/", session_body()).status_code == 201
