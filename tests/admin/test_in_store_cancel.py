"""Giving up a sale at the till, in a race with the shopper, and the number of the receipt."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import cancel, refresh
from tests.admin.conftest import MakePayment, moved, operation_of
from tests.admin.test_in_store import TILL
from tests.admin.tills import (
    CANCEL,
    RECEIPT,
    MakeSale,
    beginner,
    cashier,
    said,
    sale,
    state,
    text_of,
    url,
)
from tests.services.rigs import Wire, again

__all__ = ["beginner", "cashier", "sale"]

pytestmark = [pytest.mark.django_db]

NOT_CONFIRMED = "Sezzle has not confirmed this number. Save it again."


# Giving up


def test_giving_up_closes_the_checkout(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()

    answer = beginner.post(url(CANCEL, payment))

    assert (answer.status_code, answer["Location"]) == (303, url(TILL, payment))
    assert "nobody can pay it any more" in said(beginner, payment)
    assert again(payment).status == Status.CANCELED
    assert emulator.order(str(payment.order_uuid)).checkout_status == "deleted"
    (entry,) = LogEntry.objects.all()
    assert entry.change_message.startswith("cancel-in-store: done.")
    assert state(beginner, payment)["headline"] == "Canceled"


def test_giving_up_twice_does_it_once(beginner: Client, sale: MakeSale, emulator: Emulator) -> None:
    payment = sale()
    for _ in range(2):
        beginner.post(url(CANCEL, payment))

    assert [call.operation for call in emulator.calls].count("checkout_delete") == 1
    assert "It is closed already." in said(beginner, payment)
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("moment", ["before the read", "before the deletion"])
def test_a_faster_shopper_gets_back_what_was_held(
    cashier: Client, sale: MakeSale, emulator: Emulator, moment: str
) -> None:
    payment = sale()
    call = "order_get" if moment == "before the read" else "checkout_delete"
    Wire(emulator).before(call, lambda: emulator.approve(str(payment.order_uuid)))

    cashier.post(url(CANCEL, payment))

    assert moved(emulator) == [("release", 8450)]
    assert str(operation_of(payment).actor).startswith("staff1")
    text = said(cashier, payment)
    assert "The shopper was faster and has paid." in text
    assert "$84.50 USD was released" in text
    assert state(cashier, payment)["headline"] == "Canceled"


@pytest.mark.parametrize("moment", ["before the read", "before the deletion"])
def test_who_may_not_release_releases_nothing_to_a_faster_shopper(
    beginner: Client, sale: MakeSale, emulator: Emulator, moment: str
) -> None:
    payment = sale()
    call = "order_get" if moment == "before the read" else "checkout_delete"
    Wire(emulator).before(call, lambda: emulator.approve(str(payment.order_uuid)))

    beginner.post(url(CANCEL, payment))

    assert not moved(emulator)
    assert again(payment).held_in_cents == 8450
    text = said(beginner, payment)
    assert "The shopper was faster and has paid." in text
    assert "$84.50 USD is held, and nothing was released" in text
    assert "ask somebody who may release" in text
    assert state(beginner, payment)["headline"] == "Approved"


def test_each_is_told_before_what_giving_up_would_do(
    cashier: Client, beginner: Client, sale: MakeSale
) -> None:
    payment = sale()

    assert "is released at once" in text_of(cashier, payment)
    assert "since you may not release" in text_of(beginner, payment)


def test_an_approval_that_is_known_is_not_undone_by_an_old_page(
    cashier: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)

    cashier.post(url(CANCEL, payment))

    assert not moved(emulator)
    assert emulator.calls == []
    assert "The shopper was faster and has paid. Nothing was released." in said(cashier, payment)


@pytest.mark.parametrize("fault", ["drop_before", "503"])
def test_giving_up_without_an_answer_says_so(
    cashier: Client, sale: MakeSale, emulator: Emulator, fault: str
) -> None:
    payment = sale()
    emulator.faults.add("checkout_delete", fault)

    cashier.post(url(CANCEL, payment))

    assert "Sezzle could not be asked" in said(cashier, payment)
    assert again(payment).canceled_at is None
    cashier.post(url(CANCEL, payment))
    assert again(payment).status == Status.CANCELED


def test_a_release_without_an_answer_is_being_checked(
    cashier: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale()
    Wire(emulator).before("checkout_delete", lambda: emulator.approve(str(payment.order_uuid)))
    emulator.faults.add("release", "drop_before")

    cashier.post(url(CANCEL, payment))

    text = said(cashier, payment)
    assert "The shopper was faster and has paid." in text
    assert "do not repeat it" in text
    assert state(cashier, payment)["headline"] == "Being checked"


def test_a_checkout_of_the_website_is_canceled_by_who_may_release(
    beginner: Client, cashier: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)

    refused = beginner.post(url(CANCEL, payment))

    assert refused.status_code == 403
    assert emulator.calls == []
    assert url(CANCEL, payment) not in text_of(beginner, payment)
    assert url(CANCEL, payment) in text_of(cashier, payment)
    cashier.post(url(CANCEL, payment))
    assert again(payment).status == Status.CANCELED


# The receipt


def test_the_receipts_number_goes_to_sezzle(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)

    answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-20261121_7"})

    assert (answer.status_code, answer["Location"]) == (303, url(TILL, payment))
    assert again(payment).reference_id == "R-20261121_7"
    assert emulator.order(str(payment.order_uuid)).reference_id == "R-20261121_7"
    (entry,) = LogEntry.objects.all()
    assert entry.change_message == "receipt number R-20261121_7: told to Sezzle"
    assert 'value="R-20261121_7"' in text_of(beginner, payment)


@pytest.mark.parametrize("typed", ["", "R 1", "é", "x" * 81, "R-1\n2", "TAKEN"])
def test_a_wrong_receipt_number_is_marked(
    beginner: Client, sale: MakeSale, emulator: Emulator, typed: str
) -> None:
    other, payment = sale(2, approve=True), sale(approve=True)
    beginner.post(url(RECEIPT, other), {"receipt": "TAKEN"})
    emulator.calls.clear()

    answer = beginner.post(url(RECEIPT, payment), {"receipt": typed})

    assert answer.status_code == 200
    (error,) = answer.context["receipt"].errors["receipt"]
    assert ("Another payment has this number" in error) == (typed == "TAKEN")
    assert again(payment).reference_id == "TILL-1"
    assert emulator.calls == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [("503", "could not be reached. Save it again."), ("422_duplicate", "Sezzle refused it")],
)
def test_a_receipt_number_that_sezzle_does_not_have_is_not_called_saved(
    beginner: Client, sale: MakeSale, emulator: Emulator, fault: str, words: str
) -> None:
    payment = sale(approve=True)
    emulator.faults.add("order_update", fault)

    answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})

    (error,) = answer.context["receipt"].errors["receipt"]
    assert "The number is kept here" in error
    assert words in error
    # Also for whoever opens the page later.
    assert NOT_CONFIRMED in text_of(beginner, payment)
    assert beginner.post(url(RECEIPT, payment), {"receipt": "R-1"}).status_code == 303
    assert emulator.order(str(payment.order_uuid)).reference_id == "R-1"
    assert NOT_CONFIRMED not in text_of(beginner, payment)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("503", "Sezzle could not be reached. Nothing was changed: save it again"),
        ("401", "Nothing was changed."),
    ],
)
def test_a_receipt_number_that_was_not_written_down_is_not_called_kept(
    beginner: Client, sale: MakeSale, emulator: Emulator, fault: str, words: str
) -> None:
    payment = sale(approve=True)
    beginner.get(url(TILL, payment))
    tokens.clear()
    emulator.faults.add("authentication", fault, times=None)

    answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})

    (error,) = answer.context["receipt"].errors["receipt"]
    assert words in error
    assert "kept here" not in error
    assert again(payment).reference_id == "TILL-1"


def test_a_refused_receipt_number_that_another_till_replaced_is_not_called_kept(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    emulator.faults.add("order_update", "422_duplicate")
    replace = SezzlePayment.objects.filter(pk=payment.pk).update
    Wire(emulator).after("order_update", lambda: replace(reference_id="R-2"))

    answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})

    (error,) = answer.context["receipt"].errors["receipt"]
    assert "Sezzle refused it; nothing was changed." in error


def test_a_receipt_number_is_kept_when_the_keys_stop_being_accepted(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    emulator.faults.add("order_update", "401", times=None)

    answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})

    (error,) = answer.context["receipt"].errors["receipt"]
    assert "did not accept the shop's keys" in error
    assert "The number is kept here" in error
    assert again(payment).reference_id == "R-1"


def test_a_receipt_number_that_was_edited_at_sezzle_is_not_called_confirmed(
    beginner: Client, sale: MakeSale, emulator: Emulator
) -> None:
    payment = sale(approve=True)
    emulator.dashboard_set_reference(str(payment.order_uuid), "edited")
    refresh(payment)
    # Nobody gave it a number here.
    assert NOT_CONFIRMED not in text_of(beginner, payment)
    beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})
    assert NOT_CONFIRMED not in text_of(beginner, payment)
    emulator.dashboard_set_reference(str(payment.order_uuid), "edited")
    emulator.calls.clear()

    refresh(again(payment))

    assert NOT_CONFIRMED in text_of(beginner, payment)
    # The dashboard is not quarreled with.
    assert [call.operation for call in emulator.calls] == ["order_get"]
    assert emulator.order(str(payment.order_uuid)).reference_id == "edited"


def test_a_second_try_is_no_receipt(beginner: Client, sale: MakeSale, emulator: Emulator) -> None:
    cancel(sale())
    payment = sale(approve=True)

    text = text_of(beginner, payment)

    assert payment.reference_id == "TILL-1-2"
    assert "TILL-1-2" not in text


def test_only_a_sale_at_the_counter_takes_a_receipt_number(
    beginner: Client, sale: MakeSale, make_payment: MakePayment, emulator: Emulator
) -> None:
    waiting, website = sale(), make_payment()
    given_up = sale(2)
    cancel(given_up)
    emulator.calls.clear()

    for payment in (waiting, website, given_up):
        answer = beginner.post(url(RECEIPT, payment), {"receipt": "R-1"})
        (error,) = answer.context["receipt"].errors["receipt"]
        assert "takes no receipt number now" in error
        assert again(payment).reference_id == payment.reference_id
    assert "order_update" not in [call.operation for call in emulator.calls]
