"""The journey of money to the bank: taken, partly given back, paid out, and every line matched."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refund
from tests.admin.browsing import Open, complaints, open_desk, width_of
from tests.admin.test_every_page import DESKTOP, SCHEMES, SETTLE, SIZES, _findings, axe
from tests.flows.browser import keep_picture
from tests.services.rigs import Wire
from tests.settlements.conftest import MakePayment, Row, command, edited
from tests.settlements.test_admin import OVERVIEW, clerk

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

__all__ = ["axe", "clerk", "complaints", "open_desk"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]


def test_from_the_shop_to_the_bank(
    open_desk: Open,
    live_server: LiveServer,
    clerk: Client,
    emulator: Emulator,
    authorized: MakePayment,
    axe: str,
    complaints: list[str],
) -> None:
    for reference, cents in (("1001", 10_000), ("1002", 5_000)):
        capture(authorized(reference, cents))
    refund(SezzlePayment.objects.get(shop_reference="1002"), amount_in_cents=2_000)
    wide = [str(date.today() + timedelta(days=days)) for days in (-3, 3)]

    with EmulatorServer(emulator, delivers=False) as sezzle, open_desk(clerk) as page:
        # Sezzle pays out.
        page.goto(f"{sezzle.url}/dashboard/settings")
        page.get_by_role("button", name="Pay out").click()
        page.get_by_text("1 payouts made.").wait_for()

        # Staff look at it.
        page.goto(live_server.url + reverse(OVERVIEW))
        page.get_by_role("link", name="Settlements").click()
        page.get_by_label("Paid out from").fill(wide[0])
        page.get_by_label("Paid out until").fill(wide[1])
        page.get_by_role("button", name="Ask Sezzle now").click()
        page.get_by_text("Everything matches.").wait_for()
        row = page.get_by_role("row").filter(has_text="1002")
        assert row.get_by_role("cell").all_inner_texts() == [
            "$50.00 USD",
            "$20.00 USD",
            "-$2.10 USD",
            "$27.90 USD",
        ]

        # A line of another shop, and a monthly fee: it is seen what does not match.
        def add(_totals: list[Row], lines: list[Row]) -> None:
            nothing = dict.fromkeys(lines[0], "")
            lines.append(lines[0] | {"sezzle_order_id": "other", "external_reference_id": "X-77"})
            lines.append(nothing | {"type": "MONTHLY_FEE", "amount": "-15.00"})

        Wire(emulator).falsify("settlement_details", edited(add))
        page.get_by_role("button", name="Ask Sezzle now").click()
        page.get_by_text("things do not match").wait_for()
        found: dict[str, list[str]] = {}
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.evaluate(SETTLE)
                before = len(complaints)
                for finding in _findings(page, axe):
                    found.setdefault(finding, []).append(f"{size} {scheme}")
                # The content policy stops axe-core's own styles; what the page did is kept.
                del complaints[before:]
                keep_picture(page, f"settlements-{size}-{scheme}")
            assert width_of(page) <= viewport["width"]
        page.set_viewport_size(DESKTOP)
        page.get_by_role("link", name="1001").click()
        page.wait_for_url("**/change/")
    assert not found, found

    # And the accountant's program.
    said = command("--from", wide[0], "--to", wide[1])
    assert said.code == 0, said.out
    assert "2 of 2 orders matched.\nEverything matches." in said.out
