"""One command serves the shop and the emulator, and ends both."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.contract.plugin import check_record
from tests.example.running import PASSWORD, PROJECT, environment, free_ports, serving


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=10)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_both_and_ends_both(tmp_path: Path, how: signal.Signals) -> None:
    shop, emulator = free_ports(2)
    record = tmp_path / "exchanges.jsonl"
    ports = ("--port", str(shop), "--emulator-port", str(emulator), "--record", str(record))

    with serving(tmp_path, *ports) as running:
        for address in (f"http://127.0.0.1:{shop}/", f"http://127.0.0.1:{emulator}/dashboard/"):
            assert address in running.output
            assert get(address).status_code == 200
        assert PASSWORD in running.output
        assert running.stop(how) == 0

    assert is_free(shop)
    assert is_free(emulator)
    operations = [json.loads(line).get("operation") for line in record.read_text().splitlines()]
    assert operations == ["authentication", "webhook_list", "webhook_create"]
    check_record(record)


def test_a_payment_reaches_the_shop_through_its_webhook(tmp_path: Path) -> None:
    shop, emulator = free_ports(2)
    with serving(tmp_path, "--port", str(shop), "--emulator-port", str(emulator)):
        order_page = order_a_teapot(f"http://127.0.0.1:{shop}")
        control = f"http://127.0.0.1:{emulator}/emulator"
        (order,) = requests.get(f"{control}/orders", timeout=10).json()

        requests.post(f"{control}/orders/{order['uuid']}/approve", timeout=10).raise_for_status()

        requests.post(f"{control}/deliveries", timeout=10).raise_for_status()
        assert wait_for(f"{order_page}state/", '"paid"')
        assert "$71.95 was charged." in get(order_page).text


def test_a_new_start_is_fresh_unless_it_is_to_keep(tmp_path: Path) -> None:
    shop, emulator = free_ports(2)
    ports = ("--port", str(shop), "--emulator-port", str(emulator))
    with serving(tmp_path, *ports):
        order_page = order_a_teapot(f"http://127.0.0.1:{shop}")
    with serving(tmp_path, *ports, "--keep"):
        assert get(order_page).status_code == 200
        assert len(get(f"http://127.0.0.1:{emulator}/emulator/orders").json()) == 1
    with serving(tmp_path, *ports):
        assert get(order_page).status_code == 404
        assert get(f"http://127.0.0.1:{emulator}/emulator/orders").json() == []


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (emulator,) = free_ports(1)
        ended = subprocess.run(
            [
                sys.executable,
                str(PROJECT / "serve.py"),
                *("--state", str(tmp_path)),
                *("--port", str(port)),
                *("--emulator-port", str(emulator)),
            ],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert f"port {port}" in ended.stderr
    assert is_free(emulator)


def order_a_teapot(shop: str) -> str:
    """Order one as a browser without scripts would; returns the address of the order's page."""
    session = requests.Session()
    page = session.get(f"{shop}/products/cloudware-teapot/", timeout=10).text
    token = {"csrfmiddlewaretoken": form_token(page)}
    session.post(f"{shop}/cart/add/cloudware-teapot/", token, timeout=10).raise_for_status()
    address = {
        "first_name": "Ada",
        "last_name": "Meadows",
        "email": "ada@example.com",
        "street": "12 Lake Street",
        "city": "Minneapolis",
        "region": "MN",
        "postal_code": "55401",
    }
    token = {"csrfmiddlewaretoken": form_token(session.get(f"{shop}/checkout/", timeout=10).text)}
    answer = session.post(f"{shop}/checkout/", token | address, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    orders = session.get(f"{shop}/orders/", timeout=10).text
    found = re.search(r'href="(/orders/[0-9a-f-]{36}/)"', orders)
    assert found is not None
    session.close()
    return shop + found[1]


def form_token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def wait_for(url: str, text: str, tries: int = 100) -> bool:
    """Look again and again for a moment, as the order's page does."""
    return any(text in get(url).text for _ in range(tries))
