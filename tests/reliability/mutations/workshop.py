"""A copy of the checkout that is patched, tested and put right; the original stays as it is."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.mutations import Edit, Mutation

PACKAGE = "django_sezzle"
PARTS = (PACKAGE, "tests", "example_project", "docs", "pyproject.toml", "tox.ini", "README.rst")
IGNORED = shutil.ignore_patterns("__pycache__", "*.py[co]", "*.sqlite3", ".*_cache", ".hypothesis")

#: A patched program may wait for itself; that is no test that failed.
SECONDS = 180
EXIT_TESTS_FAILED = 1
HUNG = -1


class Stale(Exception):
    """The package has changed, so that a patch no longer says where it belongs."""


@dataclass
class Report:
    """How a run of pytest ended: its exit status, and the tests by how they ended."""

    status: int
    output: str = ""
    failed: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def has_failed(self, test: str) -> bool:
        """Whether a test failed, with any of its parameters when none is named."""
        exact = "[" in test
        return any(found == test or (not exact and is_of(found, test)) for found in self.failed)


def is_of(found: str, test: str) -> bool:
    """Whether a test that ran is the named one with some parameters."""
    return found.partition("[")[0] == test


def patched(text: str, edits: Sequence[Edit]) -> str:
    """
    Apply edits to the text of their file.

    :raises Stale: a text to replace is not there, or more than once.
    """
    for edit in edits:
        if text.count(edit.before) != 1:
            raise Stale(f"{edit.file} has this {text.count(edit.before)} times:\n{edit.before}")
        text = text.replace(edit.before, edit.after)
    return text


def patched_files(mutation: Mutation, root: Path) -> dict[Path, str]:
    """
    Give the files that a mutation changes, by their new text.

    :raises Stale: the package has changed since the mutation was written.
    """
    found = {}
    for name in dict.fromkeys(edit.file for edit in mutation.edits):
        path = root / PACKAGE / name
        if not path.is_file():
            raise Stale(f"There is no {name}.")
        edits = [edit for edit in mutation.edits if edit.file == name]
        found[path] = patched(path.read_text("utf-8"), edits)
        compile(found[path], name, "exec")
    return found


class Workshop:
    """One copy, with everything that tests need."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.root = folder
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part, ignore=IGNORED)
            elif (source / part).exists():
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / part, folder / part)
        # By content, not by time: a file is patched and put right within the same second.
        by_hash = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder, quiet=2, invalidation_mode=by_hash)
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "RELIABILITY")) and name != "EXPECT_WHEEL"
        } | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        self._check_imports()

    def _check_imports(self) -> None:
        command = [sys.executable, "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)"]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        if not Path(done.stdout.strip()).is_relative_to(self.root):
            raise RuntimeError(f"Not the copy is tested but {done.stdout.strip()}")

    @contextmanager
    def patch(self, mutation: Mutation) -> Iterator[None]:
        """Take a guard out for a while."""
        before = {}
        try:
            for path, text in patched_files(mutation, self.root).items():
                before[path] = path.read_text("utf-8")
                path.write_text(text, "utf-8")
            yield
        finally:
            for path, text in before.items():
                path.write_text(text, "utf-8")

    def test(self, tests: Sequence[str], *, workers: int = 0) -> Report:
        """Run tests of the copy."""
        xml = self.root / "report.xml"
        xml.unlink(missing_ok=True)
        # The tables follow the models, so that a constraint is taken out in one place.
        options = ["-q", "--nomigrations", "-p", "no:randomly", "-p", "no:cacheprovider"]
        options += ["-n", str(workers)] if workers else []
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *options, f"--junit-xml={xml}", *tests],
                cwd=self.root,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Report(HUNG, f"still running after {SECONDS} s")
        failed, others = read(xml) if xml.exists() else (set(), set())
        return Report(done.returncode, done.stdout + done.stderr, failed, others)


def read(xml: Path) -> tuple[set[str], set[str]]:
    """Read pytest's report: the tests that failed, and all others, as pytest names them."""
    failed, others = set(), set()
    # Written a moment ago by our own pytest.
    for case in ElementTree.parse(xml).getroot().iter("testcase"):  # noqa: S314
        module = str(case.get("classname")).replace(".", "/")
        test = f"{module}.py::{case.get('name')}"
        (failed if case.find("failure") is not None else others).add(test)
    return failed, others


def verdict(mutation: Mutation, report: Report) -> str:
    """Say in a word or two what became of a mutation; ``red`` is how it must be."""
    if report.status == HUNG:
        return "HUNG"
    if report.status not in (0, EXIT_TESTS_FAILED):
        return f"BROKEN (pytest ended with {report.status})"
    green = [test for test in mutation.tests if not report.has_failed(test)]
    if green:
        return f"SURVIVED {' '.join(test.rpartition('::')[2] for test in green)}"
    return "red"
