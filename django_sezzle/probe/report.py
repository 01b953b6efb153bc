"""What was asked, what was answered, which reading that is, and what stays open and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django_sezzle import __version__
from django_sezzle.emulator.profile import Profile
from django_sezzle.probe.client import Reply
from django_sezzle.probe.questions import QUESTIONS, Need, Question
from django_sezzle.probe.shape import shape


@dataclass
class Finding:
    """A question with what came of it; ``open`` says why it has no answer."""

    question: Question
    asked: list[dict[str, Any]] = field(default_factory=list)
    reading: str = ""
    structure: Any = None
    switches: dict[str, Any] = field(default_factory=dict)
    open: str = ""

    @property
    def open_switches(self) -> list[str]:
        """The switches that this question was to set and did not."""
        return [name for name in self.question.switches if name not in self.switches]

    def as_dict(self) -> dict[str, Any]:
        """Give what a program reads; what does not apply is left out."""
        found = {
            "asked": self.asked,
            "reading": self.reading,
            "structure": self.structure,
            "switches": self.switches,
            "open": self.open,
            "open_switches": self.open_switches,
        }
        about = {"id": self.question.id, "question": self.question.text}
        return about | {name: value for name, value in found.items() if value not in (None, "", [])}


class Report:
    """
    Collects the findings of a run. Holds statuses, codes and structures; no key, no token, and
    nothing of a shopper.
    """

    def __init__(self, gateway: str = "sandbox") -> None:
        self.gateway = gateway
        self.made_at = datetime.now(UTC)
        self.findings = {question.id: Finding(question) for question in QUESTIONS}
        #: What became of each order that was made: its reference, and how it ended.
        self.orders: list[dict[str, str]] = []
        #: What went wrong, each in a sentence; a run without any is complete.
        self.troubles: list[str] = []

    def asked(self, question_id: str, reply: Reply, what: str = "") -> Reply:
        """Note a call and its answer; returns the answer."""
        seen: dict[str, Any] = {"call": reply.call, "status": reply.status}
        if what:
            seen["with"] = what
        if reply.errors:
            seen["errors"] = reply.errors
        if reply.json is not None:
            seen["structure"] = shape(reply.json)
        self.findings[question_id].asked.append(seen)
        return reply

    def answer(
        self, question_id: str, reading: str, *, structure: Any = None, **switches: Any
    ) -> None:
        """
        Note a reading. A switch whose value the emulator does not know stays open.

        :param switches: None stands for a value that was not found out.
        """
        finding = self.findings[question_id]
        finding.reading, finding.structure = reading, structure
        finding.switches, finding.open = {}, ""
        for name, value in switches.items():
            if value is None:
                continue
            try:
                Profile().change(**{name: value})
            except ValueError:
                finding.open = f"The emulator has no such reading: {name}={value}."
            else:
                finding.switches[name] = value

    def leave_open(self, question_id: str, why: str) -> None:
        """Note why a question has no answer, unless it got one."""
        finding = self.findings[question_id]
        if not finding.reading:
            finding.open = why

    def close(self, unmet: Mapping[Need, str]) -> None:
        """Give every question without an answer its reason; ``unmet`` has those of this run."""
        for finding in self.findings.values():
            missing = [unmet[need] for need in finding.question.needs if need in unmet]
            why = finding.question.never or " ".join(missing) or "No usable answer came."
            if not (finding.reading or finding.open) or finding.question.never:
                finding.open = why
            elif finding.open_switches and not finding.open:
                finding.open = "The answer leaves it open."

    @property
    def profile(self) -> dict[str, Any]:
        """The switches that were found out, as the emulator loads them."""
        return {
            name: value
            for finding in self.findings.values()
            for name, value in finding.switches.items()
        }

    @property
    def open_switches(self) -> dict[str, str]:
        """The switches that were not, each with the reason."""
        return {
            name: finding.open
            for finding in self.findings.values()
            for name in finding.open_switches
        }

    def as_dict(self) -> dict[str, Any]:
        """Give the whole report for programs."""
        return {
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "version": __version__,
            "gateway": self.gateway,
            "questions": [finding.as_dict() for finding in self.findings.values()],
            "profile": self.profile,
            "open_switches": self.open_switches,
            "orders": self.orders,
            "troubles": self.troubles,
        }

    def lines(self) -> Iterator[str]:
        """Write the whole report for people."""
        yield f"Probe of {self.gateway}, {self.made_at:%Y-%m-%d %H:%M} UTC, {__version__}"
        for finding in self.findings.values():
            yield ""
            yield from _lines(finding)
        yield ""
        yield "Orders made:"
        yield from (f"  {each['reference']}: {each['ending']}" for each in self.orders)
        found, left = self.profile, self.open_switches
        yield f"Switches of the emulator: {len(found)} found, {len(left)} open."
        yield from (f"  {name}: {why}" for name, why in left.items())
        yield from (f"Trouble: {trouble}" for trouble in self.troubles)


def _lines(finding: Finding) -> Iterator[str]:
    question = finding.question
    yield f"{'answered' if finding.reading else 'open':<9}{question.id}: {question.text}"
    for seen in finding.asked:
        what = f" ({seen['with']})" if "with" in seen else ""
        said = [" ".join(error.values()) for error in seen.get("errors", [])]
        yield f"         {seen['call']}{what} -> {' '.join([str(seen['status']), *said])}"
    if finding.reading:
        yield f"         {finding.reading}"
    for name, value in finding.switches.items():
        yield f"         {name}={value}"
    if finding.open:
        yield f"         open: {finding.open}"
