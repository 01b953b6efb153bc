"""Saved shoppers around the charge: asked first, removed for good, compared after a restore."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    ActionNotAllowed,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.gateway import Price
from django_sezzle.models import SezzleCustomer, SezzlePayment, SezzleWebhookEvent
from django_sezzle.reconcile import Code, Done, Finding, Run, Task, reconcile
from django_sezzle.services import (
    capture,
    charge_customer,
    compare_customers,
    customers_at_sezzle,
    forget_customer,
    preapprove,
    refresh,
)
from django_sezzle.services.tokenization import TOKEN_LIFE, find_customer
from django_sezzle.signals import customer_tokenized
from tests.fixtures import a_checkout, hosts_transaction, make_user
from tests.services.conftest import MakePayment
from tests.services.rigs import Edit, Statements, Wire, called, listening, says, with_members

pytestmark = pytest.mark.django_db

TEN = Price(1_000, "USD")
GONE = '[{"code": "record_not_found", "message": "not found"}]'
MakeCustomer = Callable[..., SezzleCustomer]
BOTH_CALLS = ["session_get", "token_session"]


@pytest.fixture
def agreed(emulator: Emulator, started: MakePayment) -> MakePayment:
    """Make a payment whose shopper paid and agreed; we have not asked who."""

    def make(reference: str = "1001", **members: Any) -> SezzlePayment:
        payment = started(reference, tokenize=True, **members)
        emulator.approve(str(payment.order_uuid), tokenize=True)
        refresh(payment)
        emulator.calls.clear()
        return payment

    return make


@pytest.fixture
def saved(emulator: Emulator, agreed: MakePayment) -> MakeCustomer:
    """Make a customer whom Sezzle and we know."""

    def make(reference: str = "1001", **members: Any) -> SezzleCustomer:
        customer = find_customer(agreed(reference, **members), seconds=10)
        assert customer is not None
        emulator.calls.clear()
        return customer

    return make


@pytest.fixture
def with_the_account_of(wire: Wire, agreed: MakePayment) -> MakeCustomer:
    """Let somebody agree whose account at Sezzle has the id that another one has here."""

    def make(other: SezzleCustomer, reference: str, **members: Any) -> SezzleCustomer:
        payment = agreed(reference, **members)
        wire.falsify("token_session", named(other))
        customer = find_customer(payment, seconds=10)
        assert customer is not None
        return customer

    return make


def named(customer: SezzleCustomer) -> Edit:
    """Have Sezzle say that this customer agreed."""
    same = {"uuid": customer.uuid, "expiration": "2031-05-01T00:00:00Z", "links": []}
    return with_members(customer=same)


def again(customer: SezzleCustomer) -> SezzleCustomer:
    return SezzleCustomer.objects.get(pk=customer.pk)


class TestPreapproval:
    """Asking before a charge."""

    @pytest.mark.parametrize(("power", "answer"), [(1_000, True), (999, False)])
    def test_sezzles_answer(
        self, emulator: Emulator, saved: MakeCustomer, power: int, answer: bool
    ) -> None:
        customer = saved()
        moved = list(emulator.executions)
        emulator.profile.spending_power_in_cents = power

        assert preapprove(customer, TEN) is answer

        assert called(emulator) == ["preapprove"]
        assert list(emulator.executions) == moved

    def test_who_was_removed_is_not_asked_about(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = forget_customer(saved())
        emulator.calls.clear()

        with pytest.raises(ActionNotAllowed, match="was removed"):
            preapprove(customer, TEN)

        assert called(emulator) == []

    def test_another_environment_is_not_asked(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        customer.environment = "production"

        with pytest.raises(ActionNotAllowed, match="agreed in production"):
            preapprove(customer, TEN)

        assert called(emulator) == []

    def test_silence_is_neither_yes_nor_no(self, emulator: Emulator, saved: MakeCustomer) -> None:
        customer = saved()
        emulator.faults.add("preapprove", "drop_before")

        with pytest.raises(GatewayUnavailable):
            preapprove(customer, TEN)


class TestForgetting:
    """Removing a saved shopper, at Sezzle first."""

    def test_it_is_gone_at_sezzle_and_marked_here(
        self, emulator: Emulator, saved: MakeCustomer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "django_sezzle.services")
        customer, staff = saved(), make_user("staff")

        with Statements() as made:
            forgotten = forget_customer(customer, actor=staff)

        assert called(emulator) == ["customer_delete"]
        assert len(made.texts) <= 7, "\n".join(made.texts)
        assert not list(emulator.state.customers)
        assert forgotten is customer
        assert again(customer).forgotten_at is not None
        assert not customer.is_chargeable
        assert f"customer={customer.pk} account=default removed_by={staff.pk}" in caplog.text
        assert customer.uuid not in caplog.text

    def test_repeating_it_asks_nobody(self, emulator: Emulator, saved: MakeCustomer) -> None:
        customer = forget_customer(saved())
        first, stale = customer.forgotten_at, again(customer)
        emulator.calls.clear()

        forget_customer(stale)

        assert called(emulator) == []
        assert again(customer).forgotten_at == first

    def test_what_sezzle_no_longer_knows_is_gone(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        emulator.state.customers.remove(customer.uuid)

        forget_customer(customer)

        assert again(customer).forgotten_at is not None

    def test_a_proxys_404_says_nothing(
        self, emulator: Emulator, wire: Wire, saved: MakeCustomer
    ) -> None:
        customer = saved()
        wire.falsify("customer_delete", says(404, "<h1>no route</h1>", "text/html"))

        with pytest.raises(GatewayRejected):
            forget_customer(customer)

        assert again(customer).forgotten_at is None

    @pytest.mark.parametrize("fault", ["drop_before", "drop_after", "500_after"])
    def test_without_an_answer_nothing_is_recorded_and_it_can_be_repeated(
        self, emulator: Emulator, saved: MakeCustomer, fault: Any
    ) -> None:
        customer = saved()
        emulator.faults.add("customer_delete", fault)

        with pytest.raises(GatewayUnavailable):
            forget_customer(customer)
        assert again(customer).forgotten_at is None

        forget_customer(customer)
        assert again(customer).forgotten_at is not None
        assert not list(emulator.state.customers)

    def test_not_while_a_payment_of_theirs_is_being_checked(
        self, emulator: Emulator, saved: MakeCustomer, authorized: MakePayment
    ) -> None:
        customer, payment = saved(), authorized("1002")
        SezzlePayment.objects.filter(pk=payment.pk).update(customer=customer)
        emulator.faults.add("capture", "drop_before")
        with pytest.raises(OutcomeUnknown):
            capture(payment)
        emulator.calls.clear()

        with pytest.raises(OperationInProgress) as refused:
            forget_customer(customer)

        assert called(emulator) == []
        assert again(customer).forgotten_at is None
        assert refused.value.operation == payment.open_operation()

    def test_not_inside_a_transaction(self, emulator: Emulator, saved: MakeCustomer) -> None:
        customer = saved()

        with hosts_transaction(), pytest.raises(ActionNotAllowed, match="transaction"):
            forget_customer(customer)

        assert emulator.calls == []

    def test_not_with_the_keys_of_another_merchant(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        SezzlePayment.objects.update(merchant_uuid="another-merchant")

        with pytest.raises(ActionNotAllowed, match="another merchant"):
            forget_customer(customer)

        assert called(emulator) == []
        assert again(customer).forgotten_at is None

    def test_who_agrees_anew_may_be_charged_again(
        self, saved: MakeCustomer, with_the_account_of: MakeCustomer
    ) -> None:
        customer = forget_customer(saved())

        assert with_the_account_of(customer, "1002") == customer

        assert again(customer).forgotten_at is None

    def test_the_old_consent_told_once_more_does_not_count_again(
        self, emulator: Emulator, wire: Wire, agreed: MakePayment
    ) -> None:
        payment = agreed()
        customer = find_customer(payment, seconds=10)
        assert customer is not None
        forget_customer(customer)
        wire.falsify("token_session", named(customer))

        assert find_customer(payment, seconds=10) == customer

        assert again(customer).forgotten_at is not None


class TestOneAccountOfTwoUsers:
    """Should Sezzle give an account the same id each time, nobody takes it from anybody."""

    @pytest.fixture
    def two(
        self, saved: MakeCustomer, with_the_account_of: MakeCustomer
    ) -> tuple[SezzleCustomer, SezzleCustomer]:
        """What two users of the shop agreed to with one account at Sezzle."""
        first = saved(user=make_user("first"))
        return first, with_the_account_of(first, "1002", user=make_user("second"))

    def test_each_has_their_own(self, two: tuple[SezzleCustomer, SezzleCustomer]) -> None:
        first, second = two

        assert first.uuid == second.uuid
        for customer in two:
            owner = again(customer).user
            assert SezzleCustomer.objects.chargeable_for(owner) == customer
        assert first.user_id != second.user_id

    def test_one_takes_it_back_and_the_other_is_charged(
        self, emulator: Emulator, two: tuple[SezzleCustomer, SezzleCustomer]
    ) -> None:
        first, second = two
        emulator.calls.clear()

        forget_customer(second)

        assert called(emulator) == []
        assert again(second).forgotten_at is not None
        with pytest.raises(ActionNotAllowed, match="was removed"):
            charge_customer(second, a_checkout("2001"))
        charged = charge_customer(first, a_checkout("2002")).result_payment
        assert charged is not None
        assert charged.user_id == first.user_id

    def test_the_last_one_ends_it_at_sezzle(
        self, emulator: Emulator, two: tuple[SezzleCustomer, SezzleCustomer]
    ) -> None:
        first, second = two
        forget_customer(second)
        emulator.calls.clear()

        forget_customer(first)

        assert called(emulator) == ["customer_delete"]
        assert emulator.state.customers.get(first.uuid) is None

    def test_whose_consent_ran_out_keeps_nothing_at_sezzle(
        self, emulator: Emulator, two: tuple[SezzleCustomer, SezzleCustomer]
    ) -> None:
        first, second = two
        rows = SezzleCustomer.objects.filter(pk=first.pk)
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))

        forget_customer(second)

        assert emulator.state.customers.get(second.uuid) is None

    def test_what_a_guest_agreed_to_ends_with_the_last_user(
        self, emulator: Emulator, saved: MakeCustomer, with_the_account_of: MakeCustomer
    ) -> None:
        guests = saved()
        users = with_the_account_of(guests, "1002", user=make_user("shopper"))
        assert users != guests

        forget_customer(users)

        assert emulator.state.customers.get(users.uuid) is None
        assert again(guests).forgotten_at is not None

    def test_not_while_what_ends_with_it_is_being_charged(
        self, emulator: Emulator, saved: MakeCustomer, with_the_account_of: MakeCustomer
    ) -> None:
        guests = saved()
        users = with_the_account_of(guests, "1002", user=make_user("shopper"))
        emulator.faults.add("customer_order", "drop_before")
        with pytest.raises(OutcomeUnknown):
            charge_customer(guests, a_checkout("2001"))

        with pytest.raises(OperationInProgress):
            forget_customer(users)

        assert again(users).forgotten_at is None

    def test_staff_remove_a_guests_and_the_users_stays(
        self, emulator: Emulator, saved: MakeCustomer, with_the_account_of: MakeCustomer
    ) -> None:
        users = saved(user=make_user("shopper"))
        guests = with_the_account_of(users, "1002")

        forget_customer(guests)

        assert again(guests).forgotten_at is not None
        assert again(users).is_chargeable
        assert emulator.state.customers.get(users.uuid) is not None


class TestWhomToCharge:
    """What the shop asks before it charges."""

    def test_who_agreed_last_and_not_who_agreed_first_last(
        self, saved: MakeCustomer, agreed: MakePayment, with_the_account_of: MakeCustomer
    ) -> None:
        shopper = make_user("shopper")
        first, payment = saved(user=shopper), agreed("1002", user=shopper)
        second = find_customer(payment, seconds=10)
        assert SezzleCustomer.objects.chargeable_for(shopper) == second

        assert with_the_account_of(first, "1003", user=shopper) == first

        assert SezzleCustomer.objects.chargeable_for(shopper) == first
        # What is told once more, or late, is no new consent.
        assert find_customer(payment, seconds=10) == second
        assert SezzleCustomer.objects.chargeable_for(shopper) == first

    def test_the_order_in_which_sezzle_tells_it_does_not_count(self, agreed: MakePayment) -> None:
        shopper = make_user("shopper")
        earlier, later = (agreed(number, user=shopper) for number in ("1001", "1002"))

        newest = find_customer(later, seconds=10)
        find_customer(earlier, seconds=10)

        assert SezzleCustomer.objects.chargeable_for(shopper) == newest

    def test_the_newest_of_the_user(self, saved: MakeCustomer) -> None:
        shopper = make_user("shopper")
        saved(user=shopper)
        newest = saved("1002", user=shopper)
        saved("1003", user=make_user("other"))

        assert SezzleCustomer.objects.chargeable_for(shopper) == newest
        assert newest.is_chargeable

    def test_a_guest_has_none(self, saved: MakeCustomer) -> None:
        saved()

        assert SezzleCustomer.objects.chargeable_for(None) is None
        assert SezzleCustomer.objects.chargeable_for(AnonymousUser()) is None

    @pytest.mark.parametrize(
        "change",
        [
            {"forgotten_at": timezone.now()},
            {"expires_at": timezone.now() - timedelta(seconds=1)},
            {"environment": "production"},
            {"account": "gone"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_who_may_not_be_charged(self, saved: MakeCustomer, change: dict[str, Any]) -> None:
        shopper = make_user("shopper")
        customer = saved(user=shopper)
        SezzleCustomer.objects.update(**change)

        assert SezzleCustomer.objects.chargeable_for(shopper) is None
        assert not again(customer).is_chargeable

    def test_who_has_no_end_may_be_charged(self, saved: MakeCustomer) -> None:
        shopper = make_user("shopper")
        customer = saved(user=shopper)
        SezzleCustomer.objects.update(expires_at=None)

        assert SezzleCustomer.objects.chargeable_for(shopper) == customer
        assert again(customer).is_chargeable


class TestComparing:
    """After a backup was restored."""

    def test_nothing_differs(self, emulator: Emulator, saved: MakeCustomer) -> None:
        customer = saved()

        found = compare_customers()

        assert called(emulator) == ["customer_list"]
        assert (found.gone, found.unknown) == ((), ())
        assert [each.uuid for each in customers_at_sezzle()] == [customer.uuid]

    def test_who_is_gone_is_marked_and_who_is_new_is_named(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        gone, lost, kept = saved("1"), saved("2"), saved("3")
        emulator.state.customers.remove(gone.uuid)
        SezzleCustomer.objects.filter(pk=lost.pk).delete()

        found = compare_customers()

        assert called(emulator) == ["customer_list", "customer_get"]
        assert found.gone == (gone,)
        assert [each.uuid for each in found.unknown] == [lost.uuid]
        assert lost.uuid not in repr(found)
        assert again(gone).forgotten_at is not None
        assert again(kept).forgotten_at is None

    def test_a_list_that_is_not_all_removes_nobody(
        self, emulator: Emulator, wire: Wire, saved: MakeCustomer
    ) -> None:
        customer = saved()
        wire.falsify("customer_list", says(200, "[]"))

        assert compare_customers().gone == ()
        assert again(customer).forgotten_at is None

    def test_who_was_found_gone_before_trouble_is_marked(
        self, emulator: Emulator, wire: Wire, saved: MakeCustomer
    ) -> None:
        gone, asked_about = saved("1"), saved("2")
        for customer in (gone, asked_about):
            emulator.state.customers.remove(customer.uuid)
        wire.falsify("customer_get", says(404, GONE))
        wire.falsify("customer_get", says(503, ""), times=3)

        with pytest.raises(GatewayUnavailable):
            compare_customers()

        assert again(gone).forgotten_at is not None
        assert again(asked_about).forgotten_at is None

    def test_the_keys_of_another_merchant_remove_nobody(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        SezzlePayment.objects.update(merchant_uuid="another-merchant")
        emulator.state.customers.remove(customer.uuid)

        assert compare_customers().gone == ()
        assert again(customer).forgotten_at is None

    def test_who_has_expired_is_not_asked_about(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        emulator.state.customers.remove(customer.uuid)
        SezzleCustomer.objects.update(expires_at=timezone.now() - timedelta(days=1))

        assert compare_customers().gone == ()
        assert called(emulator) == ["customer_list"]

    def test_reconcile_compares_with_all_only(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        gone = saved()
        emulator.state.customers.remove(gone.uuid)

        assert list(_findings(Run())) == []
        assert list(_findings(Run(everything=True, dry_run=True))) == []
        (finding,) = _findings(Run(everything=True))

        assert (finding.code, finding.needs_human) == (Code.CUSTOMERS_DIFFER, False)
        assert again(gone).forgotten_at is not None


def _findings(run: Run) -> list[Finding]:
    found = [item for item in reconcile(run) if isinstance(item, Finding)]
    return [item for item in found if item.code == Code.CUSTOMERS_DIFFER]


class TestLearningWithoutWebhook:
    """A shop that no webhook reaches asks by itself, while Sezzle may still tell."""

    def test_reconcile_asks_once_and_tells_the_shop(
        self, emulator: Emulator, agreed: MakePayment
    ) -> None:
        heard: list[SezzleCustomer] = []
        payment = agreed(user=make_user("shopper"))

        def hear(customer: SezzleCustomer, **_: Any) -> None:
            heard.append(customer)

        with listening(hear, customer_tokenized):
            assert _asked(Run()) == 1
            assert _asked(Run()) == 0

        assert [call for call in called(emulator) if call in BOTH_CALLS] == BOTH_CALLS
        assert [customer.user_id for customer in heard] == [payment.user_id]
        assert not SezzleWebhookEvent.objects.exists()

    def test_who_did_not_agree_is_asked_about_while_the_token_lives(
        self, emulator: Emulator, started: MakePayment
    ) -> None:
        payment = started(tokenize=True)
        emulator.approve(str(payment.order_uuid))
        refresh(payment)

        assert [_asked(Run()), _asked(Run())] == [1, 1]
        payment.announcements.update(created_at=timezone.now() - TOKEN_LIFE)
        assert _asked(Run()) == 0
        assert not SezzleCustomer.objects.exists()

    def test_who_was_not_asked_or_has_not_paid_costs_nothing(
        self, emulator: Emulator, started: MakePayment, authorized: MakePayment
    ) -> None:
        started("1", tokenize=True)
        authorized("2")

        assert _asked(Run()) == 0
        assert not set(called(emulator)) & set(BOTH_CALLS)

    def test_a_token_that_has_run_out_is_no_trouble(
        self, emulator: Emulator, wire: Wire, agreed: MakePayment
    ) -> None:
        agreed()
        wire.falsify("token_session", says(422, '[{"code": "token_is_expired"}]'))

        assert _asked(Run()) == 1
        assert not SezzleCustomer.objects.exists()

    def test_a_session_with_another_token_is_not_believed(
        self, emulator: Emulator, agreed: MakePayment
    ) -> None:
        payment = agreed()
        SezzlePayment.objects.update(tokenize_digest="0" * 64)
        payment.refresh_from_db()

        assert find_customer(payment, seconds=10) is None
        assert called(emulator) == ["session_get"]

    def test_trouble_keeps_nobody_else_waiting(
        self, emulator: Emulator, agreed: MakePayment
    ) -> None:
        agreed("1")
        agreed("2")
        emulator.faults.add("session_get", "503", times=3)

        assert _asked(Run()) == 1
        assert _asked(Run()) == 1
        assert SezzleCustomer.objects.count() == 2

    def test_a_dry_run_asks_nobody(self, emulator: Emulator, agreed: MakePayment) -> None:
        agreed()

        assert _asked(Run(dry_run=True)) == 1
        assert not set(called(emulator)) & set(BOTH_CALLS)


def _asked(run: Run) -> int:
    return list(reconcile(run)).count(Done(Task.CONSENT))


class TestBesideACharge:
    """Removing and charging at the same time."""

    def test_not_while_a_charge_has_no_known_outcome(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        emulator.faults.add("customer_order", "drop_before")
        with pytest.raises(OutcomeUnknown):
            charge_customer(customer, a_checkout("2001"))
        emulator.calls.clear()

        with pytest.raises(OperationInProgress) as refused:
            forget_customer(customer)

        assert called(emulator) == []
        assert refused.value.operation is not None
        assert refused.value.operation.payment.customer_id == customer.pk

    def test_who_was_removed_is_not_charged(self, emulator: Emulator, saved: MakeCustomer) -> None:
        customer = saved()
        stale = again(customer)
        forget_customer(customer)
        emulator.calls.clear()

        with pytest.raises(ActionNotAllowed, match="was removed"):
            charge_customer(stale, a_checkout("2001"))

        assert called(emulator) == []
        assert not SezzlePayment.objects.filter(shop_reference="2001").exists()

    def test_after_a_charge_that_went_through_it_is_removed(
        self, emulator: Emulator, saved: MakeCustomer
    ) -> None:
        customer = saved()
        charge_customer(customer, a_checkout("2001"))

        assert forget_customer(customer).forgotten_at is not None

        assert SezzlePayment.objects.get(shop_reference="2001").approved
