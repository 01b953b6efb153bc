"""The figures of the full runs, kept for each database and shown as one table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
KEPT = DOCS / "reliability.json"
SHOWN = DOCS / "reliability-figures.txt"

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}


def keep(database: str, figures: Path, origin: Mapping[str, Any], *, is_all: bool) -> None:
    """
    Keep one database's figures beside the others', and write the table anew.

    :param origin: the seed, the day and the commit of the run.
    :param is_all: whether what was kept before is no longer needed.
    """
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    before = {} if is_all else kept.get(database, {})
    lines = figures.read_text(encoding="utf-8").splitlines()
    kept[database] = before | {rig: {**found, **origin} for rig, found in added_up(lines).items()}
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    SHOWN.write_text(shown(kept), encoding="utf-8")


def added_up(lines: list[str]) -> dict[str, dict[str, int]]:
    """Add up what each rig tried, whichever process did."""
    rigs: dict[str, dict[str, int]] = {}
    for line in lines:
        figure = json.loads(line)
        rig = rigs.setdefault(figure["rig"], {"tried": 0, "wrong": 0})
        rig["tried"] += figure["tried"]
        rig["wrong"] += figure["wrong"]
    return rigs


def shown(kept: dict[str, Any]) -> str:
    """Write the table in reStructuredText: a row for each rig, a column for each database."""
    databases = [name for name in NAMES if name in kept]
    rigs = sorted({rig for name in databases for rig in kept[name]})
    heads = ["Row", "What was tried", *(NAMES[name] for name in databases), "Went wrong"]
    rows = [[str(n), rig, *_tried(kept, databases, rig)] for n, rig in enumerate(rigs, 1)]
    widths = f"6 46{' 12' * (len(databases) + 1)}"
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}"]
    for row in (heads, *rows):
        lines += ["", *(f"   {'* -' if n == 0 else '  -'} {cell}" for n, cell in enumerate(row))]
    lines += ["", "Where each figure comes from, and what repeats it:", ""]
    for name in databases:
        lines += [f"* {NAMES[name]}", "", *_origins(kept[name], rigs), ""]
    return "\n".join(lines).rstrip() + "\n"


def _tried(kept: dict[str, Any], databases: list[str], rig: str) -> list[str]:
    figures = [kept[name].get(rig) for name in databases]
    wrong = sum(figure["wrong"] for figure in figures if figure)
    return [*(f"{figure['tried']:,}" if figure else "" for figure in figures), str(wrong)]


def _origins(figures: dict[str, dict[str, Any]], rigs: list[str]) -> Iterator[str]:
    """Name each run of one database, and the rows that are its."""
    runs: dict[tuple[str, str, int], list[int]] = {}
    for row, rig in enumerate(rigs, 1):
        if figure := figures.get(rig):
            run = (figure["day"], figure.get("commit", ""), figure["seed"])
            runs.setdefault(run, []).append(row)
    for day, commit, seed in sorted(runs):
        code = f"commit {commit}" if commit else "before commits were noted"
        yield f"  * ``--seed {seed}``, {day}, {code}: {_spans(runs[day, commit, seed])}"


def _spans(rows: list[int]) -> str:
    """Write ascending row numbers as people do: "rows 1, 4 to 7"."""
    # Neighbours are equally far from their places.
    spans = [[row for _, row in group] for _, group in groupby(enumerate(rows), _distance)]
    told = [f"{span[0]} to {span[-1]}" if span[1:] else str(span[0]) for span in spans]
    return f"row{'s' if rows[1:] else ''} {', '.join(told)}"


def _distance(place: tuple[int, int]) -> int:
    return place[1] - place[0]
