"""A request that nobody declared is refused, and the refusal says exactly why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.shapes import unknown_members
from tests.contract.validator import Contract, ContractViolation

JSON = {"Content-Type": "application/json"}
TOKEN = {**JSON, "Authorization": "Bearer token"}
PRICE = {"amount_in_cents": 5000, "currency": "USD"}
SESSION: dict[str, Any] = {
    "cancel_url": {"href": "https://shop.example/cart"},
    "complete_url": {"href": "https://shop.example/done"},
    "order": {
        "intent": "AUTH",
        "reference_id": "shop-1",
        "description": "Order 1",
        "order_amount": PRICE,
        "items": [{"name": "Widget", "quantity": 1, "price": PRICE}],
    },
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load()


def changed(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of `document` with `value` at the dotted `path`."""
    # Not copy.deepcopy: it would keep two mentions of PRICE one and the same.
    result: dict[str, Any] = json.loads(json.dumps(document))
    *parents, last = path.split(".")
    parent: Any = result
    for step in parents:
        parent = parent[int(step)] if step.isdigit() else parent.setdefault(step, {})
    parent[last] = value
    return result


def send(
    contract: Contract,
    call: str,
    body: Any = None,
    *,
    query: str | Mapping[str, Any] = "",
    headers: Mapping[str, str] = TOKEN,
) -> str:
    """Check the request `call` ("POST /v2/session"); bytes are sent as they are."""
    method, path = call.split(" ")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return contract.check_request(method, path, query, headers, raw)


def refusal(contract: Contract, call: str, body: Any = None, **how: Any) -> str:
    with pytest.raises(ContractViolation) as caught:
        send(contract, call, body, **how)
    return str(caught.value)


# Operations


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("GET /v2/order/12a34bc5-not-a-uuid", "getOrder"),
        ("DELETE /v2/order/o1/checkout", "deleteCheckout"),
        ("GET /v2/webhooks", "listWebhooks"),
        ("DELETE /v2/webhooks/w1", "deleteWebhook"),
        ("GET /v2/token/t1/session", "getTokenSession"),
    ],
)
def test_operation_is_named_by_method_and_path(
    contract: Contract, call: str, operation: str
) -> None:
    assert send(contract, call) == operation


@pytest.mark.parametrize(
    "call",
    [
        "GET /v2/orders",
        "PUT /v2/order/o1",
        "post /v2/session",
        "POST /v2/session/",
        "GET /v2/order/",
        "GET /v2/order/o1?full=1",
        "POST /v1/session",
        "GET /v2/webhooks/test",
    ],
)
def test_unknown_operation_is_refused(contract: Contract, call: str) -> None:
    assert refusal(contract, call) == f"{call}: no such operation is declared"


# What we send: bodies


def test_bare_price_sent_to_capture_is_refused(contract: Contract) -> None:
    assert refusal(contract, "POST /v2/order/o1/capture", PRICE) == (
        "captureOrder request: body.capture_amount: missing"
    )


@pytest.mark.parametrize("operation", ["refund", "release", "reauthorize"])
def test_wrapped_price_sent_elsewhere_is_refused(contract: Contract, operation: str) -> None:
    assert refusal(contract, f"POST /v2/order/o1/{operation}", {"capture_amount": PRICE}) == (
        f"{operation}Order request: body.amount_in_cents: missing; body.currency: missing"
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("colour", "body.colour"),
        ("order.colour", "body.order.colour"),
        ("order.items.0.colour", "body.order.items[0].colour"),
        ("order.items.0.price.colour", "body.order.items[0].price.colour"),
        ("order.order_amount.colour", "body.order.order_amount.colour"),
        ("customer.colour", "body.customer.colour"),
        ("customer.billing_address.colour", "body.customer.billing_address.colour"),
    ],
)
def test_unknown_member_at_any_depth_is_refused(contract: Contract, path: str, said: str) -> None:
    body = changed(changed(SESSION, "customer.billing_address.street", "x"), path, "red")

    violation = refusal(contract, "POST /v2/session", body)

    assert violation == f"createSession request: {said}: not declared"


def test_member_of_an_alternative_is_known_where_the_alternative_fits(contract: Contract) -> None:
    urls = {name: SESSION[name] for name in ("cancel_url", "complete_url")}
    customer = {"tokenize": True, "email": "shopper@example.com"}

    assert send(contract, "POST /v2/session", {**urls, "customer": customer}) == "createSession"
    assert refusal(contract, "POST /v2/session", {**urls, "customer": {"tokenize": False}}) == (
        "createSession request: body: fits none of its 2 forms "
        "(body.order: missing; body.customer.tokenize: breaks const True)"
    )


def test_member_of_an_alternative_that_does_not_fit_is_unknown() -> None:
    alternatives = [
        {"required": ["phone"], "properties": {"phone": {}}},
        {"required": ["email"], "properties": {"email": {}, "name": {}}},
    ]

    unknown = list(unknown_members([{"anyOf": alternatives}], {"phone": "1", "name": "x"}, "body"))

    assert unknown == ["body.name: not declared"]


@pytest.mark.parametrize(
    ("cents", "kind"), [("5000", "string"), (50.0, "number"), (True, "boolean"), (None, "null")]
)
def test_cents_that_are_no_json_integer_are_refused(
    contract: Contract, cents: Any, kind: str
) -> None:
    body = {**PRICE, "amount_in_cents": cents}

    assert refusal(contract, "POST /v2/order/o1/refund", body) == (
        f"refundOrder request: body.amount_in_cents: must be integer, is {kind}"
    )


def test_metadata_takes_free_keys_with_string_values(contract: Contract) -> None:
    free = changed(SESSION, "order.metadata", {"till": "4", "shop name": "Main St"})
    number = changed(SESSION, "order.metadata", {"till": 4})
    nested = changed(SESSION, "order.metadata", {"till": {"number": "4"}})

    assert send(contract, "POST /v2/session", free) == "createSession"
    assert refusal(contract, "POST /v2/session", number) == (
        "createSession request: body.order.metadata.till: must be string, is integer"
    )
    assert "till: must be string, is object" in refusal(contract, "POST /v2/session", nested)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("order.intent", "HOLD", "breaks enum ['AUTH', 'CAPTURE']"),
        ("order.reference_id", "order 1", "breaks pattern '^[A-Za-z0-9_-]+$'"),
        ("order.order_amount.amount_in_cents", 99, "breaks minimum 100"),
        ("order.order_amount.currency", "usd", "breaks pattern '^[A-Z]{3}$'"),
        ("order.checkout_expiration", "tomorrow", "breaks format 'date-time'"),
        ("order.checkout_expiration", "2026-02-30T00:00:00Z", "breaks format 'date-time'"),
    ],
)
def test_value_outside_its_rule_is_refused_and_not_repeated(
    contract: Contract, path: str, value: Any, rule: str
) -> None:
    violation = refusal(contract, "POST /v2/session", changed(SESSION, path, value))

    assert violation == f"createSession request: body.{path}: {rule}"


def test_violation_holds_no_value_of_the_body(contract: Contract) -> None:
    keys = {"public_key": "sz_pub_x", "private_key": ["sz_pr_x"], "shopper@example.com": {}}

    violation = refusal(contract, "POST /v2/authentication", keys, headers=JSON)

    assert violation.endswith("body.private_key: must be string, is array")


@pytest.mark.parametrize(
    ("call", "body", "said"),
    [
        ("POST /v2/session", None, "body: missing"),
        ("GET /v2/order/o1", {}, "body: none is declared"),
        ("DELETE /v2/order/o1/checkout", b"null", "body: none is declared"),
        ("POST /v2/session", b"{", "body: not JSON (Expecting property name enclosed"),
        ("POST /v2/session", b'{"a": NaN}', "body: not JSON (not plain JSON)"),
        ("POST /v2/session", b'{"a": 1, "a": 2}', "body: not JSON (not plain JSON)"),
        ("POST /v2/session", b"\xff", "body: not JSON"),
        ("POST /v2/session", [], "body: must be object, is array"),
    ],
)
def test_body_that_is_missing_unwanted_or_unreadable_is_refused(
    contract: Contract, call: str, body: Any, said: str
) -> None:
    assert said in refusal(contract, call, body)


# What we send: headers and query


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("application/x-www-form-urlencoded", "is application/x-www-form-urlencoded"),
        ("", "is missing"),
    ],
)
def test_wrong_content_type_is_refused(contract: Contract, sent: str, said: str) -> None:
    headers = {**TOKEN, "Content-Type": sent}

    violation = refusal(contract, "POST /v2/session", SESSION, headers=headers)

    assert violation.endswith(f"content type: must be application/json, {said}")


def test_content_type_may_name_a_character_set(contract: Contract) -> None:
    headers = {"content-type": "application/json; charset=utf-8", "authorization": "Bearer t"}

    assert send(contract, "POST /v2/session", SESSION, headers=headers) == "createSession"


@pytest.mark.parametrize("sent", [None, "", "token", "Basic abc", "Bearer ", "bearer token"])
def test_request_without_a_bearer_token_is_refused(contract: Contract, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent}

    violation = refusal(contract, "GET /v2/order/o1", headers=headers)

    assert violation == "getOrder request: header Authorization: must be 'Bearer' and a token"


def test_authentication_needs_no_token(contract: Contract) -> None:
    keys = {"public_key": "sz_pub_x", "private_key": "sz_pr_x"}

    called = send(contract, "POST /v2/authentication", keys, headers=JSON)

    assert called == "createAuthenticationToken"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("GET /v2/order/o1", "Sezzle-Request-Id"),
        ("GET /v2/order/o1", "Sezzle-Platform"),
        ("POST /v2/order/o1/refund", "X-Sezzle-Request-Id"),
    ],
)
def test_sezzle_header_that_is_not_declared_is_refused(
    contract: Contract, call: str, name: str
) -> None:
    body = PRICE if call.startswith("POST") else None

    violation = refusal(contract, call, body, headers={**TOKEN, name: "1"})

    assert violation.endswith(f"header {name.lower()}: not declared")


def test_request_id_is_taken_where_it_is_declared_unless_empty(contract: Contract) -> None:
    call = "POST /v2/order/o1/refund"

    assert send(contract, call, PRICE, headers={**TOKEN, "sezzle-request-id": "1"}) == "refundOrder"
    assert "empty" in refusal(contract, call, PRICE, headers={**TOKEN, "Sezzle-Request-Id": ""})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "query start-date: missing"),
        ("start-date=20261101", "query start-date: breaks format 'date'"),
        ("start-date=2026-11-01&page=2", "query page: not declared"),
        ("start-date=2026-11-01&offset=many", "query offset: must be integer, is string"),
        ("start-date=2026-11-01&offset=-1", "query offset: breaks minimum 0"),
        ({"start-date": ["2026-11-01", "2026-11-02"]}, "query start-date: sent 2 times"),
    ],
)
def test_query_that_is_not_declared_is_refused(
    contract: Contract, query: str | Mapping[str, Any], said: str
) -> None:
    violation = refusal(contract, "GET /v2/settlements/summaries", query=query)

    assert violation.split(": ", 1)[1] == said


@pytest.mark.parametrize(
    "query", ["start-date=2026-11-01&offset=20", {"start-date": "2026-11-01", "offset": ["20"]}]
)
def test_declared_query_is_taken_as_text_or_as_a_mapping(
    contract: Contract, query: str | Mapping[str, Any]
) -> None:
    called = send(contract, "GET /v2/settlements/summaries", query=query)

    assert called == "listSettlementSummaries"
