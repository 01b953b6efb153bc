"""What the shop has not been told is told, and what it refuses to hear is reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle import signals
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from django_sezzle.reconcile import Task
from django_sezzle.services import release
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import listening

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]


def fail(**_: Any) -> None:
    raise ValueError("the shop's database is full of secrets")


@pytest.mark.fault(51, 52)
def test_paid_without_the_shop_having_been_told(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    with listening(fail, signals.payment_authorized):
        authorized()
        result = run()
        assert (result.codes, result.needs_human) == (["not_told"], [])
        later(timedelta(minutes=61))
        result = run()
        told = next(found for found in result.findings if found.code == "not_told")
        assert (told.code, told.needs_human, told.fact) == ("not_told", True, "authorized")
        assert "has not been told 'authorized'" in told.message
        assert "ValueError" in told.message
        assert "secrets" not in told.message
    heard: list[str] = []

    def hear(announcement: SezzleAnnouncement, **_: Any) -> None:
        heard.append(announcement.fact)

    later(timedelta(minutes=61))
    with listening(hear, signals.payment_authorized):
        result = run()
    assert (heard, result.codes) == (["authorized"], [])
    assert result.done[Task.ANNOUNCEMENT] >= 1


@pytest.mark.fault(51)
def test_what_a_dead_process_left_untold_is_told(
    authorized: MakePayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sezzle.services.reading.tell", lambda payment: None)
    authorized("1001")
    authorized("1002")
    monkeypatch.undo()
    assert run().done[Task.ANNOUNCEMENT] == 2
    assert not SezzleAnnouncement.objects.filter(told_at=None).exists()


def test_one_payments_trouble_holds_up_no_other(authorized: MakePayment, later: Later) -> None:
    heard: list[str] = []

    def fail_for_the_first(payment: Any, **_: Any) -> None:
        if payment.shop_reference == "1001":
            fail()
        heard.append(payment.shop_reference)

    with listening(fail, signals.payment_authorized):
        authorized("1001")
        authorized("1002")
    later(timedelta(minutes=5))
    with listening(fail_for_the_first, signals.payment_authorized):
        assert run().codes == ["not_told"]
    assert heard == ["1002"]


def test_a_receiver_is_given_the_payment_as_it_is_now(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    """Rows are fetched by the page; while one receiver works, another payment may change."""
    with listening(fail, signals.payment_authorized):
        first, second = authorized("1001"), authorized("1002")
    later(timedelta(minutes=2))
    funded: list[bool] = []

    def work(payment: SezzlePayment, **_: Any) -> None:
        if payment.pk == first.pk:
            release(SezzlePayment.objects.get(pk=second.pk), on_commit=True)
        else:
            funded.append(payment.is_funded_for(10_000, "USD"))

    with listening(work, signals.payment_authorized):
        run()
    assert funded == [False]


@pytest.mark.parametrize("limit", [1, None])
def test_what_is_refused_uses_up_no_limit(
    authorized: MakePayment, later: Later, limit: int | None
) -> None:
    with listening(fail, signals.payment_authorized):
        authorized("1001")
        authorized("1002")
    later(timedelta(minutes=5))
    SezzlePayment.objects.update(asked_at=timezone.now())

    def fail_for_the_first(payment: Any, **_: Any) -> None:
        if payment.shop_reference == "1001":
            fail()

    with listening(fail_for_the_first, signals.payment_authorized):
        assert run(limit=limit).done[Task.ANNOUNCEMENT] == 1
