"""
Reading what Sezzle sent without believing its shape.

Each helper takes an object that came out of ``json.loads`` and returns the value or raises
:class:`Malformed`. Members that are absent or null come back as None or empty: the API is known
to leave optional parts out. Unknown members are ignored, unknown words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

IDENTIFIER_LENGTH = 64
IDENTIFIER = re.compile(r"[0-9A-Za-z-]{1,64}")

#: A moment outside these years is some system's way to say "none" or "never".
YEARS = range(2000, 2200)


class Malformed(Exception):
    """The answer is not what the API describes; the text names the member, not its value."""


def as_object(value: object, where: str) -> Mapping[str, Any]:
    """Take a JSON object."""
    if not isinstance(value, dict):
        raise Malformed(f"{where} is not an object")
    return value


def as_list(value: object, where: str) -> list[Any]:
    """Take a JSON array."""
    if not isinstance(value, list):
        raise Malformed(f"{where} is not a list")
    return value


def identifier(value: object, where: str) -> str:
    """Take an id that may safely become part of a URL."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise Malformed(f"{where} is not an id")
    return value


def optional_identifier(value: object, where: str) -> str | None:
    """Take an id, or None where there is none."""
    return None if value is None or value == "" else identifier(value, where)


def text(value: object, where: str) -> str:
    """Take a string; None becomes the empty string."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{where} is not a string")
    return value


def word(value: object, longest: int = IDENTIFIER_LENGTH) -> str:
    """
    Take a word that is kept although no money depends on it.

    What is not short printable ASCII is as good as nothing: a database may refuse it.
    """
    is_word = isinstance(value, str) and value.isascii() and value.isprintable()
    return str(value)[:longest] if is_word else ""


def cents(value: object, where: str) -> int:
    """Take whole cents. JSON's ``true``, ``1.0`` and ``"1"`` are not whole cents."""
    if type(value) is not int or not 0 <= value <= 2**63 - 1:
        raise Malformed(f"{where} is not whole cents")
    return value


def moment(value: object, where: str) -> datetime | None:
    """
    Take an RFC 3339 moment with 0 to 9 digits of a second, as an aware datetime in UTC.

    ``0001-01-01`` and ``9999-12-31`` are how some systems write that there is none.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Malformed(f"{where} is not a moment")
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise Malformed(f"{where} is not a moment") from None
    if parsed.year not in YEARS:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.astimezone(UTC)
