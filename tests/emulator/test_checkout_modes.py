"""The checkout in a window or a frame: what it tells the shop's page, and who may show it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from django_sezzle.emulator import Emulator, EmulatorServer

from .shop import Shop

IN_PAGE = ["popup", "iframe"]


@pytest.fixture
def server(emulator: Emulator) -> Iterator[EmulatorServer]:
    with EmulatorServer(emulator, delivers=False) as server:
        yield server


def decide(server: EmulatorServer, uuid: str, action: str) -> requests.Response:
    """Press a button of the checkout page."""
    form = {"id": uuid, "action": action}
    return requests.post(f"{server.url}/checkout/", data=form, allow_redirects=False, timeout=5)


def frame_ancestors(server: EmulatorServer, uuid: str) -> str:
    """Who may show the checkout in a frame."""
    page = requests.get(f"{server.url}/checkout/?id={uuid}", timeout=5)
    policy = page.headers["Content-Security-Policy"]
    return policy.partition("frame-ancestors ")[2].partition(";")[0]


@pytest.mark.parametrize("mode", IN_PAGE)
@pytest.mark.parametrize(
    ("action", "ending", "path"),
    [
        ("approve", "complete", "complete"),
        ("deny", "failure", "cancel"),
        ("cancel", "cancel", "cancel"),
    ],
)
def test_the_end_is_told_to_the_shops_origin_alone(
    server: EmulatorServer, emulator: Emulator, mode: str, action: str, ending: str, path: str
) -> None:
    uuid = Shop(emulator, server.url).start(checkout_mode=mode)
    page = decide(server, uuid, action)
    assert page.status_code == 200
    (session,) = emulator.state.sessions
    for shown in (
        f'data-ending="{ending}"',
        f'data-order-uuid="{uuid}"',
        f'data-session-uuid="{session.uuid}"',
        'data-parent="https://shop.test"',
        # Where it goes on when no page listens.
        f'data-url="https://shop.test/{path}/"',
        '<script src="/static/checkout_done.js"></script>',
    ):
        assert shown in page.text
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_who_cannot_pay_is_denied_there_too(server: EmulatorServer, emulator: Emulator) -> None:
    emulator.profile.spending_power_in_cents = 1
    uuid = Shop(emulator, server.url).start(checkout_mode="popup")
    assert 'data-ending="failure"' in decide(server, uuid, "approve").text


def test_only_a_frame_may_be_shown_in_one(server: EmulatorServer, emulator: Emulator) -> None:
    shop = Shop(emulator, server.url)
    shown = {
        mode: frame_ancestors(server, shop.start(checkout_mode=mode))
        for mode in ("redirect", *IN_PAGE)
    }
    assert shown == {"redirect": "'none'", "popup": "'none'", "iframe": "https://shop.test"}
    assert frame_ancestors(server, shop.start()) == "'none'"
    assert frame_ancestors(server, "nobody") == "'none'"


def test_the_stand_in_is_served_where_sezzles_script_would_be(server: EmulatorServer) -> None:
    script = requests.get(f"{server.url}/checkout.min.js", timeout=5)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "window.Checkout = Checkout" in script.text


def test_the_order_does_not_say_its_mode(emulator: Emulator) -> None:
    uuid = Shop(emulator).start(checkout_mode="iframe")
    assert emulator.order(uuid).checkout_mode == "iframe"
    assert "checkout_mode" not in Shop(emulator).get(f"/v2/order/{uuid}").json()
