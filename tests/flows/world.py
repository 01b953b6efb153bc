"""The shop as a process, and the emulator in this one, where the contract rig watches it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django_sezzle.emulator import Emulator, EmulatorServer, PendingDelivery, Profile
from tests.example.running import free_ports, manage, serving

#: Sezzle's usual time between approval and the end of the authorization, and a minute.
PAST_EXPIRY = timedelta(minutes=31)


@dataclass
class World:
    """What a journey runs in."""

    shop: str
    """The shop's address, with a slash at the end."""
    emulator: Emulator
    state: Path
    """Where the shop keeps its database."""

    def manage(self, *arguments: str) -> str:
        """Run one of the shop's management commands beside it; returns what it said."""
        port = str(urlsplit(self.emulator.base_url).port)
        done = manage(self.state, *arguments, EMULATOR_PORT=port)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def moved(self, order_uuid: str) -> list[tuple[str, int]]:
        """List the money that really moved for one of Sezzle's orders: kind and cents."""
        return [
            (execution.kind, execution.amount_in_cents)
            for execution in self.emulator.executions
            if execution.order_uuid == order_uuid
        ]

    def let_authorizations_run_out(self) -> None:
        """
        Move Sezzle's clock past the end of every authorization.

        Sezzle has no event for that: the shop learns of it when it next asks.
        """
        wait_until(lambda: not self.deliveries_under_way())
        self.emulator.clock.advance(PAST_EXPIRY)

    def deliveries_under_way(self) -> list[PendingDelivery]:
        """Find what is to arrive about now; not what another journey lost."""
        soon = self.emulator.clock.now() + timedelta(minutes=1)
        return [each for each in self.emulator.pending_deliveries if each.due_at < soon]

    def lose_webhooks(self) -> None:
        """Have no webhook arrive from now on."""
        self.emulator.profile.webhook_delay_seconds = 10_000_000

    def reset(self) -> None:
        """Take back what a journey changed about the gateway."""
        self.emulator.profile.change(**Profile().as_dict())
        self.emulator.faults.clear()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait a moment for something that happens in another thread or process."""
    last_moment = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < last_moment, "It did not happen in time."
        time.sleep(0.05)


@contextmanager
def running_world(state: Path) -> Iterator[World]:
    """Serve the shop and the emulator until the block ends."""
    shop_port, emulator_port = free_ports(2)
    emulator = Emulator()
    ports = ("--port", str(shop_port), "--emulator-port", str(emulator_port))
    with (
        EmulatorServer(emulator, port=emulator_port),
        serving(state, *ports, "--no-emulator"),
    ):
        yield World(f"http://127.0.0.1:{shop_port}/", emulator, state)
