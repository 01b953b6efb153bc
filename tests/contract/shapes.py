"""
Hold one JSON value against one schema, and say in words what is wrong with it.

Two things JSON Schema leaves open are closed here: 50.0 is no integer, because the gateway decodes
into an integer type; and `unknown_members` finds what a schema of open objects would let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

Schema = Mapping[str, Any]

BRANCHES = ("allOf", "anyOf", "oneOf")
#: A keyword that is not here would go unheeded by `unknown_members`.
KEYWORDS = {
    *("type", "properties", "required", "additionalProperties", "items", *BRANCHES),
    *("enum", "const", "pattern", "format", "minimum", "minItems", "maxItems", "maxLength"),
    *("default", "deprecated"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def assert_understood(schema: Schema) -> None:
    """Raise ValueError when `schema` uses a keyword or a format that would go unchecked."""
    unknown = set(schema) - KEYWORDS
    if unknown or schema.get("format", "date") not in FORMATS.checkers:
        raise ValueError(f"openapi.yaml: not understood: {sorted(unknown) or schema['format']}")
    inner = [*schema.get("properties", {}).values()]
    inner += [branch for word in BRANCHES for branch in schema.get(word, [])]
    inner += [schema[word] for word in ("items", "additionalProperties") if word in schema]
    for part in inner:
        assert_understood(part)


def shape_problems(schema: Schema, value: Any, where: str) -> Iterator[str]:
    """Give a sentence for each rule of `schema` that `value` breaks."""
    for error in sorted(_validator(schema).iter_errors(value), key=lambda e: str(e.json_path)):
        yield _sentence(error, where)


def unknown_members(schemas: Sequence[Schema], value: Any, where: str) -> Iterator[str]:
    """Name each member of `value`, at any depth, that none of `schemas` declares."""
    parts = [part for schema in schemas for part in _applying(schema, value)]
    if isinstance(value, list):
        entries = [part["items"] for part in parts if "items" in part]
        for index, entry in enumerate(value):
            yield from unknown_members(entries, entry, f"{where}[{index}]")
    elif isinstance(value, dict):
        for name, member in value.items():
            declared = [
                part["properties"][name]
                if name in part.get("properties", {})
                else part["additionalProperties"]
                for part in parts
                if name in part.get("properties", {}) or "additionalProperties" in part
            ]
            if declared:
                yield from unknown_members(declared, member, f"{where}.{name}")
            else:
                yield f"{where}.{name}: not declared"


def _applying(schema: Schema, value: Any) -> Iterator[Schema]:
    """Give `schema` and the parts it is made of, of alternatives those that fit `value`."""
    yield schema
    for branch in schema.get("allOf", []):
        yield from _applying(branch, value)
    for branch in (*schema.get("anyOf", []), *schema.get("oneOf", [])):
        if _validator(branch).is_valid(value):
            yield from _applying(branch, value)


def _sentence(error: ValidationError, where: str) -> str:
    """Say what is wrong without the value that is wrong."""
    place = where + error.json_path.removeprefix("$")
    rule, expected = error.validator, error.validator_value
    if rule == "required":
        missing = next(name for name in expected if error.message.startswith(repr(name)))
        return f"{place}.{missing}: missing"
    if rule == "type":
        wanted = expected if isinstance(expected, str) else " or ".join(expected)
        return f"{place}: must be {wanted}, is {_json_type(error.instance)}"
    if rule in ("anyOf", "oneOf"):
        if not error.context:
            return f"{place}: fits more than one of its {len(expected)} forms"
        reasons = "; ".join(dict.fromkeys(_sentence(inner, where) for inner in error.context))
        return f"{place}: fits none of its {len(expected)} forms ({reasons})"
    return f"{place}: breaks {rule} {expected!r}"


def _json_type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer"}
    return names.get(type(value), "null" if value is None else "number")


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(MOMENT.fullmatch(value)) and bool(datetime.fromisoformat(value))


def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(DAY.fullmatch(value)) and bool(date.fromisoformat(value))


FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time", raises=ValueError)(_is_moment)
FORMATS.checks("date", raises=ValueError)(_is_day)

_Draft = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
_validator = partial(_Draft, format_checker=FORMATS)
