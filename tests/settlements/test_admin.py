"""The page "Settlements": for whom, what it asks and costs, and what it says when that fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.admin import settlements as page_module
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.fixtures import MakeStaff
from tests.services.rigs import Statements, Wire, says
from tests.settlements.conftest import MakePayment, Row, called, edited, pay_out
from tests.views.html import inline_code

pytestmark = pytest.mark.django_db

URL = "admin:django_sezzle_sezzlepayment_settlements"
OVERVIEW = "admin:django_sezzle_sezzlepayment_overview"
VIEW, SEE = "view_sezzlepayment", "view_settlements"
MARCH = {"account": "default", "first": "2026-03-01", "last": "2026-03-31"}


@pytest.fixture
def clerk(make_staff: MakeStaff) -> Client:
    """A browser of somebody who may see payments and settlements."""
    return make_staff(VIEW, SEE)


def ask(client: Client, **changes: str) -> Any:
    return client.post(reverse(URL), MARCH | changes)


def text_of(page: Any) -> str:
    assert page.status_code == 200, page.status_code
    text: str = page.content.decode()
    return re.sub(r"\s+", " ", text[text.index('id="content-main"') :])


def test_looking_asks_nobody_and_proposes_last_month(
    clerk: Client, emulator: Emulator, later: object
) -> None:
    text = text_of(clerk.get(reverse(URL)))
    assert 'value="2026-02-01"' in text
    assert 'value="2026-02-28"' in text
    assert emulator.calls == []


def test_sezzle_is_asked_for_one_period_and_nothing_is_stored(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    payment = taken("1001", 10_000, back=1_000)
    taken("1002", 5_000)
    uuid = pay_out(emulator)
    called(emulator)

    page = ask(clerk)

    text = text_of(page)
    assert "Everything matches." in text
    assert "2 of 2 orders are payments of this account." in text
    assert "In total: fees -$9.00 USD, net $131.00 USD." in text
    assert uuid in text
    change = reverse("admin:django_sezzle_sezzlepayment_change", args=[payment.pk])
    assert f'<a href="{change}">1001</a>' in text
    for amount in ("$100.00 USD", "$10.00 USD", "-$5.70 USD", "$84.30 USD"):
        assert f"<div>{amount}</div>" in text
    assert (
        called(emulator)
        == ["settlement_summaries", "settlement_details"] + ["settlement_summaries"] * 2
    )
    with Statements() as statements:
        ask(clerk)
    assert not [s for s in statements.texts if re.match("INSERT|UPDATE|DELETE", s)]


def test_what_it_costs_does_not_grow_with_the_orders(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    def cost() -> tuple[int, int]:
        called(emulator)
        with Statements() as statements:
            text_of(ask(clerk))
        return len(statements.texts), len(called(emulator))

    taken()
    taken("1002")
    pay_out(emulator)
    first = cost()
    for number in range(5):
        taken(str(number), 1_000)
    pay_out(emulator)
    second = cost()
    # One payout more is one call, and one statement for its orders.
    assert (second[0] - first[0], second[1] - first[1]) == (1, 1)
    assert first[0] <= 12
    assert first[1] == 4


def test_what_does_not_match_is_shown_first(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    taken()
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="other")

    text = text_of(ask(clerk))

    assert "1 thing does not match" in text
    assert "it is no payment of this shop" in text
    assert "no payment of this account" in text
    assert "Everything matches" not in text
    assert text.index("does not match") < text.index("Payout")


def test_what_a_dispute_took_is_shown(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    taken("1001", 10_000, back=1_000)
    pay_out(emulator)

    def dispute(totals: list[Row], lines: list[Row]) -> None:
        for line in lines:
            if line["type"] == "REFUND":
                line["type"] = "CHARGEBACK"
        totals[0] |= {"total_refund_amount": "0.00", "total_chargeback_amount": "-10.00"}

    assert "disputes" not in text_of(ask(clerk))
    Wire(emulator).falsify("settlement_details", edited(dispute))
    text = text_of(ask(clerk))
    assert "disputes -$10.00 USD" in text
    assert "Everything matches." in text


def test_nothing_was_paid_out(clerk: Client, emulator: Emulator) -> None:
    assert "Nothing was paid out in this period." in text_of(ask(clerk))
    assert called(emulator) == ["settlement_summaries"] * 2
    text_of(ask(clerk, currency="CAD"))
    assert called(emulator) == ["settlement_summaries"]


@pytest.mark.parametrize("codenames", [(), (VIEW,), (SEE,), ("capture_sezzlepayment", VIEW)])
def test_who_may_not_see_it(
    make_staff: MakeStaff, emulator: Emulator, codenames: tuple[str, ...]
) -> None:
    client = make_staff(*codenames)
    assert client.get(reverse(URL)).status_code == 403
    assert ask(client).status_code == 403
    if VIEW in codenames:
        assert reverse(URL) not in client.get(reverse(OVERVIEW)).content.decode()
    assert Client().get(reverse(URL)).status_code == 302
    assert emulator.calls == []


def test_it_is_linked_for_those_who_may(clerk: Client, emulator: Emulator) -> None:
    assert f'href="{reverse(URL)}"' in clerk.get(reverse(OVERVIEW)).content.decode()


def test_another_site_cannot_have_sezzle_asked(make_staff: MakeStaff, emulator: Emulator) -> None:
    assert ask(make_staff(VIEW, SEE, checks_csrf=True)).status_code == 403
    assert emulator.calls == []


def test_only_the_accounts_that_somebody_works_for(
    clerk: Client, emulator: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": {}}}
    assert "canada" in text_of(clerk.get(reverse(URL)))
    monkeypatch.setattr(SezzlePaymentAdmin, "accounts_for", lambda self, request: ["default"])
    assert "canada" not in text_of(clerk.get(reverse(URL)))
    assert "Sezzle was not asked" in text_of(ask(clerk, account="canada"))
    assert emulator.calls == []


@pytest.mark.parametrize(
    ("changes", "says_what"),
    [
        ({"first": "2026-04-01"}, "The period ends before it begins."),
        ({"last": "2027-03-01"}, "Choose at most 92 days"),
        ({"first": "yesterday"}, "Enter a valid date"),
        ({"first": "03/01/2026"}, "Enter a valid date"),
        ({"last": ""}, "This field is required"),
        ({"account": "nobody"}, "Select a valid choice"),
        ({"currency": "EUR"}, "Select a valid choice"),
    ],
)
def test_wrong_input(
    clerk: Client, emulator: Emulator, changes: dict[str, str], says_what: str
) -> None:
    text = text_of(ask(clerk, **changes))
    assert says_what in text
    assert "Sezzle was not asked" in text
    assert emulator.calls == []


def test_a_year_that_is_none(clerk: Client, emulator: Emulator) -> None:
    text = text_of(ask(clerk, first="0001-01-01", last="0001-01-31"))
    assert "give a year of this age" in text
    assert "Sezzle was not asked" in text
    assert emulator.calls == []


def test_a_gateway_that_is_down(clerk: Client, emulator: Emulator, taken: MakePayment) -> None:
    taken()
    pay_out(emulator)
    emulator.faults.add("settlement_details", "refused", times=None)
    text = text_of(ask(clerk))
    assert "Sezzle could not be asked. Try again later." in text
    assert "What is shown is not all." in text
    assert "Everything matches" not in text


def test_an_account_without_settlements(clerk: Client, emulator: Emulator) -> None:
    Wire(emulator).falsify("settlement_summaries", says(403, "[]"))
    text = text_of(ask(clerk))
    assert "Sezzle does not give this account its settlements (HTTP 403)" in text
    assert "payments do not depend on it" in text


def test_a_refusal_is_explained_beside_sezzles_words(clerk: Client, emulator: Emulator) -> None:
    body = '[{"code": "bad_request", "message": "no such day", "debug_uuid": "debug-1"}]'
    Wire(emulator).falsify("settlement_summaries", says(400, body))
    assert (
        "Sezzle refused the question (HTTP 400). Choose other days, or one currency. "
        "“no such day” (debug id debug-1)"
    ) in text_of(ask(clerk))


def test_an_answer_that_cannot_be_read(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    taken()
    pay_out(emulator)

    def garble(_totals: list[Row], lines: list[Row]) -> None:
        lines[0]["amount"] = "much"

    for operation, answer in (
        ("settlement_summaries", says(200, "<html>")),
        ("settlement_details", edited(garble)),
    ):
        Wire(emulator).falsify(operation, answer)
        text = text_of(ask(clerk))
        assert "Sezzle&#x27;s answer could not be read." in text
        assert "sezzle_settlements says what is wrong with it." in text


def test_keys_that_sezzle_does_not_accept(clerk: Client, emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    assert "Sezzle did not accept the shop&#x27;s keys." in text_of(ask(clerk))


def test_unusable_settings(clerk: Client, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"TIMEOUT": 0}
    assert "The settings of this account cannot be used." in text_of(ask(clerk))


def test_it_ends_when_the_time_is_over(
    clerk: Client, emulator: Emulator, taken: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken()
    pay_out(emulator)
    called(emulator)
    monkeypatch.setattr(page_module, "ASKING_SECONDS", -1)
    assert "Sezzle took too long. Choose fewer days." in text_of(ask(clerk))
    assert called(emulator) == ["settlement_summaries", "settlement_details"]


def test_many_orders_are_cut_and_said_to_be(
    clerk: Client, emulator: Emulator, taken: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "SHOWN", 1)
    for number in range(3):
        taken(str(number), 1_000)
    pay_out(emulator)
    page = ask(clerk)
    assert "The first 1 are shown; sezzle_settlements writes all of them." in text_of(page)
    assert "3 of 3 orders" in text_of(page)
    assert len(page.context["report"].payouts[0].rows) == 1


def test_it_is_sound_for_strict_browsers_and_screen_readers(
    clerk: Client, emulator: Emulator, taken: MakePayment
) -> None:
    taken()
    pay_out(emulator)

    def forge(_totals: list[Row], lines: list[Row]) -> None:
        for line in lines:
            line["external_reference_id"] = "<script>alert(1)</script>"

    Wire(emulator).falsify("settlement_details", edited(forge))
    SezzlePayment.objects.update(sezzle_order_id="other")
    page = ask(clerk)
    assert inline_code(page.content.decode()) == []
    text = text_of(page)
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", text))


def test_where_every_request_is_a_transaction_sezzle_can_be_asked(
    clerk: Client, emulator: Emulator, atomic_requests: None
) -> None:
    assert "Nothing was paid out" in text_of(ask(clerk))
