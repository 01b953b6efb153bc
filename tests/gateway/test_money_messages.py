"""Money is whole cents, exactly, or an error before anything is sent."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway import Price
from django_sezzle.gateway.messages import Amount, Malformed
from django_sezzle.gateway.messages.money import MAX_CENTS, check_cents, format_cents

TOO_LONG_TO_WRITE_OUT = pytest.param(10**5000, id="10**5000")
SEVERAL_CENTS = st.integers(min_value=0, max_value=MAX_CENTS)


@pytest.mark.fault(23)
@settings(deadline=None)
@given(cents=SEVERAL_CENTS, digits=st.integers(min_value=2, max_value=12))
def test_dollars_become_exactly_the_cents_they_are(cents: int, digits: int) -> None:
    text = f"{cents // 100}.{cents % 100:02d}".ljust(digits, "0")

    assert Price.of(text, "USD") == Price(cents, "USD")
    assert Price.of(Decimal(text), "CAD").amount_in_cents == cents


@settings(deadline=None)
@given(dollars=st.integers(min_value=0, max_value=MAX_CENTS // 100))
def test_whole_dollars_become_hundredfold_cents(dollars: int) -> None:
    assert Price.of(dollars, "USD").amount_in_cents == dollars * 100


@pytest.mark.fault(23)
@settings(deadline=None)
@given(amount=st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_is_taken_exactly_or_refused(amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    try:
        price = Price.of(amount, "USD")
    except InvalidInput:
        # Comparing fractions of astronomic size would take for ever.
        if -100 < exponent < 100:
            exact = Fraction(amount) * 100
            assert exact.denominator != 1 or not 0 <= exact <= MAX_CENTS
    else:
        assert Fraction(amount) * 100 == price.amount_in_cents


@pytest.mark.fault(23)
@pytest.mark.parametrize("precision", [2, 3, 28, 60])
def test_the_hosts_decimal_precision_changes_nothing(precision: int) -> None:
    with decimal.localcontext() as context:
        context.prec = precision
        context.traps[decimal.InvalidOperation] = False

        assert Price.of("1234567.89", "USD").amount_in_cents == 123_456_789
        with pytest.raises(InvalidInput):
            Price.of("NaN", "USD")
        with pytest.raises(InvalidInput):
            Price.of("19.999", "USD")


@pytest.mark.parametrize(
    ("text", "cents"),
    [("1e2", 10_000), ("0", 0), ("-0", 0), (" 19.99 ", 1_999), ("19.9900", 1_999)],
)
def test_other_writings_of_an_exact_amount_are_taken(text: str, cents: int) -> None:
    assert Price.of(text, "USD").amount_in_cents == cents


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    "amount",
    [
        19.99,
        1.0,
        float("nan"),
        True,
        None,
        b"19.99",
        Fraction(1, 2),
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        "",
        "19,99",
        "$19.99",
        "1/2",
        "0x10",
        "0.001",
        "19.999",
        "19.9900000000000000000000000000000000000001",
        "-0.01",
        -1,
        "21474836.48",
        "1e9",
        "1e99999",
        "1e999999",
        "1e-999999",
        TOO_LONG_TO_WRITE_OUT,
    ],
)
def test_what_is_not_whole_cents_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        Price.of(amount, "USD")


@pytest.mark.fault(24)
@pytest.mark.parametrize("currency", ["JPY", "EUR", "usd", "", "USD ", None, 840, ["USD"]])
def test_other_currencies_are_refused(currency: Any) -> None:
    with pytest.raises(InvalidInput, match="Sezzle takes USD and CAD"):
        Price(100, currency)


@pytest.mark.parametrize("cents", [0, 1, MAX_CENTS])
def test_a_price_may_have_these_cents(cents: int) -> None:
    assert Price(cents, "USD").to_json() == {"amount_in_cents": cents, "currency": "USD"}


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    "cents", [-1, MAX_CENTS + 1, TOO_LONG_TO_WRITE_OUT, 1.0, "1", True, None, Decimal(1)]
)
def test_a_price_of_anything_else_is_refused(cents: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        Price(cents, "USD")


@pytest.mark.parametrize("cents", [1, 2, MAX_CENTS])
def test_these_cents_can_be_moved(cents: int) -> None:
    assert check_cents(cents) == cents


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    "cents", [0, -1, MAX_CENTS + 1, TOO_LONG_TO_WRITE_OUT, True, 1.0, "1", None, Decimal(1)]
)
def test_other_cents_cannot_be_moved(cents: object) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        check_cents(cents)


@pytest.mark.parametrize("cents", [0, 1, MAX_CENTS, MAX_CENTS + 1, 2**63 - 1])
def test_stated_cents_are_read(cents: int) -> None:
    read = Amount.from_json({"amount_in_cents": cents, "currency": "JPY"}, "order_amount")

    assert read == Amount(cents, "JPY")


@pytest.mark.fault(27)
@pytest.mark.parametrize("cents", [True, False, 1.0, 100.5, "100", None, -1, 2**63, [], {}])
def test_stated_cents_of_another_type_are_malformed(cents: object) -> None:
    with pytest.raises(Malformed, match=r"order_amount\.amount_in_cents is not whole cents"):
        Amount.from_json({"amount_in_cents": cents, "currency": "USD"}, "order_amount")


@pytest.mark.parametrize(
    ("cents", "shown"),
    [(0, "$0.00 USD"), (5, "$0.05 USD"), (123_456, "$1,234.56 USD"), (-50, "-$0.50 USD")],
)
def test_cents_are_shown_as_dollars(cents: int, shown: str) -> None:
    assert format_cents(cents, "USD") == shown


def test_a_price_shows_itself() -> None:
    assert str(Price(1_999, "CAD")) == "$19.99 CAD"
