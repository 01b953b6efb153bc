"""What travels between the emulator and its doors: requests, answers and refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """A call to the gateway as it arrived, body unread."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header's value whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass(frozen=True)
class Response:
    """The gateway's answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, status: int, document: Any, **headers: str) -> Response:
        """Return an answer whose body is `document` as compact JSON."""
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        return cls(status, {"Content-Type": "application/json", **headers}, body)

    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)


class Refusal(Exception):
    """The gateway says no: nothing was booked."""

    def __init__(self, status: int, code: str, message: str, location: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.location = location

    @classmethod
    def not_found(cls) -> Refusal:
        """Return the answer to an id that does not exist or belongs to another merchant."""
        return cls(404, "record_not_found", "not found")

    @classmethod
    def unauthorized(cls) -> Refusal:
        """Return the answer to missing, wrong or expired credentials."""
        return cls(401, "unauthorized", "authorization not accepted")


@dataclass(frozen=True)
class Call:
    """A gateway call that arrived, with what it was answered; ``status`` None is no answer."""

    operation: str
    method: str
    path: str
    request_id: str | None
    body: Any
    status: int | None
    fault: str | None


@dataclass(frozen=True)
class Exchange:
    """A call and its answer as observers see them; ``status`` None when no answer was sent."""

    operation: str
    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int | None
    response_headers: Mapping[str, str]
    response_body: bytes
    fault: str | None


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver an event; ``status`` None when the receiver did not answer."""

    event: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None
