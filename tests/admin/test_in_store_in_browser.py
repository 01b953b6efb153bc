"""The till in Chromium without scripts, with the keyboard alone, and from right to left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment, Status
from tests.admin.browsing import Open, complaints, open_desk, width_of
from tests.admin.conftest import MakePayment, MakeStaff, moved
from tests.admin.test_in_store import IN_STORE, PHONE, SELL, VIEW
from tests.admin.tills import TILL as TILL_PAGE
from tests.admin.tills import MakeSale, beginner, sale, url
from tests.flows.browser import NARROW, PATIENCE_MS, keep_pictures
from tests.services.rigs import again

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["beginner", "complaints", "open_desk", "sale"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup"),
]


def wait_for(page: Page, headline: str) -> None:
    shown = page.locator("#sezzle-till").get_by_role("heading", name=headline, exact=True)
    shown.wait_for(timeout=2 * PATIENCE_MS)


def test_a_sale_without_scripts(
    open_desk: Open, live_server: LiveServer, beginner: Client, emulator: Emulator
) -> None:
    with open_desk(beginner, scripts=False) as page:
        page.goto(live_server.url + reverse(IN_STORE))
        page.get_by_label("Order or receipt").fill("TILL-1")
        page.get_by_label("Amount").fill("84.50")
        page.get_by_label("Mobile phone").fill(PHONE)
        page.get_by_role("button", name="Ask for payment").click()
        wait_for(page, "Waiting for the shopper")
        emulator.approve(emulator.orders[-1].uuid)

        # It loads itself anew.
        wait_for(page, "Approved")
        assert page.get_by_text("loads itself again").count() == 0

    assert [link.to for link in emulator.sent_links] == [PHONE]


def test_a_website_order_paid_at_the_counter_offers_nothing_there(
    open_desk: Open,
    live_server: LiveServer,
    make_staff: MakeStaff,
    make_payment: MakePayment,
    emulator: Emulator,
) -> None:
    everything = [f"{name}_sezzlepayment" for name in ("capture", "release", "refund")]
    payment = make_payment(approve=False)
    with open_desk(make_staff(VIEW, SELL, *everything)) as page:
        page.goto(live_server.url + url(TILL_PAGE, payment))
        emulator.approve(str(payment.order_uuid))

        wait_for(page, "Approved")

        ways = page.locator(".sezzle-till-actions a:visible")
        assert ways.all_inner_texts() == ["Open that payment"]
        assert page.locator(".sezzle-till form:visible").count() == 0
        keep_pictures(page, "till-website")
        ways.click()
        page.get_by_role("heading", name="Money").wait_for()

    assert not moved(emulator)


def test_a_receipt_number_that_sezzle_does_not_have_is_seen_at_once(
    open_desk: Open, live_server: LiveServer, beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    emulator.faults.add("order_update", "503")
    note = "Sezzle has not confirmed this number. Save it again."
    with open_desk(beginner) as page:
        page.goto(live_server.url + url(TILL_PAGE, payment))
        page.get_by_label("Receipt number").fill("R-77")
        page.get_by_role("button", name="Save receipt number").click()
        page.get_by_text("Sezzle could not be reached. Save it again.").wait_for()
        page.goto(live_server.url + url(TILL_PAGE, payment))
        page.get_by_text(note).wait_for()
        keep_pictures(page, "till-not-confirmed")

        page.get_by_role("button", name="Save receipt number").click()

        page.get_by_text("The receipt number was saved, and Sezzle has it.").wait_for()
        assert page.get_by_text(note).count() == 0


def test_giving_up_without_scripts_takes_two_presses(
    open_desk: Open, live_server: LiveServer, beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()
    with open_desk(beginner, scripts=False) as page:
        page.goto(live_server.url + url(TILL_PAGE, payment))
        assert not page.get_by_role("button", name="Cancel this payment").is_visible()
        page.locator("summary", has_text="Cancel").click()
        page.get_by_role("button", name="Cancel this payment").click()
        wait_for(page, "Canceled")

    assert again(payment).status == Status.CANCELED


def test_a_sale_with_the_keyboard_alone(
    open_desk: Open, live_server: LiveServer, beginner: Client, emulator: Emulator
) -> None:
    with open_desk(beginner) as page:
        page.goto(live_server.url + reverse(IN_STORE))
        page.get_by_label("Order or receipt").focus()
        for text in ("TILL-1", "84.50", "CAD", PHONE, "", "French", "Two lamps"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait_for(page, "Waiting for the shopper")

        page.locator(".sezzle-till-link a").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait_for(page, "Canceled")

    (link,) = emulator.sent_links
    assert (link.to, link.language) == (PHONE, "fr-CA")
    payment = SezzlePayment.objects.get()
    assert (payment.amount_in_cents, payment.currency) == (8450, "CAD")
    assert not moved(emulator)


def test_from_right_to_left_on_a_phone(
    open_desk: Open, live_server: LiveServer, beginner: Client, sale: MakeSale
) -> None:
    payment = sale()
    with open_desk(beginner) as page:
        page.set_viewport_size(NARROW)
        for number, path in enumerate((reverse(IN_STORE), url(TILL_PAGE, payment))):
            page.goto(live_server.url + path)
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert width_of(page) <= NARROW["width"]
            keep_pictures(page, f"till-rtl-{number}")
            page.set_viewport_size(NARROW)


def test_the_page_stops_asking_and_goes_on_when_asked_to(
    open_desk: Open, live_server: LiveServer, beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()
    with open_desk(beginner) as page:
        # As if half an hour had passed.
        page.route(
            re.compile(r"/till\.js$"),
            lambda route: route.fulfill(
                response=(answer := route.fetch()),
                body=answer.text().replace("Number(box.dataset.mostPolls)", "1"),
            ),
        )
        page.goto(live_server.url + url(TILL_PAGE, payment))
        page.get_by_text("This page has stopped asking.").wait_for()
        page.unroute(re.compile(r"/till\.js$"))
        emulator.approve(str(payment.order_uuid))

        page.get_by_role("link", name="Go on asking").click()

        wait_for(page, "Approved")
