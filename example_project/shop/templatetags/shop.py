"""How templates show money."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from example_project.shop import money

register = template.Library()


@register.filter
def dollars(amount_in_cents: int) -> str:
    """Show cents as dollars."""
    return money.dollars(amount_in_cents)


@register.inclusion_tag("shop/_instalment_line.html")
def instalment_line(amount_in_cents: int) -> dict[str, Any]:
    """Show what four payments of a price are, to the cent."""
    parts = money.split(amount_in_cents)
    return {"count": len(parts), "each": parts[0], "last": parts[-1]}


@register.inclusion_tag("shop/_instalment_plan.html")
def instalment_plan(amount_in_cents: int) -> dict[str, Any]:
    """Show the four payments of a price with their dates, if it were bought today."""
    return {"plan": money.plan(amount_in_cents, timezone.localdate())}
