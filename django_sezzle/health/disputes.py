"""Disputes that are open, by their due day."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzleDispute
from django_sezzle.models.dispute import SOON, today
from django_sezzle.services.locking import database


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
        soon=Count("pk", filter=Q(due_on__gte=day, due_on__lte=day + SOON)),
        # Too late, or without a day; whether it was answered is known to nobody here.
        other=Count("pk", filter=Q(due_on__lt=day) | Q(due_on=None)),
        all=Count("pk"),
    )
    yield _symptom(numbers["soon"], numbers["other"], numbers["all"])


def _symptom(soon: int, other: int, all_open: int) -> Symptom:
    """Be red while an answer still helps, and long enough before it is due for a weekend."""
    parts = []
    if soon:
        words = ngettext(
            "%(count)d dispute is due within %(days)d days",
            "%(count)d disputes are due within %(days)d days",
            soon,
        )
        parts.append(words % {"count": soon, "days": SOON.days})
    if other:
        words = ngettext(
            "%(count)d dispute is past its due day, or due on a day not known",
            "%(count)d disputes are past their due day, or due on a day not known",
            other,
        )
        parts.append(words % {"count": other})
    if parts:
        level = Level.RED if soon else Level.YELLOW
        advice = _("Answer in Sezzle's merchant dashboard before the due day, if nobody has.")
        return Symptom("disputes", level, f"{'; '.join(parts)}.", advice)
    if not all_open:
        return Symptom("disputes", Level.GREEN, _("No dispute is open."))
    words = ngettext("%(count)d dispute is open.", "%(count)d disputes are open.", all_open)
    return Symptom("disputes", Level.GREEN, words % {"count": all_open})
