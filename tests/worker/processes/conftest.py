"""A shop with workers on this run's database; there is none on SQLite, which has one writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

import django_sezzle
from django_sezzle.emulator import Emulator, EmulatorAdapter, EmulatorServer
from django_sezzle.gateway import transport
from django_sezzle.gateway.signature import sign
from django_sezzle.models import SezzlePayment
from tests.fixtures import PRIVATE_KEY
from tests.reliability.kills import diary
from tests.webhooks.conftest import URL, as_body, event
from tests.worker.processes.running import Web, Worker, environment, queue_of

IS_LITE = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
collect_ignore_glob = ["test_*.py"] if IS_LITE else []

PACKAGES = ("django_tasks_db", "django_tasks_rq")


def is_missing(what: str) -> None:
    """Skip the test that needs it, or fail it where everything is required."""
    (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)(f"{what} is not here")


class Shop:
    """Takes Sezzle's deliveries, and has workers."""

    def __init__(self, web: Web, backend: str, folder: Path, variables: dict[str, str]) -> None:
        self.web = web
        self.backend = backend
        self._folder = folder
        self._variables = variables

    def deliver(self, body: dict[str, Any]) -> list[str]:
        """Take a delivery; give the first words of the statements that it cost."""
        raw = as_body(body)
        arguments = {"url": URL, "body": raw.decode(), "signature": sign(raw, PRIVATE_KEY)}
        status, statements = self.web.do("deliver", **arguments)
        assert status == 200
        return list(statements)

    def worker(self) -> Worker:
        """Start a worker, for as long as a block."""
        queue = queue_of(self._variables["SHOP_DATABASE"])
        command = {
            "database": [
                "db_worker",
                *("--backend", "database", "--queue-name", queue),
                *("--interval", "0.1", "--no-startup-delay"),
            ],
            "redis": [
                *("rqworker", queue, "--job-class", "django_tasks_rq.Job"),
                # This one works in its own process, so that one signal kills it all.
                *("--worker-class", "rq.worker.SimpleWorker"),
            ],
        }[self.backend]
        return Worker(command, self._folder / "worker.log", self._variables)


@pytest.fixture
def server(emulator: Emulator, settings: Any, transactional_db: None) -> Iterator[EmulatorServer]:
    """The gateway: by sockets for the shop's processes, without them for the test's own."""
    with EmulatorServer(emulator, delivers=False) as running:
        settings.SEZZLE = settings.SEZZLE | {"GATEWAY_URL": running.url}
        unmount = transport.mount(running.url, EmulatorAdapter(emulator))
        diary.connect()
        yield running
        diary.disconnect()
        unmount()


def variables(gateway_url: str, backend: str) -> dict[str, str]:
    """Tell a process what its settings leave open."""
    return environment(
        SHOP_DATABASE=str(connection.settings_dict["NAME"]),
        SHOP_GATEWAY_URL=gateway_url,
        SHOP_BACKEND=backend,
    )


@pytest.fixture(scope="session")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The shop's web process, on this run's database."""
    for package in PACKAGES:
        if find_spec(package) is None:
            is_missing(package)
    log = tmp_path_factory.mktemp("worker") / "web.log"
    running = Web(log, variables("http://127.0.0.1:1", "database"))
    try:
        found = running.do("prepare")
        assert found == django_sezzle.__file__, f"the shop runs {found}"
        yield running
    finally:
        running.stop()


@pytest.fixture(params=["database", "redis"])
def shop(
    request: pytest.FixtureRequest, web: Web, server: EmulatorServer, tmp_path: Path
) -> Iterator[Shop]:
    """A shop whose queue is in its own database, and one whose queue is in Redis."""
    if request.param == "redis" and not web.do("redis_answers"):
        is_missing("a Redis at REDIS_URL")
    web.do("configure", gateway_url=server.url, backend=request.param)
    yield Shop(web, request.param, tmp_path, variables(server.url, request.param))
    web.do("lose")
    if request.param == "redis":
        web.do("clean")


@pytest.fixture
def approved(
    emulator: Emulator, server: EmulatorServer, started: Callable[..., SezzlePayment]
) -> SezzlePayment:
    """A payment that Sezzle approved and the shop has not heard of."""
    payment = started()
    emulator.approve(str(payment.order_uuid))
    return payment


@pytest.fixture
def news(approved: SezzlePayment) -> dict[str, Any]:
    """The event that says so."""
    return event("order.authorized", str(approved.order_uuid))
