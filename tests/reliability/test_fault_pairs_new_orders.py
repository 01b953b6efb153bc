"""Faults in pairs where Sezzle makes an order: the shopper gets one plan more, or none."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from django_sezzle.exceptions import GatewayError
from django_sezzle.models import Evidence, SezzleCustomer, SezzleOperation, SezzlePayment, State
from django_sezzle.reconcile import reconcile
from django_sezzle.services import (
    charge_customer,
    close_unknown,
    reauthorize,
    refresh,
    start_checkout,
    upcharge,
)
from django_sezzle.services.adoption import adopt_order
from tests.fixtures import a_checkout
from tests.reliability import figures
from tests.reliability.gateway_faults import CENTS, PARTS, READINGS, Case, Gateway, cases
from tests.reliability.scale import IS_FULL
from tests.services.rigs import again, check_books

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("emulator")]

#: A small run meets half of the faults, with each kind of order.
FEW = 11

in_parts = pytest.mark.parametrize("part", range(PARTS))


def pairs(
    dice: random.Random, part: int, readings: tuple[str, ...] = ("ignored",)
) -> Iterator[Case]:
    """Choose as for the other kinds; how repeats are taken matters only to what is repeated."""
    return (
        case
        for case in cases(dice, 2, part, FEW)
        if not IS_FULL or (case.kind == "capture" and case.reading in readings)
    )


def sendings(gateway: Gateway, operation: str) -> int:
    """Count the calls; one that was refused for its token is the same, made with a new one."""
    calls = gateway.emulator.calls
    return sum(call.operation == operation and call.status != 401 for call in calls)


def closed_by_staff(operation: SezzleOperation) -> None:
    """Do what a human does whom reconcile has told of an outcome that stays unknown."""
    close_unknown(operation, actor=None, reason="no new order in the dashboard")
    operation.refresh_from_db()


@pytest.mark.fault(14, 15, 16)
@in_parts
def test_two_faults_of_a_reauthorization(dice: random.Random, part: int) -> None:
    """A second plan for the shopper is never asked for by itself, whatever was lost."""
    number = 0
    for number, case in enumerate(pairs(dice, part), 1):
        gateway = Gateway(case, number)
        emulator, payment = gateway.emulator, gateway.payment
        emulator.clock.advance(timedelta(hours=1))
        refresh(payment)
        gateway.plan("reauthorize", case.faults[0])
        gateway.plan_read(case.faults[1])
        with suppress(GatewayError):
            reauthorize(payment)
        gateway.reconcile()
        assert sendings(gateway, "reauthorize") <= 1, case
        made = [o.uuid for o in emulator.orders if o.reauthorized_from == payment.order_uuid]
        assert len(made) <= 1, case
        operation = SezzleOperation.objects.get(payment=payment, kind="reauthorize")
        if operation.is_open and made:
            # Only a delivery can say which order it made.
            adopt_order("default", made[0])
            operation.refresh_from_db()
        elif operation.is_open:
            closed_by_staff(operation)
        if made:
            assert operation.state == State.SUCCEEDED, case
            assert operation.result_payment is not None
            assert operation.result_payment.order_uuid == made[0]
            assert operation.result_payment.is_funded_for(5_000, "USD")
        else:
            assert operation.evidence in (Evidence.NOT_SENT, Evidence.STAFF), case
        assert SezzlePayment.objects.filter(reauthorized_from=payment).count() == len(made)
        check_books(emulator, payment)
    figures.count("pairs of gateway faults on a reauthorization and its read-back", tried=number)


@pytest.mark.fault(7, 14, 29)
@in_parts
def test_two_faults_of_an_upcharge(dice: random.Random, part: int) -> None:
    """It is sent once, and found in the list of its order; what is not there, a human closes."""
    number = 0
    for number, case in enumerate(pairs(dice, part), 1):
        gateway = Gateway(case, number)
        emulator, payment = gateway.emulator, gateway.payment
        emulator.profile.change(upcharge=True)
        gateway.plan("upcharge", case.faults[0])
        gateway.plan_read(case.faults[1])
        with suppress(GatewayError):
            upcharge(payment, amount_in_cents=CENTS)
        gateway.reconcile()
        assert sendings(gateway, "upcharge") <= 1, case
        made = [o.uuid for o in emulator.orders if o.parent_order_uuid == payment.order_uuid]
        assert len(made) <= 1, case
        operation = SezzleOperation.objects.get(payment=payment, kind="upcharge")
        if operation.is_open:
            assert not made, f"{case}: one pass did not find it"
            closed_by_staff(operation)
        if made:
            assert operation.state == State.SUCCEEDED, case
            assert operation.result_payment is not None
            assert operation.result_payment.order_uuid == made[0]
            assert operation.result_payment.captured_in_cents == CENTS, case
        else:
            assert operation.evidence in (Evidence.NOT_SENT, Evidence.STAFF), case
        assert SezzlePayment.objects.filter(upcharge_of=payment).count() == len(made)
        check_books(emulator, payment)
    figures.count("pairs of gateway faults on an upcharge and its read-back", tried=number)


@pytest.mark.fault(7, 14, 28, 29)
@in_parts
def test_two_faults_of_a_saved_customers_charge(dice: random.Random, part: int) -> None:
    """Its order is found by Sezzle's event, or by asking again where Sezzle honours the id."""
    number = 0
    for number, case in enumerate(pairs(dice, part, READINGS), 1):
        gateway = Gateway(case, number)
        reference = f"c-{number}"
        gateway.plan("customer_order", case.faults[0])
        gateway.plan_read(case.faults[1])
        with suppress(GatewayError):
            charge_customer(who_agreed(gateway), a_checkout(reference, CENTS))
        gateway.emulator.faults.clear()
        gateway.pass_quiet_period()
        if case.reading != "honoured":
            deliver_events(gateway, reference)
        list(reconcile())
        made = charged(gateway, reference)
        assert len(made) <= 1, case
        operation = SezzleOperation.objects.get(kind="charge")
        assert operation.is_open is None, f"{case}: {operation.state} after one pass"
        if made:
            payment = again(operation.payment)
            assert (operation.state, operation.result_payment) == (State.SUCCEEDED, payment), case
            assert payment.order_uuid == made[0]
            assert payment.is_funded_for(CENTS, "USD")
            check_books(gateway.emulator, payment)
        else:
            assert operation.evidence in (Evidence.NOT_SENT, Evidence.REJECTED), case
    figures.count("pairs of gateway faults on a saved customer's charge", tried=number)


def who_agreed(gateway: Gateway) -> SezzleCustomer:
    """Let a shopper agree at an earlier checkout."""
    payment = start_checkout(a_checkout("first", tokenize=True))
    gateway.emulator.approve(str(payment.order_uuid), tokenize=True)
    (agreed,) = gateway.emulator.state.customers
    return SezzleCustomer.objects.create(environment="sandbox", uuid=agreed.uuid)


def charged(gateway: Gateway, reference: str) -> list[str]:
    """List the orders that Sezzle made under a reference."""
    return [o.uuid for o in gateway.emulator.orders if o.reference_id == reference]


def deliver_events(gateway: Gateway, reference: str) -> None:
    """Do what the events of the orders under a reference lead to."""
    for order_uuid in charged(gateway, reference):
        if not SezzlePayment.objects.filter(order_uuid=order_uuid).exists():
            adopt_order("default", order_uuid)
