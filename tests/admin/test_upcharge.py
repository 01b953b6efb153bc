"""Charging extra from the desk: offered where Sezzle allows it, for an amount that is typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.conftest import CHANGE, Desk, MakePayment, MakeStaff, kinds, money_url
from tests.services.rigs import let_lease_end

pytestmark = pytest.mark.django_db

PERMISSIONS = ("view_sezzlepayment", "upcharge_sezzlepayment")


@pytest.fixture(autouse=True)
def switched_on(settings: Any, emulator: Emulator) -> None:
    """An account that Sezzle has given upcharges."""
    settings.SEZZLE = django_settings.SEZZLE | {"UPCHARGES": True}
    emulator.profile.change(upcharge=True)


@pytest.fixture
def clerk(make_staff: MakeStaff) -> Client:
    return make_staff(*PERMISSIONS)


def test_staff_charge_extra(clerk: Client, make_payment: MakePayment) -> None:
    payment = make_payment()
    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert money_url("upcharge", payment) in shown

    desk = Desk(clerk, "upcharge").open(payment)
    # How much is a person's decision: nothing is proposed.
    assert desk.form[f"amount-{payment.pk}"] == ""
    assert "$7.50" in desk.page.content.decode()
    assert kinds(desk.send(**{f"amount-{payment.pk}": "5.00", "reason": "socks"})) == ["done"]

    child = SezzlePayment.objects.get(upcharge_of=payment)
    assert (child.captured_in_cents, child.intent) == (500, "CAPTURE")
    operation = SezzleOperation.objects.get()
    assert (operation.reason, operation.result_payment) == ("socks", child)
    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert reverse(CHANGE, args=[child.pk]) in shown
    assert f"extra charge for {payment.reference_id}" in shown


def test_no_more_than_sezzle_allows(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    Desk(clerk, "upcharge").open(payment).send(**{f"amount-{payment.pk}": "7.51"})
    assert not SezzleOperation.objects.exists()
    Desk(clerk, "upcharge").open(payment).send(**{f"amount-{payment.pk}": "7.50"})

    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()

    assert money_url("upcharge", payment) not in shown
    assert "15 % were charged extra already" in shown
    assert [order.amount_in_cents for order in emulator.orders if order.parent_order_uuid] == [750]


def test_two_payments_at_once(clerk: Client, make_payment: MakePayment) -> None:
    payments = [make_payment(), make_payment()]
    desk = Desk(clerk, "upcharge").open(*payments)
    page = desk.send(**{f"amount-{payment.pk}": "1.00" for payment in payments})
    assert kinds(page) == ["done", "done"]
    assert SezzlePayment.objects.filter(upcharge_of__in=payments).count() == 2


def test_where_the_account_has_it_not_nobody_is_shown_it(
    clerk: Client, make_payment: MakePayment, settings: Any
) -> None:
    payment = make_payment()
    settings.SEZZLE = django_settings.SEZZLE | {"UPCHARGES": False}

    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert "Charge extra" not in shown
    page = clerk.get(money_url("upcharge", payment))
    assert "The account does not have this." in page.content.decode()


def test_it_takes_its_own_permission(make_staff: MakeStaff, make_payment: MakePayment) -> None:
    payment = make_payment()
    others = make_staff("view_sezzlepayment", "capture_sezzlepayment", "reauthorize_sezzlepayment")
    assert others.get(money_url("upcharge", payment)).status_code == 403
    shown = others.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert "Charge extra" not in shown


def test_an_outcome_that_is_not_known_is_never_offered_to_be_sent_again(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    clerk = make_staff(*PERMISSIONS, "resolve_sezzlepayment")
    payment = make_payment()
    emulator.faults.add("upcharge", "drop_before")
    Desk(clerk, "upcharge").open(payment).send(**{f"amount-{payment.pk}": "5.00"})
    let_lease_end()

    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()

    assert "What it does not show waits for a person." in shown
    assert "Sent again, it could charge the shopper a second time." in shown
    assert "This is never sent twice" in shown
    assert "too long ago" not in shown
