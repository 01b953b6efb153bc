"""The documentation names what there is."""

from __future__ import annotations

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
    text = (DOCS / "features.rst").read_text(encoding="utf-8")
    rows = text.count("   * - ") - 1
    proofs = re.findall(r"     - ``([\w/]+\.py)(?:::(\w+))?``", text)

    assert len(proofs) == rows > 20
    for file, name in proofs:
        source = (TESTS / file).read_text(encoding="utf-8")
        assert f"def {name or 'test_'}" in source, f"{file}::{name}"
