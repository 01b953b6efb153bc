"""Faults on demand: what goes wrong with a call, and whether its work was done before that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from .routes import OPERATIONS


class FaultKind(StrEnum):
    """Everything that can be made to go wrong with one call."""

    REFUSED = "refused"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    HTML = "html"
    GARBAGE_AFTER = "garbage_after"
    EMPTY_AFTER = "empty_after"
    NO_UUID_AFTER = "no_uuid_after"
    SLOW = "slow"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    DRIP = "drip"
    ENDLESS = "endless"
    LATE = "late"
    REDIRECT = "redirect"
    UNAUTHORIZED = "401"
    RATE_LIMITED = "429"
    DUPLICATE = "422_duplicate"
    REQUEST_TIMEOUT = "408"
    CONFLICT = "409"
    UNAVAILABLE = "503"


EXECUTES = frozenset(
    {
        FaultKind.DROP_AFTER,
        FaultKind.ERROR_AFTER,
        FaultKind.GARBAGE_AFTER,
        FaultKind.EMPTY_AFTER,
        FaultKind.NO_UUID_AFTER,
        FaultKind.SLOW,
        FaultKind.TIMEOUT_AFTER,
        FaultKind.DRIP,
        FaultKind.ENDLESS,
    }
)
"""Faults whose call did its work; what is lost or spoilt is only the answer."""

OPTIONS: dict[str, float | str | bool] = {
    "seconds": 2.0,
    "delay": 0.02,
    "bytes": 16 * 1024 * 1024,
    "location": "https://elsewhere.example/",
    "retry_after": 30,
    "executes": False,
}
"""The options a fault may carry, each with the value it has when left out."""


@dataclass(frozen=True)
class Fault:
    """One planned fault with its options."""

    kind: FaultKind
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def executes(self) -> bool:
        """Whether the call does its work although its answer is spoilt."""
        return bool(self.options.get("executes", self.kind in EXECUTES))

    def option(self, name: str) -> Any:
        """Return an option, or its usual value."""
        return self.options.get(name, OPTIONS[name])


@dataclass
class _Planned:
    operation: str
    fault: Fault
    left: int | None


class Faults:
    """The queue of planned faults; the first that fits a call is used up by it."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def add(self, operation: str, fault: str, *, times: int | None = 1, **options: Any) -> None:
        """
        Plan a fault for the next calls of an operation.

        :param operation: such as ``capture`` or ``order_get``; ``*`` means any.
        :param times: how many calls it hits; None means all until ``clear()``.
        :param options: ``seconds`` (slow, late, and how long the server holds a timeout),
            ``delay`` (drip), ``bytes`` (endless), ``location`` (redirect), ``retry_after`` (429),
            ``executes`` (whether the work is done all the same).
        :raises ValueError: no such operation, fault or option.
        """
        if operation != "*" and operation not in OPERATIONS:
            raise ValueError(f"{operation!r} is no operation of the gateway.")
        unknown = sorted(set(options) - set(OPTIONS))
        if unknown:
            raise ValueError(f"A fault has no option named {', '.join(unknown)}.")
        planned = _Planned(operation, Fault(FaultKind(fault), options), times)
        with self._lock:
            self._planned.append(planned)

    def clear(self) -> None:
        """Forget every planned fault."""
        with self._lock:
            self._planned.clear()

    def take(self, operation: str) -> Fault | None:
        """Return the fault this call meets, if any, and count it as used."""
        with self._lock:
            for planned in self._planned:
                if planned.operation in (operation, "*"):
                    if planned.left is not None:
                        planned.left -= 1
                        if planned.left <= 0:
                            self._planned.remove(planned)
                    return planned.fault
        return None

    def __len__(self) -> int:
        with self._lock:
            return len(self._planned)
