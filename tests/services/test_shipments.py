"""An order shipped in parts: a capture for each, the rest let go, and what a page shows of it."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import (
    GatewayUnavailable,
    InvalidInput,
    OutcomeUnknown,
    RequestIdReused,
)
from django_sezzle.models import SezzleOperation, SezzlePayment, SezzleTransaction, State
from django_sezzle.services import capture, refresh, release, shipments_of
from django_sezzle.services.batches import work_off, write_down
from tests.fixtures import hosts_transaction
from tests.services.conftest import MakePayment
from tests.services.rigs import Statements, again, called, check_books, let_lease_end, moved

pytestmark = pytest.mark.django_db

NO_SHIPMENTS: list[Any] = ["  ", "x" * 81, "S\n1", "S\x001", "S\u200b1", "\ud800", 17, None, b"S-1"]


def shown(payment: SezzlePayment) -> list[tuple[str, int, str]]:
    return [(each.reference, each.amount_in_cents, each.state) for each in shipments_of(payment)]


def test_two_shipments_and_the_rest(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=4_000, shipment="S-1")
    operation = capture(payment, amount_in_cents=2_500, shipment="Colis n° 2 – été")
    release(payment)

    assert again(payment).operations.get(pk=operation.pk).shipment == "Colis n° 2 – été"
    assert shown(payment) == [
        ("S-1", 4_000, State.SUCCEEDED),
        ("Colis n° 2 – été", 2_500, State.SUCCEEDED),
    ]
    assert all(each.is_captured for each in shipments_of(payment))
    assert moved(emulator, payment) == [("capture", 4_000), ("capture", 2_500), ("release", 3_500)]
    check_books(emulator, payment)


def test_sezzle_is_not_told(emulator: Emulator, authorized: MakePayment) -> None:
    capture(authorized(), amount_in_cents=4_000, shipment="S-1", request_id="form-1")
    sent = next(call for call in emulator.calls if call.operation == "capture")
    assert sent.body == {"capture_amount": {"amount_in_cents": 4_000, "currency": "USD"}}
    assert "S-1" not in str(emulator.calls)


def test_a_capture_made_in_the_dashboard_has_no_number(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=4_000, shipment="S-1")
    emulator.dashboard_capture(str(payment.order_uuid), 1_000)
    refresh(payment)
    assert shown(payment) == [("S-1", 4_000, State.SUCCEEDED), ("", 1_000, State.SUCCEEDED)]


def test_a_capture_that_failed_is_no_shipment(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    emulator.faults.add("capture", "refused")
    with pytest.raises(GatewayUnavailable):
        capture(payment, amount_in_cents=4_000, shipment="S-1")
    assert shown(payment) == []


def test_a_lost_answer_is_shown_as_being_checked_and_then_once(
    emulator: Emulator, authorized: MakePayment
) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=4_000, shipment="S-1")
    emulator.faults.add("capture", "drop_after")
    emulator.faults.add("order_get", "503", times=None)
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=2_500, shipment="S-2")
    assert shown(payment) == [("S-1", 4_000, State.SUCCEEDED), ("S-2", 2_500, State.UNKNOWN)]
    assert [each.is_captured for each in shipments_of(payment)] == [True, False]

    emulator.faults.clear()
    let_lease_end()
    refresh(payment)
    assert shown(payment) == [("S-1", 4_000, State.SUCCEEDED), ("S-2", 2_500, State.SUCCEEDED)]
    assert moved(emulator, payment) == [("capture", 4_000), ("capture", 2_500)]


def test_one_query_however_many(authorized: MakePayment) -> None:
    payment = authorized()
    for number in range(3):
        capture(payment, amount_in_cents=1_000, shipment=f"S-{number}")
    with Statements() as statements:
        assert len(shipments_of(payment)) == 3
    assert len(statements.texts) == 1


def test_another_payments_shipments_are_not_shown(authorized: MakePayment) -> None:
    payment, other = authorized("1001"), authorized("1002")
    capture(other, amount_in_cents=1_000, shipment="S-1")
    assert shown(payment) == []


@pytest.mark.parametrize("shipment", ["S-2", ""])
def test_the_same_request_id_with_another_shipment(
    emulator: Emulator, authorized: MakePayment, shipment: str
) -> None:
    payment = authorized()
    first = capture(payment, amount_in_cents=1_000, request_id="form-1", shipment="S-1")
    before = called(emulator)
    with pytest.raises(RequestIdReused) as raised:
        capture(payment, amount_in_cents=1_000, request_id="form-1", shipment=shipment)
    assert raised.value.operation == first
    assert called(emulator) == before
    assert capture(payment, request_id="form-1", shipment="S-1") == first


@pytest.mark.parametrize("shipment", NO_SHIPMENTS, ids=ascii)
def test_what_is_no_shipment(emulator: Emulator, authorized: MakePayment, shipment: Any) -> None:
    payment = authorized()
    before = called(emulator)
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        capture(payment, amount_in_cents=1_000, shipment=shipment)
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        write_down(
            payment,
            "capture",  # type: ignore[arg-type]
            1_000,
            request_id="form-1",
            actor=None,
            reason="",
            shipment=shipment,
        )
    assert called(emulator) == before
    assert not SezzleOperation.objects.exists()


def test_the_longest_shipment_fits(authorized: MakePayment) -> None:
    payment = authorized()
    capture(payment, amount_in_cents=1_000, shipment="\U0001f4e6" * 80)
    assert SezzleOperation.objects.get().shipment == "\U0001f4e6" * 80


@pytest.mark.django_db(transaction=True)
def test_with_the_hosts_commit(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    with hosts_transaction():
        capture(payment, amount_in_cents=1_000, shipment="S-1", on_commit=True)
        assert shown(payment) == [("S-1", 1_000, State.STARTED)]
    assert shown(payment) == [("S-1", 1_000, State.SUCCEEDED)]


@pytest.mark.django_db(transaction=True)
def test_written_down_for_a_batch(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized()
    asked: dict[str, Any] = {"request_id": "form-1", "actor": None, "reason": "", "shipment": "S-1"}
    operation = write_down(payment, "capture", 1_000, **asked)  # type: ignore[arg-type]
    work_off(["form-1"])
    assert shown(payment) == [("S-1", 1_000, State.SUCCEEDED)]
    assert SezzleTransaction.objects.get().operation == operation
