"""Wrong input to every service: a clear error, nothing sent, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from django_sezzle.conf import ConfigurationError
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import InvalidInput, PaymentError
from django_sezzle.gateway import LineItem, Price
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import (
    Checkout,
    capture,
    clear_review,
    reauthorize,
    refund,
    release,
    set_reference,
    start_checkout,
)
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import again

pytestmark = pytest.mark.django_db

MONEY = [capture, refund, release, reauthorize]
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
    if "payment" in request.fixturenames:
        request.getfixturevalue("payment")
    emulator.calls.clear()
    rows = list(SezzlePayment.objects.values())
    yield
    assert emulator.calls == []
    assert list(SezzlePayment.objects.values()) == rows
    assert not SezzleOperation.objects.exists()


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
@pytest.mark.parametrize("currency", ["JPY", "KWD", "EUR", "usd", "", "US", "USDX", None, 840])
def test_currencies(currency: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        start_checkout(a_checkout(amount=Price(10_000, currency)))


@pytest.mark.parametrize("amount", [10_000, 100.0, Decimal("100"), None, "100.00"])
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


@pytest.mark.parametrize("intent", ["AUTH", "capture", "SALE", "", None, True, 1], ids=repr)
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


def test_every_error_of_wrong_input_is_a_payment_error_and_a_value_error() -> None:
    assert issubclass(InvalidInput, PaymentError)
    assert issubclass(InvalidInput, ValueError)
