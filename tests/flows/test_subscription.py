"""A subscription: agreed to at the checkout, renewed by a command, taken back by the shopper."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.flows.browser import keep_pictures
from tests.flows.people import Shopper
from tests.flows.world import World

if TYPE_CHECKING:
    from django_sezzle.emulator.records import Order

pytestmark = pytest.mark.browser

PASSWORD = "slow-evenings"
PAID = [("authorize", 1_800), ("capture", 1_800)]


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


class Subscriber:
    """Somebody with an account in the shop who wants coffee every month."""

    def __init__(self, shopper: Shopper, name: str) -> None:
        self.page, self.world = shopper.page, shopper.world
        self.shopper = shopper
        self.page.goto(f"{self.world.shop}subscription/")
        self.page.get_by_role("link", name="Make an account").click()
        keep_pictures(self.page, "subscription-account")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password confirmation").fill(PASSWORD)
        self.page.get_by_role("button", name="Make the account").click()

    def subscribe(self, *, agrees: bool = True) -> None:
        """Pay the next delivery at Sezzle, and agree to be charged again."""
        self.page.get_by_role("button", name="Pay with Sezzle").click()
        self.shopper.arrive_at_sezzle()
        if agrees:
            self.page.get_by_role("checkbox").check()
            keep_pictures(self.page, "subscription-sezzle")
        self.page.get_by_role("button", name="Approve", exact=True).click()
        self.page.wait_for_url(re.compile("/subscription/$"))

    def look(self) -> None:
        """Open the account's page anew."""
        self.page.goto(f"{self.world.shop}subscription/")

    @property
    def state(self) -> str:
        """How the subscription stands, in the shop's words."""
        return self.page.locator("#state").inner_text()

    def charges(self) -> list[list[str]]:
        """Read the list of charges: delivery, state and amount."""
        rows = self.page.locator("tbody tr").all()
        cells = [row.locator("th, td").all_inner_texts() for row in rows]
        return [[delivery, state, amount] for delivery, _on, state, amount in cells]


def orders_of(world: World, number: str) -> list[Order]:
    """Give Sezzle's orders whose reference begins like this."""
    return [order for order in world.emulator.orders if order.reference_id.startswith(number)]


def renew(world: World, number: str, days: int = 0) -> str:
    """Run the command as if days had passed; returns what became of one subscription."""
    said = world.manage("renew_subscriptions", "--on", in_days(days))
    return " ".join(line for line in said.splitlines() if line.startswith(number))


def charges_asked(world: World) -> int:
    return sum(call.operation == "customer_order" for call in world.emulator.calls)


def test_from_the_consent_to_its_end(shopper: Shopper, world: World) -> None:
    # Only the shopper's return tells the shop.
    world.lose_webhooks()
    somebody = Subscriber(shopper, "ada")
    keep_pictures(shopper.page, "subscription-none")
    somebody.subscribe()

    assert somebody.state == "Active"
    ((first, state, amount),) = somebody.charges()
    assert (state, amount) == ("Captured", "$18.00")
    number = first.removesuffix("1")
    assert shopper.page.locator("#next time").get_attribute("datetime") == in_days(30)
    keep_pictures(shopper.page, "subscription-active")

    assert renew(world, number) == ""
    assert renew(world, number, 30) == f"{number}2: paid"
    assert renew(world, number, 30) == ""
    (order,) = orders_of(world, f"{number}2")
    assert world.moved(order.uuid) == PAID

    somebody.look()
    assert somebody.charges() == [
        [f"{number}2", "Captured", "$18.00"],
        [f"{number}1", "Captured", "$18.00"],
    ]
    assert shopper.page.locator("#next time").get_attribute("datetime") == in_days(60)
    keep_pictures(shopper.page, "subscription-renewed")

    shopper.page.get_by_role("button", name="Remove the saved account").click()
    shopper.page.get_by_text("Your saved Sezzle account was removed.").wait_for()
    assert somebody.state == "Not renewed"
    keep_pictures(shopper.page, "subscription-removed")

    asked = charges_asked(world)
    assert renew(world, number, 60) == f"{number}3: ended"
    assert charges_asked(world) == asked
    assert orders_of(world, f"{number}3") == []
    somebody.look()
    assert somebody.state == "Ended"
    keep_pictures(shopper.page, "subscription-ended")


def test_declined_renewals_are_tried_again_and_given_up(shopper: Shopper, world: World) -> None:
    somebody = Subscriber(shopper, "ben")
    somebody.subscribe()
    number = somebody.charges()[0][0].removesuffix("1")

    world.emulator.decline_next_customer_order(2)
    assert renew(world, number, 30) == f"{number}2: declined"
    somebody.look()
    shopper.page.get_by_text("Sezzle did not approve your renewal.").wait_for()
    assert shopper.page.locator("#next time").get_attribute("datetime") == in_days(33)
    keep_pictures(shopper.page, "subscription-declined")
    assert renew(world, number, 32) == ""
    assert renew(world, number, 33) == f"{number}2: declined"
    assert renew(world, number, 36) == f"{number}2: paid"

    (order,) = orders_of(world, f"{number}2")
    assert world.moved(order.uuid) == PAID
    somebody.look()
    assert [state for _delivery, state, _amount in somebody.charges()] == [
        "Captured",
        "Denied",
        "Denied",
        "Captured",
    ]


def test_an_unknown_outcome_is_left_to_reconcile(shopper: Shopper, world: World) -> None:
    world.lose_webhooks()
    somebody = Subscriber(shopper, "cleo")
    somebody.subscribe()
    number = somebody.charges()[0][0].removesuffix("1")

    world.emulator.faults.add("customer_order", "drop_after")
    assert renew(world, number, 30) == f"{number}2: waiting"
    assert renew(world, number, 30) == f"{number}2: waiting"

    # It went through, and asking again does not charge again.
    (order,) = orders_of(world, f"{number}2")
    assert world.moved(order.uuid) == PAID


def test_who_does_not_agree_is_charged_once(shopper: Shopper, world: World) -> None:
    somebody = Subscriber(shopper, "dora")
    somebody.subscribe(agrees=False)

    assert somebody.state == "Not renewed"
    number = somebody.charges()[0][0].removesuffix("1")
    asked = charges_asked(world)
    assert renew(world, number, 30) == f"{number}2: ended"
    assert charges_asked(world) == asked
