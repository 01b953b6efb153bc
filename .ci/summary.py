"""
Sum up a tox run: one line per environment, then ``N passed, N failed`` alone on the last.

Usage: ``python3 .ci/summary.py CHECKOUT RESULT_JSON``. Every environment of ``env_list`` must have
run: one that was skipped, or is missing from tox's report, counts as a failure. So does one that
failed without a failing test, and one that should have run tests and ran none.
"""

from __future__ import annotations

import configparser
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, NamedTuple


class Count(NamedTuple):
    """How the tests of one environment ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def main(checkout: Path, report: Path) -> int:
    """Print the summary; 0 when everything ran and nothing failed."""
    results = json.loads(report.read_text())["testenvs"] if report.exists() else {}
    passed = failed = 0
    print(f"{'environment':34}{'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for name in environments(checkout / "tox.ini"):
        result = results.get(name, {}).get("result", {})
        ran = bool(result) and not result.get("skipped")
        count = count_tests(checkout / ".tox" / "junit" / f"{name}.xml") if ran else Count()
        trouble = trouble_of(name, result, count)
        passed += count.passed
        failed += count.failed or bool(trouble)
        seconds = result.get("duration", 0)
        print(f"{name:34}{seconds:8.0f}{count.passed:8}{count.failed:8}{count.skipped:8} {trouble}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def environments(config: Path) -> list[str]:
    """What ``tox run`` runs, as tox.ini lists it."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(config.read_text())
    return parser["tox"]["env_list"].split()


def count_tests(file: Path) -> Count:
    """The counts of one JUnit file; all zero when the environment left none."""
    if not file.exists():
        return Count()
    # Written a moment ago by our own pytest.
    suites = ElementTree.parse(file).getroot().iter("testsuite")  # noqa: S314
    total = Count()
    for suite in suites:
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        total = Count(
            total.passed + max(tests - skipped - failed, 0),
            total.failed + failed,
            total.skipped + skipped,
        )
    return total


def trouble_of(name: str, result: dict[str, Any], count: Count) -> str:
    """Why the environment cannot be called good; empty when it can."""
    if not result:
        return "DID NOT RUN"
    if result.get("skipped"):
        return "WAS SKIPPED"
    if not result.get("success"):
        return "FAILED"
    if name.startswith("py") and not count.passed:
        return "RAN NO TEST"
    return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
