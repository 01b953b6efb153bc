"""Processes that differ: clocks that are wrong, rows that were lost, a version that is newer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    AmountUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.models import (
    Evidence,
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    State,
)
from django_sezzle.reconcile import Run, reconcile
from django_sezzle.services import capture, refresh
from django_sezzle.services.operations import QUIET_PERIOD
from tests.services.rigs import Wire, again, called, check_books, grow_stale, let_lease_end, moved

pytestmark = pytest.mark.django_db

MakePayment = Callable[..., SezzlePayment]

#: Clocks of an installation's servers differ by less than this.
SLACK = timedelta(seconds=60)

#: A whole call takes no longer, so that after it nothing of the first sending is under way.
DEADLINE = timedelta(seconds=45)


# Clocks


@pytest.mark.fault(57)
def test_a_server_whose_clock_is_ahead_does_not_send_while_another_one_is_sending(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    sent_at = timezone.now()
    with time_machine.travel(sent_at, tick=False), pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    with time_machine.travel(sent_at + DEADLINE + SLACK, tick=False):
        refresh(again(payment))
    assert moved(emulator, payment) == []
    assert SezzleOperation.objects.get().attempts == 1
    with time_machine.travel(sent_at + QUIET_PERIOD + SLACK, tick=False):
        refresh(again(payment))
    assert moved(emulator, payment) == [("capture", 1_000)]


@pytest.mark.fault(57)
@pytest.mark.parametrize("skew", [timedelta(hours=-1), timedelta(seconds=-50), timedelta(hours=1)])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_whose_doing_a_transaction_was_is_told_without_any_clock(
    emulator: Emulator, authorized: MakePayment, skew: timedelta, fault: str
) -> None:
    """The same amount was captured in the dashboard before; the click is by a server that errs."""
    emulator.profile.change(authorization_minutes=24 * 60)
    payment = authorized()
    emulator.dashboard_capture(str(payment.order_uuid), 1_000)
    refresh(payment)
    emulator.faults.add("capture", fault)
    with time_machine.travel(timezone.now() + skew):
        grow_stale(payment)
        if fault == "drop_after":
            operation = capture(payment, amount_in_cents=1_000)
            assert operation.evidence == Evidence.MATCHED
        else:
            with pytest.raises(OutcomeUnknown):
                capture(payment, amount_in_cents=1_000)
    let_lease_end()
    refresh(again(payment))
    assert moved(emulator, payment) == [("capture", 1_000)] * 2
    operation = SezzleOperation.objects.get()
    assert operation.state == State.SUCCEEDED
    theirs, ours = emulator.executions[-2:]
    assert operation.tx_uuid == ours.uuid != theirs.uuid
    check_books(emulator, payment)


@pytest.mark.fault(38, 57)
def test_what_a_server_reads_whose_clock_is_behind_is_not_lost(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(authorization_minutes=24 * 60)
    payment = authorized()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        refresh(again(payment))
    emulator.dashboard_capture(str(payment.order_uuid), 2_500)
    refresh(again(payment))
    assert check_books(emulator, payment).captured_in_cents == 2_500
    assert again(payment).review_reason == ""


# Rows that a failover or a restored backup has lost


def restore(row: SezzlePayment) -> None:
    """Put the database back to when this row was read, as a backup of then does."""
    row.announcements.all().delete()
    row.transactions.all().delete()
    row.operations.all().delete()
    columns = [
        field.attname for field in SezzlePayment._meta.concrete_fields if not field.primary_key
    ]
    SezzlePayment.objects.filter(pk=row.pk).update(**{c: getattr(row, c) for c in columns})


@pytest.mark.fault(56)
def test_a_full_capture_that_the_database_forgot_is_not_made_again(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(limits=False)
    payment = authorized()
    backup = again(payment)
    capture(payment)
    restore(backup)
    grow_stale(payment)
    with pytest.raises(AmountUnavailable):
        capture(again(payment))
    assert moved(emulator, payment) == [("capture", 10_000)]
    row = check_books(emulator, payment)
    # The shop hears of it again: what it was told is forgotten too.
    assert row.announcements.filter(fact_key__startswith="captured:").count() == 1
    assert not SezzleAnnouncement.objects.filter(told_at=None).exists()


@pytest.mark.fault(56)
def test_a_click_within_a_minute_of_the_lost_read_is_left_to_sezzles_own_limit(
    emulator: Emulator, authorized: MakePayment
) -> None:
    """
    What was read a moment ago is not read again, so that here only Sezzle can say no.

    It does, and the read after that no shows that what was asked for is done.
    """
    payment = authorized()
    backup = again(payment)
    capture(payment)
    restore(backup)
    assert capture(again(payment)).evidence == Evidence.MATCHED
    assert moved(emulator, payment) == [("capture", 10_000)]
    row = check_books(emulator, payment)
    assert (row.captured_in_cents, row.open_operation()) == (10_000, None)


@pytest.mark.fault(56)
def test_reconciling_after_a_restore_finds_what_was_done_since(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payments = [authorized(f"r-{number}") for number in range(3)]
    backups = [again(payment) for payment in payments]
    for number, payment in enumerate(payments):
        capture(payment, amount_in_cents=1_000 * (number + 1))
    for backup in backups:
        restore(backup)
        grow_stale(backup)
    list(reconcile(Run(everything=True)))
    for payment in payments:
        check_books(emulator, payment)


@pytest.mark.fault(56)
def test_an_operation_that_is_lost_under_way_takes_no_money_with_it(
    emulator: Emulator, authorized: MakePayment
) -> None:
    emulator.profile.change(limits=False)
    payment = authorized()
    Wire(emulator).after("capture", SezzleOperation.objects.all().delete)
    with pytest.raises(SezzleOperation.DoesNotExist):
        capture(payment)
    refresh(again(payment))
    check_books(emulator, payment)
    with pytest.raises(AmountUnavailable):
        capture(again(payment))
    assert moved(emulator, payment) == [("capture", 10_000)]


# A newer version beside this one


@contextmanager
def newer_schema() -> Iterator[None]:
    """Let the database hold states that this version's constraint does not know."""
    table = SezzleOperation._meta.db_table
    off, on = {
        # Both are taken back with the transaction of the test.
        "postgresql": (
            f"SET CONSTRAINTS ALL IMMEDIATE; "
            f"ALTER TABLE {table} DROP CONSTRAINT sezzle_operation_open_state",
            "SELECT 1",
        ),
        "mysql": ("SET check_constraint_checks = 0", "SET check_constraint_checks = 1"),
        "sqlite": ("PRAGMA ignore_check_constraints = 1", "PRAGMA ignore_check_constraints = 0"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
        try:
            yield
        finally:
            cursor.execute(on)


@pytest.mark.fault(60)
@pytest.mark.parametrize("attempts", [0, 1])
@pytest.mark.parametrize("evidence", ["", Evidence.REJECTED])
@pytest.mark.parametrize("is_done", [True, False])
def test_an_operation_in_a_state_of_a_newer_version_is_left_alone(
    emulator: Emulator, authorized: MakePayment, attempts: int, evidence: str, is_done: bool
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "drop_after" if is_done else "drop_before")
    emulator.faults.add("order_get", "503", times=3)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    with newer_schema():
        long_ago = timezone.now() - timedelta(minutes=20)
        newer = SezzleOperation.objects.filter(payment=payment)
        newer.update(
            state="parked",
            attempts=attempts,
            evidence=evidence,
            deferred=not attempts,
            created_at=long_ago,
            lease_until=long_ago,
        )
        before = newer.values().get()
        sent = called(emulator).count("capture")
        refresh(again(payment))
        list(reconcile(Run()))
        with pytest.raises(OperationInProgress):
            capture(again(payment), amount_in_cents=500)
        assert newer.values().get() == before
        assert called(emulator).count("capture") == sent
        check_books(emulator, payment)
        # Put back by the version that knows it, it goes on as ever.
        newer.update(state=State.UNKNOWN, attempts=1, evidence="", deferred=False)
    let_lease_end()
    newer.update(first_sent_at=timezone.now())
    refresh(again(payment))
    assert newer.get().state == State.SUCCEEDED
    assert moved(emulator, payment) == [("capture", 1_000)]
