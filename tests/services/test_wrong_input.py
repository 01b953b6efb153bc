"""Wrong input to every service: a clear error, nothing sent, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from django_sezzle.conf import ConfigurationError
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ActionNotAllowed, InvalidInput, PaymentError
from django_sezzle.gateway import LineItem, Price
from django_sezzle.models import SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services import (
    Checkout,
    ask_in_store,
    capture,
    charge_customer,
    clear_review,
    preapprove,
    reauthorize,
    refund,
    release,
    set_reference,
    start_checkout,
    upcharge,
)
from django_sezzle.services.in_store import withdraw
from django_sezzle.services.reports import read_interest_balance, read_orders_report
from tests.fixtures import a_checkout, hosts_transaction
from tests.services.conftest import MakePayment
from tests.services.rigs import again

pytestmark = pytest.mark.django_db

MONEY = [capture, refund, release, reauthorize, upcharge]
NO_CENTS: list[Any] = [
    0,
    -1,
    1.0,
    100.5,
    float("nan"),
    True,
    False,
    "100",
    Decimal(100),
    2**31,
    2**63,
    10**40,
    b"100",
    [100],
]
NO_REQUEST_IDS: list[Any] = ["", " ", "a b", "x" * 65, "é", "a\n", "\x00", 17, b"id", ["id"]]
NO_REFERENCES: list[Any] = [
    "",
    " ",
    "10 01",
    "10/01",
    "1001\n",
    "é",
    "<b>",
    "x" * 65,
    "a.b",
    "\x00",
    1001,
    None,
]
NO_PRICES: list[Any] = [10_000, 100.0, Decimal("100"), None, "100.00", ("100", "USD")]
NO_CURRENCIES: list[Any] = ["JPY", "KWD", "EUR", "usd", "", "US", "USDX", None, 840]
NO_INTENTS: list[Any] = ["capture", "SALE", "", None, True, 1]
NO_URLS: list[Any] = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "//evil.example/",
    "///evil.example/",
    "https://evil.example/",
    "http://shop.example/orders/1/",
    "https:evil.example",
    "https:///evil.example/",
    "https://shop.example@evil.example/",
    "https://user:pw@shop.example/",
    "https://shop.example.evil.example/",
    "https://shop.example:444/",
    "\\\\evil.example/",
    "/\\evil.example/",
    "/\n/evil.example",
    "/orders/\x00",
    "ftp://shop.example/",
    "orders/1/",
    "evil.example",
    "/" + "x" * 500,
    None,
    17,
    b"/orders/1/",
]


@pytest.fixture(autouse=True)
def _nothing_happens(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[None]:
    """Assert after each test that nothing was sent or written by what was wrong."""
    for name in {"payment", "customer"} & {*request.fixturenames}:
        request.getfixturevalue(name)
    emulator.calls.clear()
    rows = stored()
    yield
    assert emulator.calls == []
    assert stored() == rows
    assert not SezzleOperation.objects.exists()


def stored() -> list[dict[str, Any]]:
    return [*SezzlePayment.objects.values(), *SezzleCustomer.objects.values()]


@pytest.fixture
def customer() -> SezzleCustomer:
    return SezzleCustomer.objects.create(environment="sandbox", uuid="c-1")


@pytest.fixture
def payment(authorized: MakePayment) -> SezzlePayment:
    return authorized()


@pytest.mark.fault(26)
@pytest.mark.parametrize("on_commit", [False, True])
@pytest.mark.parametrize("cents", NO_CENTS, ids=repr)
@pytest.mark.parametrize("call", MONEY, ids=lambda call: call.__name__)
def test_amounts(
    payment: SezzlePayment, call: Callable[..., object], cents: Any, on_commit: bool
) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        call(payment, amount_in_cents=cents, on_commit=on_commit)


@pytest.mark.parametrize("request_id", NO_REQUEST_IDS, ids=repr)
@pytest.mark.parametrize("call", MONEY, ids=lambda call: call.__name__)
def test_request_ids(payment: SezzlePayment, call: Callable[..., object], request_id: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        call(payment, amount_in_cents=100, request_id=request_id)


@pytest.mark.parametrize("intent", NO_INTENTS, ids=repr)
def test_intents_of_an_extra_charge(payment: SezzlePayment, intent: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        upcharge(payment, amount_in_cents=100, intent=intent)


def test_an_extra_charge_has_an_amount(payment: SezzlePayment) -> None:
    nothing: Any = None
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        upcharge(payment, amount_in_cents=nothing)


@pytest.mark.parametrize("shipment", [" ", "\n", "S-1\x00", "x" * 81, 17, None, b"S-1"], ids=repr)
def test_shipments(payment: SezzlePayment, shipment: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        capture(payment, amount_in_cents=100, shipment=shipment)


# Sezzle's reference may be longer than the shop's, by the number of the attempt.
@pytest.mark.parametrize(
    "reference", [*(text for text in NO_REFERENCES if text != "x" * 65), "x" * 81], ids=repr
)
def test_new_references(payment: SezzlePayment, reference: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        set_reference(payment, reference)


@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_a_review_is_not_cleared_without_a_reason(payment: SezzlePayment, reason: str) -> None:
    with pytest.raises(InvalidInput):
        clear_review(payment, actor=None, reason=reason)
    assert again(payment).review_cleared_at is None


@pytest.mark.parametrize("reference", NO_REFERENCES, ids=repr)
def test_shop_references(reference: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(Checkout(shop_reference=reference, amount=Price(10_000, "USD")))


@pytest.mark.fault(26)
@pytest.mark.parametrize("cents", [*NO_CENTS[:1], 99, *NO_CENTS[1:]], ids=repr)
def test_checkout_amounts(cents: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(cents=cents))


@pytest.mark.fault(24)
@pytest.mark.parametrize("currency", NO_CURRENCIES)
def test_currencies(currency: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(amount=Price(10_000, currency)))


@pytest.mark.parametrize("amount", NO_PRICES)
def test_an_amount_that_is_no_price(amount: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(amount=amount))


@pytest.mark.fault(25)
def test_parts_in_another_currency() -> None:
    for part in (
        {"tax": Price(100, "CAD")},
        {"shipping": Price(100, "CAD")},
        {"items": [LineItem(name="Lamp", sku="l", quantity=1, price=Price(100, "CAD"))]},
    ):
        with pytest.raises(InvalidInput, match="CAD"):
            start_checkout(a_checkout(**part))


@pytest.mark.parametrize("intent", ["AUTH", *NO_INTENTS], ids=repr)
def test_intents(intent: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(intent=intent))


@pytest.mark.fault(76)
@pytest.mark.parametrize("name", ["success_url", "failure_url", "cancel_url"])
@pytest.mark.parametrize("url", NO_URLS, ids=repr)
def test_urls(name: str, url: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(**{name: url}))


@pytest.mark.parametrize("members", [{"locale": "en-US"}, {"checkout_mode": "redirect"}])
def test_words_that_are_no_members(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(**members))


@pytest.mark.parametrize("metadata", [{"a": 1}, {1: "a"}, {"a": None}], ids=repr)
def test_metadata_is_text(metadata: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(metadata=metadata))


def test_an_account_that_is_not_configured() -> None:
    with pytest.raises(ConfigurationError, match="canada"):
        start_checkout(a_checkout(account="canada"))


def test_no_origin(settings: Any) -> None:
    settings.SEZZLE = {**settings.SEZZLE, "BASE_URL": None}
    with pytest.raises(InvalidInput, match="BASE_URL"):
        start_checkout(a_checkout())


class TestInStore:
    """A cashier types."""

    @pytest.mark.parametrize(
        "members",
        [
            {"phone": "555 0100"},
            {"phone": "+1 055 010 0100"},
            {"phone": 6125550100},
            {"phone": "6125550100; DROP"},
            {"email": "ada"},
            {"email": "ada@example.com, eve@example.com"},
            {"email": "a" * 250 + "@example.com"},
            {"email": b"ada@example.com"},
            {"phone": "6125550100", "email": "ada"},
            {"language": "de"},
            {"language": "fr"},
            {"language": 1},
            {"shop_reference": "10 01"},
            {"shop_reference": None},
            {"account": "default", "amount": Price(99, "USD")},
        ],
        ids=str,
    )
    def test_asking_for_a_payment(self, members: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            ask_in_store(
                **{"shop_reference": "1001", "amount": Price(10_000, "USD")}
                | {"phone": "6125550100"}
                | members
            )

    @pytest.mark.parametrize("amount", NO_PRICES, ids=repr)
    def test_amounts(self, amount: Any) -> None:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            ask_in_store(shop_reference="1001", amount=amount, phone="6125550100")

    def test_giving_up_inside_a_transaction(self, payment: SezzlePayment) -> None:
        with hosts_transaction(), pytest.raises(ActionNotAllowed, match="transaction"):
            withdraw(payment)


class TestSavedShoppers:
    """A program charges somebody who is not there."""

    @pytest.mark.parametrize("amount", NO_PRICES, ids=repr)
    def test_asking_before_a_charge(self, customer: SezzleCustomer, amount: Any) -> None:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            preapprove(customer, amount)

    def test_asking_about_nothing(self, customer: SezzleCustomer) -> None:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            preapprove(customer, Price(0, "USD"))

    @pytest.mark.parametrize("request_id", NO_REQUEST_IDS, ids=repr)
    def test_request_ids(self, customer: SezzleCustomer, request_id: Any) -> None:
        with pytest.raises(InvalidInput, match="Nothing was sent"):
            charge_customer(customer, a_checkout(), request_id=request_id)

    @pytest.mark.parametrize("on_commit", [False, True])
    def test_another_account_than_the_customers(
        self, customer: SezzleCustomer, on_commit: bool
    ) -> None:
        with pytest.raises(InvalidInput, match=r"by the default account.*Nothing was sent"):
            charge_customer(customer, a_checkout(account="canada"), on_commit=on_commit)


class TestReports:
    """Somebody asks for what Sezzle reports."""

    @pytest.mark.parametrize("currency", NO_CURRENCIES, ids=repr)
    def test_currencies_of_the_interest_account(self, currency: Any) -> None:
        with pytest.raises(InvalidInput, match="Nothing was asked"):
            read_interest_balance(currency)

    def test_orders_of_a_period_that_ends_before_it_begins(self) -> None:
        with pytest.raises(InvalidInput, match=r"ends.*before it begins.*Nothing was asked"):
            read_orders_report(date(2026, 11, 2), date(2026, 11, 1))


def test_every_error_of_wrong_input_is_a_payment_error_and_a_value_error() -> None:
    assert issubclass(InvalidInput, PaymentError)
    assert issubclass(InvalidInput, ValueError)
