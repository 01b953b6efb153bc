"""How templates show money."""

from __future__ import annotations

from django import template

from example_project.shop import money

register = template.Library()


@register.filter
def dollars(amount_in_cents: int) -> str:
    """Show cents as dollars."""
    return money.dollars(amount_in_cents)
