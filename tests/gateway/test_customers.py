"""Saved customers are read as Sezzle publishes them, and nothing unclear is taken for a yes."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from django_sezzle.exceptions import GatewayError, GatewayUnavailable
from django_sezzle.gateway import Price
from django_sezzle.gateway.messages import Malformed, Preapproval, SavedCustomer

from .conftest import gateway_at
from .test_secrets import everything_about
from .wire import Wire, say

pytestmark = pytest.mark.usefixtures("quick_retries")

SAMPLES = Path(__file__).parents[1] / "samples"
UUID = "a9d8e15c-5e4a-4201-aa8f-7540f934a9a2"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def test_the_published_list() -> None:
    (listed,) = SavedCustomer.list_from_json(sample("customer.list.response.200.json"))

    assert listed.uuid == UUID
    assert listed.expires_at == datetime(2020, 4, 28, 17, 58, 11, tzinfo=UTC)
    assert listed.details == {}


def test_the_published_customer() -> None:
    read = SavedCustomer.from_json(sample("customer.get.response.200.json"))

    assert read.uuid == UUID
    assert read.details["email"] == "john.doe@sezzle.com"
    assert "links" not in read.details
    for secret in (UUID, "Doe", "5555045294", "1990"):
        assert secret not in repr(read)


def test_the_published_answers_to_a_preapproval() -> None:
    names = [
        f"customer.preapprove.{answer}.response.200.json" for answer in ("approved", "refused")
    ]

    assert [Preapproval.from_json(sample(name)).approved for name in names] == [True, False]


@pytest.mark.parametrize("value", [None, []], ids=str)
def test_an_empty_list(value: Any) -> None:
    assert SavedCustomer.list_from_json(value) == []


@pytest.mark.parametrize("value", [{}, "text", [{}], [7], [{"uuid": "../x"}], [{"uuid": 7}]])
def test_a_list_without_usable_ids_is_not_read(value: Any) -> None:
    with pytest.raises(Malformed):
        SavedCustomer.list_from_json(value)


@pytest.mark.parametrize("approved", ["true", 1, None, {}, []], ids=repr)
def test_only_true_and_false_are_answers(approved: Any) -> None:
    answer = say(200, {"uuid": "p-1", "approved": approved})
    with Wire(answer) as wire, pytest.raises(GatewayUnavailable, match="neither true nor false"):
        gateway_at(wire.url).preapprove_customer("c-1", Price(1_000, "USD"))


@pytest.mark.parametrize("status", [200, 404, 500])
def test_the_shoppers_id_is_in_no_log_and_no_error(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = [{"code": "record_not_found", "message": "no customer canary-c1"}]
    with Wire(say(status, words if status != 200 else {"approved": 1})) as wire:
        gateway = gateway_at(wire.url)
        for ask in (
            lambda: gateway.get_customer("canary-c1"),
            lambda: gateway.preapprove_customer("canary-c1", Price(1_000, "USD")),
            lambda: gateway.delete_customer("canary-c1"),
        ):
            with suppress(GatewayError):
                ask()
        with pytest.raises(GatewayError) as raised:
            gateway.get_customer("canary-c1")
        assert "/v2/customer/canary-c1" in {call.path for call in wire.calls}
    assert "path=/v2/customer/{secret}" in caplog.text
    assert "canary-c1" not in caplog.text
    assert "canary-c1" not in str(raised.value)


@pytest.mark.fault(72)
def test_an_answer_that_cannot_be_read_leaves_no_data_behind() -> None:
    body = sample("customer.get.response.200.json") | {"uuid": 7}
    with Wire(say(200, body)) as wire, pytest.raises(GatewayUnavailable) as raised:
        gateway_at(wire.url).get_customer("c-1")
    assert "john.doe" not in everything_about(raised.value)
