"""
Watch every emulator a test makes, and fail the test whose messages break the contract.

Registered by ``pytest_plugins = ["tests.contract.plugin"]``. A test that sends wrong messages on
purpose says so with ``@pytest.mark.off_contract``; its messages are counted all the same.
"""

from __future__ import annotations

import base64
import functools
import json
import threading
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, runtime_checkable

import pytest

from tests.contract.validator import Contract, ContractViolation, Counts, Query

MARKER = "off_contract: this test sends messages outside Sezzle's contract on purpose"
WORKER_OUTPUT = "sezzle_contract"


@runtime_checkable
class Exchange(Protocol):
    """A request and its answer; `fault` names what was done to the answer on purpose."""

    method: str
    path: str
    query: Query
    request_headers: Mapping[str, str]
    request_body: bytes | str | None
    status: int | None
    response_headers: Mapping[str, str]
    response_body: bytes | str | None
    fault: str | None


@runtime_checkable
class Delivery(Protocol):
    """One POST of a webhook event."""

    event: str
    url: str
    headers: Mapping[str, str]
    body: bytes | str | None


class Observed(Protocol):
    """What is needed of an emulator."""

    @property
    def observers(self) -> list[Callable[[Any], None]]: ...


class Watch:
    """
    Holds what the running test broke, and the counts of all tests.

    Messages arrive on any thread. An exception raised there would be lost with the thread or be
    answered as a server error, so violations are kept until the test's teardown asks for them.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._lock = threading.Lock()
        self._violations: list[str] = []
        self.counts = contract.counts
        #: What came when no test was running: a fixture of the session, a thread that stayed.
        self.left: list[str] = []

    def observe(self, emulator: Observed) -> None:
        """Have the messages of `emulator` checked from now on."""
        emulator.observers.append(self.note)

    def note(self, message: object) -> None:
        """Check one message, and keep what is wrong with it. Never raises."""
        try:
            violations = violations_of(message, self._contract)
        # A doorway: whatever goes wrong in here must fail the test and not the emulator.
        except Exception as error:  # noqa: BLE001
            violations = [f"the rig could not read a message: {type(error).__name__}: {error}"]
        with self._lock:
            self._violations += violations

    def taken(self) -> list[str]:
        """Return the violations kept since the last call, and forget them."""
        with self._lock:
            violations, self._violations = self._violations, []
        return violations


#: The innermost pytest run comes last; the rig's own tests run pytest inside pytest.
_watches: list[Watch] = []


def observe(emulator: Observed) -> None:
    """Have the messages of an emulator checked that was not made by calling `Emulator`."""
    _watches[-1].observe(emulator)


def violations_of(message: object, contract: Contract) -> list[str]:
    """Say what is wrong with an exchange or a delivery; paths outside /v2/ are not Sezzle's API."""
    violations: list[str] = []
    if isinstance(message, Exchange):
        if not message.path.startswith("/v2/"):
            return violations
        request = (message.method, message.path, message.query, message.request_headers)
        try:
            contract.check_request(*request, _bytes(message.request_body))
        except ContractViolation as violation:
            violations.append(str(violation))
        try:
            # Also after a bad request: the refusal of it has a declared shape too.
            if not message.fault:
                name = contract.operation_id(message.method, message.path)
                answer = _bytes(message.response_body)
                contract.check_response(name, message.status, message.response_headers, answer)
        except ContractViolation as violation:
            violations.append(str(violation))
    elif isinstance(message, Delivery):
        try:
            event = contract.check_event(message.headers, _bytes(message.body))
            if event != message.event:
                violations.append(f"{message.event} delivery: its body says {event}")
        except ContractViolation as violation:
            violations.append(str(violation))
    else:
        violations.append(f"{type(message).__name__}: neither an exchange nor a delivery")
    return list(dict.fromkeys(violations))


def check_record(path: Path) -> Counts:
    """
    Check what ``python -m django_sezzle.emulator --record FILE`` wrote, one message a line.

    :raises ContractViolation: naming each line that breaks the contract; also for a file without
        a line, which proves nothing.
    """
    contract = Contract.load()
    violations: list[str] = []
    number = 0
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            message = {name: _read_back(name, value) for name, value in json.loads(line).items()}
            found = violations_of(SimpleNamespace(**message), contract)
            violations += [f"line {number}: {violation}" for violation in found]
    if not number:
        violations.append("nothing was recorded")
    if violations:
        raise ContractViolation("\n".join(violations))
    return contract.counts


def _read_back(name: str, value: Any) -> Any:
    """Return a recorded member as it was; a body is text, a JSON document, or base64 of bytes."""
    if name not in ("request_body", "response_body", "body") or isinstance(value, str | None):
        return value
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    return json.dumps(value)


def _bytes(body: bytes | str | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def watch_class(made: type[Any], watch: Watch, patch: pytest.MonkeyPatch) -> None:
    """Have each new instance of `made` observed, until `patch` is undone."""
    original = made.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        watch.observe(self)

    patch.setattr(made, "__init__", __init__)


# Hooks


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    watch = Watch(Contract.load())
    patch = pytest.MonkeyPatch()
    _watches.append(watch)
    config.add_cleanup(lambda: _watches.remove(watch))
    config.add_cleanup(patch.undo)
    try:
        from django_sezzle.emulator import Emulator  # noqa: PLC0415 (the rig works without it)
    except ModuleNotFoundError as error:
        if error.name not in ("django_sezzle", "django_sezzle.emulator"):
            raise
    else:
        watch_class(Emulator, watch, patch)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail the test; one that failed or skipped by itself is left to the teardown."""
    result = yield
    if broken := _broken_by(item):
        pytest.fail(broken, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Fail the test after its fixtures are gone, and with them the threads of its servers."""
    try:
        result = yield
    except Exception as error:
        if broken := _broken_by(item):
            error.add_note(broken)
        raise
    if broken := _broken_by(item):
        pytest.fail(broken, pytrace=False)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail for messages outside any test; a worker of xdist leaves that to its controller."""
    watch = _watches[-1]
    watch.left += watch.taken()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[WORKER_OUTPUT] = {"counts": watch.counts.as_dict(), "left": watch.left}
    elif watch.left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what an xdist worker saw."""
    output = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT)
    if output is not None:
        _watches[-1].counts.add(Counts.from_dict(output["counts"]))
        _watches[-1].left += output["left"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    watch = _watches[-1]
    counts = watch.counts
    if counts.requests or counts.events:
        terminalreporter.section("Sezzle contract")
        for name, number in sorted(counts.requests.items()):
            answers = counts.answers[name]
            terminalreporter.write_line(f"{name:32} {number:5} requests {answers:5} answers")
        for name, number in sorted(counts.events.items()):
            terminalreporter.write_line(f"{name:32} {number:5} deliveries")
    for violation in watch.left:
        terminalreporter.write_line(f"outside any test: {violation}", red=True)


def _broken_by(item: pytest.Item) -> str:
    """Return what the test broke as one text; empty when nothing, or when it may."""
    violations = _watches[-1].taken()
    if not violations or item.get_closest_marker("off_contract"):
        return ""
    return "\n".join(["messages outside Sezzle's contract:", *violations])
