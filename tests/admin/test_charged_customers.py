"""What staff see of a saved customer's charge, before its order is known and after."""

from __future__ import annotations

import pytest
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services import charge_customer, refresh, start_checkout
from tests.admin.conftest import CHANGE, MakeStaff
from tests.fixtures import a_checkout
from tests.services.rigs import let_lease_end

pytestmark = pytest.mark.django_db

PERMISSIONS = ("view_sezzlepayment", "view_sezzlecustomer", "resolve_sezzlepayment")


@pytest.fixture
def customer(emulator: Emulator) -> SezzleCustomer:
    payment = start_checkout(a_checkout("first", tokenize=True))
    emulator.approve(str(payment.order_uuid), tokenize=True)
    (agreed,) = emulator.state.customers
    return SezzleCustomer.objects.create(environment="sandbox", uuid=agreed.uuid)


def test_a_lost_answer_is_shown_as_what_it_is(
    emulator: Emulator, customer: SezzleCustomer, make_staff: MakeStaff
) -> None:
    emulator.faults.add("customer_order", "drop_after")
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, a_checkout("SUB-1", 2_500))
    payment = SezzlePayment.objects.get(shop_reference="SUB-1")
    let_lease_end()
    clerk = make_staff(*PERMISSIONS)
    emulator.calls.clear()

    shown = clerk.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    listed = clerk.get(reverse("admin:django_sezzle_sezzlepayment_changelist")).content.decode()

    assert "being charged" in shown
    assert "being charged" in listed
    assert "waiting for the shopper" not in shown
    assert "Sezzle is asked again with the same request id, for the 2. time." in shown
    assert "Sezzle is asked again by itself as long as that is safe." in shown
    assert reverse("admin:django_sezzle_sezzlecustomer_change", args=[customer.pk]) in shown
    # Looking costs Sezzle nothing.
    assert emulator.calls == []


def test_staff_close_what_the_dashboard_does_not_show_after_the_account_has_moved_on(
    emulator: Emulator, customer: SezzleCustomer, make_staff: MakeStaff, settings: object
) -> None:
    emulator.faults.add("customer_order", "drop_before")
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, a_checkout("SUB-1", 2_500))
    let_lease_end()
    SezzlePayment.objects.filter(shop_reference="SUB-1").update(environment="production")
    operation = SezzleOperation.objects.get(kind="charge")
    page = reverse(
        "admin:django_sezzle_sezzlepayment_resolve", args=[operation.payment_id, "close"]
    )
    clerk = make_staff(*PERMISSIONS)
    shown = clerk.get(page)
    assert shown.status_code == 200
    assert "not configured" not in shown.content.decode()


def test_a_charge_says_where_it_comes_from(
    emulator: Emulator, customer: SezzleCustomer, make_staff: MakeStaff
) -> None:
    emulator.decline_next_customer_order()
    with pytest.raises(Exception, match="declined"):
        charge_customer(customer, a_checkout("SUB-1", 2_500))
    payment = charge_customer(customer, a_checkout("SUB-1", 2_500)).payment
    refresh(payment)
    shown = make_staff(*PERMISSIONS).get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert shown.count("charge of a saved customer") == 2
