"""When Sezzle cannot be read, or the shop's own code fails: never at the subscription's cost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from requests.adapters import BaseAdapter

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import transport
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent, Status
from django_sezzle.signals import payment_authorized
from tests.fixtures import GATEWAY_URL
from tests.webhooks.conftest import Deliver, Later, Post, event
from tests.webhooks.counting import calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

Started = Callable[..., SezzlePayment]


@pytest.fixture
def approved_elsewhere(emulator: Emulator, started: Started) -> SezzlePayment:
    """A payment that Sezzle approved and we have not heard of."""
    payment = started()
    emulator.approve(str(payment.order_uuid))
    emulator.calls.clear()
    return payment


def state() -> tuple[str, int, str]:
    """Tell what became of the only event."""
    row = SezzleWebhookEvent.objects.get()
    return row.state, row.attempts, row.last_error


@pytest.mark.fault(81)
@pytest.mark.parametrize(
    "fault", ["refused", "503", "500_before", "timeout_before", "html", "429", "redirect"]
)
def test_young_event_is_asked_for_again_and_its_repeat_is_processed(
    fault: str, approved_elsewhere: SezzlePayment, emulator: Emulator, post: Post
) -> None:
    body = event("order.authorized", str(approved_elsewhere.order_uuid))
    emulator.faults.add("order_get", fault, times=None)
    answer = post(body)
    assert (answer.status_code, answer.json()) == (503, {"received": False})
    assert state() == (EventState.PENDING, 1, "GatewayUnavailable")
    approved_elsewhere.refresh_from_db()
    assert approved_elsewhere.status == Status.CREATED

    emulator.faults.clear()
    emulator.calls.clear()
    assert post(body).status_code == 200
    assert state() == (EventState.DONE, 2, "")
    assert calls(emulator) == ["order_get"]
    approved_elsewhere.refresh_from_db()
    assert approved_elsewhere.status == Status.AUTHORIZED


@pytest.mark.fault(81)
def test_event_older_than_a_day_is_taken_and_stays_pending(
    approved_elsewhere: SezzlePayment, emulator: Emulator, post: Post, later: Later
) -> None:
    body = event("order.authorized", str(approved_elsewhere.order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    assert post(body).status_code == 503
    later(timedelta(hours=23, minutes=59))
    assert post(body).status_code == 503
    later(timedelta(minutes=2))
    assert post(body).status_code == 200
    assert state()[0] == EventState.PENDING


@pytest.mark.fault(81)
def test_subscription_survives_a_gateway_that_is_down_for_six_days(
    emulator: Emulator,
    started: Started,
    deliver: Deliver,
    later: Later,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.approve(str(started().order_uuid))
    emulator.faults.add("order_get", "503", times=None)
    statuses: list[int | None] = []
    for _ in range(6 * 24):
        statuses += [each.status for each in deliver()]
        later(timedelta(hours=1))
        tokens.clear()
    assert statuses[0] == 503
    assert statuses[-1] == 200
    assert set(statuses) == {503, 200}
    assert len(emulator.subscriptions) == 1
    assert emulator.pending_deliveries == []
    assert state()[0] == EventState.PENDING
    assert "processed later" in caplog.text


def test_keys_that_sezzle_refuses_are_told_as_that(
    approved_elsewhere: SezzlePayment, emulator: Emulator, post: Post
) -> None:
    emulator.faults.add("order_get", "401", times=None)
    answer = post(event("order.authorized", str(approved_elsewhere.order_uuid)))
    assert answer.status_code == 503
    assert state() == (EventState.PENDING, 1, "AuthenticationFailed")


@pytest.mark.fault(36, 81)
def test_event_of_a_payment_made_elsewhere_is_kept_and_taken(
    approved_elsewhere: SezzlePayment,
    emulator: Emulator,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    SezzlePayment.objects.filter(pk=approved_elsewhere.pk).update(environment="production")
    with caplog.at_level(logging.WARNING):
        answer = post(event("order.authorized", str(approved_elsewhere.order_uuid)))
    assert answer.status_code == 200
    assert state() == (EventState.PENDING, 1, "ActionNotAllowed")
    assert calls(emulator) == []
    assert "ActionNotAllowed" in caplog.text


def test_order_that_sezzle_no_longer_knows_ends_the_matter(
    started: Started, emulator: Emulator, post: Post
) -> None:
    payment = started()
    emulator.profile.expired_order = "not_found"
    emulator.clock.advance(timedelta(days=2))
    assert post(event("order.authorized", str(payment.order_uuid))).status_code == 200
    assert state()[0] == EventState.DONE
    payment.refresh_from_db()
    assert payment.status == Status.CANCELED


class ReceiverBroke(Exception):
    """What the shop's own code may raise."""


@pytest.mark.fault(52)
def test_receiver_that_raises_changes_neither_answer_nor_record(
    approved_elsewhere: SezzlePayment, emulator: Emulator, post: Post, later: Later
) -> None:
    told: list[str] = []

    def receive(payment: SezzlePayment, **kwargs: Any) -> None:
        told.append(payment.status)
        if len(told) == 1:
            raise ReceiverBroke("the mail to jane@shopper.example bounced")

    payment_authorized.connect(receive)
    try:
        uuid = str(approved_elsewhere.order_uuid)
        assert post(event("order.authorized", uuid)).status_code == 200
        approved_elsewhere.refresh_from_db()
        assert approved_elsewhere.status == Status.AUTHORIZED
        untold = approved_elsewhere.announcements.get()
        assert (untold.told_at, untold.last_error) == (None, "ReceiverBroke")
        assert state()[0] == EventState.DONE

        later(timedelta(minutes=5))
        assert post(event("order.captured", uuid)).status_code == 200
    finally:
        payment_authorized.disconnect(receive)
    untold.refresh_from_db()
    assert untold.told_at is not None
    assert told == [Status.AUTHORIZED] * 2


@pytest.mark.fault(70, 73)
def test_log_of_a_failure_names_ids_only(
    approved_elsewhere: SezzlePayment,
    emulator: Emulator,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.faults.add("order_get", "503", times=None)
    uuid = str(approved_elsewhere.order_uuid)
    body = event("order.authorized", uuid, note="jane@shopper.example")
    with caplog.at_level(logging.DEBUG):
        post(body)
    assert str(approved_elsewhere.order_uuid) in caplog.text
    for secret in ("jane@shopper.example", "sz_pr_test", "Bearer", approved_elsewhere.token):
        assert secret not in caplog.text


class Broken(BaseAdapter):
    """A fault that nobody thought of, where Sezzle is asked."""

    def send(self, request: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Break."""
        raise ZeroDivisionError("nobody thought of this")

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.fault(81)
def test_a_fault_of_ours_is_503_while_young_and_200_later_and_keeps_the_event(
    approved_elsewhere: SezzlePayment, post: Post, later: Later
) -> None:
    body = event("order.authorized", str(approved_elsewhere.order_uuid))
    unmount = transport.mount(f"{GATEWAY_URL}/v2/order/", Broken())
    try:
        assert post(body).status_code == 503
        later(timedelta(hours=25))
        tokens.clear()
        assert post(body).status_code == 200
    finally:
        unmount()
    assert state() == (EventState.PENDING, 2, "ZeroDivisionError")
