"""How templates show money and dates."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.translation import pgettext

from example_project.shop import money

register = template.Library()


@register.filter
def dollars(amount_in_cents: int) -> str:
    """Show cents as dollars."""
    return money.dollars(amount_in_cents)


# The formats are those of templates, and a language may write another one.
# https://docs.djangoproject.com/en/stable/ref/templates/builtins/#date


@register.filter(expects_localtime=True)
def day(moment: date | None) -> str:
    """Show a day: ``November 21, 2026``."""
    return date_format(moment, pgettext("date format", "F j, Y")) if moment else ""


@register.filter(expects_localtime=True)
def short_day(moment: date | None) -> str:
    """Show a day in short: ``Nov 21, 2026``."""
    return date_format(moment, pgettext("date format", "M j, Y")) if moment else ""


@register.filter(expects_localtime=True)
def moment(at: date | None) -> str:
    """Show a day and a time of this year: ``Nov 21, 18:05``."""
    return date_format(at, pgettext("date format", "M j, H:i")) if at else ""
