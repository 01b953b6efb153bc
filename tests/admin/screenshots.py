"""
Take a picture of every page of the desk: light and dark, at the width of a desktop and a phone.

``python -m tests.admin.screenshots FOLDER`` serves a shop with the emulator behind it, and goes
through the pages in Chromium.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

TOUR = Path(__file__).with_name("test_every_page.py")


def main(arguments: list[str] | None = None) -> int:
    """Run the tour; the exit code is 1 where a page has something grave."""
    parser = argparse.ArgumentParser(prog="python -m tests.admin.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go; made if it is missing")
    folder: Path = parser.parse_args(arguments).folder.resolve()
    # Nothing is to be skipped quietly.
    os.environ |= {"SCREENSHOTS": str(folder), "REQUIRE_ALL": "1"}
    return int(pytest.main([str(TOUR), "-q", "-m", "browser", "-p", "no:randomly"]))


if __name__ == "__main__":
    sys.exit(main())
