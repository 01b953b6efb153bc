"""The test's side of the zygote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

import django_sezzle

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended."""

    #: The exit code, or minus the number of the signal.
    code: int
    result: Any = None
    trace: str = ""

    @property
    def was_killed(self) -> bool:
        """Whether it died as it was to."""
        return self.code == -signal.SIGKILL


class Zygote:
    """Starts the process that victims are forked from, and has it do things."""

    def __init__(self, database_name: str, log: Path) -> None:
        self._log = log
        # The same package as here, be it the wheel or the checkout, and not the current folder's.
        path = os.pathsep.join(dict.fromkeys([*filter(None, sys.path), str(CHECKOUT)]))
        environment = {
            "PYTHONPATH": path,
            "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        }
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.reliability.kills.zygote", database_name],
                env=os.environ | environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        found = self._read()["package"]
        assert found == django_sezzle.__file__, f"the victims run {found}"

    def run(
        self,
        job: str,
        *,
        sezzle: dict[str, Any],
        die_at: str | None,
        nth: int,
        **arguments: Any,
    ) -> Ended:
        """Have a child do a job, and wait until it has ended."""
        command = {
            "job": job,
            "sezzle": sezzle,
            "die_at": die_at,
            "nth": nth,
            "arguments": arguments,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return Ended(**self._read())

    def stop(self) -> None:
        """End it: it stops when there are no more commands."""
        try:
            self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"The zygote is gone. It said:\n{self._log.read_text()}")
        said: dict[str, Any] = json.loads(line)
        return said
