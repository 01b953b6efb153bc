"""Asking in a store: one link, one payment, and a name for how far it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone, translation

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    GatewayUnavailable,
    InvalidInput,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.gateway import Intent, Price
from django_sezzle.models import Review, SezzlePayment
from django_sezzle.services import (
    ask_in_store,
    attempts,
    cancel,
    capture,
    reauthorize,
    refresh,
    refund,
    release,
)
from django_sezzle.services.in_store import (
    Stage,
    is_in_store,
    normalized_email,
    normalized_phone,
    stage_of,
    withdraw,
)
from tests.fixtures import hosts_transaction
from tests.services.conftest import MakePayment
from tests.services.rigs import Statements, Wire, again, called, moved, with_members

PHONE, EMAIL = "+14155550142", "ada@shop.example"


def ask(reference: str = "T-1", cents: int = 10_000, **members: Any) -> SezzlePayment:
    """Ask for 100.00 USD by SMS, unless told otherwise."""
    amount = Price(cents, members.pop("currency", "USD"))
    given = {"phone": PHONE} | members
    return ask_in_store(shop_reference=reference, amount=amount, **given)


def sent(emulator: Emulator) -> list[tuple[str, str]]:
    """List the links that Sezzle has sent: to whom, and where they lead."""
    return [(link.to, link.checkout_url) for link in emulator.sent_links]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+14155550142", PHONE),
        ("4155550142", PHONE),
        ("14155550142", PHONE),
        ("(415) 555-0142", PHONE),
        ("+1 415.555.0142", PHONE),
        (" 1\u00a0415\u2011555\u20110142 ", PHONE),
        ("+442079460123", "+442079460123"),
        ("+49 (30) 123456", "+4930123456"),
        ("", None),
        ("415555014", None),
        ("41555501422", None),
        ("+1 055 555 0142", None),
        ("+1 555 014 9944", "+15550149944"),
        ("+1 415 555 01422", None),
        ("+0 415 555 0142", None),
        ("0049301234567", None),
        ("+4930", None),
        ("+1234567890123456", None),
        ("+14155550142x5", None),
        ("++14155550142", None),
        ("+1415555014٢", None),
        ("4155550142\n4155550143", None),
        (4155550142, None),
        (None, None),
    ],
)
def test_phone_numbers(written: Any, number: str | None) -> None:
    assert normalized_phone(written) == number


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (EMAIL, EMAIL),
        (f" {EMAIL}\n", EMAIL),
        ("Ada.Meadows+sezzle@shop.example", "Ada.Meadows+sezzle@shop.example"),
        ("", None),
        ("ada", None),
        ("ada@shop", None),
        (f"{EMAIL}, {EMAIL}", None),
        (f"Ada <{EMAIL}>", None),
        (f"{EMAIL}\nBcc: {EMAIL}", None),
        ("a" * 250 + "@shop.example", None),
        (None, None),
        (5, None),
    ],
)
def test_email_addresses(written: Any, address: str | None) -> None:
    assert normalized_email(written) == address


@pytest.mark.django_db
def test_sezzle_is_asked_to_send_a_link(emulator: Emulator) -> None:
    payment = ask(phone="(415) 555-0142", email=EMAIL, language="fr-CA", description="A chair")
    order = emulator.calls[-1].body["order"]
    assert (order["intent"], order["description"]) == ("AUTH", "A chair")
    assert order["send_checkout_url"] == {
        "to_sms_phone": PHONE,
        "to_email": EMAIL,
        "language": "fr-CA",
    }
    assert order["locale"] == "fr-CA"
    assert sent(emulator) == [(PHONE, payment.checkout_url), (EMAIL, payment.checkout_url)]
    assert (payment.success_url, payment.failure_url, payment.cancel_url) == ("", "", "")


@pytest.mark.django_db
def test_without_a_recipient_no_link_is_sent(emulator: Emulator) -> None:
    payment = ask(phone="")
    assert "send_checkout_url" not in emulator.calls[-1].body["order"]
    assert (sent(emulator), bool(payment.checkout_url)) == ([], True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("active", "asked", "currency", "language", "locale"),
    [
        ("en", None, "USD", "en", "en-US"),
        ("en", None, "CAD", "en", "en-CA"),
        ("fr", None, "CAD", "fr-CA", "fr-CA"),
        ("fr-ca", "en", "CAD", "en", "en-CA"),
        ("de", None, "USD", "en", "en-US"),
        ("en", "fr-CA", "USD", "fr-CA", "fr-CA"),
        ("fr", "", "USD", "fr-CA", "fr-CA"),
    ],
)
def test_language_of_the_link_and_of_the_checkout(
    emulator: Emulator, active: str, asked: str | None, currency: str, language: str, locale: str
) -> None:
    with translation.override(active):
        ask(currency=currency, language=asked)
    order = emulator.calls[-1].body["order"]
    assert (order["send_checkout_url"]["language"], order["locale"]) == (language, locale)


@pytest.mark.django_db
def test_repeated_it_sends_no_second_link(emulator: Emulator) -> None:
    first = ask()
    emulator.calls.clear()
    assert ask(phone="415 555 0142", description="").pk == first.pk
    assert emulator.calls == []
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert ask().pk == first.pk
    assert called(emulator) == ["order_get"]
    assert len(sent(emulator)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"phone": "+14155550143"},
        {"phone": ""},
        {"email": EMAIL},
        {"cents": 10_001},
        {"language": "fr-CA"},
    ],
    ids=str,
)
def test_something_else_replaces_the_checkout_and_ends_the_old_link_first(
    emulator: Emulator, change: dict[str, Any]
) -> None:
    first = ask()
    emulator.calls.clear()
    second = ask(**change)
    assert called(emulator) == ["order_get", "checkout_delete", "session_create"]
    assert (second.pk != first.pk, second.reference_id) == (True, "T-1-2")
    assert emulator.order(str(first.order_uuid)).checkout_status == "deleted"
    assert stage_of(again(first)) is Stage.CANCELED
    assert len(emulator.sent_links) == (1 if change.get("phone") == "" else 1 + len(_to(change)))


def _to(change: dict[str, Any]) -> list[str]:
    return [PHONE, EMAIL] if "email" in change else [PHONE]


@pytest.mark.django_db
def test_an_order_that_is_paid_is_not_asked_for_again(emulator: Emulator) -> None:
    payment = ask()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    changes: list[dict[str, Any]] = [{}, {"cents": 5_000}]
    for change in changes:
        with pytest.raises(AlreadyPaid) as caught:
            ask(**change)
        assert caught.value.payment == payment
    assert len(sent(emulator)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "12345"},
        {"phone": 4155550142},
        {"email": "ada"},
        {"phone": PHONE, "email": "ada"},
        {"language": "fr"},
        {"language": 5},
        {"shop_reference": "no spaces"},
        {"amount": 10_000},
        {"amount": Price(99, "USD")},
    ],
    ids=str,
)
def test_wrong_input_sends_and_writes_nothing(emulator: Emulator, wrong: dict[str, Any]) -> None:
    sale: dict[str, Any] = {"shop_reference": "T-1", "amount": Price(10_000, "USD")}
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        ask_in_store(**(sale | wrong))
    assert emulator.calls == []
    assert not SezzlePayment.objects.exists()


@pytest.mark.django_db
def test_the_shop_must_be_known_where_there_is_no_request(
    emulator: Emulator, settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"BASE_URL": None}
    with pytest.raises(InvalidInput, match="BASE_URL"):
        ask()
    assert ask_in_store(
        shop_reference="T-1", amount=Price(10_000, "USD"), base_url="https://shop.example"
    ).checkout_url


@pytest.mark.django_db
def test_which_payments_are_of_a_store(
    emulator: Emulator, started: MakePayment, authorized: MakePayment
) -> None:
    assert is_in_store(ask())
    assert not is_in_store(started("W-1"))
    assert not is_in_store(started("W-2", success_url="", intent=Intent.CAPTURE))
    assert not is_in_store(started("W-3", success_url="", cancel_url="/cart/"))
    assert not is_in_store(SezzlePayment(intent="AUTH", customer_id=1))


@pytest.mark.django_db
def test_a_new_authorization_of_a_store_is_of_the_store(emulator: Emulator) -> None:
    payment = ask()
    emulator.approve(str(payment.order_uuid))
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        operation = reauthorize(refresh(payment))
        assert operation.result_payment is not None
        assert is_in_store(operation.result_payment)
        # Whoever still looks at the old one must not ask for the money again.
        assert stage_of(again(payment)) is Stage.CHECKING
        assert stage_of(operation.result_payment) is Stage.APPROVED


@pytest.mark.django_db
def test_what_sezzle_approved_and_does_not_fit_is_not_said_to_be_unpaid(
    emulator: Emulator, wire: Wire
) -> None:
    payment = refresh(ask())
    emulator.approve(str(payment.order_uuid))
    in_other_money = with_members(
        order_amount={"amount_in_cents": 10_000, "currency": "CAD"},
    )
    wire.falsify("order_get", in_other_money, times=9)
    refresh(payment)
    assert payment.review_reason == Review.CURRENCY_DIFFERS
    ends_at = payment.checkout_expires_at
    assert ends_at is not None
    for at in (timezone.now(), ends_at + timedelta(minutes=1)):
        assert stage_of(payment, at) is Stage.CHECKING


@pytest.mark.django_db
@pytest.mark.parametrize("released", ["deleted", "complete"])
def test_stages_of_a_sale(emulator: Emulator, released: str) -> None:
    emulator.profile.change(released_order=released)
    payment = ask()
    assert stage_of(payment) is Stage.WAITING
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert stage_of(payment) is Stage.APPROVED
    capture(payment, amount_in_cents=4_000)
    assert stage_of(payment) is Stage.APPROVED
    refund(payment, amount_in_cents=4_000)
    assert stage_of(payment) is Stage.APPROVED
    capture(payment, amount_in_cents=1_000)
    release(payment)
    assert stage_of(payment) is Stage.PAID
    refund(payment)
    assert stage_of(payment) is Stage.REFUNDED


@pytest.mark.django_db
@pytest.mark.parametrize("released", ["deleted", "complete"])
def test_stages_of_a_sale_that_came_to_nothing(emulator: Emulator, released: str) -> None:
    emulator.profile.change(released_order=released)
    denied, canceled, let_go = ask("T-1"), ask("T-2"), ask("T-3")
    emulator.deny(str(denied.order_uuid))
    assert stage_of(refresh(denied)) is Stage.DENIED
    assert stage_of(cancel(canceled)) is Stage.CANCELED
    emulator.approve(str(let_go.order_uuid))
    assert stage_of(cancel(let_go)) is Stage.CANCELED
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert stage_of(again(let_go)) is Stage.CANCELED
        assert stage_of(again(canceled)) is Stage.CANCELED


@pytest.mark.django_db
@pytest.mark.parametrize("expired", ["deleted", "not_found", "unchanged"])
def test_stages_when_time_runs_out(emulator: Emulator, expired: str) -> None:
    emulator.profile.change(expired_order=expired)
    nobody, held, partly = ask("T-1"), ask("T-2"), ask("T-3")
    for payment in (held, partly):
        emulator.approve(str(payment.order_uuid))
        refresh(payment)
    capture(partly, amount_in_cents=4_000)
    refresh(nobody)
    soon = timezone.now() + timedelta(minutes=31)
    # As the rows are, before anybody asked Sezzle again.
    assert stage_of(held, soon) is Stage.EXPIRED
    assert stage_of(partly, soon) is Stage.PAID
    assert stage_of(nobody, soon + timedelta(days=2)) is Stage.EXPIRED
    with time_machine.travel(soon):
        assert stage_of(refresh(held)) is Stage.EXPIRED
        assert stage_of(refresh(partly)) is Stage.PAID
    with time_machine.travel(soon + timedelta(days=2)):
        assert stage_of(refresh(nobody)) is Stage.EXPIRED


@pytest.mark.django_db
def test_stage_of_what_sezzle_forgot_before_our_clock_says_that_it_ends(
    emulator: Emulator,
) -> None:
    emulator.profile.change(expired_order="not_found")
    payment = ask()
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    emulator.clock.advance(timedelta(minutes=31))
    assert stage_of(refresh(payment)) is Stage.EXPIRED


@pytest.mark.django_db
def test_stages_in_which_nothing_is_known(emulator: Emulator, authorized: MakePayment) -> None:
    reviewed, unknown = ask("T-1"), ask("T-2")
    for payment in (reviewed, unknown):
        emulator.approve(str(payment.order_uuid))
        refresh(payment)
    SezzlePayment.objects.filter(pk=reviewed.pk).update(review_reason=Review.AMOUNT_DIFFERS)
    assert stage_of(again(reviewed)) is Stage.CHECKING
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(unknown)
    assert stage_of(again(unknown)) is Stage.CHECKING


@pytest.mark.django_db
def test_stage_of_what_the_website_sold(emulator: Emulator, authorized: MakePayment) -> None:
    emulator.profile.change(capture_intent_events="authorized_and_captured")
    assert stage_of(authorized("W-1", intent=Intent.CAPTURE)) is Stage.PAID
    held = authorized("W-2", intent=Intent.CAPTURE)
    held.captured_in_cents = 0
    assert stage_of(held) is Stage.PAID


@pytest.mark.django_db
def test_a_stage_costs_a_query_at_most(emulator: Emulator) -> None:
    payment = ask()
    with Statements() as made:
        stage_of(payment)
    assert made.texts == []
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    with Statements() as made:
        stage_of(payment)
    assert len(made.texts) == 1


@pytest.mark.django_db
def test_withdraw_ends_the_link_and_never_releases(emulator: Emulator, wire: Wire) -> None:
    payment, faster, paid = ask("T-1"), ask("T-2"), ask("T-3")
    emulator.calls.clear()
    assert stage_of(withdraw(payment)) is Stage.CANCELED
    assert called(emulator) == ["order_get", "checkout_delete"]
    emulator.calls.clear()
    assert stage_of(withdraw(payment)) is Stage.CANCELED
    assert called(emulator) == ["order_get"]
    wire.before("checkout_delete", lambda: emulator.approve(str(faster.order_uuid)))
    emulator.approve(str(paid.order_uuid))
    asked = {faster.pk: ["order_get", "checkout_delete", "order_get"], paid.pk: ["order_get"]}
    for approved in (faster, paid):
        emulator.calls.clear()
        with pytest.raises(AlreadyPaid) as caught:
            withdraw(approved)
        assert called(emulator) == asked[approved.pk]
        assert caught.value.payment is approved
        assert stage_of(approved) is Stage.APPROVED
        assert moved(emulator, approved) == []


@pytest.mark.django_db
def test_withdraw_without_an_answer_changes_nothing(emulator: Emulator) -> None:
    payment = ask()
    emulator.faults.add("checkout_delete", "drop_before", times=None)
    with pytest.raises(GatewayUnavailable):
        withdraw(payment)
    assert stage_of(again(payment)) is Stage.WAITING


@pytest.mark.django_db
def test_withdraw_of_a_checkout_whose_maker_died(emulator: Emulator) -> None:
    payment = ask()
    SezzlePayment.objects.update(order_uuid=None)
    emulator.calls.clear()
    assert stage_of(withdraw(payment)) is Stage.CANCELED
    assert emulator.calls == []


@pytest.mark.django_db
def test_withdraw_while_the_checkout_is_made_leaves_nothing_open(
    emulator: Emulator, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PATIENCE", 0.05)
    wire.after("session_create", lambda: withdraw(SezzlePayment.objects.get()))
    with pytest.raises(OperationInProgress, match="its link leads nowhere"):
        ask(phone="")
    row = SezzlePayment.objects.get()
    assert (stage_of(row), row.checkout_url) == (Stage.CANCELED, "")
    assert [order.checkout_status for order in emulator.orders] == ["deleted"]


@pytest.mark.django_db
def test_withdraw_while_the_link_is_being_sent_waits(emulator: Emulator, wire: Wire) -> None:
    def meanwhile() -> None:
        with pytest.raises(OperationInProgress, match="Cancel again in a minute"):
            withdraw(SezzlePayment.objects.get())

    wire.after("session_create", meanwhile)
    payment = ask()
    assert stage_of(payment) is Stage.WAITING
    withdraw(payment)
    assert [order.checkout_status for order in emulator.orders] == ["deleted"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_asked_inside_a_transaction(emulator: Emulator) -> None:
    payment = ask()
    emulator.calls.clear()
    with pytest.raises(ActionNotAllowed), hosts_transaction():
        ask("T-2")
    for order_uuid in (payment.order_uuid, None):
        SezzlePayment.objects.update(order_uuid=order_uuid)
        with pytest.raises(ActionNotAllowed), hosts_transaction():
            withdraw(payment)
    assert emulator.calls == []
