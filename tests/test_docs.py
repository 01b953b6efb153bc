"""The documentation names what there is."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

from django_sezzle.emulator import Profile

TESTS = Path(__file__).resolve().parent
DOCS = TESTS.parent / "docs"


def test_every_switch_of_the_emulator_is_explained_as_an_open_question() -> None:
    text = (DOCS / "open-questions.rst").read_text(encoding="utf-8")
    missing = [field.name for field in fields(Profile) if f"``{field.name}``" not in text]

    assert missing == []


def test_every_feature_names_a_proof_that_is_there() -> None:
    rows = (DOCS / "features.rst").read_text(encoding="utf-8").split("   * - ")[2:]

    assert len(rows) > 40
    for row in rows:
        proofs = re.findall(r":ref:`([\w/]+\.py)::([\w:]+)`", row)
        assert proofs, row
        for file, name in proofs:
            assert name in named_in(TESTS / file), f"{file}::{name}"


def named_in(path: Path) -> set[str]:
    """List the tests of a file as pytest names them: a function, or a class and its function."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    found = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    for each in classes:
        found |= {f"{each.name}::{f.name}" for f in each.body if isinstance(f, ast.FunctionDef)}
    return found
