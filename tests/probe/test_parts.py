"""Structures without values, the listener's door, and the emulator's file of switches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
import requests

from django_sezzle.emulator import Profile
from django_sezzle.emulator.__main__ import main
from django_sezzle.gateway.messages import Order
from django_sezzle.gateway.signature import sign
from django_sezzle.probe.desk import Approved, Desk
from django_sezzle.probe.endings import ask_at_once
from django_sezzle.probe.listener import Listener
from django_sezzle.probe.orders import Made
from django_sezzle.probe.questions import QUESTIONS, Need
from django_sezzle.probe.report import Report
from django_sezzle.probe.shape import fraction_digits, shape

ORDER = {
    "uuid": "f36605a0-4a96-46d1-9d01-a0b17140dc57",
    "checkout_status": "complete",
    "reference_id": "1001",
    "order_amount": {"amount_in_cents": 500, "currency": "USD"},
    "customer": {
        "email": "ada@shop.example",
        "first_name": "Ada",
        "billing_address": {"street": "1 Main St", "state": "NY", "postal_code": "10001"},
    },
    "authorization": {"approved": True, "expiration": "2026-11-21T10:00:00.123Z", "captures": []},
    "metadata": {"1 Main St, New York, and whatever else": "x"},
    "links": [{"href": "https://sandbox.gateway.sezzle.com/v2/order/x", "method": "GET"}],
    "rate": 1.5,
    "nothing": None,
}


def test_a_structure_has_names_and_kinds_and_no_value_of_anybody() -> None:
    described = shape(ORDER)
    text = json.dumps(described)
    for value in ("ada@", "Ada", "Main", "10001", "NY", "f36605a0", "1001", "500"):
        assert value not in text
    assert described["checkout_status"] == "word complete"
    assert described["customer"]["billing_address"]["street"] == "text"
    assert described["authorization"] == {
        "approved": "true or false",
        "expiration": "moment, 3 digits, Z",
        "captures": [],
    }
    assert described["links"] == [{"href": "address", "method": "word GET"}]
    assert (described["uuid"], described["rate"], described["nothing"]) == (
        "uuid",
        "decimal number",
        "null",
    )
    assert list(fraction_digits(ORDER)) == [3]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener("127.0.0.1", 0, ["sz_pr_one", "sz_pr_two"]) as listening:
        yield listening


@pytest.mark.parametrize(
    ("signature", "form"),
    [
        (sign(b"{}", "sz_pr_two"), "hex"),
        (sign(b"{}", "sz_pr_two").upper(), "hex, upper case"),
        (sign(b"{}", "sz_pr_three"), "not understood: 64 characters"),
        (None, "missing; instead none"),
    ],
)
def test_every_delivery_gets_200_and_its_signature_is_described(
    listener: Listener, signature: str | None, form: str
) -> None:
    headers = {"Sezzle-Signature": signature}
    answer = requests.post(listener.webhook_url, data=b"{}", headers=headers, timeout=5)
    assert answer.status_code == 200
    assert [each.signature for each in listener.heard] == [form]


def test_nobody_else_is_heard(listener: Listener) -> None:
    origin = listener.webhook_url.rsplit("/", 2)[0]
    for path in ("/webhook", "/guess/webhook", "/guess/complete/x"):
        assert requests.post(origin + path, data=b"{}", timeout=5).status_code == 404
        assert requests.get(origin + path, timeout=5).status_code == 404
    large = requests.post(listener.webhook_url, data=b" " * 70_000, timeout=5)
    assert large.status_code == 413
    assert (listener.heard, listener.returns) == ([], [])


def test_a_body_that_is_no_event_is_taken_and_forgotten(listener: Listener) -> None:
    for body in (b"\xff", b"[1]", b'{"event": {"a": 1}, "data": "x"}'):
        assert requests.post(listener.webhook_url, data=body, timeout=5).status_code == 200
    assert len(listener.heard) == 3


def test_a_browser_that_comes_back_is_noted_without_values(listener: Listener) -> None:
    url = listener.return_url("complete", "probe-1")
    page = requests.get(f"{url}?customer-uuid=f36605a0", timeout=5)
    assert "Thank you" in page.text
    (came,) = listener.returns
    assert (came.where, came.reference, came.added) == ("complete", "probe-1", ("customer-uuid",))


KINDS = ["authorized", "captured", "refunded"]


@pytest.mark.parametrize("kinds", list(permutations(KINDS)))
def test_deliveries_that_overtake_each_other_change_no_answer(kinds: tuple[str, ...]) -> None:
    made = Made("probe-1", ORDER["uuid"], 500, datetime.now(UTC))
    listener = Mock(heard=[Mock(event=Mock(order_uuid=made.uuid)) for _ in kinds])
    for heard, kind in zip(listener.heard, kinds, strict=True):
        heard.event.type = f"order.{kind}"
    report = Report()
    desk = Desk(Mock(), Mock(made=[made]), report, Mock(), 1, 1, listener, met={Need.WEBHOOKS})
    reply = Mock(call="GET /v2/order/{order}", status=200, errors=[], json=ORDER)
    approved = Approved(made, Order.from_json(ORDER), reply, made.made_at)
    with patch.object(Desk, "guide", return_value=approved), patch.object(Desk, "wait_for"):
        ask_at_once(desk)
    desk.catch_up()
    found = report.findings["capture_intent_events"]
    assert found.reading == "order.authorized, order.captured, order.refunded"
    assert found.switches == {
        "capture_intent_events": "authorized_and_captured",
        "automatic_capture_event": True,
    }


def test_the_pages_name_what_no_run_can_tell() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    for page in ("probe.rst", "open-questions.rst"):
        text = (docs / page).read_text(encoding="utf-8")
        for question in QUESTIONS:
            for switch in question.switches if question.never else ():
                assert f"``{switch}``" in text.split("list-table")[0], page


def test_switches_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    file.write_text('{"finished_status": "completed", "limits": false}')
    profile = Profile()
    profile.change_from_file(file)
    assert (profile.finished_status, profile.limits) == ("completed", False)


@pytest.mark.parametrize("text", ['{"no_such": 1}', '{"limits": 1}', "[]", "{", None])
def test_the_emulator_does_not_start_from_a_file_it_cannot_play(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "profile.json"
    if text is not None:
        file.write_text(text)
    assert main(["--port=0", f"--profile={file}"]) == 1
    assert "could not start" in capsys.readouterr().err
