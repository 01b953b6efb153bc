"""What a JSON document looks like, without what it says: names and kinds, no values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: Members whose words are Sezzle's own, such as ``complete`` or ``4-pay-biweekly``.
WORDS = frozenset(
    {
        "checkout_status",
        "code",
        "currency",
        "currency_code",
        "data_type",
        "dispute_status",
        "dispute_type",
        "event",
        "financing_option",
        "intent",
        "location",
        "method",
        "rel",
        "source",
    }
)
_WORD = re.compile(r"[A-Za-z0-9_.\[\] -]{1,60}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_KINDS = {bool: "true or false", int: "whole number", float: "decimal number"}


def shape(value: Any, name: str = "") -> Any:
    """Describe a document: objects by their members, lists by their first entry."""
    if isinstance(value, dict):
        return {
            (key if _NAME.fullmatch(key) and not is_uuid(key) else "?"): shape(member, key)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [shape(value[0], name)] if value else []
    if isinstance(value, str):
        return _text(value, name)
    return "null" if value is None else _KINDS[type(value)]


def plain_word(value: Any) -> str:
    """Return a short word of Sezzle's own, and nothing that is not one."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def is_uuid(value: Any) -> bool:
    """Whether a text is a UUID in its usual form."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def fraction_digits(value: Any) -> Iterator[int]:
    """Yield, for each moment in a document, how many digits of a second it has."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from fraction_digits(member)
    elif isinstance(value, str) and (match := _MOMENT.fullmatch(value)):
        yield len(match[1] or "")


def _text(value: str, name: str) -> str:
    if name in WORDS and plain_word(value) and not is_uuid(value):
        return f"word {value}"
    if is_uuid(value):
        return "uuid"
    if match := _MOMENT.fullmatch(value):
        return f"moment, {len(match[1] or '')} digits, {'Z' if match[2] == 'Z' else 'offset'}"
    if _DATE.fullmatch(value):
        return "date"
    if value.startswith(("http://", "https://")):
        return "address"
    return "text" if value else "empty text"
