"""Money moved from inside a host's transaction: with its commit, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ActionNotAllowed, AmountUnavailable, OperationInProgress
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzlePayment, State
from django_sezzle.services import (
    cancel,
    capture,
    clear_review,
    read_order,
    reauthorize,
    refresh,
    refund,
    release,
    set_reference,
    start_checkout,
)
from tests.fixtures import a_checkout, hosts_transaction
from tests.services.conftest import MakePayment
from tests.services.rigs import again, called, check_books, moved

pytestmark = pytest.mark.django_db(transaction=True)


class Undo(Exception):
    """Makes a host's transaction roll back."""


def capture_and_undo(payment: SezzlePayment) -> None:
    with hosts_transaction():
        capture(payment, on_commit=True)
        raise Undo


@pytest.mark.fault(10)
def test_commit_sends(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    with hosts_transaction():
        Group.objects.create(name="the host's work")
        operation = capture(payment, amount_in_cents=1_000, on_commit=True)
        assert (operation.state, operation.deferred) == (State.STARTED, True)
        assert called(emulator).count("capture") == 0
    assert moved(emulator, payment) == [("capture", 1_000)]
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    check_books(emulator, payment)


@pytest.mark.fault(10)
def test_rollback_sends_nothing_and_leaves_nothing(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    with pytest.raises(Undo):
        capture_and_undo(payment)
    refresh(payment)
    assert not SezzleOperation.objects.exists()
    assert moved(emulator, payment) == []
    capture(payment)
    assert moved(emulator, payment) == [("capture", 10_000)]


def test_rollback_to_a_savepoint_sends_nothing(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    with hosts_transaction():
        with pytest.raises(Undo):
            capture_and_undo(payment)
        assert not SezzleOperation.objects.exists()
    assert moved(emulator, payment) == []


def test_without_a_transaction_it_is_sent_at_once(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=1_000, on_commit=True)
    assert moved(emulator, payment) == [("capture", 1_000)]


def killed_between(payment: SezzlePayment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit an intent in a process that ends before its callbacks run."""
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "on_commit", lambda *_args, **_options: None)
        with hosts_transaction():
            capture(payment, amount_in_cents=1_000, on_commit=True)


@pytest.mark.fault(8)
def test_killed_between_commit_and_sending_is_sent_by_whoever_comes(
    emulator: Emulator, authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = authorized()
    killed_between(payment, monkeypatch)
    assert moved(emulator, payment) == []
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)]
    assert payment.captured_in_cents == 1_000
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)]


def test_killed_between_and_then_the_next_click(
    emulator: Emulator, authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = authorized()
    killed_between(payment, monkeypatch)
    capture(payment, amount_in_cents=500)
    assert moved(emulator, payment) == [("capture", 1_000), ("capture", 500)]
    check_books(emulator, payment)


def test_a_deferred_intent_is_not_sent_for_a_payment_under_review(
    emulator: Emulator, authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = authorized()
    killed_between(payment, monkeypatch)
    SezzlePayment.objects.update(review_reason="late_authorization")
    refresh(payment)
    assert moved(emulator, payment) == []
    clear_review(payment, actor=None, reason="looked at")
    refresh(payment)
    assert moved(emulator, payment) == [("capture", 1_000)]


@pytest.mark.fault(35)
def test_same_id_twice_in_a_transaction_is_sent_once(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    with hosts_transaction():
        first = capture(payment, amount_in_cents=1_000, request_id="form-1", on_commit=True)
        second = capture(payment, amount_in_cents=1_000, request_id="form-1", on_commit=True)
        assert first == second
    assert moved(emulator, payment) == [("capture", 1_000)]


def test_two_intents_in_a_transaction_are_one_too_many(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    with hosts_transaction():
        capture(payment, amount_in_cents=1_000, on_commit=True)
        with pytest.raises(OperationInProgress):
            capture(payment, amount_in_cents=1_000, on_commit=True)
    assert moved(emulator, payment) == [("capture", 1_000)]


def test_a_refused_intent_leaves_the_hosts_transaction_usable(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    with hosts_transaction():
        with pytest.raises(AmountUnavailable):
            refund(payment, on_commit=True)
        Group.objects.create(name="the host's work")
    assert Group.objects.count() == 1


def test_what_sezzle_says_after_the_commit_does_not_reach_the_host(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    emulator.faults.add("capture", "drop_before")
    with hosts_transaction():
        operation = capture(payment, amount_in_cents=1_000, on_commit=True)
    operation.refresh_from_db()
    assert (operation.state, operation.attempts) == (State.UNKNOWN, 1)


@pytest.mark.fault(10, 90)
@pytest.mark.parametrize("call", [capture, refund, release, reauthorize])
def test_money_inside_a_transaction_is_refused_and_says_why(
    emulator: Emulator, captured: MakePayment, call: object
) -> None:
    payment = captured(amount_in_cents=1_000)
    before = called(emulator)
    with hosts_transaction(), pytest.raises(ActionNotAllowed, match="on_commit=True"):
        call(payment)  # type: ignore[operator]
    assert called(emulator) == before
    assert SezzleOperation.objects.count() == 1


@pytest.mark.fault(10, 90)
def test_everything_else_inside_a_transaction_is_refused(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    rows = list(SezzlePayment.objects.values())
    before = called(emulator)
    calls = [
        lambda: refresh(payment),
        lambda: read_order(payment),
        lambda: cancel(payment),
        lambda: set_reference(payment, "new"),
        lambda: clear_review(payment, actor=None, reason="looked at"),
        lambda: start_checkout(a_checkout("1002")),
    ]
    for call in calls:
        with hosts_transaction(), pytest.raises(ActionNotAllowed, match="transaction"):
            call()
    assert called(emulator) == before
    assert list(SezzlePayment.objects.values()) == rows


def test_an_abandoned_click_is_not_deferred(
    emulator: Emulator, authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = authorized()
    killed_between(payment, monkeypatch)
    SezzleOperation.objects.update(
        deferred=False, created_at=timezone.now() - timedelta(minutes=16)
    )
    refresh(payment)
    assert moved(emulator, payment) == []
    assert SezzleOperation.objects.get().state == State.FAILED
    assert again(payment).open_operation() is None
    assert not SezzleAnnouncement.objects.filter(fact_key__startswith="captured").exists()
