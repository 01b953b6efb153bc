"""What the rigs share: dice that can be thrown again, and no waiting."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import transport
from tests.reliability.barrier import Races


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """
    Chance that can be repeated: from the run's seed and the test's name.

    pytest prints the seed as ``Using --randomly-seed=N``; give that option to repeat the run.
    """
    return random.Random(f"{request.config.getoption('randomly_seed')} {request.node.nodeid}")


@pytest.fixture
def races(emulator: Emulator, dice: random.Random) -> Iterator[Races]:
    """A barrier in front of a Sezzle without limits, that watches every call."""
    races = Races(emulator, dice)
    yield races
    races.check_calls()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat reads without a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)
