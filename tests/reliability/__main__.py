"""
``python -m tests.reliability``: every rig with its full number, and the table that shows it.

::

    python -m tests.reliability                           every database
    python -m tests.reliability --database postgres       one of them; the others' figures stay
    python -m tests.reliability -k kills                  some rigs; the others' figures stay
    python -m tests.reliability --seed 1234               the same dice as that run

Figures are kept in ``docs/reliability.json`` with the seed, the day and the commit they were made
from, and shown in ``docs/reliability-figures.txt``; a run in which anything failed leaves none.

Servers are found as tox finds them, or by DATABASE_URL_POSTGRES and DATABASE_URL_MARIADB.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.reliability import table

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATABASES = {
    "sqlite": "",
    "postgres": os.environ.get(
        "DATABASE_URL_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("DATABASE_URL_MARIADB", "mysql://root@127.0.0.1:3306/test"),
}


def main() -> int:
    """Run what was asked for; 0 when everything held."""
    asked = arguments()
    commit = commit_of(CHECKOUT)
    held = [run(name, asked, commit) for name in asked.database or DATABASES]
    return 0 if all(held) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--database", action="append", choices=DATABASES)
    parser.add_argument("--seed", type=int, default=random.getrandbits(31))
    parser.add_argument("--jobs", type=int, default=2, help="processes beside each other")
    parser.add_argument("-k", default="", help="only some rigs; the others' figures stay")
    return parser.parse_args()


def commit_of(checkout: Path) -> str:
    """Name the code that is tried; the figures themselves may differ from what is committed."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=checkout, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    figures = [f":!{kept.relative_to(CHECKOUT)}" for kept in (table.KEPT, table.SHOWN)]
    changes = git("status", "--porcelain", "--", ".", *figures)
    return git("rev-parse", "--short", "HEAD") + ("+changes" if changes else "")


def run(name: str, asked: argparse.Namespace, commit: str) -> bool:
    """Run the rigs on one database, and keep their figures when all of them held."""
    print(f"=== {name}, seed {asked.seed}", flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "figures")
        environment = os.environ | {
            "RELIABILITY": "full",
            "RELIABILITY_FIGURES": str(figures),
            "DATABASE_URL": DATABASES[name] or "sqlite://:memory:",
        }
        options = ["-q", "-n", str(asked.jobs), f"--randomly-seed={asked.seed}"]
        if asked.k:
            options += ["-k", asked.k]
        command = [sys.executable, "-m", "pytest", "tests/reliability", *options]
        ended = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
        seconds = round(time.monotonic() - begin)
        print(f"=== {name}: exit code {ended.returncode} after {seconds} s", flush=True)
        if ended.returncode:
            return False
        origin = {
            "seed": asked.seed,
            "day": datetime.now(UTC).date().isoformat(),
            "commit": commit,
        }
        table.keep(name, figures, origin, is_all=not asked.k)
    return True


if __name__ == "__main__":
    sys.exit(main())
