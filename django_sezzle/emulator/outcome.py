"""How a call ends on the wire: an answer, or the way in which it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from .faults import Fault, FaultKind
from .messages import Refusal, Response


class Manner(Enum):
    """The way in which an answer travels, or does not."""

    PLAIN = auto()
    """The answer is sent."""
    REFUSED = auto()
    """The connection is not accepted; the call never arrives."""
    DROPPED = auto()
    """The connection closes without an answer."""
    STALLED = auto()
    """The connection stays open without an answer."""
    SLOW = auto()
    """The answer is sent after a while."""
    DRIP = auto()
    """The answer is sent a byte at a time."""
    ENDLESS = auto()
    """A body that does not end."""


@dataclass(frozen=True)
class Outcome:
    """An answer and its manner; a door performs it after the state has been left."""

    response: Response | None
    manner: Manner = Manner.PLAIN
    seconds: float = 0.0
    size: int = 0
    exchange: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether the whole answer reaches a patient caller."""
        return self.manner in (Manner.PLAIN, Manner.SLOW, Manner.DRIP)


_MANNERS = {
    FaultKind.REFUSED: Manner.REFUSED,
    FaultKind.DROP_BEFORE: Manner.DROPPED,
    FaultKind.DROP_AFTER: Manner.DROPPED,
    FaultKind.LATE: Manner.DROPPED,
    FaultKind.TIMEOUT_BEFORE: Manner.STALLED,
    FaultKind.TIMEOUT_AFTER: Manner.STALLED,
}
_REFUSALS = {
    FaultKind.ERROR_BEFORE: Refusal(500, "internal_error", "internal server error"),
    FaultKind.ERROR_AFTER: Refusal(500, "internal_error", "internal server error"),
    FaultKind.UNAUTHORIZED: Refusal.unauthorized(),
    FaultKind.RATE_LIMITED: Refusal(429, "rate_limited", "too many requests"),
    FaultKind.DUPLICATE: Refusal(422, "duplicate", "Request id was used before"),
    FaultKind.REQUEST_TIMEOUT: Refusal(408, "request_timeout", "request timeout"),
    FaultKind.CONFLICT: Refusal(409, "conflict", "conflict"),
    FaultKind.UNAVAILABLE: Refusal(503, "unavailable", "service unavailable"),
}
_HTML = (
    b"<!doctype html><html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>502 Bad Gateway</h1><p>The upstream server did not answer.</p></body></html>"
)
_JSON = {"Content-Type": "application/json"}


def refusal_of(fault: Fault) -> Refusal | None:
    """Return the error answer a fault stands for, if it is one."""
    return _REFUSALS.get(fault.kind)


def spoil(fault: Fault, answer: Response | None, error: Response | None) -> Outcome:
    """
    Return how a call under a fault ends.

    :param answer: what the gateway would have said; None when the call was not executed.
    :param error: the error answer the fault stands for, if it is one.
    """
    kind = fault.kind
    if kind in _MANNERS:
        seconds = float(fault.options.get("seconds", 120.0))
        return Outcome(None, _MANNERS[kind], seconds=seconds)
    if error is not None:
        if kind is FaultKind.RATE_LIMITED:
            error.headers["Retry-After"] = str(fault.option("retry_after"))
        return Outcome(error)
    if kind is FaultKind.HTML:
        return Outcome(Response(502, {"Content-Type": "text/html"}, _HTML))
    if kind is FaultKind.REDIRECT:
        return Outcome(Response(302, {"Location": str(fault.option("location"))}))
    if answer is None or answer.status >= 300:
        return Outcome(answer)
    if kind is FaultKind.GARBAGE_AFTER:
        return Outcome(Response(200, dict(_JSON), b'\x00\xff\xfe{"uuid": '))
    if kind is FaultKind.EMPTY_AFTER:
        return Outcome(Response(200, dict(_JSON)))
    if kind is FaultKind.NO_UUID_AFTER:
        return Outcome(Response(200, dict(_JSON), b"{}"))
    if kind is FaultKind.SLOW:
        return Outcome(answer, Manner.SLOW, seconds=float(fault.option("seconds")))
    if kind is FaultKind.DRIP:
        return Outcome(answer, Manner.DRIP, seconds=float(fault.option("delay")))
    return Outcome(answer, Manner.ENDLESS, size=int(fault.option("bytes")))
