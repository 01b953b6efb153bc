"""Starting a checkout: one usable checkout per order, whatever dies, is lost or comes twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django.utils.functional import lazystr

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
)
from django_sezzle.gateway import Intent, LineItem, Price, transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import attempts, cancel, capture, refresh, refund, start_checkout
from tests.fixtures import a_checkout
from tests.services.conftest import MakePayment
from tests.services.rigs import Wire, again, called, says, with_members

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Stands for the end of the process."""


def die() -> None:
    raise Killed


def live(emulator: Emulator) -> list[str]:
    return [order.uuid for order in emulator.orders if order.checkout_status == "active"]


def let_start_end() -> None:
    SezzlePayment.objects.update(start_lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the other process."""
    monkeypatch.setattr(attempts, "PATIENCE", 0.05)
    monkeypatch.setattr(attempts, "PAUSE", 0.01)


def test_first_start(emulator: Emulator) -> None:
    payment = start_checkout(a_checkout())
    assert payment.checkout_url == f"{emulator.base_url}/checkout/?id={payment.order_uuid}"
    assert (payment.status, payment.is_current) == (Status.CREATED, True)
    assert (payment.reference_id, payment.merchant_uuid) != ("", "")
    assert payment.start_lease_until is None
    sent = emulator.calls[-1].body
    assert sent["complete_url"]["href"].startswith("https://shop.example/")
    assert payment.token in sent["complete_url"]["href"]
    assert sent["order"]["order_amount"] == {"amount_in_cents": 10_000, "currency": "USD"}


@pytest.mark.fault(17)
def test_again_within_a_minute_asks_nobody(emulator: Emulator) -> None:
    first = start_checkout(a_checkout())
    emulator.calls.clear()
    second = start_checkout(a_checkout())
    assert (second, second.checkout_url) == (first, first.checkout_url)
    assert emulator.calls == []


def test_again_after_a_minute_reads_first(emulator: Emulator) -> None:
    first = start_checkout(a_checkout())
    emulator.calls.clear()
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert start_checkout(a_checkout()) == first
    assert called(emulator) == ["order_get"]


def test_lazy_addresses_are_text(emulator: Emulator) -> None:
    payment = start_checkout(a_checkout(success_url=lazystr("/thanks/")))
    assert again(payment).success_url == "/thanks/"


@pytest.mark.fault(8)
def test_killed_before_the_call(emulator: Emulator, wire: Wire, impatient: None) -> None:
    wire.before("session_create", die)
    with pytest.raises(Killed):
        start_checkout(a_checkout())
    row = SezzlePayment.objects.get()
    assert (row.order_uuid, row.is_current) == (None, True)
    with pytest.raises(OperationInProgress):
        start_checkout(a_checkout())
    assert called(emulator) == []
    let_start_end()
    payment = start_checkout(a_checkout())
    assert (payment, payment.start_attempt) == (row, 2)
    assert live(emulator) == [payment.order_uuid]


@pytest.mark.fault(8)
def test_killed_after_the_call(emulator: Emulator, wire: Wire) -> None:
    wire.after("session_create", die)
    with pytest.raises(Killed):
        start_checkout(a_checkout())
    let_start_end()
    payment = start_checkout(a_checkout(cents=12_000))
    assert SezzlePayment.objects.count() == 1
    # The orphan lives at Sezzle, but nobody was ever given its address.
    assert len(live(emulator)) == 2
    assert payment.order_uuid == live(emulator)[-1]
    assert again(payment).amount_in_cents == 12_000


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "500_after", "garbage_after", "no_uuid_after", "refused"]
)
def test_lost_answer_can_be_tried_again_at_once(emulator: Emulator, fault: str) -> None:
    emulator.faults.add("session_create", fault)
    with pytest.raises(GatewayUnavailable):
        start_checkout(a_checkout())
    payment = start_checkout(a_checkout())
    assert payment.checkout_url
    assert SezzlePayment.objects.count() == 1


def test_a_reference_that_sezzle_has_seen_is_never_given_out_again(emulator: Emulator) -> None:
    emulator.profile.change(unique_reference_ids=True)
    emulator.faults.add("session_create", "drop_after")
    with pytest.raises(GatewayUnavailable):
        start_checkout(a_checkout())
    # The row that was taken over has another one now, and ends.
    cancel(start_checkout(a_checkout()))
    payment = start_checkout(a_checkout())
    assert [order.reference_id for order in emulator.orders] == ["1001", "1001-2", "1001-3"]
    assert payment.reference_id == "1001-3"


def test_refusal_is_told(emulator: Emulator) -> None:
    emulator.profile.change(merchant_minimum_in_cents=50_000)
    with pytest.raises(GatewayRejected):
        start_checkout(a_checkout())
    assert SezzlePayment.objects.get().order_uuid is None
    assert start_checkout(a_checkout(cents=50_000)).order_uuid


def test_somebody_took_over_while_sezzle_was_slow(emulator: Emulator, wire: Wire) -> None:
    def meanwhile() -> None:
        let_start_end()
        start_checkout(a_checkout())

    wire.after("session_create", meanwhile)
    payment = start_checkout(a_checkout())
    assert SezzlePayment.objects.count() == 1
    assert payment.order_uuid == live(emulator)[-1]


def test_canceled_while_sezzle_was_slow(emulator: Emulator, wire: Wire, impatient: None) -> None:
    wire.after("session_create", lambda: cancel(SezzlePayment.objects.get()))
    with pytest.raises(OperationInProgress):
        start_checkout(a_checkout())
    row = SezzlePayment.objects.get()
    assert (row.status, row.checkout_url) == (Status.CANCELED, "")
    # Nor can anybody pay at Sezzle.
    assert live(emulator) == []


@pytest.mark.fault(4, 17)
@pytest.mark.parametrize(
    "change",
    [
        {"cents": 9_999},
        {"intent": Intent.CAPTURE},
        {"success_url": "/elsewhere/"},
        {"description": "other"},
        {"metadata": {"a": "b"}},
    ],
    ids=str,
)
def test_other_contents_replace_the_old_checkout(
    emulator: Emulator, change: dict[str, Any]
) -> None:
    first = start_checkout(a_checkout())
    second = start_checkout(a_checkout(**change))
    assert second.pk != first.pk
    assert live(emulator) == [second.order_uuid]
    deletion, creation = called(emulator)[-2:]
    assert (deletion, creation) == ("checkout_delete", "session_create")
    assert (again(first).status, again(first).is_current) == (Status.CANCELED, None)
    assert (first.reference_id, second.reference_id) == ("1001", "1001-2")


@pytest.mark.fault(4, 17)
def test_other_contents_after_the_shopper_completed(emulator: Emulator, wire: Wire) -> None:
    first = start_checkout(a_checkout())
    wire.before("checkout_delete", lambda: emulator.approve(str(first.order_uuid)))
    with pytest.raises(AlreadyPaid) as raised:
        start_checkout(a_checkout(cents=12_000))
    assert raised.value.payment == first
    assert live(emulator) == []
    assert again(first).is_funded_for(10_000, "USD")


@pytest.mark.fault(17)
@pytest.mark.parametrize("fault", ["drop_before", "503", "500_before", "401"])
def test_old_checkout_that_cannot_be_deleted_stops_the_new_one(
    emulator: Emulator, fault: str
) -> None:
    first = start_checkout(a_checkout())
    emulator.faults.add("checkout_delete", fault, times=2)
    with pytest.raises((GatewayUnavailable, GatewayRejected)):
        start_checkout(a_checkout(cents=12_000))
    assert live(emulator) == [first.order_uuid]
    assert SezzlePayment.objects.count() == 1


@pytest.mark.fault(17)
def test_deletion_that_a_proxy_answered_stops_the_new_one(emulator: Emulator, wire: Wire) -> None:
    first = start_checkout(a_checkout())
    emulator.faults.add("checkout_delete", "503")
    wire.falsify("checkout_delete", says(404, "<html>404</html>"))
    with pytest.raises(GatewayRejected):
        start_checkout(a_checkout(cents=12_000))
    assert live(emulator) == [first.order_uuid]


@pytest.mark.fault(8, 17)
def test_killed_after_the_deletion(emulator: Emulator, wire: Wire) -> None:
    start_checkout(a_checkout())
    wire.after("checkout_delete", die)
    with pytest.raises(Killed):
        start_checkout(a_checkout(cents=12_000))
    assert live(emulator) == []
    payment = start_checkout(a_checkout(cents=12_000))
    assert live(emulator) == [payment.order_uuid]
    assert payment.reference_id == "1001-2"


@pytest.mark.fault(4, 17)
def test_paid_order_is_not_sold_twice(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    before = called(emulator)
    for checkout in (a_checkout(), a_checkout(cents=12_000)):
        with pytest.raises(AlreadyPaid) as raised:
            start_checkout(checkout)
        assert raised.value.payment == payment
    capture(payment)
    with pytest.raises(AlreadyPaid):
        start_checkout(a_checkout())
    assert called(emulator)[len(before) :] == ["capture", "order_get"]


@pytest.mark.fault(17)
def test_approved_but_not_yet_known(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    with time_machine.travel(timezone.now() + timedelta(seconds=61)), pytest.raises(AlreadyPaid):
        start_checkout(a_checkout())


def test_refunded_order_may_be_paid_again(emulator: Emulator, captured: MakePayment) -> None:
    refund(captured())
    assert start_checkout(a_checkout()).reference_id == "1001-2"


@pytest.mark.parametrize("ending", ["expired", "denied", "deleted", "gone"])
def test_checkout_that_is_over_makes_way(
    emulator: Emulator, wire: Wire, started: MakePayment, ending: str
) -> None:
    first = started()
    if ending == "expired":
        emulator.clock.advance(timedelta(days=2))
    elif ending == "denied":
        emulator.deny(str(first.order_uuid))
    elif ending == "deleted":
        cancel(again(first))
    else:
        wire.falsify("order_get", says(404, '[{"code": "record_not_found", "message": "no"}]'))
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        second = start_checkout(a_checkout())
    assert (second.reference_id, second.is_current) == ("1001-2", True)
    assert again(first).is_current is None


def test_authorization_that_ran_out_unused_makes_way(
    emulator: Emulator, authorized: MakePayment
) -> None:
    first = authorized()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        second = start_checkout(a_checkout())
    assert (second.reference_id, again(first).is_current) == ("1001-2", None)


def test_authorization_that_ran_out_after_a_capture_still_counts(
    emulator: Emulator, captured: MakePayment
) -> None:
    captured(amount_in_cents=4_000)
    with time_machine.travel(timezone.now() + timedelta(hours=2)), pytest.raises(AlreadyPaid):
        start_checkout(a_checkout())


def test_a_trial_in_the_sandbox_does_not_block_production(settings: Any) -> None:
    live = "https://gateway.sezzle.com"
    emulator = Emulator(base_url=live, public_key="sz_pub_test", private_key="sz_pr_test")
    unmount = transport.mount(live, EmulatorAdapter(emulator))
    settings.SEZZLE = {
        "PUBLIC_KEY": "sz_pub_test",
        "PRIVATE_KEY": "sz_pr_test",
        "ENVIRONMENT": "production",
        "BASE_URL": "https://shop.example",
        "CHECKOUT_HOSTS": ["gateway.sezzle.com"],
    }
    trial = SezzlePayment.objects.create(
        shop_reference="1001",
        reference_id="1001",
        is_checkout=True,
        is_current=True,
        environment="sandbox",
        intent="AUTH",
        currency="USD",
        amount_in_cents=10_000,
        order_uuid="a-trial",
    )
    try:
        payment = start_checkout(a_checkout())
    finally:
        unmount()
        tokens.clear()
    assert (payment.environment, payment.is_current) == ("production", True)
    assert again(trial).is_current is None


def test_the_sandbox_takes_no_slot_from_production(emulator: Emulator) -> None:
    real = start_checkout(a_checkout())
    SezzlePayment.objects.filter(pk=real.pk).update(environment="production")
    with pytest.raises(ActionNotAllowed, match="production"):
        start_checkout(a_checkout())
    assert again(real).is_current


@pytest.mark.fault(68)
@pytest.mark.parametrize(
    "url",
    [
        "http://sezzle-emulator.test/checkout/?id=1",
        "https://evil.example/checkout/",
        "https://sezzle-emulator.test.evil.example/",
        "https://sezzle-emulator.test@evil.example/",
        "https://user@sezzle-emulator.test/",
        "https://sezzle-emulator.test:444/",
        "//sezzle-emulator.test/",
        "javascript:alert(1)//sezzle-emulator.test",
        "https:\\\\sezzle-emulator.test/",
        "https://sezzle-emulator.test/\n",
        "https://sezzle-emulator.test/é",
        "https://sezzle-emulator.test/" + "x" * 500,
        "",
        None,
        17,
    ],
    ids=repr,
)
def test_foreign_checkout_address_is_refused(emulator: Emulator, wire: Wire, url: Any) -> None:
    def edit(response: Any) -> Any:
        order = {**response.json()["order"], "checkout_url": url}
        return with_members(order=order)(response)

    wire.falsify("session_create", edit)
    with pytest.raises(GatewayUnavailable):
        start_checkout(a_checkout())
    row = SezzlePayment.objects.get()
    assert (row.checkout_url, row.order_uuid) == ("", None)
    assert start_checkout(a_checkout()).checkout_url


def test_order_numbers_that_look_like_second_attempts(emulator: Emulator) -> None:
    start_checkout(a_checkout("1001-2"))
    start_checkout(a_checkout("1001"))
    second = start_checkout(a_checkout("1001", 12_000))
    assert second.reference_id == "1001-3"
    assert start_checkout(a_checkout("1001-3")).reference_id == "1001-3-2"


@pytest.mark.parametrize(("shipping", "is_sent"), [(1_000, True), (1_001, False)])
def test_items_that_do_not_add_up_are_left_out(
    emulator: Emulator, shipping: int, is_sent: bool
) -> None:
    lamp = LineItem(name="Lamp", sku="lamp", quantity=2, price=Price(4_500, "USD"))
    start_checkout(a_checkout(items=[lamp], shipping=Price(shipping, "USD")))
    sent = emulator.calls[-1].body["order"]
    assert sent["order_amount"]["amount_in_cents"] == 10_000
    assert ("items" in sent) == is_sent
    assert ("shipping_amount" in sent) == is_sent


def test_refresh_of_a_checkout_without_an_order(wire: Wire, emulator: Emulator) -> None:
    wire.before("session_create", die)
    with pytest.raises(Killed):
        start_checkout(a_checkout())
    with pytest.raises(Exception, match="no order at Sezzle yet"):
        refresh(SezzlePayment.objects.get())
