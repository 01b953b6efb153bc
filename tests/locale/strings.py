"""
What the package says and can be translated, read from its sources.

Python files are read through their syntax trees, templates through Django's own reading of them. No
gettext program is needed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

import django_sezzle

PACKAGE = Path(django_sezzle.__file__).parent
#: A developer's tool, which speaks English alone.
UNTRANSLATED = PACKAGE / "emulator"

#: What each function of gettext is given, in the order of its arguments.
ARGUMENTS = {
    "gettext": ("msgid",),
    "gettext_noop": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
}

_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
#: What ``templatize`` writes for a sentence: a call, with a literal for each text.
WRITTEN = re.compile(rf"\b(n?p?gettext|_)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)", re.DOTALL)


class Sentence(NamedTuple):
    """A text that can be translated; ``context`` and ``plural`` are empty where it has none."""

    context: str
    msgid: str
    plural: str
    #: The file that says it, below the package.
    where: str


@cache
def sentences() -> tuple[Sentence, ...]:
    """Give each sentence of the package, once for each file that says it."""
    found: dict[Sentence, None] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if UNTRANSLATED not in path.parents and path.suffix in READERS:
            where = path.relative_to(PACKAGE).as_posix()
            found |= dict.fromkeys(READERS[path.suffix](path.read_text("utf-8"), where))
    return tuple(found)


def in_python(source: str, where: str) -> Iterator[Sentence]:
    """Give what a Python file hands to gettext, under whatever names it imports it."""
    for function, call in gettext_calls(source):
        if function in ARGUMENTS and isinstance(call.args[0], ast.Constant):
            given = call.args[: len(ARGUMENTS[function])]
            yield _sentence(function, [ast.literal_eval(each) for each in given], where)


def gettext_calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Give each call of what a Python file imports from gettext, with the function's real name."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield names[node.func.id], node


def in_template(source: str, where: str) -> Iterator[Sentence]:
    """Give what the tags and filters of a template translate."""
    for function, texts in WRITTEN.findall(templatize(source)):
        name = "gettext" if function == "_" else function
        yield _sentence(name, ast.literal_eval(f"[{texts}]"), where)


READERS = {".py": in_python, ".html": in_template, ".txt": in_template}


def _sentence(function: str, texts: list[str], where: str) -> Sentence:
    given = dict(zip(ARGUMENTS[function], texts, strict=True))
    return Sentence(given.get("context", ""), given["msgid"], given.get("plural", ""), where)
