"""What an examination says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    GREEN = "green"
    """As it should be."""

    YELLOW = "yellow"
    """It works, and somebody should look at it."""

    RED = "red"
    """Payments fail, get lost, or wait for a human."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at: what is, and what to do about it."""

    id: str
    """What was looked at; never changes, for programs."""

    level: Level
    message: str
    advice: str = ""
    account: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give what a program reads; what does not apply is left out."""
        return {name: value for name, value in asdict(self).items() if value != ""}
