"""The desk under another admin theme, django-unfold, in a process with settings of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

JOURNEYS = Path(__file__).parent / "themed" / "journeys.py"
SETTINGS = "tests.admin.themed.settings"


def run(*arguments: str) -> None:
    """Run the journeys, and repeat what they said when one went wrong."""
    if find_spec("unfold") is None:
        missing = "django-unfold is not installed; it belongs to the dependency group 'test'."
        (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)(missing)
    # A theme knows nothing of databases: SQLite, in a file that no other run uses.
    ours = ("DATABASE_URL", "TOX_ENV_NAME")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("PYTEST_")
    }
    # Where the built wheel is tested, it is not to be hidden by the checkout.
    python = [sys.executable, *(["-P"] if os.environ.get("EXPECT_WHEEL") else [])]
    # What the theme has yet to change for the next Django is not ours.
    theirs = ("-W", "ignore:Overriding get_action")
    done = subprocess.run(
        [*python, "-m", "pytest", str(JOURNEYS), f"--ds={SETTINGS}", "-q", *theirs, *arguments],
        cwd=JOURNEYS.parents[3],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_staff_work_in_it() -> None:
    run("-m", "not browser")


@pytest.mark.browser
def test_staff_see_it() -> None:
    run("-m", "browser")
