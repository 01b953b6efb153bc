"""Staff with many payments in a real browser: twice, back, silence in the middle, no scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import override_settings

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.browsing import (
    Open,
    complaints,
    confirm,
    counts,
    desk_page,
    open_desk,
    wait_until_through,
    width_of,
)
from tests.admin.conftest import MakePayment, amount, money_calls, money_url, moved
from tests.admin.latency import far_away
from tests.flows.browser import NARROW, keep_pictures
from tests.settings import SEZZLE

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

__all__ = ["complaints", "desk_page", "open_desk"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]


@pytest.mark.fault(34)
def test_the_page_follows_what_is_typed(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = make_payment(123_456), make_payment(5000), make_payment(2000, currency="CAD")
    with override_settings(SEZZLE=SEZZLE | {"CONFIRM_ABOVE_CENTS": 100_000}), desk_page() as page:
        page.goto(live_server.url + money_url("capture", *payments))
        totals = page.locator("[data-total]")
        assert totals.all_inner_texts() == ["$20.00 CAD", "$1,284.56 USD"]
        keep_pictures(page, "confirm-many")

        page.locator(f"[name={amount(payments[0])}]").fill("1000.5")
        row = page.locator(".sezzle-cards tbody tr").first
        assert row.locator("[data-after]").all_inner_texts() == [
            "$234.06 USD",
            "$1,000.50 USD",
            "$0.00 USD",
        ]
        assert totals.all_inner_texts() == ["$20.00 CAD", "$1,050.50 USD"]
        page.locator(f"[name={amount(payments[1])}]").fill("50.01")
        assert page.get_by_text("more than there is").count() == 3
        assert page.locator("[data-wrong]:visible").count() == 1
        assert totals.all_inner_texts() == ["$20.00 CAD", "?"]
        page.locator(f"[name={amount(payments[1])}]").fill("50.00")

        confirm(page)
        page.get_by_text("type the total of the amounts above: $1,050.50 USD").wait_for()
        keep_pictures(page, "confirm-total")
        assert not moved(emulator)
        page.get_by_label("Type the total in USD").fill("$1,050.50")
        confirm(page)
        wait_until_through(page)

    assert sorted(cents for _kind, cents in moved(emulator)) == [2000, 5000, 100_050]


def test_no_page_is_wider_than_a_phone(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment
) -> None:
    payments = [make_payment(1_234_500) for _number in range(3)]
    waiting = make_payment(approve=False)
    with desk_page() as page:
        page.set_viewport_size(NARROW)
        for action in ("capture", "reauthorize"):
            page.goto(live_server.url + money_url(action, *payments, waiting))
            assert width_of(page) <= NARROW["width"], action
        page.goto(live_server.url + money_url("capture", *payments))
        confirm(page)
        wait_until_through(page)
        assert width_of(page) <= NARROW["width"]
        # A table stays one for those who hear it.
        assert page.get_by_role("row").count() == 4
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert width_of(page) <= NARROW["width"]


@pytest.mark.fault(34)
@pytest.mark.parametrize("number", [3, 12])
def test_a_double_click_moves_once(
    desk_page: Open,
    live_server: LiveServer,
    make_payment: MakePayment,
    emulator: Emulator,
    number: int,
) -> None:
    payments = [make_payment() for _number in range(number)]
    with far_away(emulator, seconds=0.1), desk_page() as page:
        page.goto(live_server.url + money_url("capture", *payments))
        page.locator(".submit-row input[type=submit]").dblclick()
        wait_until_through(page)
        assert counts(page) == [f"{number} Done"]

    assert moved(emulator) == [("capture", 5000)] * number
    assert SezzleOperation.objects.count() == number


@pytest.mark.fault(34)
def test_back_reload_and_once_more_move_nothing_again(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(10)]
    with desk_page() as page:
        page.goto(live_server.url + money_url("capture", *payments))
        confirm(page)
        wait_until_through(page)
        page.reload()
        assert counts(page) == ["10 Done"]

        page.go_back()
        page.wait_for_url(re.compile("/money/capture/"))
        if page.locator(".submit-row input[type=submit]").count():
            confirm(page)
            wait_until_through(page)
        else:
            page.get_by_text("Nothing can be moved here now.").wait_for()

    assert moved(emulator) == [("capture", 5000)] * 10


@pytest.mark.fault(7, 33)
def test_a_gateway_that_goes_silent_in_the_middle_of_twenty(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(20)]
    captures: list[str] = []

    def silence_two(request: Any) -> None:
        order_uuid = urlsplit(request.url).path.split("/")[3]
        if request.method == "POST":
            captures.append(order_uuid)
        if order_uuid in captures[8:10]:
            raise requests.ReadTimeout(request=request)

    with desk_page() as page:
        page.goto(live_server.url + money_url("capture", *payments))
        with far_away(emulator, seconds=0.05, before=silence_two):
            confirm(page)
            wait_until_through(page)
        keep_pictures(page, "result-many")
        text = page.locator("#content-main").inner_text()

    assert "18 Done" in text.replace("\n", " ")
    assert "2 Being checked: do not repeat" in text.replace("\n", " ")
    silent = SezzlePayment.objects.filter(order_uuid__in=captures[8:10])
    looked = text.partition("Worth a look:")[2].partition("\n")[0]
    assert sorted(looked.strip().split(", ")) == sorted(p.shop_reference for p in silent)
    assert money_calls(emulator) == ["capture"] * 18


@pytest.mark.fault(34)
def test_many_without_scripts(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(10)]
    with desk_page(scripts=False) as page:
        page.goto(live_server.url + money_url("capture", *payments))
        page.locator(f"[name={amount(payments[0])}]").fill("20.00")
        confirm(page)
        page.wait_for_url(re.compile("/money/result/"))
        assert counts(page) == ["10 Waiting to be sent"]
        assert not moved(emulator)
        keep_pictures(page, "result-waiting")
        page.reload()
        assert not moved(emulator)

        page.get_by_role("button", name="Continue").dblclick()
        page.locator("#sezzle-progress").wait_for(state="detached")
        assert counts(page) == ["10 Done"]

    assert sorted(moved(emulator)) == [("capture", 2000)] + [("capture", 5000)] * 9
