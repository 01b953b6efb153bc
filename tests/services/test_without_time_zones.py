"""A host with ``USE_TZ = False`` keeps moments without a zone; money moves all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.models import Status
from django_sezzle.services import capture, reauthorize, refresh, refund, release, start_checkout
from tests.fixtures import a_checkout
from tests.services.rigs import moved

pytestmark = pytest.mark.django_db


@pytest.mark.fault(110)
@pytest.mark.parametrize("zone", ["UTC", "America/Toronto", "Asia/Tokyo"])
def test_the_whole_life_of_a_payment(emulator: Emulator, settings: Any, zone: str) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = zone
    payment = start_checkout(a_checkout())
    assert start_checkout(a_checkout()) == payment
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert payment.is_funded_for(10_000, "USD")
    assert not payment.is_expired()
    capture(payment, amount_in_cents=6_000)
    release(payment)
    refund(payment, amount_in_cents=1_000)
    refresh(payment)
    assert payment.status == Status.PARTIALLY_REFUNDED
    assert payment.is_current
    kinds = [("capture", 6_000), ("release", 4_000), ("refund", 1_000)]
    assert moved(emulator, payment) == kinds


@pytest.mark.fault(110)
def test_an_expired_one_and_its_reauthorization(emulator: Emulator, settings: Any) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "America/Toronto"
    payment = start_checkout(a_checkout())
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    child = reauthorize(payment).result_payment
    assert child is not None
    assert child.is_funded_for(10_000, "USD")
