"""Structures without values, the listener's door, and the emulator's file of switches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from django_sezzle.emulator import Profile
from django_sezzle.emulator.__main__ import main
from django_sezzle.gateway.signature import sign
from django_sezzle.probe.listener import Listener
from django_sezzle.probe.questions import QUESTIONS
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
