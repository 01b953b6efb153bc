"""Staff at the desk in a real browser: every dialog, two people on one payment, and who may not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

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
)
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    MakePayment,
    MakeStaff,
    amount,
    money_calls,
    money_url,
    moved,
    operation_of,
)
from tests.admin.latency import far_away
from tests.admin.test_overview import OVERVIEW
from tests.admin.test_resolve import OPEN, RELEASE, RESOLVE, VIEW, resolver, stuck, url
from tests.flows.world import PAST_EXPIRY

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["complaints", "desk_page", "open_desk", "resolver", "stuck"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]

WITH_AND_WITHOUT = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def headline(page: Page) -> str:
    """Read what became of the only payment of a result page."""
    page.wait_for_url(re.compile("/money/result/"))
    return page.locator("td .sezzle-badge").inner_text()


def said(page: Page) -> str:
    """Read the message above the page."""
    return page.locator(".messagelist li").inner_text()


# Every dialog


@WITH_AND_WITHOUT
@pytest.mark.parametrize("action", ACTIONS)
def test_from_the_list_through_each_dialog(
    desk_page: Open,
    live_server: LiveServer,
    make_payment: MakePayment,
    emulator: Emulator,
    action: str,
    scripts: bool,
) -> None:
    payment = make_payment(5000, captured_in_cents=2000)
    if action == "reauthorize":
        emulator.clock.advance(PAST_EXPIRY)
    with desk_page(scripts=scripts) as page:
        page.goto(live_server.url + reverse(LIST))
        page.locator("[name=_selected_action]").check()
        page.locator("select[name=action]").select_option(f"{action}_selected")
        # "Go" before Django 6.1, "Run" since.
        page.locator(".actions button[type=submit]").click()
        page.wait_for_url(re.compile(f"/money/{action}/"))
        page.locator(f"[name={amount(payment)}]").fill("7.50")
        page.get_by_label("Reason").fill("A journey")
        confirm(page)

        assert headline(page) == "Done"
        assert "$7.50 USD" in page.locator("#content-main").inner_text()
        page.locator("th a", has_text=payment.shop_reference).click()
        page.get_by_text("A journey").first.wait_for()

    assert money_calls(emulator) == [action]
    if action != "reauthorize":
        assert moved(emulator) == [(action, 750)]


@WITH_AND_WITHOUT
@pytest.mark.parametrize(
    ("name", "button", "says", "moves"),
    [
        ("close", "It did not happen", "closed as not carried out", []),
        ("send-again", "Send again with the same key", "is done", [("capture", 1000)]),
    ],
)
def test_both_ways_out_of_an_unknown_outcome(
    open_desk: Open,
    live_server: LiveServer,
    resolver: Client,
    stuck: SezzlePayment,
    emulator: Emulator,
    name: str,
    button: str,
    says: str,
    moves: list[tuple[str, int]],
    scripts: bool,
) -> None:
    with open_desk(resolver, scripts=scripts) as page:
        page.goto(live_server.url + reverse(OPEN))
        page.get_by_role("link", name=button, exact=True).click()
        page.wait_for_url(re.compile(f"/resolve/{name}/"))
        page.get_by_label("Reason").fill("Looked at the dashboard")
        confirm(page)

        page.wait_for_url(re.compile("/open/"))
        assert says in said(page)
        page.get_by_text("Nothing is open.").wait_for()

    assert moved(emulator) == moves


def test_clearing_a_review_and_canceling_from_the_payments_page(
    open_desk: Open,
    live_server: LiveServer,
    resolver: Client,
    make_payment: MakePayment,
    emulator: Emulator,
) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="late_authorization")
    with open_desk(resolver) as page:
        page.goto(live_server.url + reverse(CHANGE, args=[payment.pk]))
        page.get_by_role("link", name="Clear review", exact=True).click()
        confirm(page)
        page.get_by_text("Say why.").wait_for()
        page.get_by_label("Reason").fill("It is the right order")
        confirm(page)
        assert "The review was cleared." in said(page)

        page.locator("a.sezzle-offer", has_text="Cancel").click()
        confirm(page)
        assert "$50.00 USD was released." in said(page)

    assert moved(emulator) == [("release", 5000)]


def test_a_capture_with_the_keyboard_alone(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    with desk_page() as page:
        page.goto(live_server.url + money_url("capture", payment))
        for _step in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == amount(payment):
                break
        page.keyboard.press("Control+A")
        page.keyboard.type("12.5")
        page.keyboard.press("Tab")
        page.keyboard.type("S-1")
        page.keyboard.press("Tab")
        page.keyboard.type("By hand")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == "submit"
        page.keyboard.press("Enter")

        assert headline(page) == "Done"

    assert moved(emulator) == [("capture", 1250)]
    assert operation_of(payment).shipment == "S-1"


# Impatience


def test_one_payment_and_an_impatient_hand(
    desk_page: Open, live_server: LiveServer, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    with far_away(emulator, seconds=0.3), desk_page() as page:
        page.goto(live_server.url + money_url("capture", payment))
        page.locator(f"[name={amount(payment)}]").fill("20.00")
        page.locator(".submit-row input[type=submit]").dblclick()
        wait_until_through(page)
        page.reload()
        assert counts(page) == ["1 Done"]

        # As the browser kept it, or anew: what is asked for then is asked for once.
        page.go_back()
        page.wait_for_url(re.compile("/money/capture/"))
        page.reload()
        page.go_forward()
        wait_until_through(page)

    assert moved(emulator) == [("capture", 2000)]
    assert SezzleOperation.objects.count() == 1


# Two people


def test_two_staff_on_the_same_payment(
    open_desk: Open,
    live_server: LiveServer,
    make_staff: MakeStaff,
    make_payment: MakePayment,
    emulator: Emulator,
) -> None:
    payment = make_payment(5000)
    rights = (VIEW, "capture_sezzlepayment", RELEASE)
    address = live_server.url + money_url("capture", payment)
    with open_desk(make_staff(*rights)) as ann, open_desk(make_staff(*rights)) as ben:
        ann.goto(address)
        ben.goto(live_server.url + money_url("release", payment))
        ann.locator(f"[name={amount(payment)}]").fill("30.00")
        confirm(ann)
        assert headline(ann) == "Done"

        # He still sees $50.00, and is told instead of being obeyed in part.
        assert ben.locator(f"[name={amount(payment)}]").input_value() == "50.00"
        confirm(ben)
        assert headline(ben) == "Not sent: no money moved"
        ben.get_by_text("This is more than what can be moved now.").wait_for()
        assert moved(emulator) == [("capture", 3000)]

        ben.get_by_role("link", name="Open a new form for what was not sent").click()
        assert ben.locator(f"[name={amount(payment)}]").input_value() == "20.00"
        confirm(ben)
        assert headline(ben) == "Done"

    assert moved(emulator) == [("capture", 3000), ("release", 2000)]
    assert len({row.actor_id for row in payment.operations.all()}) == 2


def test_two_staff_decide_about_the_same_unknown_outcome(
    open_desk: Open,
    live_server: LiveServer,
    make_staff: MakeStaff,
    stuck: SezzlePayment,
    emulator: Emulator,
) -> None:
    both = [make_staff(VIEW, RESOLVE) for _number in range(2)]
    with open_desk(both[0]) as ann, open_desk(both[1]) as ben:
        ann.goto(live_server.url + url(stuck, "close"))
        ben.goto(live_server.url + url(stuck, "send-again"))
        ann.get_by_label("Reason").fill("Not in the dashboard")
        confirm(ann)
        assert "closed as not carried out" in said(ann)

        confirm(ben)
        assert "This was settled or changed meanwhile." in said(ben)

    assert moved(emulator) == []


# Who may only look


def test_a_viewer_sees_everything_and_no_button(
    open_desk: Open,
    live_server: LiveServer,
    make_staff: MakeStaff,
    make_payment: MakePayment,
    stuck: SezzlePayment,
    emulator: Emulator,
) -> None:
    held = make_payment(2500)
    with open_desk(make_staff(VIEW)) as page:
        page.goto(live_server.url + reverse(LIST))
        actions = page.locator("select[name=action] option:not([value=''])").all_inner_texts()
        assert actions == ["Export the selected payments as CSV"]
        for payment in (held, stuck):
            page.goto(live_server.url + reverse(CHANGE, args=[payment.pk]))
            page.get_by_text("What happened, newest first").wait_for()
            assert page.locator(".sezzle-button, .sezzle-offer").count() == 0
            assert page.get_by_text("What you can do now").count() == 0
        for name in (OPEN, OVERVIEW):
            page.goto(live_server.url + reverse(name))
            assert page.locator(".sezzle-offer").count() == 0
        addresses = [money_url(action, held) for action in ACTIONS]
        addresses += [url(stuck, name) for name in ("close", "send-again", "cancel")]
        for address in addresses:
            assert page.request.get(live_server.url + address).status == 403, address

    assert money_calls(emulator) == []
