"""The patches fit the package as it is, cover what they must, and are judged rightly."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.reliability.matrix import ROWS
from tests.reliability.mutations import Edit, Mutation
from tests.reliability.mutations.catalogue import MUTATIONS, TOPICS
from tests.reliability.mutations.workshop import (
    HUNG,
    PACKAGE,
    Report,
    Stale,
    patched,
    patched_files,
    read,
    verdict,
)

ROOT = Path(__file__).resolve().parents[2]
#: Every row of the first class, what writers do to each other, and the poison event.
MUST_HAVE_ONE = {*range(1, 42), 81}


@pytest.mark.fault(109)
@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_every_patch_fits_the_package_as_it_is(mutation: Mutation) -> None:
    for path, text in patched_files(mutation, ROOT).items():
        assert path.is_relative_to(ROOT / PACKAGE)
        assert text != path.read_text("utf-8")


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_every_named_test_is_there(mutation: Mutation) -> None:
    assert mutation.tests
    for test in mutation.tests:
        file, _, name = test.partition("[")[0].partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


@pytest.mark.fault(109)
def test_every_row_that_must_be_guarded_has_a_mutation() -> None:
    assert sum(len(topic.MUTATIONS) for topic in TOPICS) == len(MUTATIONS), "two of one name"
    rows = {row for mutation in MUTATIONS.values() for row in mutation.rows}
    assert rows >= MUST_HAVE_ONE
    assert rows <= ROWS.keys()


def test_a_patch_whose_place_is_gone_or_not_the_only_one_is_stale() -> None:
    edit = Edit("a.py", "if guard:", "if True:")
    assert patched("if guard:\n", [edit]) == "if True:\n"
    for text in ("if other:\n", "if guard:\nif guard:\n"):
        with pytest.raises(Stale, match="times"):
            patched(text, [edit])
    gone = a_mutation("test_a", edit)
    with pytest.raises(Stale, match=r"no a\.py"):
        patched_files(gone, ROOT)


def a_mutation(red: str, *edits: Edit) -> Mutation:
    tests = tuple(f"a.py::{test}" for test in red.split())
    return Mutation(name="a", rows=(1,), without="a guard", edits=edits, red=tests)


@pytest.mark.parametrize(
    ("red", "status", "failed", "expected"),
    [
        ("test_a", 1, {"test_a"}, "red"),
        ("test_a", 1, {"test_a[x]"}, "red"),
        ("test_a[x]", 1, {"test_a[x]"}, "red"),
        ("test_a[x]", 1, {"test_a[y]"}, "SURVIVED test_a[x]"),
        ("test_a test_b", 1, {"test_a"}, "SURVIVED test_b"),
        ("test_a", 1, {"test_ab"}, "SURVIVED test_a"),
        # Exit status 1 may be an error of a fixture, which proves nothing.
        ("test_a", 1, set(), "SURVIVED test_a"),
        ("test_a", 0, set(), "SURVIVED test_a"),
        ("test_a", 2, set(), "BROKEN (pytest ended with 2)"),
        ("test_a", 4, set(), "BROKEN (pytest ended with 4)"),
        ("test_a", HUNG, set(), "HUNG"),
    ],
)
def test_only_a_test_that_failed_counts(
    red: str, status: int, failed: set[str], expected: str
) -> None:
    report = Report(status, failed={f"tests/a.py::{test}" for test in failed})
    assert verdict(a_mutation(red), report) == expected


def test_errors_are_not_read_as_failures(tmp_path: Path) -> None:
    xml = tmp_path / "report.xml"
    xml.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="tests.services.test_a" name="test_a[x]"><failure/></testcase>'
        '<testcase classname="tests.services.test_a" name="test_b"><error/></testcase>'
        '<testcase classname="tests.services.test_a" name="test_c"/>'
        "</testsuite></testsuites>"
    )
    failed, others = read(xml)
    assert failed == {"tests/services/test_a.py::test_a[x]"}
    assert others == {"tests/services/test_a.py::test_b", "tests/services/test_a.py::test_c"}
