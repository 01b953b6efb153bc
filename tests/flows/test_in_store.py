"""A cashier sells at the counter; the shopper pays on a phone, by the link or by the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.example.running import PASSWORD
from tests.flows.browser import NARROW, PATIENCE_MS, keep_picture, keep_pictures, watch_console
from tests.flows.people import Staff
from tests.flows.world import World, running_world, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PHONE = "+16125550142"
A_DAY, SECONDS_TO_PAY = timedelta(days=1), timedelta(seconds=15)

HIRE_A_BEGINNER = f"""
from django.contrib.auth.models import Permission, User
beginner = User.objects.create_user("beginner", password="{PASSWORD}", is_staff=True)
names = ["view_sezzlepayment", "sell_sezzlepayment"]
beginner.user_permissions.set(Permission.objects.filter(codename__in=names))
"""


class Cashier(Staff):
    """Somebody at a till."""

    def ask(self, reference: str, dollars: str, *, phone: str = "") -> str:
        """Ask for a payment and stay on the till's page; returns Sezzle's id of the order."""
        self.page.goto(f"{self.world.shop}admin/django_sezzle/sezzlepayment/")
        self.page.get_by_role("link", name="Ask for payment in store").click()
        self.page.get_by_label("Order or receipt").fill(reference)
        self.page.get_by_label("Amount").fill(dollars)
        self.page.get_by_label("Mobile phone").fill(phone)
        self.page.get_by_role("button", name="Ask for payment").click()
        self.page.wait_for_url(re.compile(r"/in-store/\d+/"))
        return self.world.emulator.orders[-1].uuid

    def wait_for(self, headline: str) -> None:
        """Wait until the till's page, which follows by itself, says this."""
        shown = self.page.locator("#sezzle-till").get_by_role("heading", name=headline, exact=True)
        shown.wait_for(timeout=2 * PATIENCE_MS)

    def stay(self) -> None:
        """Put something into the page that loading it anew would take away."""
        self.page.evaluate("document.body.dataset.stayed = 'yes'")

    @property
    def has_stayed(self) -> bool:
        return bool(self.page.evaluate("document.body.dataset.stayed === 'yes'"))

    @property
    def has_code(self) -> bool:
        return self.page.locator(".sezzle-till-qr svg").is_visible()

    @property
    def link(self) -> str:
        """The address that the code stands for."""
        return str(self.page.locator(".sezzle-till-link a").get_attribute("href"))

    def give_up(self) -> str:
        """Cancel, and confirm it; returns what the page then says above."""
        self.page.locator("summary", has_text="Cancel").click()
        self.page.get_by_role("button", name="Cancel this payment").click()
        return self.page.locator(".messagelist li").last.inner_text()

    def finish(self, action: str) -> None:
        """Move the money by a link of the till's page, confirm it, and come back."""
        till = self.page.url
        self.page.get_by_role("link", name=action, exact=True).click()
        self.page.locator(".submit-row input[type=submit]").click()
        self.page.wait_for_url(re.compile("/money/result/"))
        self.page.goto(till)

    @property
    def text(self) -> str:
        """What the page says below its headline."""
        return self.page.locator("#sezzle-till [data-text]").inner_text()

    def hand_over_to(self, name: str) -> None:
        """Log out, and have somebody else look at the same page."""
        till = self.page.url
        self.page.context.clear_cookies()
        self.log_in(name)
        self.page.goto(till)


@pytest.fixture
def cashier(staff_page: Page, world: World) -> Cashier:
    cashier = Cashier(staff_page, world)
    cashier.log_in("cashier")
    return cashier


@pytest.fixture
def beginner(staff_page: Page, world: World) -> Cashier:
    """Somebody at a till who may sell and nothing else."""
    world.manage("shell", "-c", HIRE_A_BEGINNER)
    beginner = Cashier(staff_page, world)
    beginner.log_in("beginner")
    return beginner


@pytest.fixture
def slow_world(browser: Browser, tmp_path: Path) -> Iterator[World]:
    """A world of its own, whose Sezzle is a day behind, but for the seconds a shopper has."""
    with running_world(tmp_path) as world:
        world.emulator.clock.offset = SECONDS_TO_PAY - A_DAY
        yield world


@pytest.fixture
def phone(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """The shopper's own phone, which knows nothing of the shop."""
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", lambda page: watch_console(page, complaints))
    yield context.new_page()
    context.close()


def test_a_sale_from_the_link_to_the_money(cashier: Cashier, phone: Page, world: World) -> None:
    order_uuid = cashier.ask("TILL-8001", "84.50", phone="(612) 555-0142")
    cashier.stay()
    cashier.wait_for("Waiting for the shopper")
    keep_pictures(cashier.page, "till-waiting")

    # The text message, as the emulator shows it, on the shopper's phone.
    phone.goto(f"{world.emulator.base_url}/dashboard/inbox/")
    message = phone.get_by_role("row").filter(has_text=PHONE).first
    assert "Text message" in message.inner_text()
    message.get_by_role("link", name="open the checkout").click()
    assert phone.url == cashier.link
    keep_picture(phone, "till-shopper")
    phone.get_by_role("button", name="Approve", exact=True).click()
    # No page of the shop waits for this browser but ours.
    phone.get_by_role("heading", name="Thank you").wait_for()

    cashier.wait_for("Approved")
    assert cashier.has_stayed
    assert not cashier.has_code
    keep_pictures(cashier.page, "till-approved")
    cashier.page.get_by_label("Receipt number").fill("R-8001")
    cashier.page.get_by_role("button", name="Save receipt number").click()
    cashier.page.get_by_text("Sezzle has it").wait_for()
    assert world.emulator.order(order_uuid).reference_id == "R-8001"

    cashier.finish("Capture")
    cashier.wait_for("Paid")
    keep_pictures(cashier.page, "till-paid")
    assert world.moved(order_uuid) == [("authorize", 8_450), ("capture", 8_450)]


def test_a_sale_by_the_code_without_any_webhook(
    cashier: Cashier, phone: Page, world: World
) -> None:
    world.lose_webhooks()
    sent_before = len(world.emulator.sent_links)
    cashier.ask("TILL-8002", "20.00")
    cashier.stay()
    assert cashier.has_code
    assert len(world.emulator.sent_links) == sent_before

    phone.goto(cashier.link)
    phone.get_by_role("button", name="Close the tab", exact=True).click()

    cashier.wait_for("Approved")
    assert cashier.has_stayed


def test_a_shopper_who_is_denied(cashier: Cashier, phone: Page, world: World) -> None:
    order_uuid = cashier.ask("TILL-8003", "20.00")
    cashier.stay()

    world.emulator.deny(order_uuid)

    cashier.wait_for("Not approved")
    assert cashier.has_stayed
    assert not cashier.has_code
    keep_pictures(cashier.page, "till-denied")


def test_canceled_while_the_shopper_approves(cashier: Cashier, phone: Page, world: World) -> None:
    # Nothing tells the shop of the approval before it gives up.
    world.lose_webhooks()
    order_uuid = cashier.ask("TILL-8004", "45.00")
    phone.goto(cashier.link)
    # The till's page is between two questions.
    cashier.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    phone.get_by_role("button", name="Close the tab", exact=True).click()
    wait_until(lambda: bool(world.moved(order_uuid)))

    said = cashier.give_up()

    assert "The shopper was faster and has paid." in said
    assert "$45.00 USD was released" in said
    cashier.wait_for("Canceled")
    keep_pictures(cashier.page, "till-race")
    assert world.moved(order_uuid) == [("authorize", 4_500), ("release", 4_500)]


def test_canceled_by_who_may_not_release_while_the_shopper_approves(
    beginner: Cashier, phone: Page, world: World
) -> None:
    world.lose_webhooks()
    order_uuid = beginner.ask("TILL-8009", "45.00")
    phone.goto(beginner.link)
    beginner.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    phone.get_by_role("button", name="Close the tab", exact=True).click()
    wait_until(lambda: bool(world.moved(order_uuid)))

    said = beginner.give_up()

    assert "The shopper was faster and has paid." in said
    assert "$45.00 USD is held, and nothing was released: you may not release." in said
    beginner.wait_for("Approved")
    assert beginner.page.locator(".sezzle-till-actions a").count() == 0
    keep_pictures(beginner.page, "till-race-without-permission")
    assert world.moved(order_uuid) == [("authorize", 4_500)]

    # Somebody who may does it from the same page.
    beginner.hand_over_to("cashier")
    beginner.finish("Cancel the sale: release")
    beginner.wait_for("Canceled")
    assert world.moved(order_uuid) == [("authorize", 4_500), ("release", 4_500)]


def test_the_sale_is_canceled_after_the_shopper_has_paid(
    cashier: Cashier, phone: Page, world: World
) -> None:
    order_uuid = cashier.ask("TILL-8010", "45.00")
    phone.goto(cashier.link)
    phone.get_by_role("button", name="Approve", exact=True).click()
    cashier.wait_for("Approved")

    cashier.finish("Cancel the sale: release")

    cashier.wait_for("Canceled")
    assert cashier.text == "$45.00 USD was released: the shopper is not charged for it."
    keep_pictures(cashier.page, "till-released")
    assert world.moved(order_uuid) == [("authorize", 4_500), ("release", 4_500)]


def test_goods_come_back_when_the_sale_is_long_done(
    cashier: Cashier, phone: Page, world: World
) -> None:
    order_uuid = cashier.ask("TILL-8011", "84.50")
    phone.goto(cashier.link)
    phone.get_by_role("button", name="Approve", exact=True).click()
    cashier.wait_for("Approved")
    cashier.finish("Capture")
    cashier.wait_for("Paid")
    # A cashier of this shop does not refund.
    assert cashier.page.locator(".sezzle-till-actions a:visible").count() == 0
    till = cashier.page.url

    cashier.hand_over_to("manager")
    cashier.open_payment("TILL-8011")
    assert cashier.move("Refund", "20.00", picture="till-refund") == "Done"

    cashier.page.goto(till)
    cashier.wait_for("Paid")
    assert cashier.text == "$84.50 USD was captured, and $20.00 USD of it was given back."
    cashier.finish("Refund")
    cashier.wait_for("Refunded")
    assert cashier.text == "$84.50 USD was given back."
    keep_pictures(cashier.page, "till-refunded")
    assert world.moved(order_uuid) == [
        ("authorize", 8_450),
        ("capture", 8_450),
        ("refund", 2_000),
        ("refund", 6_450),
    ]


def test_a_link_that_nobody_uses_runs_out(slow_world: World, staff_page: Page, phone: Page) -> None:
    cashier = Cashier(staff_page, slow_world)
    cashier.log_in("cashier")
    order_uuid = cashier.ask("TILL-8012", "45.00")
    link = cashier.link
    cashier.stay()
    # A checkout lives for a day, most of which is over now.
    slow_world.emulator.clock.advance(A_DAY - SECONDS_TO_PAY)
    cashier.wait_for("Waiting for the shopper")

    cashier.wait_for("Ran out")

    assert cashier.has_stayed
    assert not cashier.has_code
    assert cashier.text == "Nobody paid in time. Nothing was charged: ask anew."
    keep_pictures(cashier.page, "till-expired")
    phone.goto(link)
    phone.get_by_role("heading", name="Expired").wait_for()
    assert slow_world.moved(order_uuid) == []

    # The same sale, asked for anew, has a link that works.
    again_uuid = cashier.ask("TILL-8012", "45.00")
    assert again_uuid != order_uuid
    phone.goto(cashier.link)
    phone.get_by_role("button", name="Approve", exact=True).click()
    cashier.wait_for("Approved")
    assert slow_world.moved(again_uuid) == [("authorize", 4_500)]


def test_canceled_before_the_shopper_approves(cashier: Cashier, phone: Page, world: World) -> None:
    order_uuid = cashier.ask("TILL-8005", "45.00")
    link = cashier.link
    phone.goto(link)

    assert "nobody can pay it any more" in cashier.give_up()

    phone.get_by_role("button", name="Approve", exact=True).click()
    assert world.moved(order_uuid) == []
    cashier.wait_for("Canceled")


def test_a_till_that_loses_sezzle_and_finds_it_again(
    cashier: Cashier, phone: Page, world: World
) -> None:
    world.lose_webhooks()
    order_uuid = cashier.ask("TILL-8006", "45.00")
    cashier.stay()
    world.emulator.faults.add("order_get", "503", times=None)
    world.emulator.approve(order_uuid)

    cashier.wait_for("Not known right now")
    keep_pictures(cashier.page, "till-not-known")
    world.emulator.faults.clear()

    cashier.wait_for("Approved")
    assert cashier.has_stayed


def test_a_till_that_loses_the_shop_says_so(
    cashier: Cashier, world: World, complaints: list[str]
) -> None:
    order_uuid = cashier.ask("TILL-8007", "45.00")
    cashier.stay()
    lost = cashier.page.get_by_text("cannot reach the shop right now")

    cashier.page.context.set_offline(True)
    lost.wait_for()
    world.emulator.approve(order_uuid)
    cashier.page.context.set_offline(False)

    cashier.wait_for("Approved")
    assert not lost.is_visible()
    assert cashier.has_stayed
    complaints[:] = [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_a_till_that_was_logged_out_says_so(cashier: Cashier, world: World) -> None:
    cashier.ask("TILL-8008", "45.00")

    cashier.page.context.clear_cookies()

    cashier.page.get_by_text("you may have been logged out").wait_for()
