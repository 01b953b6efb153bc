"""What the shopper reads of ours at Sezzle's: in the checkout's language, whoever asked for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Locale, Price
from django_sezzle.services import ask_in_store, start_checkout
from tests.fixtures import a_checkout


@pytest.mark.parametrize(
    ("active", "members", "locale", "description"),
    [
        ("en", {}, "en-US", "Order T-1001"),
        ("fr-ca", {}, "fr-CA", "Commande T-1001"),
        ("fr", {}, "fr-CA", "Commande T-1001"),
        ("de", {}, "en-US", "Order T-1001"),
        ("en", {"locale": Locale.FR_CA}, "fr-CA", "Commande T-1001"),
        ("fr-ca", {"locale": Locale.EN_CA}, "en-CA", "Order T-1001"),
        ("fr-ca", {"description": "Two lamps"}, "fr-CA", "Two lamps"),
    ],
)
@pytest.mark.parametrize("language_of_the_shop", ["en-us", "fr-ca"])
def test_an_order_is_named_in_the_checkouts_language(
    active: str,
    members: dict[str, Any],
    locale: str,
    description: str,
    language_of_the_shop: str,
    settings: Any,
) -> None:
    settings.LANGUAGE_CODE = language_of_the_shop
    with translation.override(active):
        message = a_checkout("T-1001", **members).session_request("-", "-", "-").to_json()
        assert translation.get_language() == active
    assert message["order"]["locale"] == locale
    assert message["order"]["description"] == description


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "description"), [("en", "Order T-1001"), ("fr-CA", "Commande T-1001")]
)
def test_a_cashier_chooses_the_shoppers_language(
    emulator: Emulator, language: str, description: str
) -> None:
    payment = ask_in_store(
        shop_reference="T-1001",
        amount=Price(4_500, "CAD"),
        phone="415 555 0142",
        language=language,
        base_url="https://shop.example",
    )
    assert emulator.order(str(payment.order_uuid)).description == description


@pytest.mark.django_db
def test_the_same_checkout_is_the_same_whoever_asks_again(emulator: Emulator) -> None:
    checkout = a_checkout(locale=Locale.FR_CA)
    with translation.override("en"):
        first = start_checkout(checkout, base_url="https://shop.example")
    with translation.override("fr-ca"):
        second = start_checkout(checkout, base_url="https://shop.example")
    assert first.pk == second.pk
    assert [call.operation for call in emulator.calls].count("session_create") == 1
