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
        due=Count("pk", filter=Q(due_on__lte=day)),
        # Without a day it may be any.
        soon=Count("pk", filter=Q(due_on__gt=day, due_on__lte=day + SOON) | Q(due_on=None)),
        all=Count("pk"),
    )
    yield _symptom(numbers["due"], numbers["soon"], numbers["all"])


def _symptom(due: int, soon: int, all_open: int) -> Symptom:
    parts = []
    if due:
        words = ngettext(
            "%(count)d dispute is due today or overdue",
            "%(count)d disputes are due today or overdue",
            due,
        )
        parts.append(words % {"count": due})
    if soon:
        words = ngettext(
            "%(count)d dispute is due within %(days)d days, or on a day not known",
            "%(count)d disputes are due within %(days)d days, or on a day not known",
            soon,
        )
        parts.append(words % {"count": soon, "days": SOON.days})
    if parts:
        level = Level.RED if due else Level.YELLOW
        advice = _("Answer in Sezzle's merchant dashboard before the due day, if nobody has.")
        return Symptom("disputes", level, f"{'; '.join(parts)}.", advice)
    if not all_open:
        return Symptom("disputes", Level.GREEN, _("No dispute is open."))
    words = ngettext("%(count)d dispute is open.", "%(count)d disputes are open.", all_open)
    return Symptom("disputes", Level.GREEN, words % {"count": all_open})
