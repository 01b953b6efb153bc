"""Disputes that are open, by their due day."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q

from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzleDispute
from django_sezzle.models.dispute import SOON, today
from django_sezzle.services.locking import database

_ADVICE = "Answer in Sezzle's merchant dashboard before the due day, if nobody has."


def examine() -> Iterator[Symptom]:
    """
    Count the open disputes of our payments; one statement.

    Those about orders that are none of ours are left to whoever made the orders.
    """
    day = today()
    counted = SezzleDispute.objects.using(database()).filter(
        closed_at__isnull=True, payment__isnull=False
    )
    numbers = counted.aggregate(
        due=Count("pk", filter=Q(due_on__lte=day)),
        # Without a day it may be any.
        soon=Count("pk", filter=Q(due_on__gt=day, due_on__lte=day + SOON) | Q(due_on=None)),
        all=Count("pk"),
    )
    yield _symptom(numbers["due"], numbers["soon"], numbers["all"])


def _symptom(due: int, soon: int, all_open: int) -> Symptom:
    parts = []
    if due:
        parts.append(f"{_disputes(due)} due today or overdue")
    if soon:
        parts.append(f"{_disputes(soon)} due within {SOON.days} days, or on a day not known")
    if parts:
        level = Level.RED if due else Level.YELLOW
        return Symptom("disputes", level, f"{'; '.join(parts)}.", _ADVICE)
    open_ones = f"{_disputes(all_open)} open" if all_open else "No dispute is open"
    return Symptom("disputes", Level.GREEN, f"{open_ones}.")


def _disputes(number: int) -> str:
    return "1 dispute is" if number == 1 else f"{number} disputes are"
