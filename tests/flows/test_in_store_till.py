"""A till that is a program of its own sells in the store, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.example.running import PASSWORD
from tests.flows.world import World, wait_until

TILL = Path(__file__).with_name("till.py")
PHONE = "(415) 555-0142"
REFERENCE = "STORE-7001"


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The world without a browser: a till has none."""
    running.reset()
    yield running
    running.reset()


def pay(world: World, link: str) -> None:
    """Open the link on the shopper's phone, approve, and be thanked by the shop."""
    with requests.Session() as phone:
        page = phone.get(link, timeout=30)
        assert REFERENCE in page.text
        form = {"id": world.emulator.orders[-1].uuid, "action": "approve"}
        end = phone.post(f"{world.emulator.base_url}/checkout/", form, timeout=30)
        assert end.url.startswith(world.shop)
        # The till may have asked Sezzle just now; the phone's page asks again by itself.
        wait_until(lambda: "Thank you" in phone.get(end.url, timeout=30).text)


def test_a_till_asks_waits_captures_and_refunds(world: World, tmp_path: Path) -> None:
    links = len(world.emulator.sent_links)
    options = {
        "shop": world.shop,
        "user": "manager",
        "password": PASSWORD,
        "reference": REFERENCE,
        "phone": PHONE,
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    output, errors = tmp_path / "till.out", tmp_path / "till.err"
    with output.open("w") as out, errors.open("w") as err:
        till = subprocess.Popen([sys.executable, str(TILL), *arguments], stdout=out, stderr=err)
        try:
            wait_until(lambda: output.read_text().count('"waiting"') > 2)
            (sent,) = world.emulator.sent_links[links:]
            assert sent.to == "+14155550142"
            pay(world, sent.checkout_url)
            assert till.wait(60) == 0, errors.read_text()
        finally:
            till.kill()
            till.wait()

    told: list[dict[str, Any]] = [json.loads(line) for line in output.read_text().splitlines()]
    assert [each["status"] for each in told[:2]] == [201, 200]
    assert told[0]["answer"] == told[1]["answer"]
    after = [(each["status"], each["answer"]["stage"]) for each in told[-7:]]
    assert after == [(200, "approved"), *[(200, "paid")] * 4, *[(200, "refunded")] * 2]
    end = told[-1]["answer"]
    assert (end["receipt"], end["shop_reference"]) == (f"{REFERENCE}-R", REFERENCE)
    assert (end["captured_in_cents"], end["refunded_in_cents"]) == (12_345, 12_345)
    assert world.moved(world.emulator.orders[-1].uuid) == [
        ("authorize", 12_345),
        ("capture", 12_345),
        ("refund", 2_345),
        ("refund", 10_000),
    ]
    log = (world.state / "shop.log").read_text()
    assert REFERENCE in log
    assert "4155550142" not in log
