"""Pressing twice, going back and a second tab all lead to one payment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.flows.people import Shopper, path_of, without_javascript
from tests.flows.world import World

pytestmark = pytest.mark.browser


@pytest.mark.fault(17)
def test_a_double_click_makes_one_payment(shopper: Shopper, world: World) -> None:
    before = len(world.emulator.orders)
    shopper.fill_cart("Cloudware teapot")
    shopper.fill_in_address()

    shopper.page.get_by_role("button", name="Pay with Sezzle").dblclick()
    order_uuid = shopper.arrive_at_sezzle()
    shopper.choose("Approve")

    shopper.wait_for_state("Paid")
    assert len(world.emulator.orders) == before + 1
    assert world.moved(order_uuid) == [("authorize", 7_195), ("capture", 7_195)]


def test_a_double_click_makes_one_payment_without_javascript(
    shopper: Shopper, world: World
) -> None:
    before = len(world.emulator.orders)
    with without_javascript(shopper.page) as page:
        plain = Shopper(page, world)
        plain.fill_cart("Cloudware teapot")
        plain.fill_in_address()
        page.get_by_role("button", name="Pay with Sezzle").dblclick()
        order_uuid = plain.arrive_at_sezzle()
        plain.choose("Approve")
        plain.wait_for_state("Paid")
        plain.wait_for_amounts({"Charged": "$71.95"})

    assert len(world.emulator.orders) == before + 1
    assert world.moved(order_uuid) == [("authorize", 7_195), ("capture", 7_195)]


@pytest.mark.fault(17)
def test_two_requests_at_the_same_moment_make_one_payment(shopper: Shopper, world: World) -> None:
    before = len(world.emulator.orders)
    shopper.fill_cart("Meadow floor cushion")
    shopper.fill_in_address()
    fields = {
        field.get_attribute("name") or "": field.input_value()
        for field in shopper.page.locator("form.columns input").all()
    }
    cookies = {each["name"]: each["value"] for each in shopper.page.context.cookies()}

    def press(_: int) -> requests.Response:
        return requests.post(
            f"{world.shop}checkout/",
            data=fields,
            cookies=cookies,
            headers={"Referer": world.shop},
            allow_redirects=False,
            timeout=30,
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(world.emulator.orders) == before + 1


def test_the_back_button_leads_to_the_same_checkout(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Cloudware teapot")
    at_sezzle = shopper.page.url
    shopper.page.go_back()
    assert path_of(shopper.page.url) == "/checkout/"

    shopper.page.get_by_role("button", name="Pay with Sezzle").click()

    assert shopper.arrive_at_sezzle() == order_uuid
    assert shopper.page.url == at_sezzle
    shopper.choose("Approve")
    shopper.wait_for_state("Paid")
    assert world.moved(order_uuid) == [("authorize", 7_195), ("capture", 7_195)]


def test_a_second_tab_leads_to_the_same_checkout(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Cloudware teapot")
    second = Shopper(shopper.page.context.new_page(), world)
    second.look_at_order()
    second.page.get_by_role("button", name="Pay with Sezzle").click()
    assert second.arrive_at_sezzle() == order_uuid
    assert second.page.url == shopper.page.url

    second.choose("Approve")

    second.wait_for_state("Paid")
    assert world.moved(order_uuid) == [("authorize", 7_195), ("capture", 7_195)]


@pytest.mark.fault(17)
def test_paying_again_in_an_old_tab_charges_nothing(shopper: Shopper, world: World) -> None:
    order_uuid = shopper.go_to_sezzle("Cloudware teapot")
    old = Shopper(shopper.page.context.new_page(), world)
    old.look_at_order()
    # The old tab stays as it was, with its button.
    old.page.route("**/state/", lambda route: route.abort())
    shopper.choose("Approve")

    old.page.get_by_role("button", name="Pay with Sezzle").click()

    old.wait_for_state("Paid")
    old.wait_for_amounts({"Charged": "$71.95"})
    assert world.moved(order_uuid) == [("authorize", 7_195), ("capture", 7_195)]
