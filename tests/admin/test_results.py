"""What the page of results says of a new payment, and of what Sezzle refused without a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from django_sezzle.admin.results import Kind, Result
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayRejected
from django_sezzle.models import SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services import charge_customer, start_checkout
from tests.admin.conftest import CHANGE, Desk, MakePayment, MakeStaff, kinds
from tests.fixtures import a_checkout
from tests.locale.test_pages_in_french import in_quebec, left_in_english
from tests.services.rigs import Wire, says

__all__ = ["in_quebec"]

pytestmark = pytest.mark.django_db

ACTIONS = ("reauthorize", "upcharge")
NOT_SWITCHED_ON = "Most likely extra charges are not switched on for this account; ask Sezzle"
TAKEN_BACK = "Most likely the shopper has taken the consent back, or it has run out."


@pytest.fixture(autouse=True)
def shown_to_staff(settings: Any) -> None:
    """An account whose settings say that it has upcharges."""
    settings.SEZZLE = django_settings.SEZZLE | {"UPCHARGES": True}


@pytest.fixture
def clerk(make_staff: MakeStaff) -> Client:
    return make_staff("view_sezzlepayment", *(f"{name}_sezzlepayment" for name in ACTIONS))


def charge_extra(clerk: Client, payment: SezzlePayment) -> Any:
    return Desk(clerk, "upcharge").open(payment).send(**{f"amount-{payment.pk}": "5.00"})


def changing(clerk: Client, payment: SezzlePayment) -> str:
    page: str = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    return page


# What a new payment is


def test_an_extra_charge_is_no_instalment_plan(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    emulator.profile.change(upcharge=True)
    page = charge_extra(clerk, make_payment())
    text = page.content.decode()
    assert kinds(page) == ["done"]
    assert "The shopper pays the extra in full at once, as an order of its own." in text
    assert "instalment plan" not in text


def test_a_reauthorization_is_a_new_instalment_plan(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    emulator.clock.advance(timedelta(days=1))
    text = Desk(clerk, "reauthorize").open(payment).send().content.decode()
    assert "The shopper has a new instalment plan." in text
    assert "the extra" not in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [("charge", "The saved customer was charged."), ("capture", ""), ("of a newer version", "")],
)
def test_what_is_said_of_other_kinds(kind: str, said: str) -> None:
    result = Result(SezzlePayment(), SezzleOperation(kind=kind), Kind.DONE, "")
    assert result.new_payment == said


# What Sezzle does not know


def test_extra_charges_that_are_not_switched_on(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    emulator.profile.change(upcharge=False)
    payment = make_payment()

    page = charge_extra(clerk, payment)

    text = page.content.decode()
    assert kinds(page) == ["refused"]
    assert f"Sezzle refused it. {NOT_SWITCHED_ON}" in text
    assert "<q>not found</q> (record_not_found)" in text
    timeline = changing(clerk, payment)
    assert f"Sezzle refused it. {NOT_SWITCHED_ON}" in timeline
    assert "not found (record_not_found)" in timeline
    assert text.count("switched on") == timeline.count("switched on") == 1


@pytest.mark.usefixtures("in_quebec")
def test_extra_charges_that_are_not_switched_on_in_french(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    emulator.profile.change(upcharge=False)
    page = charge_extra(clerk, make_payment())
    assert "les frais supplémentaires ne sont pas activés pour ce compte" in page.content.decode()
    assert "switched on" not in page.content.decode()
    assert left_in_english(page) == []


def test_another_refusal_is_not_explained(
    clerk: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    body = '[{"code": "invalid", "message": "over 15 %"}]'
    Wire(emulator).falsify("upcharge", says(422, body))
    text = charge_extra(clerk, make_payment()).content.decode()
    assert "<q>over 15 %</q> (invalid)" in text
    assert "Most likely" not in text


def test_a_consent_that_was_taken_back(clerk: Client, emulator: Emulator) -> None:
    agreed = start_checkout(a_checkout("first", tokenize=True))
    emulator.approve(str(agreed.order_uuid), tokenize=True)
    (customer,) = emulator.state.customers
    emulator.state.customers.remove(customer.uuid)
    saved = SezzleCustomer.objects.create(environment="sandbox", uuid=customer.uuid)
    with pytest.raises(GatewayRejected, match="most likely the shopper has taken the consent back"):
        charge_customer(saved, a_checkout("SUB-1", 2_500))

    timeline = changing(clerk, SezzlePayment.objects.get(shop_reference="SUB-1"))

    assert f"Sezzle refused it. {TAKEN_BACK}" in timeline
    assert "not found (record_not_found)" in timeline
