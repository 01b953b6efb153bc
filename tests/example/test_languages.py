"""The shop in English and Canadian French: its catalogue is whole, and its pages speak it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import django

from tests.example.running import PROJECT, manage
from tests.locale.catalogue import Entry, compiled, entries
from tests.locale.strings import PACKAGE, READERS, Sentence
from tests.locale.test_every_string import faults_of, named

FOLDER = PROJECT / "locale" / "fr" / "LC_MESSAGES"
HEAD, *ENTRIES = entries(FOLDER / "django.po")

TAG = re.compile(r"<[^>]+>")
#: What a page shows between its tags and Django's own.
SHOWN = re.compile(r">([^<>]+)<")
DJANGO = re.compile(
    r"{%\s*(blocktranslate)\b.*?{%\s*endblocktranslate\s*%}|{%.*?%}|{{.*?}}|&\w+;", re.DOTALL
)
#: The shop's name is the same everywhere.
NAME = re.compile("Lantern|Loom")


def sentences() -> Iterator[Sentence]:
    """Give what the shop's templates and Python hand to gettext."""
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in READERS and "migrations" not in path.parts:
            where = path.relative_to(PROJECT).as_posix()
            yield from READERS[path.suffix](path.read_text("utf-8"), where)


def test_the_catalogue_has_all_that_the_shop_says_and_nothing_else() -> None:
    said = {each[:3] for each in sentences()}
    have = {(entry.context, entry.msgid, entry.plural) for entry in ENTRIES if not entry.is_gone}
    assert len(said) > 150
    assert sorted(said - have) == [], "Write these into django.po, and compile it."
    assert sorted(have - said) == [], "Take these out of django.po, and compile it."
    assert len(have) == len(ENTRIES), "one is there twice"


def test_every_string_has_its_french() -> None:
    faults = [
        f"{named(entry)}: {fault}" for entry in ENTRIES for fault in faults_of(without_tags(entry))
    ]
    assert faults == []
    other = [
        named(entry)
        for entry in ENTRIES
        if any(TAG.findall(text) != TAG.findall(entry.msgid) for text in entry.texts)
    ]
    assert other == []


def without_tags(entry: Entry) -> Entry:
    texts = [TAG.sub("", text) for text in entry.texts]
    return replace(entry, msgid=TAG.sub("", entry.msgid), texts=texts)


def test_the_compiled_catalogue_is_made_of_this_text() -> None:
    expected = {entry.key: entry.texts for entry in (HEAD, *ENTRIES)}
    assert compiled(FOLDER / "django.mo") == expected


def test_words_that_the_package_and_django_have_too_stay_as_they_are() -> None:
    # A project's catalogue comes before theirs: another word here would change it on their pages.
    ours = {entry.key: entry.texts for entry in ENTRIES}
    theirs = [PACKAGE, Path(django.__file__).parent]
    other = {
        f"{path.parts[-5]}: {key}": (texts, ours[key])
        for root in theirs
        for path in root.rglob("locale/fr/LC_MESSAGES/django.mo")
        for key, texts in compiled(path).items()
        if key and ours.get(key, texts) != texts
    }
    assert other == {}


def test_no_template_has_bare_words() -> None:
    bare = {
        path.name: words
        for path in sorted(PROJECT.rglob("templates/**/*.html"))
        if (words := list(bare_words(path.read_text("utf-8"))))
    }
    assert bare == {}


def bare_words(template: str) -> Iterator[str]:
    """Find what a template shows, or reads aloud, that no gettext is around."""
    left = DJANGO.sub("", template)
    read_aloud = re.findall(r'\b(?:alt|aria-label|title|placeholder)="([^"]*)"', left)
    for text in (*SHOWN.findall(f">{left}<"), *read_aloud):
        if re.search(r"[A-Za-z]{2}", NAME.sub("", text)):
            yield text.strip()


def test_bare_words_are_found() -> None:
    page = (
        '<p aria-label="Cart">{% translate "Held" %} and {{ x }}</p><b>{% if x %}Yes{% endif %}</b>'
    )
    assert list(bare_words(page)) == ["and", "Yes", "Cart"]


def test_the_cases_of_the_languages_pass(tmp_path: Path) -> None:
    found = manage(tmp_path, "test", "tests.example.language_cases", "--verbosity", "1")
    assert found.returncode == 0, found.stderr
    ran = re.search(r"Ran (\d+) tests", found.stderr)
    assert ran is not None
    assert int(ran[1]) >= 11
