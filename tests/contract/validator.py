"""
Hold one message at a time against the gateway's published shapes (``openapi.yaml``).

What is not declared is refused: operations, statuses, content types, query parameters,
``Sezzle-*`` headers, and members of the bodies that we send. Answers and webhook deliveries may
carry members nobody knows yet, because Sezzle may add some on any day.

Violations name places and rules, never values: a body may hold a key or a shopper's address.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

import yaml

from tests.contract.shapes import Schema, assert_understood, shape_problems, unknown_members

Headers = Mapping[str, str]
Query = str | Mapping[str, str | Sequence[str]]

DOCUMENT = Path(__file__).parent / "openapi.yaml"

METHODS = ("get", "post", "put", "patch", "delete")
BEARER = re.compile(r"Bearer \S+")
#: Either reading of the unpublished encoding: hexadecimal digits, or base64.
SIGNATURE = re.compile(r"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=")


class ContractViolation(AssertionError):
    """A message is not one that Sezzle's gateway is known to take or to send."""


@dataclass
class Counts:
    """How many messages were held against the contract, by operation and by event."""

    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_dict(cls, counts: Mapping[str, Mapping[str, int]]) -> Self:
        return cls(**{name: Counter(numbers) for name, numbers in counts.items()})

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return plain dictionaries, which another process can be sent."""
        return {name: dict(numbers) for name, numbers in vars(self).items()}

    def add(self, other: Counts) -> None:
        self.requests.update(other.requests)
        self.answers.update(other.answers)
        self.events.update(other.events)


@dataclass(frozen=True)
class Operation:
    """What one operation, or one webhook, declares; references are resolved."""

    name: str
    method: str
    path: re.Pattern[str]
    parameters: Sequence[Schema]
    body: Schema | None
    responses: Mapping[str, Schema]
    needs_token: bool

    def declared(self, place: str) -> dict[str, Schema]:
        """Return the parameters found in `place` ("query" or "header") by name."""
        return {p["name"]: p for p in self.parameters if p["in"] == place}


class Contract:
    """Check requests, answers and webhook deliveries, and count them."""

    def __init__(self, operations: Sequence[Operation], events: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._by_name = {operation.name: operation for operation in operations}
        self._events = events
        self._lock = threading.Lock()
        self.counts = Counts()

    @classmethod
    def load(cls, path: Path = DOCUMENT) -> Self:
        """Read the OpenAPI document at `path`."""
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        document = _resolved(raw, raw)
        # A fixed path must win over a template that matches it: /v2/webhooks/test.
        paths = sorted(document["paths"].items(), key=lambda pair: pair[0].count("{"))
        operations = [op for path, item in paths for op in _operations(path, item)]
        events = {
            event: op
            for event, item in document["webhooks"].items()
            for op in _operations(event, item)
        }
        return cls(operations, events)

    @property
    def operation_ids(self) -> set[str]:
        """Return the names of all that is declared."""
        return set(self._by_name)

    def operation_id(self, method: str, path: str) -> str:
        """Return the name of the operation that `method` and `path` call."""
        return self._operation(method, path).name

    def check_request(
        self, method: str, path: str, query: Query, headers: Headers, body: bytes
    ) -> str:
        """
        Check what we sent, and return the operation it calls.

        :raises ContractViolation: naming all that is wrong with it.
        """
        operation = self._operation(method, path)
        self._count(self.counts.requests, operation.name)
        problems = [
            *_query_problems(operation, query),
            *_header_problems(operation, headers),
            *_body_problems(operation.body, headers, body, closed=True),
        ]
        if operation.needs_token and not BEARER.fullmatch(_lower(headers).get("authorization", "")):
            problems.append("header Authorization: must be 'Bearer' and a token")
        _refuse(f"{operation.name} request", problems)
        return operation.name

    def check_response(
        self, operation_id: str, status: int | None, headers: Headers, body: bytes
    ) -> None:
        """
        Check what the gateway answered.

        :param status: None when there was no answer, which no operation declares.
        :raises ContractViolation: naming all that is wrong with it.
        """
        operation = self._by_name.get(operation_id)
        if operation is None:
            raise ContractViolation(f"operation {operation_id!r}: not declared")
        self._count(self.counts.answers, operation.name)
        what = f"{operation.name} answer {status}"
        declared = operation.responses.get(str(status))
        if declared is None:
            raise ContractViolation(f"{what}: status not declared")
        _refuse(what, _body_problems(declared, headers, body, closed=False))

    def check_event(self, headers: Headers, body: bytes) -> str:
        """
        Check a webhook delivery, and return the name of its event.

        The signature has to be there in one of its two forms; that it is the right one is for the
        tests of the webhook to say, which know the key.

        :raises ContractViolation: naming all that is wrong with it.
        """
        envelope = _parsed(body)
        name = envelope.get("event") if isinstance(envelope, dict) else None
        operation = self._events.get(name) if isinstance(name, str) else None
        if operation is None or not isinstance(name, str):
            raise ContractViolation("delivery: its event is not a declared one")
        self._count(self.counts.events, name)
        problems = [
            *_header_problems(operation, headers),
            *_body_problems(operation.body, headers, body, closed=False),
        ]
        signature = _lower(headers).get("sezzle-signature")
        if signature is not None and not SIGNATURE.fullmatch(signature):
            problems.append("header Sezzle-Signature: neither 64 hex digits nor 44 of base64")
        _refuse(f"{name} delivery", problems)
        return name

    def _operation(self, method: str, path: str) -> Operation:
        on_path = [op for op in self._operations if op.path.fullmatch(path)]
        for operation in on_path:
            if operation.path == on_path[0].path and operation.method == method:
                return operation
        raise ContractViolation(f"{method} {path}: no such operation is declared")

    def _count(self, counter: Counter[str], name: str) -> None:
        with self._lock:
            counter[name] += 1


def _refuse(what: str, problems: Iterable[str]) -> None:
    """Raise a violation when there are problems; the same sentence is said once."""
    if said := list(dict.fromkeys(problems)):
        raise ContractViolation(f"{what}: {'; '.join(said)}")


# Reading the document


def _resolved(node: Any, document: Any) -> Any:
    """Return `node` with each local reference replaced by what it points to."""
    if isinstance(node, list):
        return [_resolved(entry, document) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {key: _resolved(value, document) for key, value in node.items()}
    target = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target, document)


def _operations(path: str, item: Schema) -> Iterator[Operation]:
    pattern = "".join(
        "[^/?#]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{\w+\})", path)
    )
    for method in METHODS:
        if method not in item:
            continue
        declared = item[method]
        operation = Operation(
            name=declared["operationId"],
            method=method.upper(),
            path=re.compile(pattern),
            parameters=[*item.get("parameters", []), *declared.get("parameters", [])],
            body=declared.get("requestBody"),
            responses=declared["responses"],
            needs_token=declared.get("security") != [],
        )
        for body in (operation.body, *operation.responses.values()):
            for media in (body or {}).get("content", {}).values():
                assert_understood(media["schema"])
        yield operation


# Query and headers


def _lower(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _query_problems(operation: Operation, query: Query) -> Iterator[str]:
    if isinstance(query, str):
        pairs = parse_qsl(query, keep_blank_values=True)
    else:
        pairs = [
            (name, value)
            for name, values in query.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
    declared = operation.declared("query")
    sent = Counter(name for name, _ in pairs)
    for name, value in pairs:
        if name not in declared:
            yield f"query {name}: not declared"
        elif sent[name] > 1:
            yield f"query {name}: sent {sent[name]} times"
        else:
            schema = declared[name]["schema"]
            number = schema["type"] == "integer" and re.fullmatch(r"-?\d+", value)
            yield from shape_problems(schema, int(value) if number else value, f"query {name}")
    for name, parameter in declared.items():
        if parameter.get("required") and name not in sent:
            yield f"query {name}: missing"


def _header_problems(operation: Operation, headers: Headers) -> Iterator[str]:
    declared = {name.lower(): p for name, p in operation.declared("header").items()}
    sent = _lower(headers)
    for name in sent:
        # The prefixed spelling is in other people's code, and Sezzle documents it nowhere.
        if name.startswith(("sezzle-", "x-sezzle-")) and name not in declared:
            yield f"header {name}: not declared"
    for name, parameter in declared.items():
        if name in sent:
            yield from shape_problems(parameter["schema"], sent[name], f"header {name}")
            if not sent[name]:
                yield f"header {name}: empty"
        elif parameter.get("required"):
            yield f"header {name}: missing"


# Bodies


def _body_problems(
    declared: Schema | None, headers: Headers, body: bytes, *, closed: bool
) -> Iterator[str]:
    content = (declared or {}).get("content")
    if content is None:
        if body:
            yield "body: none is declared"
        return
    if not body:
        yield "body: missing"
        return
    media = _lower(headers).get("content-type", "").partition(";")[0].strip().lower()
    if media not in content:
        yield f"content type: must be {' or '.join(content)}, is {media or 'missing'}"
        return
    schema = content[media]["schema"]
    try:
        value = _parsed(body) if media == "application/json" else body.decode()
    except UnicodeDecodeError:
        yield "body: not UTF-8"
        return
    except ContractViolation as violation:
        yield str(violation)
        return
    problems = list(shape_problems(schema, value, "body"))
    yield from problems
    if closed and not problems:
        yield from unknown_members([schema], value, "body")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError as error:
        # `from None`: the cause holds the whole body.
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "not plain JSON"
        raise ContractViolation(f"body: not JSON ({reason})") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
