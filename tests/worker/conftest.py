"""A shop that leaves its events to a worker, and a queue that a test can look into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_sezzle.checks import FRAMEWORK
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.webhooks.conftest import deliver, later, no_pauses, post

__all__ = ["deliver", "later", "no_pauses", "post"]

DUMMY = f"{FRAMEWORK}.backends.dummy.DummyBackend"
IMMEDIATE = f"{FRAMEWORK}.backends.immediate.ImmediateBackend"


class Queue:
    """What was enqueued and nobody has worked on."""

    def __init__(self) -> None:
        # The settings of the test must be there before.
        from django_sezzle import worker  # noqa: PLC0415

        self._results: list[Any] = worker.task_of("default").get_backend().results  # type: ignore[attr-defined]

    @property
    def given(self) -> list[tuple[str, list[Any], dict[str, Any]]]:
        """Tell what the queue carries: the task's address, and its arguments."""
        return [(each.task.module_path, each.args, each.kwargs) for each in self._results]

    @property
    def keys(self) -> list[str]:
        """Name the events that are waited for."""
        return [key for _path, (key,), _none in self.given]

    def work(self) -> None:
        """Do what a worker does, until the queue is empty."""
        waiting = list(self._results)
        self.lose()
        for each in waiting:
            each.task.call(*each.args, **each.kwargs)

    def lose(self) -> None:
        """Forget everything, as a broker does that was restarted."""
        self._results.clear()


@pytest.fixture
def queue(settings: Any) -> Queue:
    """Leave the shop's events to a worker, and give the queue to it."""
    settings.TASKS = {"default": {"BACKEND": DUMMY}}
    settings.SEZZLE = settings.SEZZLE | {"WEBHOOKS": "task"}
    return Queue()


@pytest.fixture
def approved(emulator: Emulator, started: Callable[..., SezzlePayment]) -> SezzlePayment:
    """A payment that Sezzle approved and the shop has not heard of."""
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    return payment
