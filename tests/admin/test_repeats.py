"""A form sent twice, a form used up, two people with the same payment open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation
from tests.admin.conftest import (
    Desk,
    MakePayment,
    MakeStaff,
    amount,
    kinds,
    money_calls,
    moved,
)

MakeDesk = Callable[[str], Desk]


@pytest.mark.fault(34)
def test_a_form_sent_twice_moves_money_once(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    change = {amount(payment): "20.00"}

    first, second = form.send(**change), form.send(**change)

    assert moved(emulator) == [("capture", 2000)]
    assert kinds(first) == kinds(second) == ["done"]
    assert SezzleOperation.objects.count() == 1


def test_a_form_opened_anew_may_capture_again(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()

    desk("capture").open(payment).send(**{amount(payment): "20.00"})
    desk("capture").open(payment).send(**{amount(payment): "20.00"})

    assert moved(emulator) == [("capture", 2000)] * 2


@pytest.mark.fault(34)
def test_a_used_form_with_another_amount_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    form.send(**{amount(payment): "20.00"})

    page = form.send(**{amount(payment): "10.00"})

    assert moved(emulator) == [("capture", 2000)]
    assert kinds(page) == ["unsent"]
    assert "This form was sent before with something else." in page.content.decode()


@pytest.mark.fault(34)
def test_a_used_form_sent_to_another_action_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    form.send(**{amount(payment): "20.00"})
    form.action = "release"

    page = form.send(**{amount(payment): "20.00"})

    assert moved(emulator) == [("capture", 2000)]
    assert kinds(page) == ["unsent"]


@pytest.mark.fault(6)
def test_two_people_with_the_same_payment_open(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    permissions = ("view_sezzlepayment", "capture_sezzlepayment")
    hers = Desk(make_staff(*permissions), "capture").open(payment)
    his = Desk(make_staff(*permissions), "capture").open(payment)

    first, second = hers.send(), his.send()

    assert (kinds(first), kinds(second)) == (["done"], ["unsent"])
    assert "more than what can be moved now" in second.content.decode()
    assert moved(emulator) == [("capture", 5000)]


@pytest.mark.fault(7)
def test_a_payment_with_an_operation_being_checked_waits(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    before, after = desk("capture").open(payment), desk("refund").open(payment)
    emulator.faults.add("capture", "timeout_before")
    emulator.faults.add("order_get", "503", times=None)
    assert kinds(before.send(**{amount(payment): "20.00"})) == ["unknown"]

    page = after.send(**{amount(payment): "20.00"})
    opened = desk("capture").open(payment)

    assert kinds(page) == ["unsent"]
    assert "being checked" in page.content.decode()
    assert opened.page.context["rows"][0].field is None
    assert "being checked" in opened.page.content.decode()
    assert money_calls(emulator) == ["capture"]


@pytest.mark.fault(7)
def test_the_same_on_another_form_after_an_unknown_outcome_is_found_done(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    first, second = desk("capture").open(payment), desk("capture").open(payment)
    emulator.faults.add("capture", "drop_after")
    emulator.faults.add("order_get", "503", times=3)
    assert kinds(first.send(**{amount(payment): "20.00"})) == ["unknown"]
    SezzleOperation.objects.update(lease_until=timezone.now())

    page = second.send(**{amount(payment): "20.00"})

    assert moved(emulator) == [("capture", 2000)]
    assert kinds(page) == ["unsent"]
    assert "has just been found to be done" in page.content.decode()
