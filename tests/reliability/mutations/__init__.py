"""
Guards taken out of our own code, one at a time, to see that a test notices.

``python -m tests.reliability.mutations`` patches a copy of the checkout and runs the tests that
must turn red. Where no single line is the guard (nothing of ours believes the browser), the patch
adds the fault instead. A guard that can be taken out without a test noticing is either untested
or not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Edit(NamedTuple):
    """A text that stands once in a file of the package, and what it becomes."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """
    One guard less.

    ``red`` names tests below ``tests/``; each of them must fail.
    """

    name: str
    rows: tuple[int, ...]
    without: str
    edits: tuple[Edit, ...]
    red: tuple[str, ...]

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests as pytest takes them."""
        return tuple(f"tests/{test}" for test in self.red)
