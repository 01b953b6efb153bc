"""A shopper in Quebec buys in French, from the switch in the footer to the order's page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.flows.browser import NARROW, keep_picture
from tests.flows.people import Shopper, Staff, without_javascript
from tests.flows.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

pytestmark = pytest.mark.browser

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
#: The page itself, and tables that would have to be moved to be read.
TOO_WIDE = """[document.documentElement, ...document.querySelectorAll(".scroll")]
    .filter(box => box.scrollWidth > box.clientWidth).map(box => box.outerHTML.slice(0, 80))"""
ADDRESS = {
    "Prénom": "Ada",
    "Nom": "Meadows",
    "Courriel": "ada@example.com",
    "Rue": "12 Lake Street",
    "Ville": "Minneapolis",
    "État": "MN",
    "Code ZIP": "55401",
}


def switch_to_french(page: Page) -> None:
    page.get_by_role("group", name="Language").get_by_role("button", name="Français").click()
    page.get_by_role("group", name="Langue").wait_for()


def look(page: Page, name: str) -> None:
    """See that the page is in French, and no wider than a desk's screen and a phone's."""
    assert page.locator("html").get_attribute("lang") == "fr-ca"
    for size, viewport in (("desktop", DESKTOP), ("phone", NARROW)):
        page.set_viewport_size(viewport)
        keep_picture(page, f"french-shop-{name}-{size}")
        assert page.evaluate(TOO_WIDE) == [], f"{name}, {size}"
    page.set_viewport_size(DESKTOP)


def test_a_shopper_switches_to_french_and_buys(
    shopper: Shopper, staff: Staff, world: World
) -> None:
    page = shopper.page
    page.goto(f"{world.shop}products/alder-reading-chair/")
    switch_to_french(page)
    assert page.url == f"{world.shop}products/alder-reading-chair/"
    look(page, "product")
    page.goto(world.shop)
    look(page, "products")
    page.goto(f"{world.shop}products/alder-reading-chair/")
    page.get_by_role("button", name="Ajouter au panier").click()
    page.get_by_text("Alder reading chair est dans votre panier.").wait_for()
    look(page, "cart")
    page.get_by_role("link", name="Passer à la caisse").click()
    for label, value in ADDRESS.items():
        page.get_by_label(label, exact=True).fill(value)
    look(page, "checkout")

    page.get_by_role("button", name="Payer avec Sezzle").click()
    order_uuid = shopper.arrive_at_sezzle()
    (asked,) = [
        call.body["order"]
        for call in world.emulator.calls
        if call.operation == "session_create"
        and call.body["order"]["reference_id"] == world.emulator.orders[-1].reference_id
    ]
    assert asked["locale"] == "fr-CA"
    shopper.choose("Approve")

    shopper.wait_for_state("Approuvée")
    shopper.wait_for_amounts({"Retenu": "480,50\xa0$", "Facturé": "0,00\xa0$"})
    page.get_by_text("Merci, Ada! Sezzle a approuvé votre paiement.").wait_for()
    page.locator(".events").get_by_text("Sezzle a approuvé 480,50\xa0$.").wait_for()
    assert world.moved(order_uuid) == [("authorize", 48_050)]
    look(page, "order-held")

    # The desk works in English; the shopper goes on reading French.
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Commande ")
    staff.log_in("manager")
    staff.open_payment(number)
    assert staff.move("Capture", "300.00") == "Done"
    shopper.wait_for_amounts({"Retenu": "180,50\xa0$", "Facturé": "300,00\xa0$"})
    staff.open_payment(number)
    assert staff.move("Release") == "Done"
    shopper.wait_for_state("Facturée en partie")
    shopper.wait_for_amounts({"Facturé": "300,00\xa0$", "Libéré": "180,50\xa0$"})
    page.locator(".events").get_by_text("Montant facturé\xa0: 300,00\xa0$.").wait_for()
    look(page, "order-partly")
    page.goto(f"{world.shop}orders/")
    look(page, "orders")


def test_the_other_pages_fit_in_french(shopper: Shopper, world: World) -> None:
    page = shopper.page
    page.goto(world.shop)
    switch_to_french(page)
    for name, path in (
        ("cart-empty", "cart/"),
        ("orders-empty", "orders/"),
        ("login", "account/login/"),
        ("new-account", "account/new/"),
        ("not-found", "nowhere/"),
    ):
        page.goto(f"{world.shop}{path}")
        look(page, name)
    page.goto(f"{world.shop}account/new/")
    page.get_by_label("Nom d’utilisateur").fill("fleur")
    for box in page.locator("input[type=password]").all():
        box.fill("soirees-lentes-42")
    page.get_by_role("button", name="Créer le compte").click()
    page.wait_for_url(re.compile("/subscription/"))
    look(page, "subscribe")
    page.get_by_role("button", name="Payer avec Sezzle").click()
    shopper.arrive_at_sezzle()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url(re.compile("/subscription/"))
    look(page, "subscription")


def test_the_switch_works_without_javascript(page: Page, world: World) -> None:
    with without_javascript(page) as plain:
        plain.goto(f"{world.shop}cart/")
        switch_to_french(plain)
        plain.get_by_role("heading", name="Votre panier").wait_for()
        assert plain.url == f"{world.shop}cart/"
        pressed = plain.locator(".languages [aria-current]")
        assert pressed.all_inner_texts() == ["Français (Canada)"]
        plain.get_by_role("button", name="English (Canada)").click()
        plain.get_by_role("heading", name="Your cart").wait_for()
        assert plain.locator("html").get_attribute("lang") == "en-ca"
