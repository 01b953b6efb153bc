"""The figures of the full runs, kept for each database and shown as one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
KEPT = DOCS / "reliability.json"
SHOWN = DOCS / "reliability-figures.txt"

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}


def keep(database: str, figures: Path, *, seed: int, day: str, is_all: bool) -> None:
    """Keep one database's figures beside the others', and write the table anew."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    before = {} if is_all else kept.get(database, {})
    lines = figures.read_text(encoding="utf-8").splitlines()
    run = {"seed": seed, "day": day}
    kept[database] = before | {rig: found | run for rig, found in added_up(lines).items()}
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
    heads = ["What was tried", *(NAMES[name] for name in databases), "Went wrong"]
    rows = [heads, *([rig, *_tried(kept, databases, rig)] for rig in rigs)]
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: 50{' 15' * len(rows[0][1:])}"]
    for row in rows:
        lines += ["", *(f"   {'* -' if n == 0 else '  -'} {cell}" for n, cell in enumerate(row))]
    lines += ["", "Repeated with:", ""]
    lines += [_origin(NAMES[name], kept[name]) for name in databases]
    return "\n".join(lines) + "\n"


def _tried(kept: dict[str, Any], databases: list[str], rig: str) -> list[str]:
    figures = [kept[name].get(rig) for name in databases]
    wrong = sum(figure["wrong"] for figure in figures if figure)
    return [*(f"{figure['tried']:,}" if figure else "" for figure in figures), str(wrong)]


def _origin(name: str, kept: dict[str, dict[str, Any]]) -> str:
    runs = sorted({(figure["day"], figure["seed"]) for figure in kept.values()})
    told = ", ".join(f"``--seed {seed}`` ({day})" for day, seed in runs)
    return f"* {name}: {told}"
