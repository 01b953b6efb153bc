"""Amounts as staff type them: exact, or given back with nothing sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.urls import reverse

from django_sezzle.admin.forms import AmountField, dollars
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation
from tests.admin.conftest import (
    LIST,
    MONEY,
    Desk,
    MakePayment,
    amount,
    kinds,
    money_calls,
    money_url,
    moved,
)
from tests.settings import SEZZLE

MakeDesk = Callable[[str], Desk]

WRONG = ["", "1e2", "10.001", "-5", "+5", "12,34", "1,000.00", "0", "0.00", "99999999999"]
WRONG += ["21474836.48", "abc", "$5", "5 0", "\u0665", "1_0", "NaN", "Infinity", ".5", "5.", "\x00"]


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("text", "in_cents"),
    [
        ("0.01", 1),
        ("0.29", 29),
        ("19.99", 1999),
        ("1.5", 150),
        ("50", 5000),
        (" 7.10 ", 710),
        ("21474836.47", 2147483647),
    ],
)
def test_dollars_become_cents_exactly(text: str, in_cents: int) -> None:
    assert AmountField().clean(text) == in_cents


@pytest.mark.fault(23, 26)
@pytest.mark.parametrize("text", WRONG)
def test_everything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValidationError):
        AmountField().clean(text)


@pytest.mark.fault(23)
@pytest.mark.parametrize("in_cents", [1, 29, 100, 1999, 123456, 2147483647])
def test_what_the_form_is_filled_with_comes_back_the_same(in_cents: int) -> None:
    assert AmountField().clean(dollars(in_cents)) == in_cents


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_amount_gives_the_form_back_and_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, text: str
) -> None:
    good, bad = make_payment(), make_payment()
    form = desk("capture").open(good, bad)

    page = form.send(**{amount(good): "11.00", amount(bad): text, "reason": "kept"})

    assert not money_calls(emulator)
    assert not SezzleOperation.objects.exists()
    assert not page.redirect_chain
    shown = page.context["form"]
    assert list(shown.errors) == [amount(bad)]
    assert str(shown["form_id"].value()) == form.form["form_id"]
    assert (shown[amount(good)].value(), shown["reason"].value()) == ("11.00", "kept")
    assert "Nothing was sent" in page.content.decode()


def test_the_corrected_form_is_sent_under_the_same_ids(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    given_back = form.send(**{amount(payment): "1e2"})
    assert str(given_back.context["form"]["form_id"].value()) == form.form["form_id"]

    first = form.send(**{amount(payment): "10.00"})
    again = form.send(**{amount(payment): "10.00"})

    assert kinds(first) == kinds(again) == ["done"]
    assert moved(emulator) == [("capture", 1000)]


@pytest.mark.parametrize(
    "change", [{"reason": "x" * 201}, {"form_id": ""}, {"form_id": "not-a-uuid"}]
)
def test_a_broken_form_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, change: dict[str, str]
) -> None:
    form = desk("capture").open(make_payment())

    page = form.send(**change)

    assert not money_calls(emulator)
    assert page.status_code == 200
    assert page.context["form"]["form_id"].value()
    assert "Nothing was sent" in page.content.decode()


def test_a_new_form_after_a_lost_id_can_be_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    form = desk("capture").open(make_payment())
    page = form.send(form_id="")

    form.form["form_id"] = str(page.context["form"]["form_id"].value())

    assert kinds(form.send()) == ["done"]
    assert moved(emulator) == [("capture", 5000)]


def test_an_amount_above_the_rest_is_not_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(5000)

    page = desk("capture").open(payment).send(**{amount(payment): "50.01"})

    assert kinds(page) == ["unsent"]
    assert not money_calls(emulator)


@pytest.mark.fault(33)
@override_settings(SEZZLE=SEZZLE | {"BULK_LIMIT": 2})
def test_more_payments_than_the_limit_are_not_taken(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(3)]
    selected = {"action": "capture_selected", "_selected_action": [p.pk for p in payments]}
    typed = {amount(payment): "1.00" for payment in payments}

    for answer in (
        manager.post(reverse(LIST), selected, follow=True),
        manager.post(reverse(LIST), selected | {"select_across": "1"}, follow=True),
        manager.get(money_url("capture", *payments), follow=True),
        manager.post(reverse(MONEY, args=["capture"]), typed, follow=True),
    ):
        assert answer.request["PATH_INFO"] == reverse(LIST)
        assert "at most 2 payments at a time" in answer.content.decode()
    assert not money_calls(emulator)
    assert Desk(manager, "capture").open(*payments[:2]).page.status_code == 200


@pytest.mark.parametrize("ids", ["", "x", "-1", "999999999", "9" * 40, "٣", "1;drop"])
def test_a_choice_of_nothing_leads_back_to_the_list(manager: Client, db: None, ids: str) -> None:
    answer = manager.get(reverse(MONEY, args=["capture"]), {"ids": ids}, follow=True)

    assert answer.request["PATH_INFO"] == reverse(LIST)
    assert "No payment was chosen" in answer.content.decode()


def test_payments_that_cannot_be_acted_on_are_shown_with_the_reason(
    desk: MakeDesk, make_payment: MakePayment
) -> None:
    waiting, taken, held = (
        make_payment(approve=False),
        make_payment(captured_in_cents=5000),
        make_payment(),
    )

    opened = desk("capture").open(waiting, taken, held)

    fields = [row.field is not None for row in opened.page.context["rows"]]
    assert fields == [False, False, True]
    text = opened.page.content.decode()
    assert "Sezzle has not authorized this payment." in text
    assert "Nothing is held any more." in text
