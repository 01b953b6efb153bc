"""Every row of the matrix has its tests, and the page that says so is the tests' own."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.reliability.coverage import (
    ROOT,
    Collector,
    Proof,
    databases_of,
    ignored_folders,
    page,
    uncovered,
)
from tests.reliability.matrix import CLASSES, ROWS

IGNORED = {"sqlite": (), "postgres": ("tests/gateway",), "mariadb": ("tests/gateway",)}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on what this process tests, the wheel or the checkout."""
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-P", "-m", "tests.reliability.coverage", *arguments],
        cwd=ROOT,
        env=inherited | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def an_item(name: str = "tests/a.py::test_a[x]", *marks: Any, **members: Any) -> pytest.Item:
    """Stand in for a collected test."""
    found = [mark.mark for mark in marks]
    item = SimpleNamespace(
        nodeid=name,
        iter_markers=lambda wanted: [mark for mark in found if mark.name == wanted],
        get_closest_marker=lambda wanted: next((m for m in found if m.name == wanted), None),
        **members,
    )
    return cast(pytest.Item, item)


@pytest.mark.fault(109)
def test_every_row_has_its_tests_and_the_page_names_them() -> None:
    done = run("--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_rows_are_numbered_without_a_gap() -> None:
    assert list(ROWS) == list(range(1, 111))
    assert {row.letter for row in ROWS.values()} == set(CLASSES)


def test_a_mark_that_names_no_row_is_an_error() -> None:
    collector = Collector(IGNORED)
    collector.note(an_item("tests/a.py::test_a", pytest.mark.fault(1, 111)))
    collector.note(an_item("tests/a.py::test_b[p]", pytest.mark.fault()))
    assert collector.troubles == {
        "tests/a.py::test_a: there is no row 111",
        "tests/a.py::test_b: names no row",
    }
    assert collector.proofs[1] == {Proof("", "tests/a.py::test_a")}


def test_a_row_without_a_test_is_an_error() -> None:
    proofs = {number: {Proof("", "tests/a.py::test_a")} for number in ROWS}
    assert uncovered(proofs) == []
    # Of the last class some are proved by what runs the tests, not by a test.
    proofs[7], proofs[108] = set(), set()
    (trouble,) = uncovered(proofs)
    assert trouble.startswith("row 7 ")


ALL = "SQLite, PostgreSQL and MariaDB"


@pytest.mark.parametrize(
    ("item", "databases"),
    [
        (an_item(), ""),
        (an_item(fixturenames=["settings"]), ""),
        (an_item(fixturenames=["db"]), ALL),
        (an_item(fixturenames=["emulator", "transactional_db"]), ALL),
        (an_item("tests/a.py::test_a", pytest.mark.django_db(transaction=True)), ALL),
        (an_item("tests/gateway/a.py::test_a", fixturenames=["db"]), "SQLite"),
        (an_item("tests/gateway_too/a.py::test_a", fixturenames=["db"]), ALL),
        (an_item("tests/a.py::test_a", pytest.mark.browser, fixturenames=["db"]), "SQLite"),
    ],
)
def test_databases_follow_from_the_test_and_from_tox(item: pytest.Item, databases: str) -> None:
    assert databases_of(item, IGNORED) == databases


def test_ignored_folders_are_read_from_tox() -> None:
    found = ignored_folders((ROOT / "tox.ini").read_text("utf-8"))
    assert found["sqlite"] == ()
    assert found["postgres"] == found["mariadb"]
    assert all((ROOT / folder).is_dir() for folder in found["postgres"])
    lines = ["sqlite: pytest", "postgres-!x,mariadb-!x: pytest --ignore=tests/a", "x: pytest"]
    found = ignored_folders("\n  ".join(["[testenv]\ncommands =", *lines]))
    assert found["sqlite"] == found["x"] == ()
    assert found["postgres"] == found["mariadb"] == ("tests/a",)
    with pytest.raises(ValueError, match="mariadb"):
        ignored_folders("[testenv]\ncommands =\n  sqlite,postgres: python -m pytest\n")


def test_the_page_lists_tests_by_their_databases() -> None:
    proofs = {1: {Proof("", "tests/b.py::test_b"), Proof(ALL, "tests/a.py::test_a")}}
    lines = [line.strip() for line in page(proofs).splitlines() if line.strip()]
    begin = lines.index("* - 1")
    assert lines[begin : begin + 6] == [
        "* - 1",
        f"- {ROWS[1].fault}",
        f"- On {ALL}:",
        "* tests/a.py::test_a",
        "Without a database:",
        "* tests/b.py::test_b",
    ]
