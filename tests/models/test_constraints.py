"""What the database itself refuses, whatever the code above it does."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, models
from django.db.models import ProtectedError
from django.utils import timezone

from django_sezzle.models import (
    Operation,
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleDispute,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
    State,
)
from tests.fixtures import hosts_transaction, make_user, payments_connection

pytestmark = pytest.mark.django_db

numbers = itertools.count(1)


def payment(**columns: Any) -> SezzlePayment:
    number = next(numbers)
    members = {
        "shop_reference": f"s-{number}",
        "reference_id": f"s-{number}",
        "environment": "sandbox",
        "intent": "AUTH",
        "currency": "USD",
        "amount_in_cents": 10_000,
    } | columns
    return SezzlePayment.objects.create(**members)


def operation(of: SezzlePayment, **columns: Any) -> SezzleOperation:
    members = {
        "kind": Operation.CAPTURE,
        "amount_in_cents": 100,
        "currency": "USD",
        "request_id": f"r-{next(numbers)}",
        "opened_seq": 1,
        "lease_until": timezone.now(),
    } | columns
    return SezzleOperation.objects.create(payment=of, **members)


def closed(state: State = State.SUCCEEDED) -> dict[str, Any]:
    return {"state": state, "is_open": None}


def line(of: SezzlePayment, **columns: Any) -> SezzleTransaction:
    members = {
        "kind": "capture",
        "uuid": f"t-{next(numbers)}",
        "amount_in_cents": 100,
        "seen_seq": 1,
        "seen_at": timezone.now(),
    } | columns
    return SezzleTransaction.objects.create(payment=of, **members)


def insert(row: models.Model, **columns: Any) -> None:
    """Write a copy of a row by a plain statement, past every model method."""
    connection = payments_connection()
    fields = [field for field in row._meta.concrete_fields if field.column != "id"]
    values = {
        field.column: columns.pop(
            field.attname, field.get_db_prep_save(getattr(row, field.attname), connection)
        )
        for field in fields
    }
    assert not columns, f"no such columns: {columns}"
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in values)
    marks = ", ".join(["%s"] * len(values))
    with hosts_transaction(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(row._meta.db_table)} ({names}) VALUES ({marks})",  # noqa: S608
            list(values.values()),
        )


UNIQUE = {"token": "another", "order_uuid": "o-2", "reference_id": "another", "shop_reference": "x"}


def test_raw_insert_of_something_good() -> None:
    insert(payment(order_uuid="o-1", is_current=True), **UNIQUE)
    assert SezzlePayment.objects.count() == 2


@pytest.mark.fault(11, 12, 26)
@pytest.mark.parametrize(
    "columns",
    [
        {"amount_in_cents": 0},
        {"amount_in_cents": -1},
        {"amount_in_cents": 2**31},
        {"captured_in_cents": 10_001},
        {"captured_in_cents": 6_000, "released_in_cents": 4_001},
        {"released_in_cents": 10_001},
        {"refunded_in_cents": 1},
        {"captured_in_cents": 5, "refunded_in_cents": 6},
        {"refunded_in_cents": -1},
        {"released_in_cents": -1},
        {"captured_in_cents": -1},
        {"is_current": False},
        {"is_checkout": False},
    ],
    ids=str,
)
def test_impossible_payments(columns: dict[str, Any]) -> None:
    row = payment(authorized_in_cents=10_000)
    with pytest.raises(IntegrityError):
        insert(row, **(UNIQUE | columns))
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzlePayment.objects.filter(pk=row.pk).update(**columns)


@pytest.mark.fault(17, 22)
@pytest.mark.parametrize(
    "columns",
    [
        {"order_uuid": "o-1"},
        {"token": "same"},
        {"shop_reference": "1001", "is_current": True},
        {"reference_id": "1001", "is_checkout": True},
    ],
    ids=str,
)
def test_payments_that_may_exist_once(columns: dict[str, Any]) -> None:
    row = payment(
        token="same",
        order_uuid="o-1",
        shop_reference="1001",
        reference_id="1001",
        is_current=True,
        is_checkout=True,
    )
    free = {"is_current": None, "is_checkout": None}
    with pytest.raises(IntegrityError):
        insert(row, **(UNIQUE | free | columns))
    insert(row, **(UNIQUE | free))
    insert(row, **(UNIQUE | free | {"token": "third", "order_uuid": None}))
    insert(row, **(UNIQUE | free | {"token": "fourth", "order_uuid": None}))


def test_one_current_payment_per_account_and_order() -> None:
    row = payment(is_current=True, shop_reference="1001")
    insert(row, **(UNIQUE | {"shop_reference": "1001", "account": "canada"}))
    assert SezzlePayment.objects.filter(is_current=True).count() == 2


@pytest.mark.fault(6)
@pytest.mark.parametrize("state", ["started", "unknown"])
def test_one_open_operation_per_payment(state: str) -> None:
    row = payment()
    operation(row, state=state)
    with pytest.raises(IntegrityError), hosts_transaction():
        operation(row)
    for end in (State.SUCCEEDED, State.FAILED, State.SUCCEEDED):
        operation(row, **closed(end))
    operation(payment())


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    "columns",
    [
        {"state": "started", "is_open": None},
        {"state": "unknown", "is_open": None},
        {"state": "succeeded", "is_open": True},
        {"state": "failed", "is_open": True},
        {"state": "failed", "is_open": False},
        {"state": "started", "is_open": False},
        {"state": "other", "is_open": None},
        {"amount_in_cents": 0},
        {"amount_in_cents": -1},
        {"amount_in_cents": 2**31},
    ],
    ids=str,
)
def test_impossible_operations(columns: dict[str, Any]) -> None:
    row = payment()
    with pytest.raises(IntegrityError), hosts_transaction():
        operation(row, **columns)
    good = operation(row)
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzleOperation.objects.filter(pk=good.pk).update(**columns)


@pytest.mark.fault(35)
def test_a_request_id_stands_for_one_operation() -> None:
    operation(payment(), request_id="form-1")
    with pytest.raises(IntegrityError), hosts_transaction():
        operation(payment(), request_id="form-1", **closed())


@pytest.mark.fault(50)
def test_transactions() -> None:
    row = payment()
    done = operation(row, **closed())
    line(row, uuid="t", operation=done)
    line(row, uuid="t", kind="refund")
    line(payment(), uuid="t")
    for columns in ({"uuid": "t"}, {"amount_in_cents": 0}, {"operation": done}):
        with pytest.raises(IntegrityError), hosts_transaction():
            line(row, **columns)


@pytest.mark.fault(40, 53)
def test_facts_and_events_exist_once() -> None:
    row = payment()
    now = timezone.now()
    SezzleAnnouncement.objects.create(payment=row, fact_key="authorized", lease_until=now)
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzleAnnouncement.objects.create(payment=row, fact_key="authorized", lease_until=now)
    event = {"key": "e", "event_type": "x", "received_at": now, "lease_until": now}
    SezzleWebhookEvent.objects.create(**event)
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzleWebhookEvent.objects.create(**event)


def test_disputes_exist_once_for_each_account_and_environment() -> None:
    same = {"account": "default", "environment": "sandbox", "dispute_id": "9871"}
    SezzleDispute.objects.create(**same)
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzleDispute.objects.create(**same)
    for other in ({"account": "canada"}, {"environment": "production"}, {"dispute_id": "9872"}):
        SezzleDispute.objects.create(**same | other)
    assert SezzleDispute.objects.count() == 4


def test_customers_exist_once_for_each_account_environment_and_user() -> None:
    same = {"account": "default", "environment": "sandbox", "uuid": "c-1", "user": make_user("a")}
    SezzleCustomer.objects.create(**same)
    with pytest.raises(IntegrityError), hosts_transaction():
        SezzleCustomer.objects.create(**same)
    others = ({"account": "canada"}, {"environment": "production"}, {"uuid": "c-2"})
    for other in (*others, {"user": make_user("b")}, {"user": None}):
        SezzleCustomer.objects.create(**same | other)
    assert SezzleCustomer.objects.count() == 6


@pytest.mark.fault(26)
@pytest.mark.parametrize("amount_in_cents", [0, -1, 2**31])
def test_impossible_amounts_of_disputes(amount_in_cents: int) -> None:
    good = SezzleDispute.objects.create(environment="sandbox", dispute_id="9871")
    with pytest.raises(IntegrityError):
        insert(good, dispute_id="9872", amount_in_cents=amount_in_cents)
    insert(good, dispute_id="9872", amount_in_cents=None)
    insert(good, dispute_id="9873", amount_in_cents=2**31 - 1)


@pytest.mark.fault(107)
def test_history_is_never_deleted_with_something_else() -> None:
    row = payment()
    child = payment(reauthorized_from=row)
    done = operation(row, **closed(), result_payment=child)
    line(row, operation=done)
    SezzleAnnouncement.objects.create(payment=child, fact_key="x", lease_until=timezone.now())
    disputed = payment()
    SezzleDispute.objects.create(environment="sandbox", dispute_id="9871", payment=disputed)
    for thing in (row, child, done, disputed):
        with pytest.raises(ProtectedError):
            thing.delete()
    with pytest.raises(ProtectedError):
        SezzlePayment.objects.all().delete()


@pytest.mark.fault(16)
def test_one_child_per_payment() -> None:
    row = payment()
    payment(reauthorized_from=row)
    with pytest.raises(IntegrityError), hosts_transaction():
        payment(reauthorized_from=row)


@pytest.mark.fault(75, 107)
def test_deleting_people_keeps_the_money() -> None:
    shopper, staff = make_user("shopper"), make_user("staff")
    row = payment(user=shopper, review_cleared_by=staff)
    done = operation(row, actor=staff)
    customer = SezzleCustomer.objects.create(environment="sandbox", uuid="c-1", user=shopper)
    get_user_model().objects.all().delete()
    row.refresh_from_db()
    done.refresh_from_db()
    customer.refresh_from_db()
    assert (row.user, row.review_cleared_by, done.actor) == (None, None, None)
    assert customer.user is None


def test_migrations_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", "django_sezzle", check=True, dry_run=True)
    assert "No changes" in capsys.readouterr().out
