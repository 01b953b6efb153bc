"""Money as the shop shows it. Every amount is a whole number of US cents."""

from __future__ import annotations

CURRENCY = "USD"


def dollars(amount_in_cents: int) -> str:
    """Write cents as dollars: ``$1,234.50``."""
    sign = "-" if amount_in_cents < 0 else ""
    whole, rest = divmod(abs(amount_in_cents), 100)
    return f"{sign}${whole:,}.{rest:02d}"
