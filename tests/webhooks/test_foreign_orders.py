"""Authentic events that lead to an order of another amount, or to one we do not know yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import (
    EventState,
    Evidence,
    Review,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
)
from django_sezzle.services import reauthorize, refresh
from tests.services.rigs import Wire, called, with_members
from tests.webhooks.conftest import Post, event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

MakePayment = Callable[..., SezzlePayment]
OTHER = {
    "amount": {"order_amount": {"amount_in_cents": 100, "currency": "USD"}},
    "currency": {"order_amount": {"amount_in_cents": 10_000, "currency": "CAD"}},
}


@pytest.fixture
def expired(authorized: MakePayment, emulator: Emulator) -> SezzlePayment:
    """A payment whose authorization ran out at Sezzle."""
    payment = authorized()
    emulator.clock.advance(timedelta(hours=1))
    return refresh(payment)


def child_of(emulator: Emulator) -> str:
    """Name the order that Sezzle made for a reauthorization."""
    (order,) = (order for order in emulator.orders if order.reauthorized_from)
    return order.uuid


@pytest.mark.fault(3, 25)
@pytest.mark.parametrize("members", OTHER.values(), ids=OTHER)
def test_event_that_leads_to_an_order_of_another_amount_secures_nothing(
    emulator: Emulator, started: MakePayment, post: Post, members: dict[str, Any]
) -> None:
    payment = started()
    uuid = str(payment.order_uuid)
    emulator.approve(uuid)
    Wire(emulator).falsify("order_get", with_members(**members))

    assert post(event("order.authorized", uuid)).status_code == 200

    payment.refresh_from_db()
    assert payment.review_reason in (Review.AMOUNT_DIFFERS, Review.CURRENCY_DIFFERS)
    assert not payment.is_funded_for(1, "USD")
    assert not payment.announcements.filter(fact_key="authorized").exists()


@pytest.mark.fault(14)
def test_event_alone_brings_the_order_of_a_lost_reauthorization(
    emulator: Emulator, expired: SezzlePayment, post: Post
) -> None:
    emulator.faults.add("reauthorize", "drop_after")
    with pytest.raises(OutcomeUnknown):
        reauthorize(expired)
    body = event("order.authorized", child_of(emulator))

    assert [post(body).status_code for _ in range(2)] == [200, 200]

    child = SezzlePayment.objects.get(order_uuid=child_of(emulator))
    assert (child.reauthorized_from, child.is_current) == (expired, True)
    assert SezzleOperation.objects.get().evidence == Evidence.MATCHED
    assert called(emulator).count("reauthorize") == 1


@pytest.mark.fault(48)
def test_event_that_is_faster_than_the_answer_it_belongs_to(
    emulator: Emulator, expired: SezzlePayment, post: Post
) -> None:
    answers: list[int] = []

    def deliver() -> None:
        answers.append(post(event("order.authorized", child_of(emulator))).status_code)

    Wire(emulator).after("reauthorize", deliver)
    operation = reauthorize(expired)

    assert answers == [200]
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    child = SezzlePayment.objects.get(order_uuid=child_of(emulator))
    assert operation.result_payment == child
    assert SezzlePayment.objects.count() == 2
    assert child.announcements.filter(fact_key="authorized").count() == 1
    assert called(emulator).count("reauthorize") == 1
