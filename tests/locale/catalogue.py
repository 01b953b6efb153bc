"""Reading a catalogue: the text that translators edit (.po), and what is made of it (.mo)."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Between a msgid's context and the msgid, in a compiled catalogue.
CONTEXT_END = "\x04"

_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*("(?:[^"\\]|\\.)*")')


@dataclass
class Entry:
    """One msgid with its texts: a single one, or one for each form of the plural."""

    context: str = ""
    msgid: str = ""
    plural: str = ""
    texts: list[str] = field(default_factory=list)
    is_fuzzy: bool = False
    is_gone: bool = False

    @property
    def key(self) -> str:
        """The msgid as a compiled catalogue has it."""
        return f"{self.context}{CONTEXT_END}{self.msgid}" if self.context else self.msgid


def entries(path: Path) -> Iterator[Entry]:
    """
    Read a ``.po``, its head included.

    :raises ValueError: a line is none of the kinds that are known here.
    """
    for block in path.read_text("utf-8").strip().split("\n\n"):
        yield _entry(block.splitlines())


def _entry(lines: list[str]) -> Entry:
    entry = Entry()
    texts: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith("#"):
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            entry.is_gone |= line.startswith("#~")
            continue
        read = _LINE.fullmatch(line)
        if read is None:
            raise ValueError(line)
        name = read[1] or name
        texts[name] = texts.get(name, "") + ast.literal_eval(read[2])
    entry.context = texts.pop("msgctxt", "")
    entry.msgid = texts.pop("msgid", "")
    entry.plural = texts.pop("msgid_plural", "")
    entry.texts = [texts[each] for each in sorted(texts)]
    return entry


def compiled(path: Path) -> dict[str, list[str]]:
    """Read a ``.mo``: the texts of each msgid, in the order of the plural's forms."""
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    found: dict[str, list[str]] = {}
    # Plural forms have the msgid and their number as the key.
    for key, text in sorted(catalogue.items(), key=str):
        found.setdefault(key[0] if isinstance(key, tuple) else key, []).append(text)
    return found
