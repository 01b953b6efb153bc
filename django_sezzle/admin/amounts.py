"""A payment's money as one bar that adds up, and as the table that says the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzlePayment

CAPTURED, RELEASED, HELD, LAPSED = "captured", "released", "held", "lapsed"
REFUNDED, KEPT = "refunded", "kept"

LABELS = {
    CAPTURED: _("Captured"),
    REFUNDED: _("of it refunded"),
    KEPT: _("of it kept"),
    RELEASED: _("Released"),
    HELD: _("Still held"),
    LAPSED: _("Ran out"),
}


class Segment(NamedTuple):
    """A part of the bar, in whole cents; ``start`` is where it begins."""

    name: str
    start: str
    width: str


class Line(NamedTuple):
    """A row of the table. ``name`` is the part's, whose colour stands beside it."""

    name: str
    label: Any
    amount: str
    is_inside: bool


@dataclass(frozen=True, slots=True)
class Amounts:
    """What Sezzle granted, and where all of it is now."""

    authorized: str
    total: str
    segments: list[Segment]
    inside: Segment | None
    lines: list[Line]

    @classmethod
    def of(cls, payment: SezzlePayment) -> Amounts:
        """Divide what was authorized; the parts add up to it, whatever became of the rest."""
        parts = divide(payment)
        segments, start = [], 0
        for name, cents in parts.items():
            if cents:
                segments.append(Segment(name, str(start), str(cents)))
            start += cents
        inside = {
            REFUNDED: payment.refunded_in_cents,
            KEPT: payment.captured_in_cents - payment.refunded_in_cents,
        }
        lines = []
        for name, cents in parts.items():
            # What no payment has but one that ran out is no line of every other.
            if cents or name != LAPSED:
                lines.append(_line(payment, name, cents))
            if name == CAPTURED and payment.refunded_in_cents:
                lines += [_line(payment, *each, is_inside=True) for each in inside.items()]
        return cls(
            authorized=format_cents(payment.authorized_in_cents, payment.currency),
            total=str(payment.authorized_in_cents),
            segments=segments,
            inside=(
                Segment(REFUNDED, "0", str(payment.refunded_in_cents))
                if payment.refunded_in_cents
                else None
            ),
            lines=lines,
        )


def divide(payment: SezzlePayment) -> dict[str, int]:
    """Say where the authorized cents are, in the order of the bar."""
    known = {
        CAPTURED: payment.captured_in_cents,
        RELEASED: payment.released_in_cents,
        HELD: payment.held_in_cents,
    }
    return known | {LAPSED: payment.authorized_in_cents - sum(known.values())}


def _line(payment: SezzlePayment, name: str, cents: int, *, is_inside: bool = False) -> Line:
    return Line(name, LABELS[name], format_cents(cents, payment.currency), is_inside)
