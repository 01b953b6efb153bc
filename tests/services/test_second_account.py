"""A payment of a second merchant account, from the checkout to the refund."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import capture, refresh, refund, start_checkout
from tests.fixtures import PRIVATE_KEY, PUBLIC_KEY, a_checkout

pytestmark = pytest.mark.django_db

CANADA = {"PUBLIC_KEY": "sz_pub_ca", "PRIVATE_KEY": "sz_pr_ca"}


def test_each_account_has_its_own_payment_of_the_same_order(
    emulator: Emulator, settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": CANADA}}
    merchants = [
        emulator.add_merchant(PUBLIC_KEY, PRIVATE_KEY),
        emulator.add_merchant(*CANADA.values()),
    ]
    payments = [
        start_checkout(a_checkout()),
        start_checkout(a_checkout(account="canada", amount=Price(10_000, "CAD"))),
    ]
    for payment in payments:
        emulator.approve(str(payment.order_uuid))
        refresh(payment)

    capture(payments[1])
    refund(payments[1], amount_in_cents=1_000)

    # With the keys of the other account Sezzle would know none of it.
    assert [order.merchant_uuid for order in emulator.orders] == merchants
    assert [payment.merchant_uuid for payment in payments] == merchants
    assert payments[1].is_funded_for(9_000, "CAD")
    refresh(payments[0])
    assert (payments[0].capturable_in_cents, payments[0].captured_in_cents) == (10_000, 0)
    for account, payment in zip(("default", "canada"), payments, strict=True):
        assert SezzlePayment.objects.current_for("1001", account) == payment
