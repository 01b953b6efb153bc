"""The published document says what the code does, all of it and nothing else."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import pytest
import yaml

from django_sezzle.emulator import Emulator
from django_sezzle.services.in_store import LONGEST_EMAIL, Stage
from django_sezzle.till import api
from django_sezzle.till.answers import CLOSED_BY_STAFF, REFUSALS, ROWS
from django_sezzle.till.bodies import REQUEST_ID
from django_sezzle.till.urls import urlpatterns
from tests.till.conftest import DOCUMENT, Till

WORDS: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
SCHEMAS = WORDS["components"]["schemas"]

#: Who asks, and how.
ALWAYS = {401, 403, 405}
BODY = {400, 413}
OF_MONEY = {int(row.status) for _kind, row in ROWS} | {404, 200}
OF_ONE = {200, 404, 503}
STATUSES: dict[str, set[int]] = {
    "ask": ALWAYS | BODY | {200, 201} | OF_MONEY - {HTTPStatus.ACCEPTED, 404},
    "read": ALWAYS | OF_ONE,
    "set_receipt": ALWAYS | BODY | OF_ONE | OF_MONEY - {HTTPStatus.ACCEPTED},
    "capture": ALWAYS | BODY | OF_MONEY,
    "cancel": ALWAYS | BODY | OF_MONEY,
    "refund": ALWAYS | BODY | OF_MONEY,
    "schema": ALWAYS | {200},
}


def operations() -> dict[tuple[str, str], Any]:
    """Give what the document says of each method of each path."""
    return {
        (path, method): said
        for path, item in WORDS["paths"].items()
        for method, said in item.items()
        if method in {"get", "post", "patch", "put", "delete"}
    }


def views() -> set[tuple[str, str]]:
    """Give each method of each path of the code."""
    found = set()
    for pattern in urlpatterns:
        view: Any = pattern.callback
        path = re.sub(r"<str:(\w+)>", r"{\1}", f"/{pattern.pattern}")
        found |= {(path, method) for method in view.cls.http_method_names if method != "head"}
    return found


def test_every_path_and_method_is_documented_and_there() -> None:
    assert set(operations()) == views()


def test_every_status_is_documented_and_meant() -> None:
    said = {op["operationId"]: {int(s) for s in op["responses"]} for op in operations().values()}
    assert said == STATUSES


def test_every_permission_is_documented() -> None:
    needs = {
        "ask": api.PaymentsView.needs,
        "read": api.PaymentView.needs,
        "set_receipt": api.PaymentView.needs,
        "capture": api.CaptureView.needs,
        "cancel": api.CancelView.needs,
        "refund": api.RefundView.needs,
        "schema": api.SchemaView.needs,
    }
    for operation in operations().values():
        assert f"`{needs[operation['operationId']]}`" in operation["description"]
    assert f"`{api.RELEASE}`" in WORDS["paths"]["/payments/{token}/cancel/"]["post"]["description"]


def test_every_code_and_stage_is_documented() -> None:
    rows = [CLOSED_BY_STAFF, *(row for _kind, row in ROWS)]
    codes = {row.code for row in rows} | {code for _kind, code in REFUSALS}
    error = SCHEMAS["Error"]["properties"]["code"]
    assert set(error["enum"]) == codes
    assert set(re.findall(r"`([a-z_]+)`", error["description"])) == codes
    stage = SCHEMAS["Payment"]["properties"]["stage"]
    assert set(stage["enum"]) == set(Stage)
    assert set(re.findall(r"`([a-z_]+)`", stage["description"])) == set(Stage)


def test_patterns_are_those_of_the_code() -> None:
    pattern = SCHEMAS["Move"]["properties"]["request_id"]["pattern"]
    assert pattern == f"^{REQUEST_ID.pattern}$"
    assert SCHEMAS["Ask"]["properties"]["email"]["maxLength"] == LONGEST_EMAIL


def test_every_schema_is_closed() -> None:
    assert all(schema["additionalProperties"] is False for schema in SCHEMAS.values())


@pytest.mark.django_db
@pytest.mark.urls("tests.till.urls")
def test_it_is_served_as_it_is_shipped(till: Till, emulator: Emulator) -> None:
    answer = till.send("GET", "/schema/")
    assert answer["Content-Type"] == "application/yaml"
    assert answer.content == DOCUMENT.read_bytes()
