"""A link that Sezzle sent, of a checkout whose answer was lost: what is paid by it is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from django_sezzle.emulator import Emulator, Order
from django_sezzle.exceptions import (
    AlreadyPaid,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
)
from django_sezzle.gateway import Price
from django_sezzle.models import Review, SezzleAnnouncement, SezzlePayment, Status
from django_sezzle.services import attempts, cancel, refresh, set_reference, starting
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.in_store import ask_in_store
from tests.services.rigs import Wire, called, check_books, says, with_members

pytestmark = pytest.mark.django_db


def ask(reference: str = "T-1", **members: Any) -> SezzlePayment:
    """Ask for 100.00 USD by SMS."""
    asked = {"phone": "+14155550142"} | members
    return ask_in_store(shop_reference=reference, amount=Price(10_000, "USD"), **asked)


def lose(emulator: Emulator, **members: Any) -> Order:
    """Have the link sent and Sezzle's answer lost."""
    emulator.faults.add("session_create", "drop_after")
    with pytest.raises(GatewayUnavailable):
        ask(**members)
    return emulator.orders[-1]


def told(payment: SezzlePayment) -> list[str]:
    """Name what the shop was told, in the order of telling."""
    rows = SezzleAnnouncement.objects.filter(payment=payment, told_at__isnull=False)
    return [row.fact for row in rows.order_by("pk")]


def test_what_is_paid_by_it_is_found_by_its_event(emulator: Emulator) -> None:
    order = lose(emulator)
    emulator.approve(order.uuid)
    emulator.calls.clear()

    payment = adopt_order("default", order.uuid)

    assert called(emulator) == ["order_get"]
    assert payment == SezzlePayment.objects.get()
    assert (payment.status, payment.review_reason) == (Status.AUTHORIZED, "")
    assert payment.is_funded_for(10_000, "USD")
    assert told(payment) == ["authorized"]
    check_books(emulator, payment)
    # A second event of it is a known order's.
    assert adopt_order("default", order.uuid) is None


@pytest.mark.fault(18)
def test_what_is_paid_after_the_shop_gave_up_waits_for_a_human(emulator: Emulator) -> None:
    order = lose(emulator)
    assert cancel(SezzlePayment.objects.get()).status == Status.CANCELED
    emulator.approve(order.uuid)

    payment = adopt_order("default", order.uuid)

    assert payment is not None
    assert payment.review_reason == Review.LATE_AUTHORIZATION
    assert not payment.is_funded_for(10_000, "USD")
    assert payment.releasable_in_cents == 10_000


@pytest.mark.fault(17, 18)
def test_the_next_link_is_another_payments(emulator: Emulator) -> None:
    lost = lose(emulator)
    first = SezzlePayment.objects.get()
    second = ask()
    assert second != first
    assert (first.reference_id, second.reference_id) == ("T-1", "T-1-2")
    emulator.approve(str(second.order_uuid))
    refresh(second)
    emulator.approve(lost.uuid)

    found = adopt_order("default", lost.uuid)

    assert found == first
    assert found.review_reason in Review.that_only_a_human_clears()
    second.refresh_from_db()
    assert (second.is_current, second.review_reason) == (True, "")
    # Both hold the shopper's money, and each can be let go.
    assert (found.held_in_cents, second.held_in_cents) == (10_000, 10_000)


def test_its_shopper_does_not_read_that_nothing_was_charged(
    emulator: Emulator, client: Client
) -> None:
    order = lose(emulator)
    cancel(SezzlePayment.objects.get())
    emulator.approve(order.uuid)
    page = client.get(urlsplit(order.complete_url).path, follow=True)
    text = page.content.decode()
    assert "Nothing was charged" not in text
    assert "Not confirmed yet" in text


@pytest.mark.parametrize("row", [{"sends_link": False}, {"reference_id": "T-9"}], ids=str)
def test_another_order_is_not_taken_for_it(emulator: Emulator, row: dict[str, Any]) -> None:
    order = lose(emulator)
    emulator.approve(order.uuid)
    SezzlePayment.objects.update(**row)
    assert adopt_order("default", order.uuid) is None
    assert SezzlePayment.objects.get().order_uuid is None


@pytest.mark.fault(3, 22)
@pytest.mark.parametrize("metadata", [{}, None, "text", {"django_sezzle": "0" * 64}], ids=str)
def test_another_shop_of_the_merchant_may_use_the_same_references(
    emulator: Emulator, wire: Wire, metadata: object
) -> None:
    order = lose(emulator)
    emulator.approve(order.uuid)
    wire.falsify("order_get", with_members(metadata=metadata))
    assert adopt_order("default", order.uuid) is None
    assert SezzlePayment.objects.get().order_uuid is None


def test_one_for_another_amount_is_ours_and_waits_for_a_human(emulator: Emulator) -> None:
    order = lose(emulator)
    emulator.approve(order.uuid)
    SezzlePayment.objects.update(amount_in_cents=9_000)
    payment = adopt_order("default", order.uuid)
    assert payment is not None
    assert payment.review_reason == Review.AMOUNT_DIFFERS


@pytest.mark.parametrize("status", [400, 403])
def test_an_order_that_sezzle_does_not_show_us_is_not_asked_for_again(
    emulator: Emulator, wire: Wire, status: int
) -> None:
    lose(emulator)
    wire.falsify("order_get", says(status, '[{"code": "invalid"}]'))
    assert adopt_order("default", "somebody-elses") is None


def test_paid_before_its_answer_came(emulator: Emulator, wire: Wire) -> None:
    def meanwhile() -> None:
        (order,) = emulator.orders
        emulator.approve(order.uuid)
        adopt_order("default", order.uuid)

    wire.after("session_create", meanwhile)
    with pytest.raises(AlreadyPaid) as raised:
        ask()
    payment = raised.value.payment
    assert payment == SezzlePayment.objects.get()
    assert payment.is_funded_for(10_000, "USD")
    # It lacks nothing of what the answer told.
    assert payment.checkout_url
    assert payment.session_uuid


def test_a_row_whose_link_may_be_out_is_never_taken_over(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(emulator)
    # The lease ends between the two looks at it.
    monkeypatch.setattr(starting, "may_be_sent", lambda payment: False)
    monkeypatch.setattr(attempts, "PATIENCE", 0.01)
    with pytest.raises(OperationInProgress):
        ask()
    assert SezzlePayment.objects.get().reference_id == "T-1"


def test_an_order_that_nobody_paid_is_left_alone(emulator: Emulator) -> None:
    order = lose(emulator)
    assert adopt_order("default", order.uuid) is None


def test_after_a_month_nobody_looks_any_more(emulator: Emulator) -> None:
    order = lose(emulator)
    emulator.approve(order.uuid)
    SezzlePayment.objects.update(created_at=timezone.now() - timedelta(days=31))
    emulator.calls.clear()
    assert adopt_order("default", order.uuid) is None
    assert called(emulator) == []


def test_it_is_not_given_up_while_it_is_being_sent(emulator: Emulator) -> None:
    lose(emulator)
    SezzlePayment.objects.update(start_lease_until=timezone.now() + timedelta(seconds=30))
    with pytest.raises(OperationInProgress, match="Cancel again in a minute"):
        cancel(SezzlePayment.objects.get())


@pytest.mark.parametrize("fault", ["422", "refused"])
def test_of_a_checkout_that_was_certainly_not_made_no_link_is_out(
    emulator: Emulator, fault: str
) -> None:
    if fault == "422":
        emulator.profile.change(merchant_minimum_in_cents=50_000)
    else:
        emulator.faults.add("session_create", fault)
    with pytest.raises((GatewayRejected, GatewayUnavailable)):
        ask()
    emulator.profile.change(merchant_minimum_in_cents=101)
    payment = ask()
    assert (payment, payment.reference_id) == (SezzlePayment.objects.get(), "T-1-2")


def test_a_number_stays_given_out_when_its_payment_is_renamed(emulator: Emulator) -> None:
    lose(emulator)
    payment = ask()
    assert payment.reference_id == "T-1-2"
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    set_reference(payment, "R-77")
    cancel(payment)
    assert ask().reference_id == "T-1-3"


@pytest.mark.parametrize("name", ["T-123", "T-1-", "T-1-" + "9" * 40])
def test_digits_that_are_no_number_of_ours(emulator: Emulator, name: str) -> None:
    payment = ask()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    set_reference(payment, name)
    cancel(payment)
    assert ask().reference_id == "T-1-2"
