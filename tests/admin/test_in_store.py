"""Staff ask a shopper in the store for a payment: once, and nothing of the shopper stays here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Intent, Price
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzleOperation, SezzlePayment, Status
from django_sezzle.services import Checkout, cancel, charge_customer, refresh, start_checkout
from django_sezzle.services.tokenization import find_customer
from tests.admin.conftest import CHANGE, LIST, MakeStaff, statements
from tests.fixtures import a_checkout, make_user, payments_connection
from tests.reliability.canaries import places
from tests.reliability.listening import listening

IN_STORE = "admin:django_sezzle_sezzlepayment_in_store"
TILL = "admin:django_sezzle_sezzlepayment_till"
VIEW, SELL = "view_sezzlepayment", "sell_sezzlepayment"

PHONE, EMAIL = "+16125550142", "wren@canary-mail.example"

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def cashier(make_staff: MakeStaff, emulator: Emulator) -> Client:
    """A browser of somebody who may sell, and not move money otherwise."""
    return make_staff(VIEW, SELL)


def fill_in(client: Client, **changes: str) -> dict[str, str]:
    """Open the form and fill it in for a sale of $84.50."""
    page = client.get(reverse(IN_STORE))
    assert page.status_code == 200
    form = {field.html_name: str(field.value() or "") for field in page.context["form"]}
    return form | {"shop_reference": "TILL-7001", "amount": "84.50", "currency": "USD"} | changes


def send(client: Client, form: dict[str, str]) -> Any:
    return client.post(reverse(IN_STORE), form)


def ask(client: Client, **changes: str) -> SezzlePayment:
    """Ask for a payment, and be led to the till."""
    answer = send(client, fill_in(client, **changes))
    assert answer.status_code == 303, answer.context["form"].errors
    payment = SezzlePayment.objects.order_by("-pk")[0]
    assert answer["Location"] == reverse(TILL, args=[payment.pk])
    return payment


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    found: dict[str, list[str]] = answer.context["form"].errors
    return found


# What is asked for


def test_a_link_by_text_message(cashier: Client, emulator: Emulator) -> None:
    payment = ask(cashier, phone="(612) 555-0142", language="fr-CA", description="Two lamps")

    assert (payment.shop_reference, payment.amount_in_cents) == ("TILL-7001", 8450)
    assert (payment.intent, payment.status) == (Intent.AUTH, Status.CREATED)
    (link,) = emulator.sent_links
    assert (link.channel, link.to, link.language) == ("sms", PHONE, "fr-CA")
    assert emulator.order(str(payment.order_uuid)).description == "Two lamps"
    (entry,) = LogEntry.objects.all()
    assert (entry.action_flag, entry.object_id) == (ADDITION, str(payment.pk))
    assert str(entry.user).startswith("staff1")
    assert entry.change_message == "asked in store: TILL-7001, $84.50 USD, link by SMS"


def test_a_link_by_e_mail_in_canadian_dollars(cashier: Client, emulator: Emulator) -> None:
    payment = ask(cashier, email=EMAIL, currency="CAD")

    assert payment.currency == "CAD"
    assert [(link.channel, link.to) for link in emulator.sent_links] == [("email", EMAIL)]


def test_no_link_when_the_shopper_scans_the_code(cashier: Client, emulator: Emulator) -> None:
    payment = ask(cashier)

    assert not emulator.sent_links
    page = cashier.get(reverse(TILL, args=[payment.pk])).content.decode()
    assert payment.checkout_url.replace("&", "&amp;") in page


def test_a_link_to_the_form_fills_in_the_sale_and_nothing_of_the_shopper(cashier: Client) -> None:
    given = {"shop_reference": "A-1", "amount": "9.99", "currency": "CAD", "phone": PHONE}

    page = cashier.get(reverse(IN_STORE), given)

    values = {field.html_name: field.value() for field in page.context["form"]}
    assert (values["shop_reference"], values["amount"]) == ("A-1", "9.99")
    assert values["currency"] == "CAD"
    assert not values["phone"]


def test_the_list_leads_to_the_form(cashier: Client, make_staff: MakeStaff) -> None:
    link = f'href="{reverse(IN_STORE)}"'

    assert link in cashier.get(reverse(LIST)).content.decode()
    assert link not in make_staff(VIEW).get(reverse(LIST)).content.decode()


# Who may


@pytest.mark.parametrize("has", [(), (VIEW,), (SELL,), (VIEW, "capture_sezzlepayment")])
def test_nobody_asks_who_may_not(
    make_staff: MakeStaff, cashier: Client, emulator: Emulator, has: tuple[str, ...]
) -> None:
    form = fill_in(cashier)
    client = make_staff(*has)

    assert client.get(reverse(IN_STORE)).status_code == 403
    assert send(client, form).status_code == 403
    assert Client().post(reverse(IN_STORE), form).status_code == 302
    assert emulator.calls == []
    assert not SezzlePayment.objects.exists()


def test_a_form_from_elsewhere_is_refused(make_staff: MakeStaff, emulator: Emulator) -> None:
    client = make_staff(VIEW, SELL, checks_csrf=True)

    assert send(client, fill_in(client)).status_code == 403
    assert emulator.calls == []


def test_an_account_is_chosen_where_there_are_several(
    cashier: Client, emulator: Emulator, settings: Any
) -> None:
    assert "account" not in fill_in(cashier)
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": {}}}

    payment = ask(cashier, account="canada")
    wrong = send(cashier, fill_in(cashier, account="moon", shop_reference="OTHER"))

    assert payment.account == "canada"
    assert list(errors_of(wrong)) == ["account"]


def test_staff_of_one_account_sell_for_that_one_only(
    cashier: Client, emulator: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": {}}}
    seen = ["canada"]
    monkeypatch.setattr(
        "django_sezzle.admin.accounts.AccountsMixin.accounts_for", lambda self, request: seen
    )

    assert ask(cashier).account == "canada"
    seen.clear()
    assert cashier.get(reverse(IN_STORE)).status_code == 403


# Wrong input


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("shop_reference", ""),
        ("shop_reference", "R 1"),
        ("shop_reference", "é"),
        ("shop_reference", "x" * 81),
        ("amount", ""),
        ("amount", "84,50"),
        ("amount", "-1.00"),
        ("amount", "0.99"),
        ("amount", "1e3"),
        ("amount", "99999999.00"),
        ("currency", "EUR"),
        ("phone", "555-0142"),
        ("phone", "+1 612 555"),
        ("phone", "call me"),
        ("email", "wren"),
        ("email", f"{'w' * 250}@x.example"),
        ("language", "de"),
        ("description", "x" * 201),
    ],
)
def test_wrong_input_is_marked_and_nothing_is_sent(
    cashier: Client, emulator: Emulator, field: str, typed: str
) -> None:
    answer = send(cashier, fill_in(cashier, phone=PHONE, email=EMAIL) | {field: typed})

    assert list(errors_of(answer)) == [field]
    assert emulator.calls == []
    assert not SezzlePayment.objects.exists()
    assert not LogEntry.objects.exists()
    # Nobody types the rest again.
    assert answer.context["form"]["email" if field == "phone" else "phone"].value()


def test_a_form_without_its_id_is_shown_anew(cashier: Client, emulator: Emulator) -> None:
    answer = send(cashier, fill_in(cashier) | {"form_id": "x"})

    assert answer.status_code == 200
    assert not answer.context["form"].is_bound
    assert emulator.calls == []


# Once


def test_a_form_sent_twice_asks_once(cashier: Client, emulator: Emulator) -> None:
    form = fill_in(cashier, phone=PHONE)

    first, second = send(cashier, form), send(cashier, form)

    assert first["Location"] == second["Location"]
    assert (len(emulator.orders), len(emulator.sent_links)) == (1, 1)
    assert LogEntry.objects.count() == 1


def test_an_old_form_does_not_ask_for_what_was_given_up(
    cashier: Client, emulator: Emulator
) -> None:
    form = fill_in(cashier, phone=PHONE)
    send(cashier, form)
    payment = SezzlePayment.objects.get()
    cancel(payment)

    again = send(cashier, form)
    anew = send(cashier, fill_in(cashier, phone=PHONE))

    assert again["Location"] == reverse(TILL, args=[payment.pk])
    assert anew["Location"] != again["Location"]
    assert len(emulator.sent_links) == 2


def test_a_second_form_for_the_same_sale_sends_no_second_link(
    cashier: Client, emulator: Emulator
) -> None:
    payment = ask(cashier, phone=PHONE)

    assert ask(cashier, phone=PHONE) == payment

    page = cashier.get(reverse(TILL, args=[payment.pk]))
    said = [str(message) for message in page.context["messages"]]
    assert "no second link was sent" in said[-1]
    assert (len(emulator.orders), len(emulator.sent_links)) == (1, 1)
    assert LogEntry.objects.count() == 1


def test_a_corrected_number_takes_the_place_of_the_wrong_one(
    cashier: Client, emulator: Emulator
) -> None:
    wrong = ask(cashier, phone="612 555 0199")

    right = ask(cashier, phone=PHONE)

    assert wrong != right
    wrong.refresh_from_db()
    assert wrong.status == Status.CANCELED
    assert emulator.order(str(wrong.order_uuid)).checkout_status == "deleted"
    assert [link.to for link in emulator.sent_links] == ["+16125550199", PHONE]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_asks_once(cashier: Client, emulator: Emulator) -> None:
    form = fill_in(cashier, phone=PHONE)

    def click(_number: int) -> Any:
        client = Client()
        client.cookies = cashier.cookies
        try:
            return send(client, form)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(click, range(2)))

    assert [answer.status_code for answer in answers] == [303, 303]
    assert SezzlePayment.objects.count() == 1
    assert (len(emulator.orders), len(emulator.sent_links)) == (1, 1)


# What goes wrong


def test_a_sale_that_is_paid_is_not_asked_for_again(cashier: Client, emulator: Emulator) -> None:
    payment = ask(cashier)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)

    answer = send(cashier, fill_in(cashier, phone=PHONE))

    (text,) = errors_of(answer)["__all__"]
    assert "has its payment already" in text
    assert reverse(CHANGE, args=[payment.pk]) in text
    assert not emulator.sent_links


def test_a_refusal_is_told_in_sezzles_words(cashier: Client, emulator: Emulator) -> None:
    emulator.profile.change(merchant_minimum_in_cents=10_000)

    answer = send(cashier, fill_in(cashier, phone=PHONE))

    (text,) = errors_of(answer)["__all__"]
    assert "no link was sent, and no money moved" in text
    assert not emulator.sent_links


@pytest.mark.parametrize(
    ("lost", "phone", "doubt"),
    [
        ("session_create", "", False),
        ("session_create", PHONE, True),
        # Without a token nothing was asked for.
        ("authentication", PHONE, False),
    ],
)
def test_no_answer_leaves_it_open_whether_a_link_was_sent(
    cashier: Client, emulator: Emulator, lost: str, phone: str, doubt: bool
) -> None:
    tokens.clear()
    emulator.faults.add(lost, "drop_after")
    form = fill_in(cashier, phone=phone)

    answer = send(cashier, form)

    (text,) = errors_of(answer)["__all__"]
    assert "No payment was asked for" not in answer.content.decode()

    assert ("may or may not have been sent" in text) == doubt
    assert ("that sends another link" in text) == doubt
    assert "No money moved" in text
    assert not LogEntry.objects.exists()
    assert send(cashier, form).status_code == 303
    assert len(emulator.sent_links) == bool(phone) + doubt
    # The first one that came to something is no repetition.
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("way", ["under way", "not shown yet"])
def test_a_charge_that_is_being_checked_is_not_another_till(
    cashier: Client, emulator: Emulator, way: str
) -> None:
    began = start_checkout(a_checkout("FIRST", 2_500, tokenize=True, user=make_user("shopper")))
    emulator.approve(str(began.order_uuid), tokenize=True)
    refresh(began)
    customer = find_customer(began, seconds=10)
    assert customer is not None
    emulator.faults.add("customer_order", "drop_before", times=None)
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, a_checkout("TILL-7001", 8450, intent=Intent.AUTH))
    charge = SezzlePayment.objects.current_for("TILL-7001")
    assert charge is not None
    if way == "not shown yet":
        # Sezzle named an order for it, and does not show it approved.
        other = start_checkout(a_checkout("OTHER", 8450))
        SezzlePayment.objects.filter(pk=other.pk).update(order_uuid=None)
        SezzlePayment.objects.filter(pk=charge.pk).update(order_uuid=other.order_uuid)
        SezzleOperation.objects.update(is_open=None, state="succeeded")

    (text,) = errors_of(send(cashier, fill_in(cashier, phone=PHONE)))["__all__"]

    assert "Another till" not in text
    assert "charge for this sale is being checked" in text
    assert "do not ask for the payment in another way" in text
    assert reverse(CHANGE, args=[charge.pk]) in text
    assert not emulator.sent_links


def test_wrong_keys_are_not_the_cashiers_fault(
    cashier: Client, emulator: Emulator, settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}

    (text,) = errors_of(send(cashier, fill_in(cashier)))["__all__"]

    assert "did not accept the shop's keys" in text


def test_a_website_order_is_taken_over_by_the_counter(cashier: Client, emulator: Emulator) -> None:
    begun = start_checkout(
        Checkout(shop_reference="TILL-7001", amount=Price(8450, "USD"), success_url="/thanks/")
    )

    payment = ask(cashier)

    begun.refresh_from_db()
    assert payment != begun
    assert begun.status == Status.CANCELED


# Nothing of the shopper stays


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that is logged, however unimportant."""
    found: list[str] = []
    with listening(lambda _name, text: found.append(text)):
        yield found


@pytest.mark.parametrize("fault", [None, "429", "500_before", "drop_after"])
def test_phone_and_e_mail_come_to_rest_nowhere(
    cashier: Client, emulator: Emulator, logged: list[str], fault: str | None
) -> None:
    if fault:
        emulator.faults.add("session_create", fault)
    form = fill_in(cashier, phone="612-555-0142", email=EMAIL)

    with CaptureQueriesContext(payments_connection()) as queries:
        answer = send(cashier, form)
    followed = cashier.get(answer["Location"]) if answer.status_code == 303 else None

    kept = [text for _place, text in places.database()]
    kept += [text for _place, text in places.cache()]
    kept += [*logged, *statements(queries), str(answer.headers), str(answer.cookies)]
    kept += [followed.content.decode()] if followed else []
    for secret in (PHONE, "6125550142", "555-0142", EMAIL, "canary-mail"):
        assert not [text for text in kept if secret in text], secret
    assert bool(followed) == (fault is None)
    # After an error nobody has to type them again.
    assert bool(followed) or EMAIL in answer.content.decode()


def test_reports_of_errors_leave_them_out(
    cashier: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("django_sezzle.admin.asking.ask_in_store", fail)
    cashier.raise_request_exception = False
    form = fill_in(cashier, phone=PHONE, email=EMAIL)

    answer = send(cashier, form)

    assert answer.status_code == 500
    request = answer.wsgi_request
    shown = SafeExceptionReporterFilter().get_post_parameters(request)
    assert PHONE not in str(shown)
    assert EMAIL not in str(shown)
    assert shown["shop_reference"] == "TILL-7001"


# Budgets


def test_the_form_costs_little(cashier: Client, emulator: Emulator) -> None:
    # The bearer token is there already.
    ask(cashier, shop_reference="FIRST")
    form = fill_in(cashier, phone=PHONE)
    emulator.calls.clear()

    with CaptureQueriesContext(payments_connection()) as shown:
        cashier.get(reverse(IN_STORE))
    assert emulator.calls == []
    with CaptureQueriesContext(payments_connection()) as sent:
        send(cashier, form)

    # Who is there and what they may; then the sale, its row, the link, the session, the log.
    assert len(statements(shown)) <= 4
    assert len(statements(sent)) <= 18
    assert [call.operation for call in emulator.calls] == ["session_create"]
