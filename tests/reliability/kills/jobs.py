"""What a victim was doing when it died."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import Group
from django.db import transaction

from django_sezzle import services
from django_sezzle.exceptions import SezzleError
from django_sezzle.models import SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services import expiry, start_checkout
from tests.fixtures import a_checkout


def move(kind: str, payment: int, cents: int) -> None:
    """Capture, refund or release."""
    getattr(services, kind)(SezzlePayment.objects.get(pk=payment), amount_in_cents=cents)


def move_on_commit(kind: str, payment: int, cents: int) -> None:
    """Capture, refund or release from inside the host's own transaction."""
    change_order(kind, payment, cents)


def change_order(kind: str, payment: int, cents: int) -> None:
    """Do the host's own work, and ask for money to be moved, in one transaction."""
    with transaction.atomic():
        Group.objects.create(name=f"host's work {payment}")
        write_intent(kind, payment, cents)


def write_intent(kind: str, payment: int, cents: int) -> SezzleOperation:
    """Ask for money to be moved after the commit."""
    operation: SezzleOperation = getattr(services, kind)(
        SezzlePayment.objects.get(pk=payment), amount_in_cents=cents, on_commit=True
    )
    return operation


def act_before_expiry(payment: int) -> None:
    """Do what the policy says shortly before an authorization ends."""
    expiry.act_before_expiry(SezzlePayment.objects.get(pk=payment))


def charge_extra(payment: int, cents: int) -> None:
    """Charge extra for an order."""
    services.upcharge(SezzlePayment.objects.get(pk=payment), amount_in_cents=cents)


def charge(customer: int, reference: str, cents: int) -> None:
    """Charge a saved customer."""
    services.charge_customer(SezzleCustomer.objects.get(pk=customer), a_checkout(reference, cents))


def refresh(payment: int) -> None:
    """Finish what another process began."""
    services.refresh(SezzlePayment.objects.get(pk=payment))


def start(reference: str, cents: int) -> str:
    """Start a checkout; give the address that the shopper is sent to."""
    return start_checkout(a_checkout(reference, cents)).checkout_url


def capture_each(payments: dict[str, str | None], cents: int | None) -> dict[str, str]:
    """
    Capture one payment after the other, each with its own request id if it has one.

    :returns: how it went for each: the state of its operation, or the name of the error.
    """
    results = {}
    for pk, request_id in payments.items():
        payment = SezzlePayment.objects.get(pk=pk)
        try:
            operation = services.capture(payment, amount_in_cents=cents, request_id=request_id)
            results[pk] = operation.state
        except SezzleError as error:
            results[pk] = type(error).__name__
    return results


JOBS: dict[str, Callable[..., object]] = {
    job.__name__: job
    for job in (
        move,
        move_on_commit,
        act_before_expiry,
        charge_extra,
        charge,
        refresh,
        start,
        capture_each,
    )
}
