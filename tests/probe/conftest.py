"""A gateway on a port, and the command that probes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.gateway.tokens import tokens
from tests.probe.human import Human

PUBLIC_KEY, PRIVATE_KEY = "sz_pub_probed", "sz_pr_probed"


@dataclass
class Outcome:
    """What a run left behind."""

    code: int
    said: str
    report: dict[str, Any]
    profile: dict[str, Any]

    def question(self, name: str) -> dict[str, Any]:
        """Return what the report says of one question."""
        found: dict[str, Any]
        (found,) = (each for each in self.report["questions"] if each["id"] == name)
        return found


RunProbe = Callable[..., Outcome]


@pytest.fixture
def emulator() -> Emulator:
    """A gateway with keys of its own."""
    return Emulator(public_key=PUBLIC_KEY, private_key=PRIVATE_KEY)


@pytest.fixture
def gateway(emulator: Emulator) -> Iterator[str]:
    """Its address."""
    with EmulatorServer(emulator) as server:
        yield server.url


@pytest.fixture
def keys(settings: Any) -> Iterator[Callable[..., None]]:
    """Configure the shop for a gateway."""

    def configure(url: str | None, **members: Any) -> None:
        keys = {"PUBLIC_KEY": PUBLIC_KEY, "PRIVATE_KEY": PRIVATE_KEY}
        settings.SEZZLE = keys | {"ENVIRONMENT": "sandbox", "GATEWAY_URL": url} | members

    tokens.clear()
    yield configure
    tokens.clear()


@pytest.fixture
def probe(keys: Callable[..., None], tmp_path: Path) -> RunProbe:
    """Run the command against an address."""

    def run(url: str, *arguments: str, human: Human | None = None) -> Outcome:
        keys(url)
        terminal = human or Human(url)
        files = {name: tmp_path / f"{name}.json" for name in ("json", "profile")}
        options = [f"--{name}={path}" for name, path in files.items()]
        code = 0
        try:
            call_command("sezzle_probe", *options, *arguments, stdout=terminal, no_color=True)
        except SystemExit as left:
            code = int(str(left.code))
        terminal.go_home()
        read = {name: json.loads(path.read_text()) for name, path in files.items()}
        return Outcome(code, terminal.getvalue(), read["json"], read["profile"])

    return run


def refusal_of(*arguments: str) -> tuple[int, str]:
    """Run the command where nothing may be asked; return its exit code and what it says."""
    with pytest.raises(CommandError) as refused:
        call_command("sezzle_probe", *arguments)
    return refused.value.returncode, str(refused.value)
