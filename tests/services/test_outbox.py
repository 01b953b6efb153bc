"""Telling the shop: every fact, in order, and what its receivers write exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from django_sezzle import signals
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleAnnouncement, SezzlePayment, Status
from django_sezzle.services import cancel, capture, refresh, refund, release
from django_sezzle.services.patience import LONGEST_PAUSE
from django_sezzle.services.telling import LEASE, tell
from tests.fixtures import hosts_transaction
from tests.services.conftest import MakePayment
from tests.services.rigs import again, check_books, listening, moved, together

pytestmark = pytest.mark.django_db

Heard = list[tuple[str, str]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What the shop was told: the order's number and the fact."""
    facts: Heard = []

    def hear(payment: SezzlePayment, announcement: SezzleAnnouncement, **_: Any) -> None:
        facts.append((payment.shop_reference, announcement.fact))

    with listening(hear):
        yield facts


def let_pauses_end() -> None:
    SezzleAnnouncement.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.fault(53)
def test_a_life_is_told_once_and_in_order(
    emulator: Emulator, authorized: MakePayment, heard: Heard
) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=4_000)
    refund(payment, amount_in_cents=1_000)
    release(payment)
    for _ in range(3):
        refresh(payment)
        tell(payment)
    facts = [fact for _, fact in heard]
    assert facts == ["authorized", "captured", "refunded", "released"]


def test_what_came_at_once_is_told_in_order(
    emulator: Emulator, started: MakePayment, heard: Heard
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.dashboard_capture(str(payment.order_uuid), 4_000)
    emulator.dashboard_refund(str(payment.order_uuid), 4_000)
    refresh(payment)
    assert [fact for _, fact in heard] == ["authorized", "captured", "refunded"]


def test_money_comes_with_its_transaction(authorized: MakePayment) -> None:
    seen: list[tuple[str, int]] = []

    def hear(transaction: Any, announcement: SezzleAnnouncement, **_: Any) -> None:
        if transaction is not None:
            assert transaction.uuid == announcement.subject
            seen.append((transaction.kind, transaction.amount_in_cents))

    with listening(hear):
        payment = authorized()
        capture(payment, amount_in_cents=4_000)
        refund(payment, amount_in_cents=1_000)
    assert seen == [("capture", 4_000), ("refund", 1_000)]


def test_endings_are_told(emulator: Emulator, started: MakePayment, heard: Heard) -> None:
    emulator.profile.change(expired_order="not_found")
    denied, canceled, lapsed = started("1"), started("2"), started("3")
    emulator.deny(str(denied.order_uuid))
    refresh(denied)
    cancel(canceled)
    emulator.approve(str(lapsed.order_uuid))
    refresh(lapsed)
    emulator.clock.advance(timedelta(hours=1))
    refresh(lapsed)
    assert heard == [("1", "closed"), ("2", "closed"), ("3", "authorized"), ("3", "lapsed")]
    assert lapsed.status == Status.RELEASED


@pytest.mark.fault(52, 53)
def test_a_receiver_that_raises_undoes_nothing_but_its_own_work(
    emulator: Emulator, authorized: MakePayment, caplog: pytest.LogCaptureFixture
) -> None:
    payment = authorized()

    def fail(**_: Any) -> None:
        Group.objects.create(name="half done")
        raise RuntimeError("canary@example.com")

    with listening(fail):
        operation = capture(payment)
    assert operation.state == "succeeded"
    assert payment.status == Status.CAPTURED
    assert not Group.objects.exists()
    untold = SezzleAnnouncement.objects.get(told_at=None)
    assert (untold.fact, untold.attempts, untold.last_error) == ("captured", 1, "RuntimeError")
    assert "will be told again" in caplog.text
    assert "canary" not in caplog.text
    check_books(emulator, payment)
    tell(payment)
    assert SezzleAnnouncement.objects.filter(told_at=None).exists(), "told before its pause ended"
    let_pauses_end()

    def succeed(**_: Any) -> None:
        Group.objects.create(name="done")

    with listening(succeed):
        tell(payment)
        tell(payment)
    assert Group.objects.count() == 1
    assert not SezzleAnnouncement.objects.filter(told_at=None).exists()


def test_pauses_grow_and_have_an_end(authorized: MakePayment) -> None:
    payment = authorized()
    pauses = []

    def fail(**_: Any) -> None:
        raise RuntimeError

    with listening(fail):
        capture(payment)
        for _ in range(12):
            untold = SezzleAnnouncement.objects.get(told_at=None)
            pauses.append(untold.lease_until - timezone.now())
            let_pauses_end()
            tell(payment)
    minutes = [round(pause.total_seconds() / 60) for pause in pauses]
    assert minutes[:5] == [1, 2, 4, 8, 16]
    assert minutes[-1] == LONGEST_PAUSE.total_seconds() / 60


@pytest.mark.fault(52)
def test_later_facts_wait_and_other_payments_do_not(authorized: MakePayment, heard: Heard) -> None:
    first, second = authorized("1001"), authorized("1002")
    heard.clear()
    raising = True

    def fail(payment: SezzlePayment, announcement: SezzleAnnouncement, **_: Any) -> None:
        if raising and payment.pk == first.pk and announcement.fact == "captured":
            raise RuntimeError

    with listening(fail):
        capture(first, amount_in_cents=4_000)
        refund(first, amount_in_cents=1_000)
        capture(second)
        assert heard[-1] == ("1002", "captured")
        assert ("1001", "refunded") not in heard
        raising = False
        heard.clear()
        let_pauses_end()
        refresh(first)
    assert heard == [("1001", "captured"), ("1001", "refunded")]


@pytest.mark.fault(51)
def test_killed_while_telling(authorized: MakePayment, heard: Heard) -> None:
    class Killed(BaseException):
        pass

    def die(**_: Any) -> None:
        Group.objects.create(name="lost with the process")
        raise Killed

    payment = authorized()
    heard.clear()
    with listening(die, signals.payment_captured), pytest.raises(Killed):
        capture(payment)
    assert not Group.objects.exists()
    untold = SezzleAnnouncement.objects.get(told_at=None)
    assert timezone.now() < untold.lease_until <= timezone.now() + LEASE
    heard.clear()
    tell(payment)
    assert heard == [], "told while another process may still be telling"
    let_pauses_end()
    tell(payment)
    assert heard == [("1001", "captured")]


@pytest.mark.fault(53)
@pytest.mark.django_db(transaction=True)
def test_many_tellers_tell_once(authorized: MakePayment) -> None:
    payment = authorized()
    with hosts_transaction():
        for number in range(3):
            SezzleAnnouncement.objects.create(
                payment=payment, fact_key=f"closed:{number}", lease_until=timezone.now()
            )

    def write(announcement: SezzleAnnouncement, **_: Any) -> None:
        Group.objects.create(name=announcement.fact_key)

    with listening(write):
        together(8, lambda _number: tell(again(payment)))
        tell(payment)
    assert list(Group.objects.order_by("pk").values_list("name", flat=True)) == [
        "closed:0",
        "closed:1",
        "closed:2",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_receiver_moves_money_after_its_commit(emulator: Emulator, started: MakePayment) -> None:
    def take(payment: SezzlePayment, **_: Any) -> None:
        capture(payment, request_id=f"take-{payment.pk}", on_commit=True)

    payment = started()
    emulator.approve(str(payment.order_uuid))
    with listening(take, signals.payment_authorized):
        refresh(payment)
        refresh(payment)
    assert moved(emulator, payment) == [("capture", 10_000)]
    assert check_books(emulator, payment).status == Status.CAPTURED


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_asks_sezzle_directly_is_told_why_not(
    emulator: Emulator, started: MakePayment
) -> None:
    def take(payment: SezzlePayment, **_: Any) -> None:
        capture(payment)

    payment = started()
    emulator.approve(str(payment.order_uuid))
    with listening(take, signals.payment_authorized):
        refresh(payment)
    assert moved(emulator, payment) == []
    assert SezzleAnnouncement.objects.get().last_error == "ActionNotAllowed"
    assert again(payment).approved
