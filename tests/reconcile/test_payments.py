"""Payments that changed at Sezzle without a webhook are found, read and reported."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import AlreadyPaid
from django_sezzle.models import Review, SezzlePayment, Status
from django_sezzle.reconcile import Run, Task, payments
from django_sezzle.services import cancel, clear_review, refresh, refund, release
from tests.fixtures import PRIVATE_KEY, make_user
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import Statements, Wire, again, called, check_books, says, with_members

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]


def grow_old(*rows: SezzlePayment, by: timedelta = timedelta(minutes=2)) -> None:
    """Let the last reading be that old."""
    found = SezzlePayment.objects.filter(pk__in=[payment.pk for payment in rows])
    found.update(last_read_at=timezone.now() - by, asked_at=None)


def reads(emulator: Emulator) -> int:
    return called(emulator).count("order_get")


@pytest.mark.fault(45)
def test_a_payment_of_a_closed_tab_is_found(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    grow_old(payment)
    result = run()
    assert (result.done[Task.PAYMENT], result.codes) == (1, [])
    assert again(payment).status == Status.AUTHORIZED
    assert again(payment).is_funded_for(10_000, "USD")


def test_each_is_read_once_with_few_statements(emulator: Emulator, started: MakePayment) -> None:
    rows = [started(str(number)) for number in range(3)]
    grow_old(*rows)
    before = reads(emulator)
    with Statements() as statements:
        run()
    assert reads(emulator) == before + 3
    of_rows = [text for text in statements.texts if "sezzle_sezzlepayment" in text]
    assert len(statements.texts) <= 21 + 3 * 7, "\n".join(of_rows)


def test_what_was_just_read_is_not_read_again(emulator: Emulator, started: MakePayment) -> None:
    started()
    before = reads(emulator)
    assert Task.PAYMENT not in run().done
    assert reads(emulator) == before


def test_least_recently_read_goes_first(emulator: Emulator, started: MakePayment) -> None:
    rows = [started(str(number)) for number in range(4)]
    for number, payment in enumerate(rows):
        grow_old(payment, by=timedelta(minutes=[20, 40, 10, 30][number]))
    assert run(limit=2).done[Task.PAYMENT] == 2
    read = [number for number, payment in enumerate(rows) if is_fresh(payment)]
    assert read == [1, 3]


def test_memory_is_flat(started: MakePayment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times the payments, the same memory; only what is read is left out here."""
    monkeypatch.setattr("django_sezzle.reconcile.payments.bring_up_to_date", lambda payment: None)
    monkeypatch.setattr("django_sezzle.reconcile.run.PAGE", 50)
    template = started("0")
    columns = {
        field.attname: getattr(template, field.attname)
        for field in SezzlePayment._meta.concrete_fields
        if field.attname not in ("id", "token")
    }

    def peak(first: int, last: int) -> int:
        SezzlePayment.objects.bulk_create(
            SezzlePayment(
                **columns
                | {
                    "shop_reference": str(number),
                    "reference_id": str(number),
                    "order_uuid": f"order-{number}",
                    "last_read_at": timezone.now() - timedelta(hours=1),
                }
            )
            for number in range(first, last)
        )
        tracemalloc.start()
        done = sum(1 for _ in payments.read(Run()))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert done == last - first
        return used

    few, many = peak(1, 100), peak(100, 700)
    assert many < few + 250_000


def is_fresh(payment: SezzlePayment) -> bool:
    read_at = again(payment).last_read_at
    return read_at is not None and read_at > timezone.now() - timedelta(minutes=1)


def test_all_pages_are_read(
    emulator: Emulator, started: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sezzle.reconcile.run.PAGE", 2)
    rows = [started(str(number)) for number in range(5)]
    moment = timezone.now() - timedelta(minutes=5)
    SezzlePayment.objects.update(last_read_at=moment)
    before = reads(emulator)
    assert run().done[Task.PAYMENT] == 5
    assert reads(emulator) == before + 5
    assert all(is_fresh(payment) for payment in rows)


@pytest.mark.parametrize(
    ("changed", "read", "is_due"),
    [
        (timedelta(hours=12), timedelta(hours=5), False),
        (timedelta(hours=12), timedelta(hours=7), True),
        (timedelta(days=5), timedelta(hours=23), False),
        (timedelta(days=5), timedelta(hours=25), True),
        (timedelta(days=20), timedelta(days=4), False),
        (timedelta(days=20), timedelta(days=6), True),
        (timedelta(days=31), timedelta(days=31), False),
    ],
)
def test_settled_ones_are_read_at_growing_distances(
    captured: MakePayment, changed: timedelta, read: timedelta, is_due: bool
) -> None:
    payment = captured()
    SezzlePayment.objects.update(updated_at=timezone.now() - changed)
    grow_old(payment, by=read)
    assert (Task.PAYMENT in run().done) is is_due
    if not is_due:
        assert run(everything=True).done[Task.PAYMENT] == 1


@pytest.mark.parametrize("approved", [False, True])
def test_what_ran_out_is_settled_once_that_was_read(
    emulator: Emulator, started: MakePayment, later: Later, approved: bool
) -> None:
    """Whatever Sezzle says of it then: one reading of it is that it says nothing new."""
    emulator.profile.change(expired_order="unchanged")
    payment = started()
    if approved:
        emulator.approve(str(payment.order_uuid))
        refresh(payment)
    later(timedelta(hours=25))
    assert run().done[Task.PAYMENT] == 1
    assert again(payment).status == (Status.AUTHORIZED if approved else Status.CANCELED)
    later(timedelta(hours=1))
    assert Task.PAYMENT not in run().done


@pytest.mark.fault(44)
def test_what_was_made_in_sezzles_dashboard_is_reported(
    emulator: Emulator, captured: MakePayment
) -> None:
    payment = captured()
    emulator.dashboard_refund(str(payment.order_uuid), 2_500)
    SezzlePayment.objects.update(updated_at=timezone.now() - timedelta(days=2))
    grow_old(payment, by=timedelta(days=2))
    result = run()
    assert (result.codes, result.needs_human) == (["moved_elsewhere"], [])
    assert "a refund of $25.00 USD was made outside this shop" in result.findings[0].message
    check_books(emulator, payment)
    assert run().codes == []


def test_our_own_refund_is_not_reported(emulator: Emulator, captured: MakePayment) -> None:
    payment = captured()
    refund(payment, amount_in_cents=2_500)
    grow_old(payment, by=timedelta(days=1))
    assert run(everything=True).codes == []


@pytest.mark.fault(3)
def test_another_amount_is_reported_until_it_fits(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    wire = Wire(emulator)
    other = {"amount_in_cents": 9_000, "currency": "USD"}
    wire.falsify("order_get", with_members(order_amount=other))
    emulator.approve(str(payment.order_uuid))
    grow_old(payment)
    result = run()
    assert result.needs_human == ["needs_review"]
    assert "another amount" in result.findings[0].message
    # A payment under review is read whenever it is its turn, and cleared when all fits again.
    grow_old(payment)
    assert run().codes == []
    assert again(payment).is_funded_for(10_000, "USD")


@pytest.mark.fault(18)
def test_a_late_approval_is_reported_until_its_money_is_gone(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    emulator.faults.add("checkout_delete", "503")
    Wire(emulator).falsify("checkout_delete", says(204, ""))
    cancel(payment)
    emulator.approve(str(payment.order_uuid))
    grow_old(payment, by=timedelta(hours=7))
    result = run()
    assert result.needs_human == ["needs_review"]
    assert "approved after the shop had canceled" in result.findings[0].message
    release(payment)
    clear_review(payment, actor=None, reason="it was released")
    assert run().codes == []


@pytest.mark.fault(17)
def test_money_that_counts_for_no_order_is_reported(
    emulator: Emulator, started: MakePayment, staff: Any
) -> None:
    first = started("1001")
    SezzlePayment.objects.filter(pk=first.pk).update(is_current=None, status=Status.CREATED)
    second = started("1001")
    for payment in (first, second):
        emulator.approve(str(payment.order_uuid))
    grow_old(first, second)
    # The other one is read first and counts.
    SezzlePayment.objects.filter(pk=second.pk).update(
        last_read_at=timezone.now() - timedelta(minutes=9)
    )
    assert run().needs_human == ["needs_review"]
    first.refresh_from_db()
    assert first.review_reason == Review.SECOND_AUTHORIZATION
    SezzlePayment.objects.filter(pk=first.pk).update(review_reason="", captured_in_cents=2_000)
    result = run()
    assert result.needs_human == ["unaccounted"]
    assert "$100.00 USD that counts for no order" in result.findings[0].message
    SezzlePayment.objects.filter(pk=first.pk).update(captured_in_cents=0)
    clear_review(first, actor=staff, reason="the shopper ordered twice, and both are shipped")
    assert run().codes == [], "a human has said that it is in order"


@pytest.fixture
def staff(db: None) -> Any:
    return make_user("staff")


@pytest.mark.fault(93)
def test_an_outage_costs_three_tries_and_not_one_for_each(
    emulator: Emulator, started: MakePayment
) -> None:
    rows = [started(str(number)) for number in range(6)]
    grow_old(*rows)
    emulator.faults.add("order_get", "timeout_before", times=None)
    result = run()
    assert reads(emulator) == 3 * 3, "a read is tried three times"
    assert (result.codes, result.needs_human) == (["unreadable"], [])
    assert "3 could not be read" in result.findings[0].message
    assert "3 more were left" in result.findings[0].message
    emulator.faults.clear()
    SezzlePayment.objects.update(asked_at=None)
    assert run().codes == []
    assert all(is_fresh(payment) for payment in rows)


@pytest.mark.fault(95)
def test_a_rate_limit_is_left_in_peace_until_the_next_run(
    emulator: Emulator, started: MakePayment
) -> None:
    grow_old(*(started(str(number)) for number in range(4)))
    emulator.faults.add("order_get", "429", times=None)
    before = reads(emulator)
    result = run()
    assert reads(emulator) == before + 1
    assert "3 more were left for the next run" in result.findings[0].message


@pytest.mark.fault(93)
def test_blind_for_an_hour_needs_a_human(emulator: Emulator, started: MakePayment) -> None:
    grow_old(started(), by=timedelta(minutes=61))
    emulator.faults.add("order_get", "503", times=None)
    assert run().needs_human == ["unreadable"]


@pytest.mark.fault(82)
def test_a_refused_key_needs_a_human_at_once(
    emulator: Emulator, started: MakePayment, settings: Any
) -> None:
    grow_old(*(started(str(number)) for number in range(3)))
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    result = run()
    assert result.needs_human == ["unreadable"]
    assert "AuthenticationFailed" in result.findings[0].message
    assert PRIVATE_KEY not in result.findings[0].message


@pytest.mark.fault(36)
def test_another_environments_payments_are_counted_and_not_asked_for(
    emulator: Emulator, started: MakePayment
) -> None:
    for number in range(3):
        grow_old(started(str(number)))
    SezzlePayment.objects.update(environment="production")
    before = reads(emulator)
    result = run()
    assert reads(emulator) == before
    assert result.needs_human == ["not_configured"]
    assert result.findings[0].message.startswith("3 payments of account default were made in")
    SezzlePayment.objects.update(environment="sandbox", account="canada")
    assert (run().codes, run().needs_human) == (["not_configured"], [])


@pytest.mark.fault(56)
def test_after_a_restore_everything_is_read(emulator: Emulator, captured: MakePayment) -> None:
    """Yesterday's database knows nothing of the capture and the refund made since."""
    payment = captured()
    before = {
        field.attname: getattr(payment, field.attname)
        for field in SezzlePayment._meta.concrete_fields
        if field.attname != "id"
    }
    refund(payment, amount_in_cents=4_000)
    row = SezzlePayment.objects.get()
    row.transactions.filter(kind="refund").delete()
    row.operations.filter(kind="refund").delete()
    row.announcements.all().delete()
    long_ago = timezone.now() - timedelta(days=60)
    before |= {"updated_at": long_ago, "last_read_at": long_ago}
    SezzlePayment.objects.filter(pk=payment.pk).update(**before)
    assert Task.PAYMENT not in run().done
    result = run(everything=True)
    assert result.codes == ["moved_elsewhere"]
    check_books(emulator, payment)


def test_a_paid_order_is_not_started_again(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    grow_old(payment)
    run()
    with pytest.raises(AlreadyPaid):
        started()


@pytest.mark.fault(93)
def test_payments_that_cannot_be_read_blind_us_for_no_other(
    emulator: Emulator, started: MakePayment
) -> None:
    rows = [started(str(number)) for number in range(6)]
    grow_old(*rows)
    # The three that were read longest ago are answered with an order nobody can understand.
    broken = {str(row.order_uuid) for row in rows[:3]}
    exchange = emulator.exchange

    def answer(request: Any) -> Any:
        outcome = exchange(request)
        if request.path.rpartition("/")[2] in broken and outcome.response is not None:
            return replace(outcome, response=says(200, "[1]")(outcome.response))
        return outcome

    emulator.exchange = answer  # type: ignore[method-assign]
    SezzlePayment.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(
        last_read_at=timezone.now() - timedelta(hours=2)
    )
    result = run()
    assert result.done[Task.PAYMENT] == 3
    assert all(is_fresh(row) for row in rows[3:])
    assert result.needs_human == ["unreadable"]
    assert "3 could not be read (orders 0, 1, 2)" in result.findings[0].message
    # What failed goes to the end, so that a limit reaches the others first.
    SezzlePayment.objects.update(last_read_at=timezone.now() - timedelta(minutes=30))
    SezzlePayment.objects.filter(pk__in=[row.pk for row in rows[3:]]).update(
        asked_at=timezone.now() - timedelta(minutes=10)
    )
    SezzlePayment.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(
        asked_at=timezone.now() - timedelta(minutes=5)
    )
    assert run(limit=3).done[Task.PAYMENT] == 3


def test_a_limited_run_ends_although_nothing_can_be_read(
    emulator: Emulator, started: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One order after the other is answered with what nobody can understand."""
    monkeypatch.setattr("django_sezzle.reconcile.run.MOST_IN_VAIN", 3)
    grow_old(*(started(str(number)) for number in range(5)))
    emulator.calls.clear()
    Wire(emulator).falsify("order_get", says(200, "[1]"), times=9)
    result = run(limit=1)
    assert result.done.get(Task.PAYMENT) is None
    assert "3 could not be read (orders 0, 1, 2)" in result.findings[0].message
    assert called(emulator).count("order_get") == 3
    # The next run begins with the others.
    assert "(orders 3, 4" in run().findings[0].message


@pytest.mark.fault(57)
def test_a_reading_of_the_future_does_not_hide_a_payment(
    emulator: Emulator, started: MakePayment
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    SezzlePayment.objects.update(last_read_at=timezone.now() + timedelta(days=300))
    assert run().done[Task.PAYMENT] == 1
    row = again(payment)
    assert row.approved
    assert row.last_read_at is not None
    assert row.last_read_at < timezone.now()


def test_two_runs_do_not_read_the_same_payment(emulator: Emulator, started: MakePayment) -> None:
    payment = started()
    grow_old(payment)
    SezzlePayment.objects.update(asked_at=timezone.now() - timedelta(seconds=10))
    before = reads(emulator)
    assert Task.PAYMENT not in run().done
    assert reads(emulator) == before


def test_what_could_not_be_read_is_not_called_read(
    emulator: Emulator, started: MakePayment
) -> None:
    grow_old(*(started(str(number)) for number in range(4)))
    emulator.faults.add("order_get", "503", times=None)
    assert Task.PAYMENT not in run().done


def test_one_fault_of_ours_keeps_no_other_waiting(
    emulator: Emulator, started: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = started("1"), started("2")
    grow_old(first, second)
    grow_old(first, by=timedelta(minutes=9))

    def fail(payment: SezzlePayment) -> None:
        if payment.pk == first.pk:
            raise ZeroDivisionError("nobody thought of this")
        refresh(payment)

    monkeypatch.setattr(payments, "bring_up_to_date", fail)
    result = run()
    assert result.needs_human == ["fault"]
    assert "Order 1 could not be handled (ZeroDivisionError)" in result.findings[0].message
    assert is_fresh(second)
