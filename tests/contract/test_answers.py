"""An answer or a delivery that nobody declared is refused; what is fine is counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.validator import DOCUMENT, Contract, ContractViolation, Counts

JSON = {"Content-Type": "application/json"}
SIGNED = {**JSON, "Sezzle-Signature": "0" * 64}
EVENT: dict[str, Any] = {
    "uuid": "e1",
    "created_at": "2026-11-20T12:00:00.123456Z",
    "event": "order.captured",
    "data_type": "order",
    "data": {"uuid": "o1"},
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load()


# What the gateway answers


@pytest.mark.parametrize(
    ("operation", "answer", "said"),
    [
        ("captureOrder", (201, JSON, b"{}"), "captureOrder answer 201: status not declared"),
        ("captureOrder", (None, {}, b""), "captureOrder answer None: status not declared"),
        ("captureOrders", (200, JSON, b"{}"), "operation 'captureOrders': not declared"),
        ("captureOrder", (200, JSON, b"{}"), "captureOrder answer 200: body.uuid: missing"),
        ("captureOrder", (200, JSON, b""), "captureOrder answer 200: body: missing"),
        ("updateOrder", (204, JSON, b"{}"), "updateOrder answer 204: body: none is declared"),
        (
            "captureOrder",
            (422, {"Content-Type": "text/html"}, b"<p>no</p>"),
            "captureOrder answer 422: content type: must be application/json, is text/html",
        ),
        (
            "refundOrder",
            (200, JSON, b'{"uuid": 1}'),
            "refundOrder answer 200: body.uuid: must be string, is integer",
        ),
        (
            "preapproveCustomer",
            (200, JSON, b'{"uuid": "p1", "approved": "true"}'),
            "preapproveCustomer answer 200: body.approved: must be boolean, is string",
        ),
        (
            "getOrder",
            (
                200,
                JSON,
                b'{"uuid": "o1", "tax_amount": {"amount_in_cents": "1", "currency": "USD"}}',
            ),
            "getOrder answer 200: body.tax_amount.amount_in_cents: must be integer, is string",
        ),
    ],
)
def test_answer_that_is_not_declared_is_refused(
    contract: Contract,
    operation: str,
    answer: tuple[int | None, Mapping[str, str], bytes],
    said: str,
) -> None:
    with pytest.raises(ContractViolation) as caught:
        contract.check_response(operation, *answer)

    assert str(caught.value) == said


def test_answer_with_unknown_members_is_accepted(contract: Contract) -> None:
    contract.check_response("captureOrder", 200, JSON, b'{"uuid": "c1", "mood": {"colour": 1}}')

    assert contract.counts.answers["captureOrder"] > 0


@pytest.mark.parametrize("body", [b'[{"code": "invalid"}]', b'{"code": "invalid"}'])
def test_error_may_be_an_array_or_one_object(contract: Contract, body: bytes) -> None:
    contract.check_response("refundOrder", 422, JSON, body)

    with pytest.raises(ContractViolation, match="fits none of its 2 forms"):
        contract.check_response("refundOrder", 422, JSON, b'"no"')


def test_csv_is_taken_where_it_is_declared(contract: Contract) -> None:
    contract.check_response("getSettlementDetails", 200, {"Content-Type": "text/csv"}, b"a,b\n")

    with pytest.raises(ContractViolation, match="must be text/csv"):
        contract.check_response("getSettlementDetails", 200, JSON, b'"a,b"')


# Events


def deliver(contract: Contract, event: Any, headers: Mapping[str, str] = SIGNED) -> str:
    return contract.check_event(headers, json.dumps(event).encode())


def test_event_with_members_nobody_declared_is_accepted(contract: Contract) -> None:
    event = {**EVENT, "colour": "red", "data": {"uuid": "o1", "colour": {"red": 1}}}

    assert deliver(contract, event) == "order.captured"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({}, "delivery: its event is not a declared one"),
        ([], "delivery: its event is not a declared one"),
        ({**EVENT, "event": "order.released"}, "delivery: its event is not a declared one"),
        ({**EVENT, "event": {}}, "delivery: its event is not a declared one"),
        ({**EVENT, "data": {}}, "order.captured delivery: body.data.uuid: missing"),
        ({**EVENT, "data": "o1"}, "body.data: must be object, is string"),
        ({**EVENT, "created_at": "today"}, "body.created_at: breaks format 'date-time'"),
        # A dispute carries order_uuid; the shape of another event will not do for it.
        (
            {**EVENT, "event": "dispute.closed.neutral"},
            "dispute.closed.neutral delivery: body.data.order_uuid: missing",
        ),
    ],
)
def test_event_of_the_wrong_shape_is_refused(contract: Contract, event: Any, said: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        deliver(contract, event)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (JSON, "header sezzle-signature: missing"),
        ({**JSON, "Sezzle-Signature": "signed"}, "neither 64 hex digits nor 44 of base64"),
        ({**SIGNED, "Sezzle-Event": "x"}, "header sezzle-event: not declared"),
        ({"Sezzle-Signature": "0" * 64}, "content type: must be application/json"),
    ],
)
def test_delivery_with_the_wrong_headers_is_refused(
    contract: Contract, headers: Mapping[str, str], said: str
) -> None:
    with pytest.raises(ContractViolation, match=said):
        deliver(contract, EVENT, headers)


def test_signature_may_be_base64(contract: Contract) -> None:
    signed = {**JSON, "Sezzle-Signature": "+" * 43 + "="}

    assert deliver(contract, EVENT, signed) == "order.captured"


# Counting and loading


def test_messages_are_counted_also_when_they_are_refused() -> None:
    contract = Contract.load()
    headers = {"Authorization": "Bearer token"}
    contract.check_request("GET", "/v2/order/o1", "", headers, b"")
    with pytest.raises(ContractViolation):
        contract.check_request("GET", "/v2/order/o1", "", headers, b"{}")
    contract.check_response("getOrder", 200, JSON, b'{"uuid": "o1"}')
    deliver(contract, EVENT)
    total = Counts.from_dict(contract.counts.as_dict())
    total.add(contract.counts)

    assert contract.counts.as_dict() == {
        "requests": {"getOrder": 2},
        "answers": {"getOrder": 1},
        "events": {"order.captured": 1},
    }
    assert total.requests["getOrder"] == 4
    assert total.events["order.captured"] == 2


def test_document_declares_every_operation_and_webhook_once() -> None:
    document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    names = [
        operation["operationId"]
        for group in ("paths", "webhooks")
        for item in document[group].values()
        for method, operation in item.items()
        if method != "parameters"
    ]

    assert len(names) == len(set(names)) == 36 + 9


@pytest.mark.parametrize("schema", [{"not": {}}, {"type": "string", "format": "uuid"}])
def test_document_with_a_rule_that_would_go_unchecked_is_not_loaded(
    tmp_path: Path, schema: dict[str, Any]
) -> None:
    document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    document["components"]["schemas"]["LineItem"]["properties"]["name"] = schema
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")

    with pytest.raises(ValueError, match="not understood"):
        Contract.load(path)
