"""The test's side of the shop's processes: it starts them, and ends those it has started."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parents[3]

#: Longer than any step takes on a slow machine.
SECONDS = 20.0


def queue_of(database: str) -> str:
    """Name a queue for this run alone, as runs beside each other share one Redis; 32 at most."""
    return f"sezzle-{hashlib.sha256(database.encode()).hexdigest()[:10]}"


def environment(**variables: str) -> dict[str, str]:
    """Give a process the package that is tested here, be it the wheel or the checkout."""
    path = os.pathsep.join(dict.fromkeys([*filter(None, sys.path), str(CHECKOUT)]))
    return {
        **os.environ,
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9"),
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": "tests.worker.processes.settings",
        **variables,
    }


class Web:
    """The shop's web process."""

    def __init__(self, log: Path, variables: dict[str, str]) -> None:
        self._log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.worker.processes.shop"],
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def do(self, command: str, **arguments: Any) -> Any:
        """Have it do a command; give what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"The shop is gone. It said:\n{self._log.read_text()}")
        return json.loads(line)

    def stop(self) -> None:
        """End it: it stops when there are no more commands."""
        try:
            self._process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class Worker:
    """A worker, which lives as long as the block."""

    def __init__(self, command: list[str], log: Path, variables: dict[str, str]) -> None:
        self._command = command
        self._log = log
        self._variables = variables

    def __enter__(self) -> Self:
        with self._log.open("a") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "django", *self._command],
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self

    def kill(self) -> None:
        """Let it die without a word."""
        assert self._process.poll() is None, f"The worker was gone before:\n{self.said}"
        self._process.kill()
        assert self._process.wait(SECONDS) == -signal.SIGKILL

    @property
    def said(self) -> str:
        """What it wrote."""
        return self._log.read_text()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            error.add_note(f"The worker said:\n{self.said}")
        self._process.kill()
        self._process.wait(SECONDS)


def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    ends_at = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < ends_at, "it did not come to it"
        time.sleep(0.05)
