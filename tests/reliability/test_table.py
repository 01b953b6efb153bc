"""The table of figures says of each row which seed, day and code it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reliability import table

ORIGIN = {"seed": 7, "day": "2026-11-21", "commit": "abc1234+changes"}


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write elsewhere than in the documentation."""
    monkeypatch.setattr(table, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(table, "SHOWN", tmp_path / "shown.txt")


def figures(folder: Path, **tried: int) -> Path:
    """Write what the processes of a run have counted."""
    lines = [json.dumps({"rig": rig, "tried": n, "wrong": 0}) for rig, n in tried.items()]
    file = folder / "figures"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_every_row_names_its_seed_day_and_commit(tmp_path: Path) -> None:
    table.keep("sqlite", figures(tmp_path, a=1, b=2, c=3, e=5), ORIGIN, is_all=True)
    table.keep("sqlite", figures(tmp_path, b=2_000), ORIGIN | {"seed": 8}, is_all=False)
    table.keep("mariadb", figures(tmp_path, d=4), ORIGIN | {"commit": "abc1234"}, is_all=True)
    shown = table.SHOWN.read_text(encoding="utf-8")
    assert "   * - 2\n     - b\n     - 2,000\n     - \n     - 0\n" in shown
    assert shown.endswith("""
* SQLite

  * ``--seed 7``, 2026-11-21, commit abc1234+changes: rows 1, 3, 5
  * ``--seed 8``, 2026-11-21, commit abc1234+changes: row 2

* MariaDB

  * ``--seed 7``, 2026-11-21, commit abc1234: row 4
""")


def test_rows_in_a_row_are_told_as_one_and_old_ones_have_no_commit() -> None:
    old = {"tried": 1, "wrong": 0, "seed": 7, "day": "2026-11-20"}
    shown = table.shown({"postgres": dict.fromkeys("abcd", old)})
    assert shown.endswith("* ``--seed 7``, 2026-11-20, before commits were noted: rows 1 to 4\n")


def test_what_several_processes_tried_is_one_figure() -> None:
    line = json.dumps({"rig": "a", "tried": 3, "wrong": 1})
    assert table.added_up([line, line]) == {"a": {"tried": 6, "wrong": 2}}


def test_what_is_kept_is_what_is_shown() -> None:
    docs = table.DOCS
    kept = json.loads((docs / "reliability.json").read_text(encoding="utf-8"))
    assert table.shown(kept) == (docs / "reliability-figures.txt").read_text(encoding="utf-8")
