"""``is_funded_for`` against its whole truth table: the one question to ask before shipping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Review, SezzlePayment, Status
from django_sezzle.services import reauthorize, refresh
from django_sezzle.services.merge import Facts, derive

MakePayment = Callable[..., SezzlePayment]

AHEAD, PAST = timedelta(minutes=5), timedelta(minutes=-5)


def a_payment(**columns: Any) -> SezzlePayment:
    """Describe a row of 100.00 USD, approved and held, without saving it."""
    members: dict[str, Any] = {
        "amount_in_cents": 10_000,
        "currency": "USD",
        "environment": "sandbox",
        "intent": "AUTH",
        "approved": True,
        "authorized_in_cents": 10_000,
        "authorization_expires_at": timezone.now() + AHEAD,
    } | columns
    payment = SezzlePayment(**members)
    payment.status = derive(Facts.of(payment), canceled=payment.canceled_at is not None)
    return payment


def expiring(by: timedelta) -> dict[str, Any]:
    return {"authorization_expires_at": timezone.now() + by}


#: What the row says, the status that follows, and the most cents it is funded for.
TABLE: dict[str, tuple[dict[str, Any], Status, int]] = {
    "created": ({"approved": False, "authorized_in_cents": 0}, Status.CREATED, 0),
    "denied": (
        {"approved": False, "authorized_in_cents": 0, "checkout_status": "denied"},
        Status.DENIED,
        0,
    ),
    "canceled": (
        {"approved": False, "authorized_in_cents": 0, "checkout_status": "deleted"},
        Status.CANCELED,
        0,
    ),
    "authorized": ({}, Status.AUTHORIZED, 10_000),
    "authorized in part": ({"authorized_in_cents": 6_000}, Status.AUTHORIZED, 6_000),
    "without an expiry": ({"authorization_expires_at": None}, Status.AUTHORIZED, 10_000),
    "expired": (expiring(PAST), Status.AUTHORIZED, 0),
    "expires this moment": (expiring(timedelta(0)), Status.AUTHORIZED, 0),
    "partly captured": ({"captured_in_cents": 4_000}, Status.PARTIALLY_CAPTURED, 10_000),
    "partly captured, expired": (
        {"captured_in_cents": 4_000} | expiring(PAST),
        Status.PARTIALLY_CAPTURED,
        4_000,
    ),
    "partly captured, partly refunded": (
        {"captured_in_cents": 4_000, "refunded_in_cents": 1_000},
        Status.PARTIALLY_CAPTURED,
        9_000,
    ),
    "partly captured, all of it refunded": (
        {"captured_in_cents": 4_000, "refunded_in_cents": 4_000},
        Status.PARTIALLY_CAPTURED,
        6_000,
    ),
    "partly captured, refunded, expired": (
        {"captured_in_cents": 4_000, "refunded_in_cents": 4_000} | expiring(PAST),
        Status.PARTIALLY_CAPTURED,
        0,
    ),
    "captured": ({"captured_in_cents": 10_000}, Status.CAPTURED, 10_000),
    "captured, expired": (
        {"captured_in_cents": 10_000} | expiring(PAST),
        Status.CAPTURED,
        10_000,
    ),
    "captured and released": (
        {"captured_in_cents": 4_000, "released_in_cents": 6_000},
        Status.CAPTURED,
        4_000,
    ),
    "partly refunded": (
        {"captured_in_cents": 10_000, "refunded_in_cents": 1},
        Status.PARTIALLY_REFUNDED,
        9_999,
    ),
    "refunded": (
        {"captured_in_cents": 10_000, "refunded_in_cents": 10_000},
        Status.REFUNDED,
        0,
    ),
    "released": ({"released_in_cents": 10_000}, Status.RELEASED, 0),
    "released in part": ({"released_in_cents": 1}, Status.AUTHORIZED, 9_999),
    "lapsed": ({"lapsed_at": timezone.now()}, Status.RELEASED, 0),
    "lapsed after a capture": (
        {"lapsed_at": timezone.now(), "captured_in_cents": 4_000},
        Status.CAPTURED,
        4_000,
    ),
}


@pytest.fixture(autouse=True)
def _no_token() -> None:
    tokens.clear()


@pytest.mark.fault(1, 4)
@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_state(name: str) -> None:
    columns, status, most = TABLE[name]
    payment = a_payment(**columns)
    assert payment.status == status
    for cents in (1, most - 1, most, most + 1, 10_000, 2**31 - 1):
        assert payment.is_funded_for(cents, "USD") == (1 <= cents <= most), cents


def test_the_table_has_every_status() -> None:
    assert {status for _, status, _ in TABLE.values()} == set(Status)


@pytest.mark.fault(36)
@pytest.mark.parametrize("name", sorted(TABLE))
@pytest.mark.parametrize("reason", list(Review))
def test_never_under_review(name: str, reason: Review) -> None:
    payment = a_payment(**TABLE[name][0], review_reason=reason)
    assert not payment.is_funded_for(1, "USD")


@pytest.mark.fault(25)
@pytest.mark.parametrize("name", sorted(TABLE))
@pytest.mark.parametrize("currency", ["CAD", "usd", "", "EUR", None, "USD "])
def test_never_in_another_currency(name: str, currency: Any) -> None:
    assert not a_payment(**TABLE[name][0]).is_funded_for(1, currency)


@pytest.mark.fault(36)
@pytest.mark.parametrize("name", sorted(TABLE))
def test_never_in_another_environment(name: str) -> None:
    assert not a_payment(**TABLE[name][0], environment="production").is_funded_for(1, "USD")


@pytest.mark.fault(26)
@pytest.mark.parametrize("cents", [0, -1, 100.0, True, "100", None, 1.5], ids=repr)
def test_never_for_what_is_no_amount(cents: Any) -> None:
    assert not a_payment().is_funded_for(cents, "USD")


@pytest.mark.fault(36)
@pytest.mark.django_db
def test_never_for_another_merchant(
    emulator: Emulator, authorized: MakePayment, settings: Any
) -> None:
    payment = authorized()
    assert payment.is_funded_for(10_000, "USD")
    SezzlePayment.objects.update(merchant_uuid="another-merchant")
    payment.refresh_from_db()
    assert not payment.is_funded_for(1, "USD")


@pytest.mark.fault(16)
@pytest.mark.django_db
def test_a_reauthorized_parent_is_funded_for_what_it_captured_only(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.dashboard_capture(str(payment.order_uuid), 4_000)
    emulator.clock.advance(timedelta(hours=1))
    child = reauthorize(refresh(payment)).result_payment
    assert child is not None
    assert payment.is_funded_for(4_000, "USD")
    assert not payment.is_funded_for(4_001, "USD")
    assert child.is_funded_for(6_000, "USD")
    assert not child.is_funded_for(6_001, "USD")
