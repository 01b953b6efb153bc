"""Sezzle's checkout in the shopper's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Locale, Price
from django_sezzle.services import start_checkout
from tests.fixtures import a_checkout


def locale_of(language: str | None, currency: str, **members: object) -> Locale | None:
    checkout = a_checkout(amount=Price(10_000, currency), **members)
    before = translation.get_language()
    try:
        if language is None:
            translation.deactivate_all()
        else:
            translation.activate(language)
        return checkout.session_request("-", "-", "-").locale
    finally:
        translation.activate(before or "en")


@pytest.mark.parametrize(
    ("language", "in_dollars", "in_canadian_dollars"),
    [
        ("en-us", Locale.EN_US, Locale.EN_US),
        ("en-ca", Locale.EN_CA, Locale.EN_CA),
        ("en", Locale.EN_US, Locale.EN_CA),
        ("en-gb", Locale.EN_US, Locale.EN_CA),
        ("fr", Locale.FR_CA, Locale.FR_CA),
        ("fr-ca", Locale.FR_CA, Locale.FR_CA),
        ("fr-fr", Locale.FR_CA, Locale.FR_CA),
        ("es", Locale.EN_US, Locale.EN_CA),
        # Frisian and Friulian are no French.
        ("fy", Locale.EN_US, Locale.EN_CA),
        ("fur", Locale.EN_US, Locale.EN_CA),
        (None, Locale.EN_US, Locale.EN_CA),
    ],
)
def test_the_active_language_decides_and_then_the_currency(
    language: str | None, in_dollars: Locale, in_canadian_dollars: Locale
) -> None:
    assert locale_of(language, "USD") is in_dollars
    assert locale_of(language, "CAD") is in_canadian_dollars


def test_what_the_shop_says_goes_first() -> None:
    assert locale_of("fr-ca", "CAD", locale=Locale.EN_CA) is Locale.EN_CA


@pytest.mark.django_db(transaction=True)
def test_sezzle_is_told(emulator: Emulator) -> None:
    with translation.override("fr-ca"):
        start_checkout(a_checkout())

    (sent,) = [call for call in emulator.calls if call.operation == "session_create"]
    assert sent.body["order"]["locale"] == "fr-CA"
