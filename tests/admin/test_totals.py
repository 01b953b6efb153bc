"""Large totals: typed once more before anything is sent, where the shop wants that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from django_sezzle.admin.forms import TotalField
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation
from tests.admin.conftest import Desk, MakePayment, amount, kinds, money_calls, moved
from tests.settings import SEZZLE
from tests.views.html import Page, inline_code

MakeDesk = Callable[[str], Desk]

above_100_dollars = override_settings(SEZZLE=SEZZLE | {"CONFIRM_ABOVE_CENTS": 10_000})


@pytest.mark.parametrize(
    ("text", "in_cents"),
    [
        ("1234.50", 123_450),
        ("$1,234.50 USD", 123_450),
        (" 1,234.5 ", 123_450),
        ("0", 0),
        ("2147483647000", None),
        ("", None),
        ("much", None),
        ("-5", None),
        ("1e9", None),
        ("\u0665", None),
    ],
)
def test_a_total_is_taken_as_it_is_shown(text: str, in_cents: int | None) -> None:
    assert TotalField(required=False).clean(text) == in_cents


def test_no_total_is_typed_where_the_shop_does_not_ask(
    desk: MakeDesk, make_payment: MakePayment
) -> None:
    opened = desk("capture").open(make_payment(2_000_000))

    assert "total-USD" not in opened.form
    assert kinds(opened.send()) == ["done"]


@above_100_dollars
@pytest.mark.parametrize("cents", [5000, 10_000])
def test_a_total_up_to_the_threshold_is_not_typed(
    desk: MakeDesk, make_payment: MakePayment, cents: int
) -> None:
    opened = desk("capture").open(make_payment(cents))

    assert "total-USD" not in opened.page.content.decode()
    assert kinds(opened.send()) == ["done"]


@above_100_dollars
@pytest.mark.parametrize("typed", ["", "100", "60.01", "none"])
def test_a_larger_total_is_typed_or_nothing_is_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, typed: str
) -> None:
    one, two = make_payment(6000), make_payment(6000)
    form = desk("capture").open(one, two)
    assert 'name="total-USD"' in form.page.content.decode()

    page = form.send(**{"total-USD": typed, amount(two): "50.00", "reason": "kept"})

    assert not money_calls(emulator)
    assert not SezzleOperation.objects.exists()
    text = page.content.decode()
    assert "type the total of the amounts above: $110.00 USD" in text
    assert "Nothing was sent." in text
    assert (page.context["form"][amount(two)].value(), "kept" in text) == ("50.00", True)
    # What the row becomes, and the total, are those of what was typed.
    assert page.context["totals"][0].shown == "$110.00 USD"
    assert page.context["rows"][1].changes[0].after == "$10.00 USD"

    done = form.send(**{"total-USD": "110.00", amount(two): "50.00"})
    assert kinds(done) == ["done"] * 2
    assert sorted(moved(emulator)) == [("capture", 5000), ("capture", 6000)]


@above_100_dollars
def test_less_than_the_threshold_of_a_large_payment_needs_no_total(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(50_000)

    page = desk("capture").open(payment).send(**{amount(payment): "99.99"})

    assert kinds(page) == ["done"]
    assert moved(emulator) == [("capture", 9999)]


@above_100_dollars
def test_each_currency_has_its_own_total(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = make_payment(20_000), make_payment(30_000, currency="CAD"), make_payment(100)
    form = desk("capture").open(*payments)

    refused = form.send(**{"total-USD": "201", "total-CAD": "201"})
    assert list(refused.context["form"].errors) == ["total-CAD"]
    assert not money_calls(emulator)

    assert kinds(form.send(**{"total-USD": "201", "total-CAD": "300"})) == ["done"] * 3


@above_100_dollars
def test_the_page_is_well_formed_and_has_nothing_inline(
    desk: MakeDesk, make_payment: MakePayment
) -> None:
    waiting = make_payment(approve=False)
    opened = desk("refund").open(make_payment(50_000, captured_in_cents=50_000), waiting)
    result = opened.send(**{"total-USD": "500"})

    for answer in (opened.page, result):
        content = answer.content.decode()
        assert inline_code(content) == []
    names = _labels(opened.page)
    assert names >= {"id_reason", "id_total-USD"}
    assert len([name for name in names if name.startswith("id_amount-")]) == 1


def _labels(answer: Any) -> set[str | None]:
    start = answer.content.decode().partition('<div id="content-main">')[2]
    page = Page('<div id="content-main">' + start.partition("<script")[0].rpartition("</div>")[0]
                + "</div>")  # fmt: skip
    return {label.get("for") for label in page.all("label")}
