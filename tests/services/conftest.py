"""What the tests of the services share: no waiting, and a wire to tamper with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import transport
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture
from tests.services.rigs import Wire

MakePayment = Callable[..., SezzlePayment]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat reads without a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


@pytest.fixture
def wire(emulator: Emulator) -> Wire:
    """A wire to the emulator of this test."""
    return Wire(emulator)


@pytest.fixture
def captured(authorized: MakePayment, emulator: Emulator) -> MakePayment:
    """Make a payment that was approved and then captured by us, wholly unless told otherwise."""

    def make(reference: str = "1001", amount_in_cents: int | None = None) -> SezzlePayment:
        payment = authorized(reference)
        capture(payment, amount_in_cents=amount_in_cents)
        return payment

    return make
