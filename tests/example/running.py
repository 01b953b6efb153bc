"""Start the example shop as a process of its own, as its users do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "example_project"
SECONDS_TO_START = 60
PASSWORD = "flows-only"


def free_ports(count: int) -> list[int]:
    """Find ports of this machine that nothing listens at."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def environment(state: Path) -> dict[str, str]:
    """Give the shop an environment that neither the caller's nor a .env file reaches into."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SEZZLE_", "DJANGO_", "DATABASE_", "PYTEST_"))
        and name not in ("DEBUG", "PORT", "EMULATOR_PORT")
    }
    # Empty beats the same name in a .env file.
    return kept | {
        "SEZZLE_PUBLIC_KEY": "",
        "SEZZLE_PRIVATE_KEY": "",
        "WIDGET_MERCHANT_UUID": "",
        "DATABASE_URL": f"sqlite:///{state / 'shop.sqlite3'}",
    }


def manage(state: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the shop's management commands, from a directory that is not the project's."""
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    return subprocess.run(
        command,
        cwd=state,
        env=environment(state) | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_START,
        check=False,
    )


class ServeProcess:
    """The running ``serve.py`` and what it has said."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        """Everything it has printed."""
        return self.log.read_text()

    def wait_until_ready(self) -> None:
        """Wait for the line that says how to stop it."""
        last_moment = time.monotonic() + SECONDS_TO_START
        while "Stop with Ctrl-C" not in self.output:
            if self.process.poll() is not None or time.monotonic() > last_moment:
                raise AssertionError(f"The shop did not start. It said:\n{self.output}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def serving(state: Path, *arguments: str) -> Iterator[ServeProcess]:
    """Run ``serve.py`` with its data in a directory, until the block ends."""
    log = state / "serve.log"
    command: Sequence[str] = [sys.executable, str(PROJECT / "serve.py"), "--state", str(state)]
    given = environment(state)
    del given["DATABASE_URL"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--password", PASSWORD, *arguments],
            cwd=state,
            env=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = ServeProcess(process, log)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
