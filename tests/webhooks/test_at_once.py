"""The same delivery many times at once: kept once, and every one of them is answered with 200."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.signature import sign
from django_sezzle.models import SezzlePayment, SezzleWebhookEvent, Status
from tests.fixtures import PRIVATE_KEY, payments_connection
from tests.webhooks.conftest import URL, as_body, event

THREADS = 8


@pytest.mark.fault(40, 91)
@pytest.mark.django_db(transaction=True)
def test_deliveries_at_once_are_one_event_and_one_change(
    emulator: Emulator, started: Callable[..., SezzlePayment]
) -> None:
    payment = started()
    emulator.approve(str(payment.order_uuid))
    body = as_body(event("order.authorized", str(payment.order_uuid)))
    barrier = Barrier(THREADS)

    def post() -> int:
        barrier.wait()
        try:
            return (
                Client()
                .post(
                    URL,
                    body,
                    content_type="application/json",
                    headers={"Sezzle-Signature": sign(body, PRIVATE_KEY)},
                )
                .status_code
            )
        finally:
            connections.close_all()

    connection = payments_connection()
    if connection.vendor == "sqlite":
        # pytest-django's database lets threads in; the file makes them queue.
        connection.close()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [future.result() for future in [pool.submit(post) for _ in range(THREADS)]]
    assert answers == [200] * THREADS
    assert SezzleWebhookEvent.objects.count() == 1
    payment.refresh_from_db()
    assert payment.status == Status.AUTHORIZED
    assert payment.announcements.filter(fact_key="authorized").count() == 1
