"""No violation is lost, on whatever thread and at whatever moment it comes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract.plugin import (
    WORKER_OUTPUT,
    Watch,
    check_record,
    pytest_testnodedown,
    violations_of,
    watch_class,
)
from tests.contract.validator import Contract, ContractViolation, Counts

pytest_plugins = ["pytester"]

JSON = {"Content-Type": "application/json"}
EXCHANGE: dict[str, Any] = {
    "operation": "refundOrder",
    "method": "POST",
    "path": "/v2/order/o1/refund",
    "query": "",
    "request_headers": {**JSON, "Authorization": "Bearer token"},
    "request_body": '{"amount_in_cents": 5000, "currency": "USD"}',
    "status": 200,
    "response_headers": JSON,
    "response_body": '{"uuid": "r1"}',
    "fault": None,
}
DELIVERY: dict[str, Any] = {
    "event": "order.captured",
    "url": "https://shop.example/sezzle/webhook/",
    "headers": {**JSON, "Sezzle-Signature": "0" * 64},
    "body": json.dumps(
        {
            "uuid": "e1",
            "created_at": "2026-11-20T12:00:00Z",
            "event": "order.captured",
            "data_type": "order",
            "data": {"uuid": "o1"},
        }
    ),
    "status": 200,
}
BAD_REQUEST = {**EXCHANGE, "request_body": "{}"}
BAD_REQUEST_SAID = "refundOrder request: body.amount_in_cents: missing; body.currency: missing"


@pytest.fixture
def watch() -> Watch:
    return Watch(Contract.load())


# One message


@pytest.mark.parametrize(
    ("message", "violations"),
    [
        (EXCHANGE, []),
        (DELIVERY, []),
        (BAD_REQUEST, [BAD_REQUEST_SAID]),
        ({**EXCHANGE, "status": 201}, ["refundOrder answer 201: status not declared"]),
        ({**EXCHANGE, "status": None}, ["refundOrder answer None: status not declared"]),
        (
            {**EXCHANGE, "path": "/v2/nothing"},
            ["POST /v2/nothing: no such operation is declared"],
        ),
        (
            {**BAD_REQUEST, "status": 500},
            [BAD_REQUEST_SAID, "refundOrder answer 500: status not declared"],
        ),
        ({**EXCHANGE, "status": None, "fault": "drop_after"}, []),
        ({**BAD_REQUEST, "status": 500, "fault": "error_before"}, [BAD_REQUEST_SAID]),
        ({**EXCHANGE, "path": "/emulator/clock", "status": 500}, []),
        ({**EXCHANGE, "path": "/checkout/o1", "request_body": None}, []),
        (
            {**DELIVERY, "event": "order.refunded"},
            ["order.refunded delivery: its body says order.captured"],
        ),
        ({**DELIVERY, "body": None}, ["body: not JSON (Expecting value)"]),
        ({"colour": "red"}, ["SimpleNamespace: neither an exchange nor a delivery"]),
    ],
)
def test_message_is_checked_but_a_broken_answer_and_pages_are_not(
    message: dict[str, Any], violations: list[str]
) -> None:
    assert violations_of(SimpleNamespace(**message), Contract.load()) == violations


# The watch


def test_violation_on_a_thread_is_kept_until_it_is_taken(watch: Watch) -> None:
    emulator = SimpleNamespace(observers=[])
    watch.observe(emulator)
    thread = threading.Thread(target=emulator.observers[0], args=[SimpleNamespace(**BAD_REQUEST)])
    thread.start()
    thread.join()

    assert watch.taken() == [BAD_REQUEST_SAID]
    assert watch.taken() == []


def test_message_that_cannot_be_read_is_a_violation_and_not_an_error(watch: Watch) -> None:
    watch.note(SimpleNamespace(**{**EXCHANGE, "query": 5}))

    assert watch.taken() == [
        "the rig could not read a message: AttributeError: 'int' object has no attribute 'items'"
    ]


def test_each_emulator_made_is_observed_until_the_patch_is_undone(watch: Watch) -> None:
    class Emulator:
        def __init__(self, *, key: str) -> None:
            self.key = key
            self.observers: list[Callable[[Any], None]] = []

    patch = pytest.MonkeyPatch()
    watch_class(Emulator, watch, patch)
    watched = Emulator(key="sz_pub_x")
    patch.undo()

    assert watched.key == "sz_pub_x"
    assert watched.observers == [watch.note]
    assert Emulator(key="sz_pub_x").observers == []


# Whole runs of pytest

INNER = f"""
import threading
from types import SimpleNamespace

import pytest

from tests.contract.plugin import observe

EXCHANGE = {EXCHANGE!r}
BAD = {{"request_body": "{{}}"}}


def tell(emulator, **changes):
    thread = threading.Thread(
        target=emulator.observers[0], args=[SimpleNamespace(**{{**EXCHANGE, **changes}})]
    )
    thread.start()
    thread.join()


@pytest.fixture
def emulator():
    emulator = SimpleNamespace(observers=[])
    observe(emulator)
    return emulator
"""


def run(pytester: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    """Run pytest inside pytest on `tests`, with the plugin."""
    pytester.makepyfile(INNER + tests)
    quiet = ("-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider")
    return pytester.runpytest_inprocess("-p", "tests.contract.plugin", *quiet, *options)


def test_violation_on_a_thread_fails_its_test_and_no_other(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_before(emulator): tell(emulator)
def test_bad(emulator): tell(emulator, **BAD)
def test_after(emulator): tell(emulator)
""",
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*_ test_bad _*", f"*{BAD_REQUEST_SAID}"])
    result.stdout.fnmatch_lines(["*Sezzle contract*", "refundOrder * 3 requests * 3 answers"])


def test_violation_in_a_test_that_ends_by_itself_is_an_error_of_its_teardown(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        """
@pytest.fixture
def server(emulator):
    yield
    tell(emulator, **BAD)

def test_late(server): pass
def test_skips(emulator):
    tell(emulator, **BAD)
    pytest.skip("not here")
def test_fails(emulator):
    tell(emulator, **BAD)
    assert False
""",
    )

    result.assert_outcomes(passed=1, skipped=1, failed=1, errors=3)


def test_violation_is_shown_beside_the_error_of_a_fixture(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture
def server(emulator):
    yield
    tell(emulator, **BAD)
    raise RuntimeError("the port is still taken")

def test_late(server): pass
""",
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the port is still taken*", f"*{BAD_REQUEST_SAID}"])
    result.stdout.no_fnmatch_line("outside any test*")


def test_test_marked_off_contract_passes_and_is_counted(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.off_contract
def test_marked(emulator): tell(emulator, **BAD)
def test_next(emulator): pass
""",
        "--strict-markers",
    )

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*Sezzle contract*", "refundOrder * 1 requests * 1 answers"])


@pytest.mark.off_contract
def test_emulator_of_the_package_is_watched_as_soon_as_it_is_made(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        """
import json
from django_sezzle.emulator import Emulator, Request

KEYS = {"public_key": "sz_pub_emulator", "private_key": "sz_pr_emulator"}

def authenticate(**more):
    body = json.dumps({**KEYS, **more}).encode()
    headers = {"Content-Type": "application/json"}
    return Emulator().handle(Request("POST", "/v2/authentication", "", headers, body))

def test_good(): assert authenticate().status == 201
def test_bad(): authenticate(colour="red")
""",
    )

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["createAuthenticationToken request: body.colour: not declared"])


def test_violation_outside_any_test_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import pytest
from tests.contract import plugin

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    plugin._watches[-1].note("a thread that stayed")
"""
    )

    result = run(pytester, "def test_fine(): pass\n")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["outside any test: str: neither an exchange nor a delivery"])


# The record of an emulator in another process, and the workers of xdist


def test_record_is_checked_line_by_line_and_counted(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    lines = [json.dumps({"kind": "any", **message}) for message in (EXCHANGE, EXCHANGE, DELIVERY)]
    record.write_text("\n".join(lines) + "\n", encoding="utf-8")

    counts = check_record(record)

    assert counts.as_dict() == {
        "requests": {"refundOrder": 2},
        "answers": {"refundOrder": 2},
        "events": {"order.captured": 1},
    }


def test_recorded_body_may_be_text_a_document_or_base64(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    price = {"amount_in_cents": 1, "currency": "CAD"}
    encoded = {"base64": "eyJhbW91bnRfaW5fY2VudHMiOjEsImN1cnJlbmN5IjoiQ0FEIn0="}
    bodies = [json.dumps(price), price, encoded]
    lines = [json.dumps({**EXCHANGE, "request_body": body}) + "\n" for body in bodies]
    record.write_text("".join(lines), encoding="utf-8")

    assert check_record(record).requests["refundOrder"] == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([EXCHANGE, BAD_REQUEST], f"line 2: {BAD_REQUEST_SAID}"),
        (
            [{**EXCHANGE, "request_body": {"amount_in_cents": 5000.0, "currency": "USD"}}],
            "line 1: refundOrder request: body.amount_in_cents: must be integer, is number",
        ),
        (
            [{**EXCHANGE, "request_body": {"base64": "/w=="}}],
            "line 1: refundOrder request: body: not JSON (not plain JSON)",
        ),
        (
            [{**EXCHANGE, "request_body": None}],
            "line 1: refundOrder request: body: missing",
        ),
        ([{}], "line 1: SimpleNamespace: neither an exchange nor a delivery"),
        ([], "nothing was recorded"),
    ],
)
def test_record_that_breaks_the_contract_or_is_empty_is_refused(
    tmp_path: Path, lines: list[dict[str, Any]], said: str
) -> None:
    record = tmp_path / "record.jsonl"
    record.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    with pytest.raises(ContractViolation) as caught:
        check_record(record)

    assert str(caught.value) == said


def test_counts_and_violations_of_a_worker_reach_the_controller(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.contract.plugin._watches", [watch])
    worker = Counts.from_dict({"requests": {"getOrder": 2}, "answers": {}, "events": {}})
    output = {WORKER_OUTPUT: {"counts": worker.as_dict(), "left": ["late"]}}

    pytest_testnodedown(SimpleNamespace(workeroutput=output))
    pytest_testnodedown(SimpleNamespace(workeroutput=output))
    pytest_testnodedown(SimpleNamespace())  # a worker that crashed has no output

    assert watch.counts.requests["getOrder"] == 4
    assert watch.left == ["late", "late"]
