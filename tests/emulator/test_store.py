"""What survives a restart, and a kill."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from django_sezzle.emulator import Emulator, MemoryStore, SQLiteStore

from .shop import Shop


@contextmanager
def process(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the emulator as a process of its own on a free port."""
    command = [sys.executable, "-m", "django_sezzle.emulator", "--port", "0", "--store", str(store)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        url = running.stdout.readline().split()[2].removesuffix("/v2")
        yield running, url
    finally:
        running.kill()
        running.wait()
        if running.stdout is not None:
            running.stdout.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_another_emulator_goes_on_from_the_store(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "emulator.sqlite3"
    memory = MemoryStore()
    first = Emulator(store=memory if kind == "memory" else SQLiteStore(path))
    shop = Shop(first)
    shop.subscribe()
    uuid, _ = shop.start_tokenizing()
    first.approve(uuid, tokenize=True)
    capture = shop.capture(uuid, 4000, "key-1").json()
    first.rotate_key("sz_pr_new")
    first.clock.advance(timedelta(minutes=20))
    first.close()
    second = Emulator(store=memory if kind == "memory" else SQLiteStore(path))
    again = Shop(second, private_key="sz_pr_new")
    assert again.capture(uuid, 4000, "key-1").json() == capture
    assert second.orders == first.orders if kind == "memory" else True
    assert [each.kind for each in second.executions] == ["authorize", "capture"]
    assert len(second.pending_deliveries) == 3
    assert len(again.get("/v2/customer").json()) == 1
    assert again.capture(uuid, 6001).status_code == 422
    second.clock.advance(timedelta(minutes=11))
    assert again.order(uuid)["authorization"]["releases"][0]["amount"]["amount_in_cents"] == 6000
    second.close()


def test_store_file_belongs_to_one_emulator(tmp_path: Path) -> None:
    first = Emulator(store=SQLiteStore(tmp_path / "one.sqlite3"))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Emulator(store=SQLiteStore(tmp_path / "one.sqlite3"))
    first.close()
    Emulator(store=SQLiteStore(tmp_path / "one.sqlite3")).close()


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    store = tmp_path / "killed.sqlite3"
    with process(store) as (running, url):
        shop = Shop(Emulator(), url)
        uuid = shop.start()
        requests.post(f"{url}/emulator/orders/{uuid}/approve", timeout=5).raise_for_status()
        shop.subscribe("http://127.0.0.1:9/")
        capture = shop.capture(uuid, 2500, "key-1").json()["uuid"]
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(store) as (_, url):
        shop = Shop(Emulator(), url)
        order = shop.order(uuid)
        assert [each["uuid"] for each in order["authorization"]["captures"]] == [capture]
        assert shop.capture(uuid, 2500, "key-1").json()["uuid"] == capture
        executions = requests.get(f"{url}/emulator/executions", timeout=5).json()
        assert [each["kind"] for each in executions] == ["authorize", "capture"]


def test_process_refuses_other_addresses_and_bad_switches(tmp_path: Path) -> None:
    for arguments in (["--host", "198.51.100.7"], ["--profile", "limits=perhaps"]):
        done = subprocess.run(
            [sys.executable, "-m", "django_sezzle.emulator", "--port", "0", *arguments],
            capture_output=True,
            check=False,
            text=True,
            timeout=20,
        )
        assert done.returncode == 1
        assert "could not start" in done.stderr


def test_process_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    with process(tmp_path / "ended.sqlite3") as (running, _):
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    SQLiteStore(tmp_path / "ended.sqlite3").close()
