"""A staff member's desk: the emulator behind the shop, payments in every state, and browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.gateway import Intent, Price
from django_sezzle.gateway.transport import mount
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import Checkout, refresh, start_checkout
from tests.fixtures import MakeStaff

GATEWAY = "https://sezzle-emulator.test"
LIST = "admin:django_sezzle_sezzlepayment_changelist"
MONEY = "admin:django_sezzle_sezzlepayment_money"
RESULT = "admin:django_sezzle_sezzlepayment_money_result"
CHANGE = "admin:django_sezzle_sezzlepayment_change"

ACTIONS = ("capture", "refund", "release", "reauthorize")

MakePayment = Callable[..., SezzlePayment]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A gateway of the test's own, where the shop expects Sezzle."""
    emulator = Emulator(base_url=GATEWAY, public_key="sz_pub_test", private_key="sz_pr_test")
    unmount = mount(GATEWAY, EmulatorAdapter(emulator, sleep=lambda _seconds: None))
    yield emulator
    unmount()


@pytest.fixture
def make_payment(emulator: Emulator, db: None) -> MakePayment:
    """Make payments: approved ones of $50.00 with intent AUTH, unless told otherwise."""
    numbers = count(1001)

    def make(
        amount_in_cents: int = 5000,
        *,
        currency: str = "USD",
        intent: Intent = Intent.AUTH,
        approve: bool = True,
        captured_in_cents: int = 0,
        account: str = "default",
    ) -> SezzlePayment:
        payment = start_checkout(
            Checkout(
                shop_reference=f"SHOP-{next(numbers)}",
                amount=Price(amount_in_cents, currency),
                intent=intent,
                success_url="/thanks/",
                account=account,
            )
        )
        if approve:
            assert payment.order_uuid
            emulator.approve(payment.order_uuid)
            payment = refresh(payment)
        if captured_in_cents:
            assert payment.order_uuid
            emulator.dashboard_capture(payment.order_uuid, captured_in_cents)
            refresh(payment)
        emulator.calls.clear()
        return SezzlePayment.objects.get(pk=payment.pk)

    return make


@pytest.fixture
def manager(make_staff: MakeStaff) -> Client:
    """A browser of somebody who may do everything with payments, and nothing else."""
    return make_staff("view_sezzlepayment", *(f"{name}_sezzlepayment" for name in ACTIONS))


@dataclass
class Desk:
    """Fills in and sends the confirmation page as a person would."""

    client: Client
    action: str
    form: dict[str, str] = field(default_factory=dict)
    page: Any = None

    def open(self, *payments: SezzlePayment) -> Desk:
        """Open the confirmation page and take over what its form is filled with."""
        self.page = self.client.get(money_url(self.action, *payments))
        assert self.page.status_code == 200, self.page.status_code
        shown = self.page.context["form"]
        self.form = {
            bound.html_name: str(bound.value() or "") for bound in shown if bound.html_name
        }
        return self

    def send(self, **changes: str) -> Any:
        """Send the form, with changes to it; follow to the page of results."""
        return self.client.post(
            reverse(MONEY, args=[self.action]), self.form | changes, follow=True
        )


@pytest.fixture
def desk(manager: Client) -> Callable[[str], Desk]:
    """Make desks of the manager."""
    return lambda action: Desk(manager, action)


def money_url(action: str, *payments: SezzlePayment) -> str:
    """Give the address of the confirmation page for some payments."""
    return f"{reverse(MONEY, args=[action])}?ids={','.join(str(p.pk) for p in payments)}"


def amount(payment: SezzlePayment) -> str:
    """Name the amount field of a payment."""
    return f"amount-{payment.pk}"


def kinds(page: Any) -> list[str]:
    """Name the kind of each row of a result page."""
    return [row.kind.value for row in page.context["rows"]]


def moved(emulator: Emulator) -> list[tuple[str, int]]:
    """List what was really booked because the shop asked: kind and cents."""
    return [
        (done.kind, done.amount_in_cents)
        for done in emulator.executions
        if done.source == "gateway" and done.kind in ACTIONS
    ]


def money_calls(emulator: Emulator) -> list[str]:
    """List the calls that arrived and could have moved money."""
    return [call.operation for call in emulator.calls if call.operation in ACTIONS]


def statements(queries: CaptureQueriesContext) -> list[str]:
    """List what the database was asked, without the ends of transactions."""
    return [q["sql"] for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]]


def operation_of(payment: SezzlePayment) -> SezzleOperation:
    """Give the only operation of a payment."""
    return SezzleOperation.objects.get(payment=payment)
