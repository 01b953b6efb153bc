"""The command: patch a copy, run the named tests, say which guard nobody missed."""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.reliability.mutations import Mutation
from tests.reliability.mutations.catalogue import MUTATIONS
from tests.reliability.mutations.workshop import Stale, Workshop, verdict

ROOT = Path(__file__).resolve().parents[3]


def say(text: str) -> None:
    """Tell the person who waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.reliability.mutations",
        description="Take guards out of a copy of the package, one at a time; a test must notice.",
    )
    parser.add_argument("name", nargs="*", help="all when none is named")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    given = parser.parse_args()
    if unknown := [name for name in given.name if name not in MUTATIONS]:
        parser.error(f"no such mutation: {', '.join(unknown)}")
    return given


def line(mutation: Mutation, result: str, seconds: float) -> str:
    """Write a line of the table."""
    rows = ", ".join(map(str, mutation.rows))
    return f"{mutation.name:40}{rows:>8}{seconds:7.1f}  {result}"


def is_green(workshop: Workshop, chosen: Sequence[Mutation], jobs: int) -> bool:
    """Whether everything passes while nothing is taken out; otherwise red would say nothing."""
    tests = sorted({test for mutation in chosen for test in mutation.tests})
    started = time.monotonic()
    report = workshop.test(tests, workers=jobs)
    if report.status:
        say(f"{report.output}\nNot all of the named tests pass while nothing is taken out.")
        return False
    say(f"{len(tests)} tests pass while nothing is taken out ({time.monotonic() - started:.0f} s)")
    return True


def try_all(workshops: Sequence[Workshop], chosen: Sequence[Mutation]) -> int:
    """Try the mutations, one in each workshop at a time; give how many were not noticed."""
    free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
    for workshop in workshops:
        free.put(workshop)

    def attempt(mutation: Mutation) -> bool:
        workshop, started, output = free.get(), time.monotonic(), ""
        try:
            with workshop.patch(mutation):
                report = workshop.test(mutation.tests)
            result, output = verdict(mutation, report), report.output
        except (Stale, SyntaxError) as error:
            result = f"STALE {error}"
        finally:
            free.put(workshop)
        is_noticed = result == "red"
        say(line(mutation, result, time.monotonic() - started))
        if not is_noticed:
            say(output)
        return is_noticed

    with ThreadPoolExecutor(len(workshops)) as pool:
        return list(pool.map(attempt, chosen)).count(False)


def main() -> int:
    """Run what was asked for; 1 when a guard was not missed."""
    given = arguments()
    chosen = [MUTATIONS[name] for name in given.name or MUTATIONS]
    if given.list:
        for mutation in chosen:
            say(f"{mutation.name:40}{', '.join(map(str, mutation.rows)):>8}  {mutation.without}")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        workshops = [Workshop(ROOT, Path(folder) / str(number)) for number in range(given.jobs)]
        if not is_green(workshops[0], chosen, given.jobs):
            return 1
        say(f"{'without':40}{'rows':>8}{'s':>7}  its test")
        unnoticed = try_all(workshops, chosen)
    seconds = time.monotonic() - started
    say(f"{len(chosen)} guards taken out, {unnoticed} of them unnoticed, in {seconds:.0f} s")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
