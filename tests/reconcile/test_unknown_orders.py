"""Orders that Sezzle spoke of and no payment belongs to: reported when they hold money of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway
from django_sezzle.models import SezzlePayment, SezzleWebhookEvent
from django_sezzle.reconcile import Task
from tests.fixtures import a_checkout
from tests.reconcile.conftest import Later, MakePayment, run
from tests.reconcile.test_inbox import deliver
from tests.services.rigs import called, says

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]


def an_order(emulator: Emulator, reference: str) -> str:
    """Make an approved order at Sezzle that our database knows nothing of."""
    address = "https://shop.example/"
    request = a_checkout(reference).session_request(reference, address, address)
    order_uuid = Gateway(get_settings()).create_session(request).order_uuid
    assert order_uuid
    emulator.approve(order_uuid)
    assert deliver("order.authorized", order_uuid) == 200
    a_minute_later()
    return order_uuid


def a_minute_later() -> None:
    """Let the time be over that a delivery has for itself."""
    SezzleWebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_money_under_a_reference_of_ours_is_reported_until_it_is_gone(
    emulator: Emulator, started: MakePayment
) -> None:
    started("1001")
    order_uuid = an_order(emulator, "1001")
    for _ in range(2):
        result = run()
        assert result.needs_human == ["unaccounted"]
        assert order_uuid in result.findings[0].message
        assert result.findings[0].shop_reference == "1001"
    emulator.dashboard_release(order_uuid, 10_000)
    assert run().codes == []


def test_another_shops_order_is_read_once(emulator: Emulator) -> None:
    an_order(emulator, "of-another-shop")
    assert run().codes == []
    before = called(emulator).count("order_get")
    assert run().codes == []
    assert called(emulator).count("order_get") == before


@pytest.mark.fault(56)
def test_after_a_restore_every_approved_one_is_reported(
    emulator: Emulator, started: MakePayment
) -> None:
    order_uuid = an_order(emulator, "1001")
    assert run().codes == []
    result = run(everything=True)
    assert result.needs_human == ["unaccounted"]
    assert result.findings[0].order_uuid == order_uuid


def test_orders_that_sezzle_refuses_to_show_block_nothing(
    emulator: Emulator, started: MakePayment
) -> None:
    for number in range(4):
        deliver("order.authorized", f"no-order-{number}")
    a_minute_later()
    payment = started()
    emulator.approve(str(payment.order_uuid))
    SezzlePayment.objects.update(last_read_at=timezone.now() - timedelta(hours=2))
    exchange = emulator.exchange
    refuse = says(400, '[{"code": "bad_request", "message": "no id"}]')

    def answer(request: Any) -> Any:
        outcome = exchange(request)
        if "no-order" in request.path and outcome.response is not None:
            return replace(outcome, response=refuse(outcome.response))
        return outcome

    emulator.exchange = answer  # type: ignore[method-assign]
    result = run()
    assert (result.done[Task.PAYMENT], result.codes) == (1, [])
    before = called(emulator).count("order_get")
    run()
    assert called(emulator).count("order_get") == before, "each is asked for once"


@pytest.mark.fault(49)
def test_orders_that_are_not_there_or_not_paid_are_nothing(emulator: Emulator) -> None:
    assert deliver("order.authorized", "a-test-delivery") == 200
    result = run(everything=True)
    assert (result.done[Task.ORDER], result.codes) == (1, [])


def test_each_order_is_read_once_however_many_events_speak_of_it(
    emulator: Emulator, started: MakePayment
) -> None:
    started("1001")
    order_uuid = an_order(emulator, "1001")
    for kind in ("order.captured", "order.refunded"):
        deliver(kind, order_uuid)
    a_minute_later()
    before = called(emulator).count("order_get")
    assert len(run().findings) == 1
    assert called(emulator).count("order_get") == before + 1


def test_old_events_are_left_alone(emulator: Emulator, later: Later) -> None:
    an_order(emulator, "1001")
    long_ago = timezone.now() - timedelta(days=31)
    SezzleWebhookEvent.objects.update(received_at=long_ago)
    assert Task.ORDER not in run().done


def test_an_order_that_has_its_payment_is_not_unknown(
    emulator: Emulator, started: MakePayment
) -> None:
    order_uuid = an_order(emulator, "1001")
    payment = started("1001")
    SezzlePayment.objects.filter(pk=payment.pk).update(order_uuid=order_uuid)
    assert Task.ORDER not in run().done
