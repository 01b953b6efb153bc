"""
Which test proves which row of the matrix, on which databases: asked from the tests themselves.

``python -m tests.reliability.coverage`` collects the suite, runs nothing of it, and writes
``docs/fault-coverage.rst``; with ``--check`` it only says whether the page is right. A row that no
test proves, and a mark that names no row, are errors.
"""

from __future__ import annotations

import argparse
import configparser
import io
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.reliability.matrix import CLASSES, MUST_BE_COVERED, ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fault-coverage.rst"
COMMAND = "python -m tests.reliability.coverage"

#: tox's factors of databases, and what they are called.
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}
NEEDS_DATABASE = {"db", "transactional_db"}
NO_DATABASE = ""

HEAD = f"""\
..
   Made by "{COMMAND}" from the marks of the tests; do not edit.

==============
Fault coverage
==============

Every fault and attack that the package was built against, and the tests that prove what happens
then. The page is made from the tests themselves, and a test compares the two; after a test was
marked or renamed, run ``{COMMAND}``.

That the guards are needed is tried by ``tox run -e mutations``, which takes them out of a copy of
the package one at a time: a named test must turn red.

.. raw:: html

   <style>td {{ overflow-wrap: anywhere; vertical-align: top; }}</style>
"""


class Proof(NamedTuple):
    """A test, and the databases it runs on, as text."""

    databases: str
    test: str


class Collector:
    """A pytest plugin that notes which tests prove what."""

    def __init__(self, ignored: Mapping[str, tuple[str, ...]]) -> None:
        self.ignored = ignored
        self.proofs: dict[int, set[Proof]] = {number: set() for number in ROWS}
        self.troubles: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Go through everything that pytest has found."""
        for item in session.items:
            self.note(item)

    def note(self, item: pytest.Item) -> None:
        """Note one test, without its parameters."""
        test = item.nodeid.partition("[")[0]
        for mark in item.iter_markers("fault"):
            if not mark.args:
                self.troubles.add(f"{test}: names no row")
            for number in mark.args:
                if number in self.proofs:
                    self.proofs[number].add(Proof(databases_of(item, self.ignored), test))
                else:
                    self.troubles.add(f"{test}: there is no row {number!r}")


def databases_of(item: pytest.Item, ignored: Mapping[str, tuple[str, ...]]) -> str:
    """
    Name the databases that a test runs on.

    :param ignored: the folders that tox leaves out, for each of its factors.
    """
    if item.get_closest_marker("browser"):
        return "SQLite"
    fixtures = set(getattr(item, "fixturenames", ()))
    if not (item.get_closest_marker("django_db") or NEEDS_DATABASE & fixtures):
        return NO_DATABASE
    found = [
        name
        for factor, name in DATABASES.items()
        if not item.nodeid.startswith(tuple(f"{folder}/" for folder in ignored.get(factor, ())))
    ]
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def ignored_folders(tox: str) -> dict[str, tuple[str, ...]]:
    """
    Read from tox.ini which folders the tests of each factor leave out.

    What a factor must not be combined with, as in ``postgres-!hostile``, does not matter here.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(tox)
    found: dict[str, tuple[str, ...]] = {}
    for line in parser["testenv"]["commands"].splitlines():
        factors, separator, command = line.partition(": ")
        if separator and "pytest" in command:
            folders = tuple(re.findall(r"--ignore[= ](\S+)", command))
            names = [name.partition("-!")[0] for name in factors.split(",")]
            found |= dict.fromkeys(names, folders)
    if missing := DATABASES.keys() - found.keys():
        raise ValueError(f"tox.ini has no line of tests for {', '.join(sorted(missing))}")
    return found


def collect() -> Collector:
    """Ask pytest for the whole suite."""
    collector = Collector(ignored_folders((ROOT / "tox.ini").read_text("utf-8")))
    options = ["--collect-only", "-qq", "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    with redirect_stdout(io.StringIO()) as said:
        status = pytest.main([*options, str(ROOT / "tests")], plugins=[collector])
    if status != pytest.ExitCode.OK:
        sys.exit(f"{said.getvalue()}\nThe tests cannot be collected.")
    return collector


def uncovered(proofs: Mapping[int, set[Proof]]) -> list[str]:
    """Name the rows that must be proved and are not."""
    return [
        f"row {row.number} ({row.fault}): no test proves it"
        for row in ROWS.values()
        if row.letter in MUST_BE_COVERED and not proofs.get(row.number)
    ]


def page(proofs: Mapping[int, set[Proof]]) -> str:
    """Write the page."""
    return "\n".join([HEAD, *(line for letter in CLASSES for line in section(letter, proofs))])


def section(letter: str, proofs: Mapping[int, set[Proof]]) -> Iterator[str]:
    """Write a class of faults, line by line."""
    title = f"{letter}. {CLASSES[letter]}"
    yield from ("", title, "=" * len(title), "")
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield "   :widths: 6 26 68"
    yield ""
    yield from ("   * - Row", "     - Fault", "     - Tests")
    for row in ROWS.values():
        if row.letter == letter:
            yield from entry(row, proofs.get(row.number, set()))


def entry(row: Row, proofs: set[Proof]) -> Iterator[str]:
    """Write a row, its tests by the databases they run on."""
    yield f"   * - {row.number}"
    yield f"     - {row.fault}"
    lines = list(tests_by_database(proofs)) or ["no test names it"]
    yield f"     - {lines[0]}"
    yield from (f"       {line}".rstrip() for line in lines[1:])


def tests_by_database(proofs: set[Proof]) -> Iterator[str]:
    """List the tests, those on most databases first."""
    for databases in sorted({proof.databases for proof in proofs}, key=len, reverse=True):
        yield f"On {databases}:" if databases else "Without a database:"
        yield ""
        # A name that ends in an underscore would be a link.
        for proof in sorted(proofs):
            if proof.databases == databases:
                yield f"* {proof.test.removesuffix('_')}"
        yield ""


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    is_check = parser.parse_args(arguments).check
    collected = collect()
    troubles = [*sorted(collected.troubles), *uncovered(collected.proofs)]
    text = page(collected.proofs).rstrip() + "\n"
    if not is_check:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
        troubles.append(f"{PAGE.relative_to(ROOT)} is not what the tests say; run: {COMMAND}")
    print("\n".join(troubles), file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
