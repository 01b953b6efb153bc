"""Filling the page templates; whatever is not markup already is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from string import Template


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def render(template: str, **values: object) -> Markup:
    """Return a template of this package with its values filled in and escaped."""
    shown = {name: as_markup(value) for name, value in values.items()}
    return Markup(_template(template).substitute(shown))


def join(parts: Iterable[Markup]) -> Markup:
    """Return pieces of markup one after the other."""
    return Markup("".join(parts))


def as_markup(value: object) -> Markup:
    """Return a value as markup, escaped unless it is markup already; None shows nothing."""
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else escape(str(value)))


def static(name: str) -> bytes:
    """Return a style sheet or a script of this package."""
    return (files(__package__) / "static" / name).read_bytes()


@cache
def _template(name: str) -> Template:
    return Template((files(__package__) / "templates" / name).read_text(encoding="utf-8"))


def element(tag: str, /, *children: object, **attributes: object) -> Markup:
    """
    Return an element with its content and attributes escaped.

    Attribute names ending in ``_`` lose it (``class_``); True shows the bare name, None nothing.
    """
    shown = ""
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            shown += f" {attribute}"
        elif value is not None and value is not False:
            shown += f' {attribute}="{as_markup(value)}"'
    if tag == "input":
        return Markup(f"<input{shown}>")
    return Markup(f"<{tag}{shown}>{''.join(map(as_markup, children))}</{tag}>")


def money(cents: int, currency: str) -> str:
    """Return cents as dollars with the currency's code."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02} {currency}"
