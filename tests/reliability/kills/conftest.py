"""A shop whose processes die: it, the gateway they call, and those who come after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from django_sezzle.emulator import Emulator, EmulatorAdapter, EmulatorServer
from django_sezzle.gateway import transport
from tests.reliability.kills import diary
from tests.reliability.kills.shop import Shop
from tests.reliability.kills.victims import Zygote


@pytest.fixture(scope="session")
def zygote(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The process that victims are forked from, on this run's database."""
    log = tmp_path_factory.mktemp("kills") / "zygote.log"
    running = Zygote(str(connection.settings_dict["NAME"]), log)
    yield running
    running.stop()


@pytest.fixture
def shop(
    emulator: Emulator, zygote: Zygote, settings: Any, transactional_db: None
) -> Iterator[Shop]:
    """A shop that is told facts here and in the victims, and a gateway that books what arrives."""
    emulator.profile.change(limits=False)
    with EmulatorServer(emulator, delivers=False) as server:
        settings.SEZZLE = {**settings.SEZZLE, "GATEWAY_URL": server.url}
        # Only the victims need sockets.
        unmount = transport.mount(server.url, EmulatorAdapter(emulator))
        diary.connect()
        yield Shop(emulator, zygote, settings.SEZZLE)
        diary.disconnect()
        unmount()
