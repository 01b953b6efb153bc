"""Turn a record into a JSON document and back."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_document(record: Any) -> str:
    """Return a record as JSON; moments become ISO 8601 text."""
    return json.dumps(_plain(record), ensure_ascii=False)


def from_document(record_type: type[T], document: str) -> T:
    """Return the record that `to_document` wrote."""
    record: T = _build(record_type, json.loads(document))
    return record


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _build(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        return _build(next(kind for kind in get_args(hint) if kind is not NoneType), value)
    if get_origin(hint) is list:
        return [_build(get_args(hint)[0], item) for item in value]
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: _build(hints[name], item) for name, item in value.items()})
    return value


@cache
def _hints(record_type: Any) -> dict[str, Any]:
    return get_type_hints(record_type)
