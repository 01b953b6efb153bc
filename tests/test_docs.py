"""The documentation names what there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from django_sezzle.emulator import Profile

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_every_switch_of_the_emulator_is_explained_as_an_open_question() -> None:
    text = (DOCS / "open-questions.rst").read_text(encoding="utf-8")
    missing = [field.name for field in fields(Profile) if f"``{field.name}``" not in text]

    assert missing == []
