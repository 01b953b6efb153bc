"""Charging a saved customer: once for each order of the shop, whatever becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    AuthenticationFailed,
    Declined,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    OperationInProgress,
    OutcomeUnknown,
    RequestIdReused,
)
from django_sezzle.gateway import Intent, Price, SendTo
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import (
    EventState,
    Evidence,
    Review,
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
    State,
    Status,
)
from django_sezzle.reconcile import Code, Done, Task, reconcile
from django_sezzle.reconcile.reach import Reach
from django_sezzle.services import (
    cancel,
    capture,
    charge_customer,
    close_unknown,
    reauthorize,
    refresh,
    refund,
    release,
    send_again,
    start_checkout,
    upcharge,
)
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.in_store import is_in_store
from tests.fixtures import a_checkout, hosts_transaction
from tests.services.rigs import (
    Statements,
    Wire,
    again,
    called,
    check_books,
    let_lease_end,
    says,
    together,
    with_authorization,
    with_members,
)

pytestmark = pytest.mark.django_db

MakePayment = Callable[..., SezzlePayment]
MONTHLY = a_checkout("SUB-1", 2_500, intent=Intent.CAPTURE)


@pytest.fixture
def customer(emulator: Emulator, started: MakePayment) -> SezzleCustomer:
    """A shopper who agreed at an earlier checkout."""
    payment = started("first", tokenize=True)
    emulator.approve(str(payment.order_uuid), tokenize=True)
    refresh(payment)
    (agreed,) = emulator.state.customers
    emulator.calls.clear()
    return SezzleCustomer.objects.create(
        account="default", environment="sandbox", uuid=agreed.uuid, user=payment.user
    )


def orders(emulator: Emulator, reference: str = "SUB-1") -> list[tuple[str, int]]:
    """Sezzle's own books: the orders that were approved under a reference, and their cents."""
    return [
        (order.uuid, order.amount_in_cents)
        for order in emulator.orders
        if order.reference_id == reference and order.authorization is not None
    ]


def asked(emulator: Emulator) -> list[str | None]:
    """List the request ids of the charges that arrived at Sezzle."""
    return [call.request_id for call in emulator.calls if call.operation == "customer_order"]


def facts(payment: SezzlePayment) -> list[str]:
    """Name what the shop was told, in the order of telling."""
    rows = SezzleAnnouncement.objects.filter(payment=payment, told_at__isnull=False)
    return [row.fact for row in rows.order_by("pk")]


def lose_the_answer(emulator: Emulator, customer: SezzleCustomer) -> SezzleOperation:
    """Charge, and let Sezzle do it without an answer that arrives."""
    emulator.faults.add("customer_order", "drop_after")
    with pytest.raises(OutcomeUnknown, match="no clear answer to a charge of"):
        charge_customer(customer, MONTHLY)
    return SezzleOperation.objects.get(kind="charge")


# What it does


def test_an_order_without_a_checkout(emulator: Emulator, customer: SezzleCustomer) -> None:
    operation = charge_customer(customer, MONTHLY, reason="November")

    payment = operation.result_payment
    assert payment is not None
    assert payment == operation.payment
    assert (operation.state, operation.evidence, operation.reason) == (
        State.SUCCEEDED,
        Evidence.RESPONSE,
        "November",
    )
    assert orders(emulator) == [(payment.order_uuid, 2_500)]
    assert called(emulator) == ["customer_order", "order_get"]
    assert asked(emulator) == [operation.request_id]
    assert (payment.customer, payment.user, payment.is_current) == (customer, customer.user, True)
    assert (payment.status, payment.captured_in_cents) == (Status.CAPTURED, 2_500)
    assert payment.is_funded_for(2_500, "USD")
    assert facts(payment) == ["authorized", "captured"]
    check_books(emulator, payment)
    refund(payment)
    assert check_books(emulator, payment).status == Status.REFUNDED


def test_held_money_is_captured_and_released_as_ever(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    operation = charge_customer(customer, a_checkout("SUB-1", 2_500))
    payment = operation.payment
    assert (payment.status, payment.held_in_cents) == (Status.AUTHORIZED, 2_500)
    capture(payment, amount_in_cents=1_000)
    release(payment)
    assert check_books(emulator, payment).status == Status.CAPTURED


def test_statements_and_calls(emulator: Emulator, customer: SezzleCustomer) -> None:
    charge_customer(customer, a_checkout("SUB-0", 2_500))
    with Statements() as statements:
        charge_customer(customer, MONTHLY)
    assert len(statements.texts) <= 45, "\n".join(statements.texts)


def test_the_next_order_is_another_one(emulator: Emulator, customer: SezzleCustomer) -> None:
    charge_customer(customer, MONTHLY)
    charge_customer(customer, a_checkout("SUB-2", 2_500, intent=Intent.CAPTURE))
    assert len(orders(emulator)) == len(orders(emulator, "SUB-2")) == 1


# Once for each order


@pytest.mark.fault(9, 34, 35)
def test_the_same_request_is_the_same_operation(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    first = charge_customer(customer, MONTHLY, request_id="run-1")
    assert charge_customer(customer, MONTHLY, request_id="run-1") == first
    for other in (
        a_checkout("SUB-1", 2_501, intent=Intent.CAPTURE),
        a_checkout("SUB-2", 2_500, intent=Intent.CAPTURE),
        a_checkout("SUB-1", 2_500),
    ):
        with pytest.raises(RequestIdReused):
            charge_customer(customer, other, request_id="run-1")
    somebody = SezzleCustomer.objects.create(environment="sandbox", uuid="somebody-else")
    with pytest.raises(RequestIdReused):
        charge_customer(somebody, MONTHLY, request_id="run-1")
    with pytest.raises(RequestIdReused):
        capture(first.payment, request_id="run-1")
    assert len(asked(emulator)) == 1


def test_the_same_order_is_paid(emulator: Emulator, customer: SezzleCustomer) -> None:
    operation = charge_customer(customer, MONTHLY)
    with pytest.raises(AlreadyPaid) as raised:
        charge_customer(customer, MONTHLY)
    assert raised.value.payment == operation.payment
    with pytest.raises(AlreadyPaid):
        start_checkout(a_checkout("SUB-1", 2_500))
    assert len(orders(emulator)) == 1


@pytest.mark.fault(17)
def test_an_unfinished_checkout_of_the_order_is_deleted_first(
    emulator: Emulator, customer: SezzleCustomer, started: MakePayment
) -> None:
    checkout = started("SUB-1", 2_500)
    operation = charge_customer(customer, MONTHLY)
    assert called(emulator) == [
        "session_create",
        "order_get",
        "checkout_delete",
        "customer_order",
        "order_get",
    ]
    assert again(checkout).status == Status.CANCELED
    assert operation.payment.reference_id == "SUB-1-2"


@pytest.mark.fault(17)
def test_a_checkout_that_was_completed_meanwhile_pays(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer, started: MakePayment
) -> None:
    checkout = started("SUB-1", 2_500)
    wire.before("checkout_delete", lambda: emulator.approve(str(checkout.order_uuid)))
    with pytest.raises(AlreadyPaid):
        charge_customer(customer, MONTHLY)
    assert asked(emulator) == []


def test_a_checkout_that_nobody_finished_making_gives_way(
    emulator: Emulator, customer: SezzleCustomer, started: MakePayment
) -> None:
    checkout = started("SUB-1", 2_500)
    SezzlePayment.objects.filter(pk=checkout.pk).update(order_uuid=None, start_lease_until=None)
    charge_customer(customer, MONTHLY)
    assert again(checkout).status == Status.CANCELED


@pytest.mark.fault(6)
@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.profile.change(limits=False, request_id="ignored")
    results = together(16, lambda _n: charge_customer(customer, MONTHLY))
    assert len(orders(emulator)) == len(asked(emulator)) == 1
    assert sum(isinstance(result, SezzleOperation) for result in results) == 1
    assert SezzlePayment.objects.filter(shop_reference="SUB-1").count() == 1


@pytest.mark.fault(17)
@pytest.mark.django_db(transaction=True)
def test_a_checkout_and_a_charge_at_once(emulator: Emulator, customer: SezzleCustomer) -> None:
    def work(number: int) -> object:
        if number % 2:
            return start_checkout(a_checkout("SUB-1", 2_500))
        return charge_customer(customer, MONTHLY)

    results = together(8, work)

    paid = [result for result in results if isinstance(result, SezzleOperation)]
    approved = [order for order in emulator.orders if order.authorization is not None]
    assert len([o for o in approved if o.reference_id.startswith("SUB-1")]) == len(paid)
    current = SezzlePayment.objects.filter(shop_reference="SUB-1", is_current=True)
    assert current.count() == 1
    if paid:
        # Whatever checkout was begun before it was deleted at Sezzle.
        assert current.get() == paid[0].payment


# What Sezzle says


def test_declined(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.decline_next_customer_order()
    with pytest.raises(Declined, match="No money moved") as raised:
        charge_customer(customer, MONTHLY)
    operation = raised.value.operation
    assert operation is not None
    payment = operation.payment
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.DECLINED)
    assert (payment.status, payment.is_current, payment.order_uuid) == (Status.DENIED, None, None)
    assert facts(payment) == ["closed"]
    assert orders(emulator) == []
    # The order can be paid in another way, under another reference.
    assert charge_customer(customer, MONTHLY).payment.reference_id == "SUB-1-2"


def test_a_consent_that_ended(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.clock.advance(timedelta(days=400))
    with pytest.raises(GatewayRejected, match="No money moved") as raised:
        charge_customer(customer, MONTHLY)
    assert raised.value.code == "token_is_expired"
    payment = SezzlePayment.objects.get(shop_reference="SUB-1")
    assert (payment.status, payment.is_current) == (Status.CANCELED, None)
    assert facts(payment) == ["closed"]


def test_a_consent_that_was_taken_back(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.state.customers.remove(customer.uuid)
    with pytest.raises(GatewayRejected, match="taken the consent back") as raised:
        charge_customer(customer, MONTHLY)
    assert raised.value.operation is not None
    # What the record keeps are Sezzle's own words.
    assert raised.value.operation.error_message == "not found"


def test_an_answer_that_does_not_say_yes_or_no(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    wire.falsify("customer_order", with_authorization(approved=None))
    assert charge_customer(customer, MONTHLY).payment.captured_in_cents == 2_500


def test_a_yes_whose_order_cannot_be_read_now(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.faults.add("order_get", "503", times=9)
    payment = charge_customer(customer, MONTHLY).payment
    assert payment.approved
    emulator.faults.clear()
    assert refresh(payment).captured_in_cents == 2_500
    check_books(emulator, payment)


@pytest.mark.fault(29)
@pytest.mark.parametrize("body", ["", "[]", "{}", '{"uuid": 5}', "<html>"])
def test_a_yes_that_cannot_be_read(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer, body: str
) -> None:
    wire.falsify("customer_order", says(200, body))
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    let_lease_end()
    payment = refresh(SezzlePayment.objects.get(shop_reference="SUB-1"))
    assert payment.captured_in_cents == 2_500
    assert len(orders(emulator)) == 1


def test_an_order_for_another_amount_waits_for_a_human(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    other = {"order_amount": {"amount_in_cents": 9_900, "currency": "USD"}}
    wire.falsify("order_get", with_members(**other))
    payment = charge_customer(customer, MONTHLY).payment
    assert payment.review_reason == Review.AMOUNT_DIFFERS
    assert not payment.is_funded_for(2_500, "USD")


# No answer


@pytest.mark.fault(7, 52)
@pytest.mark.parametrize("fault", ["drop_after", "500_after", "timeout_after", "no_uuid_after"])
def test_a_lost_answer_is_asked_for_again_with_the_same_id(
    emulator: Emulator, customer: SezzleCustomer, fault: str
) -> None:
    emulator.faults.add("customer_order", fault)
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    operation = SezzleOperation.objects.get(kind="charge")
    # Nothing else pays for the order meanwhile, and nobody asks again at once.
    for attempt in (
        lambda: charge_customer(customer, MONTHLY),
        lambda: start_checkout(a_checkout("SUB-1", 2_500)),
        lambda: cancel(operation.payment),
        lambda: send_again(operation),
    ):
        with pytest.raises((OperationInProgress, ActionNotAllowed)):
            attempt()
    assert len(asked(emulator)) == 1
    let_lease_end()

    payment = refresh(operation.payment)

    assert asked(emulator) == [operation.request_id] * 2
    operation.refresh_from_db()
    assert (operation.state, operation.result_payment) == (State.SUCCEEDED, payment)
    assert payment.is_funded_for(2_500, "USD")
    assert orders(emulator) == [(payment.order_uuid, 2_500)]
    assert facts(payment) == ["authorized", "captured"]


@pytest.mark.fault(7)
@pytest.mark.parametrize("fault", ["drop_before", "500_before", "429", "408"])
def test_what_was_not_done_is_done_once(
    emulator: Emulator, customer: SezzleCustomer, fault: str
) -> None:
    emulator.faults.add("customer_order", fault)
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    let_lease_end()
    # Whoever touches it next: the command.
    assert not [item for item in reconcile() if getattr(item, "operation", "")]
    assert len(orders(emulator)) == 1
    assert SezzlePayment.objects.get(shop_reference="SUB-1").captured_in_cents == 2_500


@pytest.mark.fault(7, 30)
@pytest.mark.parametrize("keys", ["honoured", "ignored", "refused"])
def test_the_event_of_its_order_finds_it(
    emulator: Emulator, customer: SezzleCustomer, keys: str
) -> None:
    emulator.profile.change(request_id=keys)
    operation = lose_the_answer(emulator, customer)

    payment = adopt_order("default", orders(emulator)[0][0])

    operation.refresh_from_db()
    assert (operation.state, operation.evidence) == (State.SUCCEEDED, Evidence.MATCHED)
    assert payment == operation.payment == operation.result_payment
    let_lease_end()
    refresh(operation.payment)
    assert len(asked(emulator)) == len(orders(emulator)) == 1
    assert adopt_order("default", orders(emulator)[0][0]) is None


@pytest.mark.fault(28)
@pytest.mark.parametrize("no", ["refused_as_duplicate", "taken_back", "declined"])
def test_a_no_to_the_repeat_does_not_hide_the_yes(
    emulator: Emulator, customer: SezzleCustomer, no: str
) -> None:
    operation = lose_the_answer(emulator, customer)
    if no == "refused_as_duplicate":
        emulator.profile.change(request_id="refused")
    elif no == "taken_back":
        emulator.profile.change(request_id="ignored")
        emulator.state.customers.remove(customer.uuid)
    else:
        emulator.profile.change(request_id="ignored")
        emulator.decline_next_customer_order()
    for _ in range(3):
        let_lease_end()
        refresh(operation.payment)
    operation.refresh_from_db()
    assert (operation.state, operation.is_open) == (State.UNKNOWN, True)
    if no != "refused_as_duplicate":
        # A clear no is no reason to go on asking.
        assert len(asked(emulator)) == 2
    assert adopt_order("default", orders(emulator)[0][0]) == operation.payment
    assert again(operation.payment).captured_in_cents == 2_500


def test_a_second_order_for_one_charge_is_not_lost(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    """Where Sezzle ignored the id and no event came, the truth is at least told."""
    emulator.profile.change(request_id="ignored", limits=False)
    operation = lose_the_answer(emulator, customer)
    let_lease_end()
    payment = refresh(operation.payment)
    (first, _), (second, _) = orders(emulator)
    assert payment.order_uuid == second
    # Its event finds it now; it belongs to no payment.
    ago = timezone.now() - timedelta(minutes=1)
    SezzleWebhookEvent.objects.create(
        key="default:late",
        event_type="order.authorized",
        order_uuid=first,
        state=EventState.IGNORED,
        received_at=ago,
        lease_until=ago,
    )
    (found,) = [item for item in reconcile() if getattr(item, "code", "") == Code.UNACCOUNTED]
    assert (found.order_uuid, found.needs_human) == (first, True)


@pytest.mark.fault(30)
def test_a_late_answer_that_names_a_second_order(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    emulator.profile.change(request_id="ignored", limits=False)

    def somebody_else_was_faster() -> None:
        operation = SezzleOperation.objects.get(kind="charge")
        adopt_order("default", orders(emulator)[0][0])
        assert not SezzleOperation.objects.get(pk=operation.pk).is_open

    wire.after("customer_order", somebody_else_was_faster)
    wire.falsify("customer_order", with_members(uuid="another-order"))
    operation = charge_customer(customer, MONTHLY)
    assert operation.state == State.SUCCEEDED
    second = SezzlePayment.objects.filter(order_uuid="another-order").first()
    assert second is not None
    assert (second.review_reason, second.is_current) == (Review.SECOND_AUTHORIZATION, None)
    announced = SezzleAnnouncement.objects.filter(payment=second).order_by("pk")
    assert announced.first() is not None
    assert announced[0].fact == "review"
    findings = [item for item in reconcile() if getattr(item, "code", "") == Code.NEEDS_REVIEW]
    assert len(findings) == 1


def test_closed_by_staff(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.faults.add("customer_order", "drop_before")
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    operation = SezzleOperation.objects.get(kind="charge")
    with pytest.raises(OperationInProgress):
        close_unknown(operation, actor=None, reason="too early")
    let_lease_end()
    with pytest.raises(ActionNotAllowed, match="has no order to read"):
        send_again(operation)
    closed = close_unknown(operation, actor=None, reason="not in Sezzle's dashboard")
    assert closed.state == State.FAILED
    assert (closed.payment.status, closed.payment.is_current) == (Status.CANCELED, None)
    assert charge_customer(customer, MONTHLY).state == State.SUCCEEDED


def test_what_never_left(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.faults.add("customer_order", "refused")
    with pytest.raises(GatewayUnavailable):
        charge_customer(customer, MONTHLY)
    payment = SezzlePayment.objects.get(shop_reference="SUB-1")
    assert (payment.status, payment.is_current) == (Status.CANCELED, None)
    charge_customer(customer, MONTHLY)
    assert (len(orders(emulator)), len(orders(emulator, "SUB-1-2"))) == (0, 1)


@pytest.mark.parametrize("fault", ["refused", "drop_before", "500_before", "429"])
def test_while_sezzle_cannot_be_reached_no_charge_counts_as_finished(
    emulator: Emulator, customer: SezzleCustomer, started: MakePayment, fault: str
) -> None:
    SezzlePayment.objects.filter(pk=started("open").pk).update(last_read_at=None)
    emulator.faults.add("customer_order", "drop_before", times=4)
    for number in range(4):
        with pytest.raises(OutcomeUnknown):
            charge_customer(customer, replace(MONTHLY, shop_reference=f"SUB-{number}"))
    let_lease_end()
    emulator.calls.clear()
    emulator.faults.add("customer_order", fault, times=None)

    items = list(reconcile())

    assert Done(Task.OPERATION) not in items
    # After three that were not answered no more is sent, but the account can still be read.
    tried = Reach.MOST_FAILURES
    assert Code.UNREADABLE not in [getattr(item, "code", "") for item in items]
    assert Done(Task.PAYMENT) in items
    attempts = SezzleOperation.objects.filter(kind="charge").values_list("attempts", flat=True)
    assert sorted(attempts) == [1] * (4 - tried) + [2] * tried
    assert [item.code for item in items if getattr(item, "operation", "")] == [
        Code.OPERATION_OPEN
    ] * 4


@pytest.mark.django_db(transaction=True)
def test_what_the_host_committed_and_cannot_leave_does_not_count_as_reached(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    emulator.faults.add("customer_order", "refused", times=None)
    for number in range(4):
        with hosts_transaction():
            charge_customer(
                customer, replace(MONTHLY, shop_reference=f"SUB-{number}"), on_commit=True
            )
    let_lease_end()
    emulator.calls.clear()
    items = list(reconcile())
    assert Done(Task.OPERATION) not in items
    (unreachable,) = (item for item in items if getattr(item, "code", "") == Code.UNREADABLE)
    assert "3 could not be read or sent (GatewayUnavailable)" in unreachable.message


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_charge_that_cannot_be_asked_about(
    emulator: Emulator, customer: SezzleCustomer, was_sent: bool, settings: Any
) -> None:
    if was_sent:
        lose_the_answer(emulator, customer)
    else:
        emulator.faults.add("customer_order", "refused", times=None)
        with hosts_transaction():
            charge_customer(customer, MONTHLY, on_commit=True)
        SezzleOperation.objects.update(attempts=0)
    let_lease_end()
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    tokens.clear()
    said = "Money may or may not have moved" if was_sent else "No money moved: it is tried again"
    with pytest.raises(AuthenticationFailed, match=said) as raised:
        refresh(SezzlePayment.objects.get(shop_reference="SUB-1"))
    assert raised.value.operation == SezzleOperation.objects.get(kind="charge")


# What reviewers found


@pytest.mark.django_db(transaction=True)
def test_who_took_it_back_before_the_hosts_commit_is_not_charged(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    with hosts_transaction():
        operation = charge_customer(customer, MONTHLY, on_commit=True)
        SezzleCustomer.objects.filter(pk=customer.pk).update(forgotten_at=timezone.now())
    operation.refresh_from_db()
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.NOT_SENT)
    assert operation.payment.status == Status.CANCELED
    assert "customer_order" not in called(emulator)


def test_keys_of_another_merchant(emulator: Emulator, customer: SezzleCustomer) -> None:
    emulator.state.customers.remove(customer.uuid)
    first = SezzlePayment.objects.get(shop_reference="first")
    told_at = timezone.now()
    SezzleAnnouncement.objects.create(
        payment=first, fact_key=f"tokenized:{customer.pk}", lease_until=told_at, told_at=told_at
    )
    SezzlePayment.objects.filter(pk=first.pk).update(merchant_uuid="another-merchant")
    with pytest.raises(ActionNotAllowed, match="another merchant"):
        charge_customer(customer, MONTHLY)
    assert "customer_order" not in called(emulator)


def test_what_comes_of_a_charge_is_the_same_customers(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    held = replace(MONTHLY, intent=Intent.AUTH, success_url="")
    emulator.profile.change(upcharge=True)
    payment = charge_customer(customer, held).payment
    extra = upcharge(payment, amount_in_cents=300, intent=Intent.AUTH).result_payment
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        newer = reauthorize(refresh(payment)).result_payment
    for child in (extra, newer):
        assert child is not None
        assert child.customer == customer
        # A till may not touch what the website sold.
        assert not is_in_store(child)


@pytest.mark.fault(28)
@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_without_sezzles_own_words_is_a_proxys(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer, status: int
) -> None:
    """Sezzle made the order, and something in between answered."""
    wire.falsify("customer_order", says(status, "<html>no</html>", "text/html"))
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    let_lease_end()
    with pytest.raises(AlreadyPaid, match="Nothing was charged a second time"):
        charge_customer(customer, MONTHLY)
    assert len(orders(emulator)) == 1
    assert not orders(emulator, "SUB-1-2")


@pytest.mark.fault(18, 30)
def test_an_order_that_shows_up_after_staff_closed_its_charge(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    operation = lose_the_answer(emulator, customer)
    let_lease_end()
    close_unknown(operation, actor=None, reason="not in the dashboard yet")

    payment = adopt_order("default", orders(emulator)[0][0])

    assert payment == operation.payment
    assert (payment.review_reason, payment.is_current) == (Review.LATE_AUTHORIZATION, None)
    assert facts(payment)[-1] == "review"
    assert refund(payment).state == State.SUCCEEDED
    check_books(emulator, payment)


@pytest.mark.fault(13)
def test_an_order_without_an_authorization_yet_is_no_refusal(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    wire.falsify("customer_order", with_authorization(approved=None))
    wire.falsify("order_get", with_members(authorization=None))
    with pytest.raises(OutcomeUnknown):
        charge_customer(customer, MONTHLY)
    let_lease_end()
    payment = refresh(SezzlePayment.objects.get(shop_reference="SUB-1"))
    assert payment.captured_in_cents == 2_500
    assert len(asked(emulator)) == 1


def test_the_answer_says_yes_before_the_order_does(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    wire.falsify("order_get", with_members(authorization=None))
    payment = charge_customer(customer, MONTHLY).payment
    assert payment.approved
    assert facts(payment)[0] == "authorized"
    refresh(payment)
    check_books(emulator, payment)


def test_an_order_that_was_charged_is_never_deleted(
    emulator: Emulator, wire: Wire, customer: SezzleCustomer
) -> None:
    """Sezzle's order is in another currency than was asked for: a human has to look."""
    other = {"amount_in_cents": 2_500, "currency": "CAD"}
    granted = {"authorization_amount": other, "approved": True}
    members = with_members(order_amount=other, authorization=granted)
    wire.falsify("customer_order", members, times=9)
    wire.falsify("order_get", members, times=9)
    payment = charge_customer(customer, MONTHLY).payment
    assert (payment.approved, payment.review_reason) == (False, Review.CURRENCY_DIFFERS)
    emulator.calls.clear()
    for attempt in (
        lambda: charge_customer(customer, MONTHLY),
        lambda: start_checkout(a_checkout("SUB-1", 2_500)),
    ):
        with pytest.raises((OperationInProgress, AlreadyPaid)):
            attempt()
    assert "checkout_delete" not in called(emulator)
    assert len(orders(emulator)) == 1


def test_the_link_of_a_checkout_may_have_been_sent(
    emulator: Emulator, customer: SezzleCustomer, started: MakePayment
) -> None:
    # It has a page to come back to, and its link was sent all the same.
    link = SendTo(sms_phone="+14155550142", language="en")
    emulator.faults.add("session_create", "drop_after")
    with pytest.raises(GatewayUnavailable):
        start_checkout(a_checkout("SUB-1", 2_500, send_to=link, success_url="/thanks/"))
    checkout = SezzlePayment.objects.get(shop_reference="SUB-1")
    with pytest.raises(OperationInProgress, match="may have been sent"):
        charge_customer(customer, MONTHLY)
    cancel(again(checkout))
    charge_customer(customer, MONTHLY)


def test_what_was_never_sent_is_replaced_without_a_word(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    with hosts_transaction():
        old = charge_customer(customer, MONTHLY, on_commit=True)
    long_ago = timezone.now() - timedelta(hours=1)
    SezzleOperation.objects.filter(pk=old.pk).update(
        created_at=long_ago, lease_until=long_ago, deferred=False
    )
    payment = charge_customer(customer, MONTHLY).payment
    assert again(old.payment).status == Status.CANCELED
    list(reconcile())
    assert facts(old.payment) == []
    assert facts(payment) == ["authorized", "captured"]


def test_a_customer_that_is_not_there(customer: SezzleCustomer) -> None:
    for stranger in (SezzleCustomer(uuid="never-saved"), SezzleCustomer(pk=10**9, uuid="gone")):
        with pytest.raises(ActionNotAllowed, match="no such saved customer"):
            charge_customer(stranger, MONTHLY)


# What is refused here


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({"account": "canada"}, InvalidInput, "agreed to be charged by the canada account"),
        ({"environment": "production"}, ActionNotAllowed, "agreed in production"),
        ({"forgotten_at": "2026-11-01T00:00Z"}, ActionNotAllowed, "was removed"),
    ],
)
def test_whom_the_shop_may_not_charge(
    emulator: Emulator,
    customer: SezzleCustomer,
    columns: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    SezzleCustomer.objects.filter(pk=customer.pk).update(**columns)
    with pytest.raises(error, match=words):
        charge_customer(customer, MONTHLY)
    assert called(emulator) == []
    assert not SezzlePayment.objects.filter(shop_reference="SUB-1").exists()


@pytest.mark.parametrize("request_id", ["", "x" * 65, "two words", "né", 5])
def test_request_ids_that_are_none(customer: SezzleCustomer, request_id: Any) -> None:
    with pytest.raises(InvalidInput):
        charge_customer(customer, MONTHLY, request_id=request_id)


def test_an_order_that_is_paid_in_production(
    emulator: Emulator, customer: SezzleCustomer, started: MakePayment
) -> None:
    payment = started("SUB-1", 2_500)
    SezzlePayment.objects.filter(pk=payment.pk).update(environment="production")
    with pytest.raises(ActionNotAllowed, match="in production"):
        charge_customer(customer, MONTHLY)
    assert asked(emulator) == []


# From a host's transaction


class Undo(Exception):
    """Makes a host's transaction roll back."""


def charge_and_undo(customer: SezzleCustomer) -> None:
    with hosts_transaction():
        charge_customer(customer, MONTHLY, on_commit=True)
        raise Undo


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
def test_with_the_hosts_commit_or_not_at_all(emulator: Emulator, customer: SezzleCustomer) -> None:
    with hosts_transaction(), pytest.raises(ActionNotAllowed, match="inside a database transact"):
        charge_customer(customer, MONTHLY)
    with pytest.raises(Undo):
        charge_and_undo(customer)
    assert asked(emulator) == []
    assert not SezzlePayment.objects.filter(shop_reference="SUB-1").exists()
    with hosts_transaction():
        operation = charge_customer(customer, MONTHLY, on_commit=True)
        assert asked(emulator) == []
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert again(operation.payment).captured_in_cents == 2_500
    with hosts_transaction(), pytest.raises(AlreadyPaid):
        charge_customer(customer, MONTHLY, on_commit=True)


@pytest.mark.django_db(transaction=True)
def test_what_the_host_committed_is_sent_later(
    emulator: Emulator, customer: SezzleCustomer
) -> None:
    emulator.faults.add("customer_order", "refused")
    with hosts_transaction():
        operation = charge_customer(customer, MONTHLY, on_commit=True)
    operation.refresh_from_db()
    assert (operation.is_open, operation.attempts) == (True, 0)
    let_lease_end()
    list(reconcile())
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert len(orders(emulator)) == 1


def test_two_accounts_have_their_own_orders(emulator: Emulator, customer: SezzleCustomer) -> None:
    charge_customer(customer, MONTHLY)
    with override_settings(SEZZLE={**settings.SEZZLE, "ACCOUNTS": {"canada": {}}}):
        theirs = SezzleCustomer.objects.create(
            account="canada", environment="sandbox", uuid=customer.uuid
        )
        charge_customer(theirs, replace(MONTHLY, account="canada"))
    assert len(orders(emulator)) == 2
    assert Price(2_500, "USD") == MONTHLY.amount
