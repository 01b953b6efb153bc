"""A subscription: agreed to at the checkout, renewed by a command, taken back by the shopper."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.example.running import manage
from tests.flows.browser import keep_pictures
from tests.flows.people import Shopper
from tests.flows.world import World

if TYPE_CHECKING:
    from django_sezzle.emulator.records import Order

pytestmark = pytest.mark.browser

PASSWORD = "slow-evenings"
PAID = [("authorize", 1_800), ("capture", 1_800)]
LET_LEASES_END = "from tests.services.rigs import let_lease_end; let_lease_end()"
END_ALL = (
    "from example_project.shop.models import Subscription; "
    "Subscription.objects.update(state=Subscription.State.ENDED)"
)


@pytest.fixture(autouse=True)
def nothing_else_is_due(world: World) -> None:
    """End what other journeys subscribed to: the command renews all that is due."""
    world.manage("shell", "--command", END_ALL)


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
            self.page.get_by_role("checkbox", name="Coffee subscription").check()
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


def reconcile(world: World) -> None:
    """Run the command. Its exit code may be about what other journeys left behind."""
    port = str(urlsplit(world.emulator.base_url).port)
    done = manage(world.state, "sezzle_reconcile", EMULATOR_PORT=port)
    assert done.returncode in (0, 1), done.stderr


def asked(world: World, operation: str) -> int:
    return sum(call.operation == operation for call in world.emulator.calls)


def charges_asked(world: World) -> int:
    return asked(world, "customer_order")


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

    # It went through; asking again does not charge again, and tells the shop.
    world.manage("shell", "--command", LET_LEASES_END)
    reconcile(world)
    assert renew(world, number, 30) == ""

    (order,) = orders_of(world, f"{number}2")
    assert world.moved(order.uuid) == PAID
    somebody.look()
    assert somebody.state == "Active"
    assert [row[:2] for row in somebody.charges()] == [
        [f"{number}2", "Captured"],
        [f"{number}1", "Captured"],
    ]
    assert shopper.page.locator("#next time").get_attribute("datetime") == in_days(60)


def test_what_was_given_up_goes_on_once_sezzle_would_approve(
    shopper: Shopper, world: World
) -> None:
    somebody = Subscriber(shopper, "emil")
    somebody.subscribe()
    number = somebody.charges()[0][0].removesuffix("1")
    world.emulator.decline_next_customer_order(3)
    for days in (30, 33, 36):
        assert renew(world, number, days) == f"{number}2: declined"
    somebody.look()
    assert somebody.state == "Ended"
    assert shopper.page.get_by_role("button", name="Remove the saved account").is_visible()
    keep_pictures(shopper.page, "subscription-given-up")

    charges, questions = charges_asked(world), asked(world, "preapprove")
    world.emulator.profile.change(spending_power_in_cents=1_799)
    shopper.page.get_by_role("button", name="Take it up again").click()
    shopper.page.get_by_text("Sezzle would not approve $18.00 just now").wait_for()
    assert somebody.state == "Ended"
    keep_pictures(shopper.page, "subscription-not-taken-up")

    world.emulator.profile.change(spending_power_in_cents=None)
    shopper.page.get_by_role("button", name="Take it up again").click()
    shopper.page.get_by_text("Welcome back!").wait_for()
    assert somebody.state == "Active"
    assert (charges_asked(world), asked(world, "preapprove")) == (charges, questions + 2)
    assert renew(world, number) == f"{number}2: paid"
    assert charges_asked(world) == charges + 1


def test_who_does_not_agree_is_charged_once(shopper: Shopper, world: World) -> None:
    somebody = Subscriber(shopper, "dora")
    somebody.subscribe(agrees=False)

    assert somebody.state == "Not renewed"
    number = somebody.charges()[0][0].removesuffix("1")
    asked = charges_asked(world)
    assert renew(world, number, 30) == f"{number}2: ended"
    assert charges_asked(world) == asked
