"""The server: same answers as the adapter, pages, control API, and what it keeps out."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.emulator.instalments import plan
from django_sezzle.emulator.recording import Recorder

from .shop import Shop, session_body, usd


@pytest.fixture
def server(emulator: Emulator) -> Iterator[EmulatorServer]:
    with EmulatorServer(emulator, delivers=False) as running:
        yield running


def journey(shop: Shop, emulator: Emulator) -> list[Any]:
    """Return statuses and bodies of a journey, with ids and moments made alike."""
    known: dict[str, str] = {}

    def same(match: re.Match[str]) -> str:
        return known.setdefault(match[0], f"id-{len(known)}")

    answers = []

    def note(response: requests.Response) -> requests.Response:
        text = response.text.replace(shop.url, "")
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", same, text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "moment", text)
        kind = response.headers.get("Content-Type")
        answers.append((response.status_code, kind, text))
        return response

    started = note(shop.post("/v2/session", session_body() | {"customer": {"tokenize": True}}))
    uuid = started.json()["order"]["uuid"]
    note(shop.get(f"/v2/order/{uuid}"))
    note(shop.capture(uuid, 100))
    emulator.approve(uuid)
    for cents in (100, 100_000, 0):
        note(shop.capture(uuid, cents))
    note(shop.refund(uuid, 50))
    note(shop.release(uuid, 9900))
    note(shop.get(f"/v2/order/{uuid}"))
    note(shop.patch(f"/v2/order/{uuid}", {"reference_id": "other"}))
    note(shop.delete(f"/v2/order/{uuid}/checkout"))
    note(shop.post("/v2/webhooks/test", {"event": "order.captured"}))
    note(shop.get("/v2/token/none/customer"))
    note(shop.post("/v2/session", {"cancel_url": 5}))
    note(shop.get("/v2/none"))
    return answers


@pytest.mark.off_contract
def test_two_doors_give_the_same_answers(server: EmulatorServer, emulator: Emulator) -> None:
    other = Emulator()
    answers = journey(Shop(emulator, server.url), emulator)
    assert answers == journey(Shop(other), other)
    assert {each[0] for each in answers} >= {200, 201, 204, 400, 404, 422, 501}


@pytest.mark.off_contract
def test_connections_are_kept_alive_after_every_kind_of_answer(
    server: EmulatorServer, emulator: Emulator
) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as raw:
        file = raw.makefile("rb")
        for path in ("/v2/webhooks", "/v2/none", "/static/emulator.css", "/dashboard/"):
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert file.readline().startswith(b"HTTP/1.1 ")
            length = 0
            while (line := file.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            file.read(length)


@pytest.mark.parametrize("host", ["198.51.100.7", "192.168.1.5", "example.com", ""])
def test_only_the_loopback_address_is_served(emulator: Emulator, host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        EmulatorServer(emulator, host=host)


def test_other_host_names_are_turned_away(server: EmulatorServer) -> None:
    answer = requests.get(server.url + "/dashboard/", headers={"Host": "evil.test"}, timeout=5)
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/dashboard/settings", "/checkout/", "/emulator/clock"])
def test_other_sites_cannot_change_anything(
    server: EmulatorServer, emulator: Emulator, headers: dict[str, str], path: str
) -> None:
    before = emulator.clock.offset
    body = {"action": "clock", "minutes": "5"}
    assert requests.post(server.url + path, data=body, headers=headers, timeout=5).status_code == (
        403
    )
    assert emulator.clock.offset == before


def test_pages_have_a_strict_policy_and_no_inline_code(
    server: EmulatorServer, emulator: Emulator
) -> None:
    shop = Shop(emulator, server.url)
    uuid = shop.start()
    paths = ("", "inbox/", "webhooks/", "settings/", f"order/?id={uuid}", "order/?id=x", "none/")
    for path in [f"/checkout/?id={uuid}", *(f"/dashboard/{path}" for path in paths)]:
        page = requests.get(server.url + path, timeout=5)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'; style-src 'self'" in policy
        assert "unsafe" not in policy
        for forbidden in ("<script", "style=", "onclick", "//cdn", "https://"):
            assert forbidden not in page.text


def test_what_the_shop_sends_is_escaped(server: EmulatorServer, emulator: Emulator) -> None:
    shop = Shop(emulator, server.url)
    nasty = '"><script>alert(1)</script>'
    uuid = shop.start(description=nasty, items=[{"name": nasty, "quantity": 1, "price": usd(100)}])
    emulator.state.orders.get(uuid).reference_id = nasty  # type: ignore[union-attr]
    for path in (f"/checkout/?id={uuid}", "/dashboard/", f"/dashboard/order/?id={uuid}"):
        page = requests.get(server.url + path, timeout=5).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("action", "status", "where"),
    [
        ("approve", 303, "https://shop.test/complete/"),
        ("deny", 303, "https://shop.test/cancel/"),
        ("cancel", 303, "https://shop.test/cancel/"),
        ("close", 200, None),
        ("dance", 400, None),
    ],
)
def test_shopper_decides_on_the_checkout_page(
    server: EmulatorServer, emulator: Emulator, action: str, status: int, where: str | None
) -> None:
    uuid = Shop(emulator, server.url).start()
    answer = requests.post(
        f"{server.url}/checkout/",
        data={"id": uuid, "action": action},
        allow_redirects=False,
        timeout=5,
    )
    assert (answer.status_code, answer.headers.get("Location")) == (status, where)
    approved = emulator.order(uuid).authorization is not None
    assert approved is (action in ("approve", "close"))


def test_consent_is_asked_only_where_the_shop_wants_it(
    server: EmulatorServer, emulator: Emulator
) -> None:
    shop = Shop(emulator, server.url)
    plain, (asking, _) = shop.start(), shop.start_tokenizing()
    page = f"{server.url}/checkout/"
    assert 'name="tokenize"' not in requests.get(f"{page}?id={plain}", timeout=5).text
    assert 'name="tokenize"' in requests.get(f"{page}?id={asking}", timeout=5).text
    form = {"id": asking, "action": "approve", "tokenize": "1"}
    answer = requests.post(page, data=form, allow_redirects=False, timeout=5)
    assert "customer-uuid=" in answer.headers["Location"]


@pytest.mark.parametrize("end", ["approve", "deny", "delete", "expire"])
def test_finished_checkout_says_so(server: EmulatorServer, emulator: Emulator, end: str) -> None:
    shop = Shop(emulator, server.url)
    uuid = shop.start()
    if end == "delete":
        shop.delete(f"/v2/order/{uuid}/checkout")
    elif end == "expire":
        emulator.clock.advance(timedelta(hours=25))
    else:
        getattr(emulator, end)(uuid)
    page = requests.get(f"{server.url}/checkout/?id={uuid}", timeout=5).text
    titles = {
        "approve": "Already completed",
        "deny": "Not approved",
        "delete": "No longer available",
        "expire": "Expired",
    }
    assert titles[end] in page
    assert "<form" not in page


def test_custom_scheme_may_be_returned_to(server: EmulatorServer, emulator: Emulator) -> None:
    shop = Shop(emulator, server.url)
    body = session_body() | {"complete_url": {"href": "myshop://done"}}
    uuid = shop.post("/v2/session", body).json()["order"]["uuid"]
    page = requests.get(f"{server.url}/checkout/?id={uuid}", timeout=5)
    assert "form-action 'self' http: https: myshop:" in page.headers["Content-Security-Policy"]


def test_dashboard_acts_and_tells(server: EmulatorServer, emulator: Emulator) -> None:
    uuid = Shop(emulator, server.url).start()
    emulator.approve(uuid)
    url = f"{server.url}/dashboard/order"
    for amount, said in (("12.34", "Captured."), ("1e3", "Refused"), ("999.99", "Refused")):
        form = {"id": uuid, "action": "capture", "amount": amount}
        assert said in requests.post(url, data=form, timeout=5).text
    assert emulator.order(uuid).captured_in_cents == 1234
    assert said not in requests.get(f"{url}/?id={uuid}", timeout=5).text
    clock = {"action": "clock", "minutes": "31"}
    page = requests.post(f"{server.url}/dashboard/settings", data=clock, timeout=5).text
    assert "The shop&#x27;s clock was not" in page
    assert emulator.order(uuid).released_in_cents == 8766


def test_control_api_serves_tests_in_other_processes(
    server: EmulatorServer, emulator: Emulator
) -> None:
    shop = Shop(emulator, server.url)
    control = server.url + "/emulator"
    uuid = shop.start()
    approve = requests.post(f"{control}/orders/{uuid}/approve", timeout=5)
    assert approve.json() == {"url": "https://shop.test/complete/"}
    assert requests.post(f"{control}/orders/{uuid}/deny", timeout=5).status_code == 422
    fault = {"operation": "capture", "fault": "429", "times": 2, "retry_after": 7}
    assert requests.post(f"{control}/faults", json=fault, timeout=5).status_code == 204
    assert shop.capture(uuid, 100).headers["Retry-After"] == "7"
    assert requests.delete(f"{control}/faults", timeout=5).status_code == 204
    assert shop.capture(uuid, 100, "key-1").status_code == 200
    calls = requests.get(f"{control}/calls", timeout=5).json()
    assert (calls[-1]["operation"], calls[-1]["request_id"]) == ("capture", "key-1")
    assert "sz_pr" not in json.dumps(calls)
    executions = requests.get(f"{control}/executions", timeout=5).json()
    assert [each["kind"] for each in executions] == ["authorize", "capture"]
    changed = requests.post(f"{control}/profile", json={"limits": False}, timeout=5).json()
    assert changed["limits"] is False
    requests.post(f"{control}/clock", json={"seconds": 1900}, timeout=5)
    assert emulator.order(uuid).released_in_cents == 9900
    for path, body in (
        ("faults", {"fault": "no"}),
        ("faults", {}),
        ("profile", {"x": 1}),
        ("clock", {"seconds": "soon"}),
        ("clock", {"seconds": -5}),
        ("clock", [1]),
    ):
        assert requests.post(f"{control}/{path}", json=body, timeout=5).status_code == 400
    assert requests.get(f"{control}/nothing", timeout=5).status_code == 404


def test_oversized_and_chunked_bodies_are_turned_away(server: EmulatorServer) -> None:
    url = server.url + "/v2/session"
    large = requests.post(url, headers={"Content-Length": "2000000"}, timeout=5)
    assert large.status_code == 413
    assert requests.post(url, data=iter([b"{}"]), timeout=5).status_code == 411


def test_stopped_server_hangs_up(emulator: Emulator) -> None:
    with EmulatorServer(emulator) as running:
        shop = Shop(emulator, running.url)
    with pytest.raises(requests.ConnectionError):
        shop.get("/v2/webhooks")


def test_recording_has_a_line_per_exchange_and_no_credentials(
    emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "record.jsonl"
    emulator.observers.append(Recorder(path))
    shop = Shop(emulator)
    shop.subscribe()
    emulator.approve(shop.start())
    emulator.deliver_due(lambda url, headers, body: 200)
    text = path.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [each.get("operation", each.get("event")) for each in lines] == [
        "authentication",
        "webhook_create",
        "session_create",
        "order.authorized",
    ]
    token = str(shop.http.headers["Authorization"]).removeprefix("Bearer ")
    assert token not in text
    assert "sz_pr_" not in text
    assert lines[1]["request_headers"]["Authorization"] == "Bearer ***"


def test_instalments_add_up_to_the_cent() -> None:
    for cents in (100, 101, 102, 103, 12_503):
        instalments = plan(cents, date(2026, 11, 20))
        assert sum(each.amount_in_cents for each in instalments) == cents
    assert [each.amount_in_cents for each in plan(103, date(2026, 11, 20))] == [25, 25, 25, 28]
    assert [each.due.isoformat() for each in plan(100, date(2026, 11, 20))] == [
        "2026-11-20",
        "2026-12-04",
        "2026-12-18",
        "2027-01-01",
    ]
