"""Each sample is what its name says it is, and none is left out."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from tests.contract.validator import Contract

SAMPLES = Path(__file__).parents[1] / "samples"
JSON = {"Content-Type": "application/json"}
TOKEN = {**JSON, "Authorization": "Bearer token"}
VECTORS = "webhook.signature-vectors.json"

#: The method and path each sample of a request is sent to, by the start of its name.
REQUESTS = {
    "authentication": ("POST", "/v2/authentication"),
    "session.create": ("POST", "/v2/session"),
    "order.patch": ("PATCH", "/v2/order/o1"),
    "order.capture": ("POST", "/v2/order/o1/capture"),
    "order.refund": ("POST", "/v2/order/o1/refund"),
    "order.release": ("POST", "/v2/order/o1/release"),
    "order.reauthorize": ("POST", "/v2/order/o1/reauthorize"),
    "order.upcharge": ("POST", "/v2/order/o1/upcharge"),
    "order.checkout.patch": ("PATCH", "/v2/order/o1/checkout"),
    "customer.preapprove": ("POST", "/v2/customer/c1/preapprove"),
    "customer.order": ("POST", "/v2/customer/c1/order"),
    "webhooks.create": ("POST", "/v2/webhooks"),
    "webhooks.update": ("PATCH", "/v2/webhooks/w1"),
    "webhooks.test": ("POST", "/v2/webhooks/test"),
}
#: The operation each sample of an answer belongs to; the status is in the sample's name.
ANSWERS = {
    "authentication": "createAuthenticationToken",
    "session.create": "createSession",
    "session.get": "getSession",
    "order.get": "getOrder",
    "order.capture": "captureOrder",
    "order.refund": "refundOrder",
    "order.release": "releaseOrder",
    "order.reauthorize": "reauthorizeOrder",
    "order.upcharge": "upchargeOrder",
    "customer.list": "listCustomers",
    "customer.get": "getCustomer",
    "customer.preapprove": "preapproveCustomer",
    "customer.order": "createCustomerOrder",
    "token.session": "getTokenSession",
    "webhooks.create": "createWebhook",
    "webhooks.list": "listWebhooks",
    "webhooks.get": "getWebhook",
    "webhooks.update": "updateWebhook",
    "reports.settlement-summaries": "listSettlementSummaries",
    "reports.orders": "getOrdersReport",
    "reports.interest-balance": "getInterestBalance",
}
ERRORS = {
    "error.400.bad-request.json": 400,
    "error.400.wrong-type.json": 400,
    "error.401.unauthorized.json": 401,
    "error.404.not-found.json": 404,
    "error.422.below-minimum.json": 422,
    "error.422.invalid.json": 422,
    "error.single-object-form.json": 400,
}


def _names(part: str) -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.json") if part in path.name)


def _body(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def _operation(name: str) -> str:
    """Return what a name says before ``request`` or ``response``: its longest start in a table."""
    known = [start for start in (*REQUESTS, *ANSWERS) if name.startswith(f"{start}.")]
    return max(known, key=len)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load()


@pytest.mark.parametrize("name", _names(".request."))
def test_request_is_one_the_gateway_takes(contract: Contract, name: str) -> None:
    method, path = REQUESTS[_operation(name)]

    called = contract.check_request(method, path, "", TOKEN, _body(name))

    assert contract.counts.requests[called] > 0


@pytest.mark.parametrize("name", _names(".response."))
def test_answer_is_one_of_its_operation(contract: Contract, name: str) -> None:
    status = int(name.split(".response.")[1].removesuffix(".json"))

    contract.check_response(ANSWERS[_operation(name)], status, JSON, _body(name))


@pytest.mark.parametrize("name", _names("error."))
def test_error_is_the_answer_of_a_refused_session(contract: Contract, name: str) -> None:
    contract.check_response("createSession", ERRORS[name], JSON, _body(name))


@pytest.mark.parametrize("name", _names("event."))
def test_event_is_one_the_gateway_delivers(contract: Contract, name: str) -> None:
    body = _body(name)
    signature = hmac.new(b"sz_pr_example", body, hashlib.sha256).hexdigest()

    event = contract.check_event({**JSON, "Sezzle-Signature": signature}, body)

    assert name.startswith(f"event.{event}.")


@pytest.mark.parametrize("vector", json.loads(_body(VECTORS)), ids=lambda vector: vector["title"])
def test_signature_vector_is_computed_over_its_raw_bytes(vector: dict[str, str]) -> None:
    key, body = vector["private_key"].encode(), vector["raw_body"].encode()

    assert hmac.new(key, body, hashlib.sha256).hexdigest() == vector["sezzle_signature_hex"]


def test_every_sample_is_checked_by_a_test_above() -> None:
    checked = [*_names(".request."), *_names(".response."), *_names("error."), *_names("event.")]

    assert sorted([*checked, VECTORS]) == sorted(path.name for path in SAMPLES.glob("*.json"))
