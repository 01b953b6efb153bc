"""What goes into the cells of a CSV file: text that is no formula, and money as plain numbers."""

from __future__ import annotations

#: What a spreadsheet takes for a formula when a cell begins with it, wide signs included.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """Have a spreadsheet show text that would otherwise be a formula."""
    begins = text.lstrip(" \u00a0\"'")
    return f"'{text}" if text.startswith(FORMULA) or begins.startswith(FORMULA) else text


def dollars(cents: int) -> str:
    """Write cents as a number of dollars: ``-12.50``."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
