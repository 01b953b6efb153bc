"""A saved customer is being charged, and whoever does it is killed anywhere: one order, or none."""

from __future__ import annotations

import random

import pytest

from django_sezzle.emulator.records import Order
from django_sezzle.models import Evidence, SezzleCustomer, SezzleOperation, SezzlePayment, State
from django_sezzle.reconcile import reconcile
from django_sezzle.services import charge_customer
from django_sezzle.services.adoption import adopt_order
from tests.fixtures import a_checkout
from tests.reliability import figures
from tests.reliability.kills.cases import CLAIMED, EXECUTED, KEYS, NOTHING, TELLING, TOLD, UNSENT
from tests.reliability.kills.points import ANSWERED, POSTED, POSTING
from tests.reliability.kills.shop import CENTS, Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import IS_FULL, many
from tests.services.rigs import again

SENDING = (
    "claimed",
    POSTING,
    POSTED,
    ANSWERED,
    "made order read",
    "charge settled, not committed",
    "settled",
)

#: Every point that a charge comes to, and what a death there leaves behind.
POINTS = {
    "charge written, not committed": NOTHING,
    "charge written": UNSENT,
    "claimed": CLAIMED,
    POSTING: CLAIMED,
    **dict.fromkeys(SENDING[2:], EXECUTED),
    **dict.fromkeys(TELLING[:-1], EXECUTED),
    "told": TOLD,
}

#: Those after which the outcome is on record.
SETTLED = ("settled", *TELLING)

CASES = [
    (first, second, keys)
    for first, left in POINTS.items()
    for second in (None, *(SENDING if left in (CLAIMED, EXECUTED) and first not in SETTLED else ()))
    for keys in KEYS
]


@pytest.fixture
def customer(shop: Shop) -> SezzleCustomer:
    """A shopper who agreed at an earlier checkout."""
    shop.emulator.approve(str(shop.started_with_consent().order_uuid), tokenize=True)
    (agreed,) = shop.emulator.state.customers
    return SezzleCustomer.objects.create(environment="sandbox", uuid=agreed.uuid)


@pytest.mark.fault(7, 8, 51, 97)
def test_a_charge(shop: Shop, customer: SezzleCustomer, dice: random.Random) -> None:
    tried = CASES if IS_FULL else dice.sample(CASES, many(10, len(CASES)))
    for first, second, keys in tried:
        shop.emulator.profile.change(request_id=keys, limits=False)
        try:
            go_through(shop, customer, first, second, keys)
        except AssertionError as error:
            error.add_note(f"{first}, then {second}, keys {keys}")
            raise
    figures.count("kills of a saved customer's charge", tried=len(tried))


def go_through(
    shop: Shop, customer: SezzleCustomer, first: str, second: str | None, keys: str
) -> None:
    """Kill whoever charges, kill whoever comes next, let one more finish it, and look."""
    reference = shop.new_reference()
    shop.kill(
        "charge",
        first,
        sends="customer_order",
        customer=customer.pk,
        reference=reference,
        cents=CENTS,
    )
    come_after(shop, reference, second, keys)
    left = POINTS[first]
    operation = SezzleOperation.objects.filter(payment__shop_reference=reference).first()
    if left in (NOTHING, UNSENT):
        assert made(shop, reference) == []
        assert operation is None or operation.evidence == Evidence.NOT_SENT
        payment = charge_customer(customer, a_checkout(reference, CENTS)).payment
    else:
        assert operation is not None
        payment = again(operation.payment)
        assert (operation.state, operation.result_payment) == (State.SUCCEEDED, payment)
    assert made(shop, reference) == [CENTS]
    assert payment.is_funded_for(CENTS, "USD")
    check_all_is_well(shop, payment)


def come_after(shop: Shop, reference: str, second: str | None, keys: str) -> None:
    """Let another process come, which may die as well, and then one pass of reconcile."""
    for point in (second, None):
        # Sezzle's events arrive long before the quiet period is over. Where Sezzle honours the id
        # of a repeat, it works without them, too.
        if keys != "honoured":
            deliver_events(shop, reference)
        let_time_pass()
        if point is None:
            list(reconcile())
            continue
        payment = SezzlePayment.objects.filter(shop_reference=reference, is_current=True).first()
        if payment is not None and payment.open_operation() is not None:
            shop.kill("refresh", point, sends="customer_order", payment=payment.pk)


def deliver_events(shop: Shop, reference: str) -> None:
    """Do what the events of the orders under a reference lead to."""
    for order in approved(shop, reference):
        if not SezzlePayment.objects.filter(order_uuid=order.uuid).exists():
            adopt_order("default", order.uuid)


def approved(shop: Shop, reference: str) -> list[Order]:
    """List what Sezzle really made for an order of the shop, whatever suffix it has there."""
    return [
        order
        for order in shop.emulator.orders
        if order.authorization is not None
        and order.reference_id.removeprefix(reference) in ("", "-2")
    ]


def made(shop: Shop, reference: str) -> list[int]:
    """Sezzle's own books of what was charged for an order of the shop: the cents of each order."""
    return [order.amount_in_cents for order in approved(shop, reference)]
