"""What a shopper's page may cost, and what it must never do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from requests import PreparedRequest, Response

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import SezzleOperation, SezzlePayment, State
from django_sezzle.services import capture, refresh
from tests.views.conftest import PAGES, Later, Open, Started
from tests.webhooks.counting import calls, statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

NAMES = ("complete", "cancel", "status")


def test_return_costs_one_call_and_thirteen_statements_at_most(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    with statements() as made:
        assert open_page(payment)["Location"] == "/paid/"
    assert calls(emulator) == ["order_get"]
    assert len(made) <= 13, "\n".join(made)


@pytest.mark.fault(100)
@pytest.mark.parametrize("name", NAMES)
def test_approved_payment_is_not_read_again(
    name: str, emulator: Emulator, started: Started, open_page: Open, later: Later
) -> None:
    payment = started(**PAGES)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    later(3_600)
    emulator.calls.clear()
    with statements() as made:
        open_page(payment, name)
    assert calls(emulator) == []
    assert len(made) == 1, "\n".join(made)


@pytest.mark.fault(100)
def test_one_payment_is_read_every_two_seconds_at_most(
    emulator: Emulator, started: Started, open_page: Open, later: Later
) -> None:
    payment = started(**PAGES)
    emulator.calls.clear()
    for _ in range(5):
        for name in NAMES:
            open_page(payment, name)
    assert calls(emulator) == ["order_get"]
    later(1.9)
    open_page(payment)
    assert calls(emulator) == ["order_get"]
    later(0.2)
    with statements() as made:
        open_page(payment, "status")
    assert calls(emulator) == ["order_get"] * 2
    assert len(made) <= 8, "\n".join(made)


def test_one_payment_does_not_hold_up_another(
    emulator: Emulator, started: Started, open_page: Open, later: Later
) -> None:
    one, other = started("1", **PAGES), started("2", **PAGES)
    emulator.calls.clear()
    open_page(one)
    open_page(other)
    assert calls(emulator) == ["order_get"] * 2


def test_page_that_waits_its_turn_costs_two_statements(
    emulator: Emulator, started: Started, open_page: Open, later: Later
) -> None:
    payment = started(**PAGES)
    open_page(payment)
    with statements() as made:
        open_page(payment, "status")
    assert len(made) == 2, "\n".join(made)


def test_checkout_that_was_never_made_is_waited_for_without_a_call(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    SezzlePayment.objects.filter(pk=payment.pk).update(order_uuid=None)
    emulator.calls.clear()
    assert open_page(payment).status_code == 200
    assert calls(emulator) == []


@pytest.mark.fault(93)
def test_page_waits_five_seconds_for_sezzle_at_most(
    emulator: Emulator, started: Started, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = started(**PAGES)
    asked: list[float] = []
    send = EmulatorAdapter.send

    def note(self: EmulatorAdapter, request: PreparedRequest, **options: Any) -> Response:
        asked.append(options["timeout"][1])
        return send(self, request, **options)

    monkeypatch.setattr(EmulatorAdapter, "send", note)
    emulator.faults.add("order_get", "timeout_before", times=None)
    open_page(payment)
    assert asked
    assert max(asked) <= 5


def test_operation_of_unknown_outcome_is_not_sent_again_from_a_page(
    emulator: Emulator, started: Started, open_page: Open
) -> None:
    payment = started(**PAGES)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=10_000)
    long_ago = timezone.now() - timedelta(hours=1)
    SezzleOperation.objects.update(lease_until=long_ago)
    # As a page sees it that was opened before anybody read the approval.
    SezzlePayment.objects.filter(pk=payment.pk).update(approved=False, status="created")
    emulator.calls.clear()
    for name in NAMES:
        SezzlePayment.objects.filter(pk=payment.pk).update(asked_at=None)
        open_page(payment, name)
    assert set(calls(emulator)) == {"order_get"}
    operation = SezzleOperation.objects.get()
    assert (operation.is_open, operation.attempts) == (True, 1)
    assert operation.state in {State.UNKNOWN, State.STARTED}
