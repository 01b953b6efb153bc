"""Fixtures of the emulator's tests: an emulator in memory and a shop that talks to it."""

from __future__ import annotations

import pytest

from django_sezzle.emulator import Emulator

from .shop import Shop


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def shop(emulator: Emulator) -> Shop:
    return Shop(emulator)
