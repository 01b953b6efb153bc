"""Payments in a second database, read from a replica that lags behind, inside transactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, router, transaction
from django.test import Client
from django.urls import resolve, reverse

import django_sezzle
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ActionNotAllowed
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
    Status,
)
from django_sezzle.services import refresh
from tests.admin.conftest import MONEY, RESULT, Desk, MakePayment, kinds, moved
from tests.webhooks.conftest import Post, event

NAMES = {
    "sezzle:webhook": (),
    "sezzle:webhook-account": ("canada",),
    "sezzle:complete": ("token",),
    "sezzle:cancel": ("token",),
    "sezzle:status": ("token",),
    MONEY: ("capture",),
    RESULT: (),
}


@pytest.fixture
def open_while_asking(emulator: Emulator) -> Iterator[list[str]]:
    """Databases that had a transaction open while Sezzle was asked."""
    found: list[str] = []
    exchange = emulator.exchange

    def look(request: Any) -> Any:
        found.extend(alias for alias in connections if connections[alias].in_atomic_block)
        return exchange(request)

    emulator.exchange = look  # type: ignore[method-assign]
    return found


def as_the_product(expression: str) -> Any:
    """Evaluate something as if a module of the package did."""
    file = str(Path(django_sezzle.__file__).with_name("views.py"))
    return eval(compile(expression, file, "eval"), {"router": router, "P": SezzlePayment})  # noqa: S307


def test_the_product_reads_from_a_replica_unless_it_says_otherwise() -> None:
    assert as_the_product("router.db_for_read(P)") == "replica"
    assert as_the_product("router.db_for_write(P)") == "shop"
    assert router.db_for_read(SezzlePayment) == "shop"


@pytest.mark.fault(55)
@pytest.mark.django_db
def test_nothing_is_ever_in_the_replica(make_payment: MakePayment) -> None:
    make_payment(captured_in_cents=100)
    assert SezzlePayment.objects.using("shop").count() == 1
    assert SezzlePayment.objects.using("replica").count() == 0
    assert as_the_product("P.objects.count()") == 0
    assert as_the_product("P.objects.current_for('SHOP-1001')") is not None


@pytest.mark.fault(10)
@pytest.mark.parametrize("name", NAMES)
def test_no_view_of_ours_runs_in_a_transaction_of_any_database(name: str) -> None:
    view = resolve(reverse(name, args=NAMES[name])).func
    assert getattr(view, "_non_atomic_requests", set()) == {"default", "shop", "replica"}


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
def test_nothing_is_open_while_sezzle_is_asked(
    make_payment: MakePayment,
    manager: Client,
    post: Post,
    emulator: Emulator,
    client: Client,
    open_while_asking: list[str],
) -> None:
    paid, returned = make_payment(approve=False), make_payment(approve=False)
    for payment in (paid, returned):
        emulator.approve(str(payment.order_uuid))

    assert post(event("order.authorized", str(paid.order_uuid))).status_code == 200
    client.get(reverse("sezzle:status", args=[returned.token]))
    for payment in (paid, returned):
        payment.refresh_from_db()
        assert payment.status == Status.AUTHORIZED
        SezzlePayment.objects.update(last_read_at=None)
        assert kinds(Desk(manager, "capture").open(payment).send()) == ["done"]

    assert moved(emulator) == [("capture", 5000)] * 2
    assert open_while_asking == []


@pytest.mark.fault(10)
@pytest.mark.django_db(transaction=True)
def test_a_transaction_where_payments_are_is_refused_and_named(make_payment: MakePayment) -> None:
    payment = make_payment()
    wanted = r'non_atomic_requests\("shop"\)'
    with transaction.atomic(using="shop"), pytest.raises(ActionNotAllowed, match=wanted):
        refresh(payment)


@pytest.mark.fault(55)
@pytest.mark.django_db
@pytest.mark.parametrize(
    "model", [SezzlePayment, SezzleOperation, SezzleAnnouncement, SezzleWebhookEvent]
)
def test_staff_see_rows_that_no_replica_has_yet(
    model: Any, make_payment: MakePayment, post: Post, admin_client: Client
) -> None:
    payment = make_payment()
    post(event("order.authorized", str(payment.order_uuid)))
    Desk(admin_client, "capture").open(payment).send()
    row = model.objects.latest("pk")
    name = f"desk:django_sezzle_{model._meta.model_name}"

    listed = admin_client.get(reverse(f"{name}_changelist"))
    shown = admin_client.get(reverse(f"{name}_change", args=[row.pk]))

    assert row in listed.context["cl"].result_list
    assert (shown.status_code, shown.context["original"]) == (200, row)
