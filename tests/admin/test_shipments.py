"""Staff ship an order in parts: a shipment's number beside each amount that is captured."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import shipments_of
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    Desk,
    MakePayment,
    amount,
    kinds,
    moved,
    operation_of,
)

MakeDesk = Callable[[str], Desk]

OPERATIONS = "admin:django_sezzle_sezzleoperation_changelist"


def shipment(payment: SezzlePayment) -> str:
    """Name the shipment field of a payment."""
    return f"shipment-{payment.pk}"


def test_a_number_is_kept_with_what_is_captured(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(5000)

    page = desk("capture").open(payment).send(**{amount(payment): "20", shipment(payment): " S-1 "})

    assert kinds(page) == ["done"]
    assert "Shipment S-1" in page.content.decode()
    assert moved(emulator) == [("capture", 2000)]
    assert [each.reference for each in shipments_of(payment)] == ["S-1"]
    assert LogEntry.objects.get().change_message.endswith(", shipment S-1")


def test_no_number_is_asked_of_nobody(desk: MakeDesk, make_payment: MakePayment) -> None:
    payment = make_payment(5000)

    page = desk("capture").open(payment).send(**{amount(payment): "20"})

    assert kinds(page) == ["done"]
    assert operation_of(payment).shipment == ""
    assert "Shipment" not in page.content.decode()
    assert "shipment" not in LogEntry.objects.get().change_message


def test_each_of_many_has_its_own(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    one, two, three = make_payment(1000), make_payment(2000), make_payment(3000)

    form = desk("capture").open(one, two, three)
    page = form.send(**{shipment(one): "S-1", shipment(three): "S-3"})

    assert kinds(page) == ["done"] * 3
    numbers = {each.payment_id: each.shipment for each in SezzleOperation.objects.all()}
    assert numbers == {one.pk: "S-1", two.pk: "", three.pk: "S-3"}


@pytest.mark.parametrize("action", [name for name in ACTIONS if name != "capture"])
def test_only_a_capture_is_a_shipment(
    desk: MakeDesk, make_payment: MakePayment, action: str
) -> None:
    payment = make_payment(5000, captured_in_cents=2000)

    form = desk(action).open(payment)
    assert shipment(payment) not in form.form
    assert "Shipment" not in form.page.content.decode()

    form.send(**{shipment(payment): "S-1"})
    assert operation_of(payment).shipment == ""


@pytest.mark.parametrize("number", ["x" * 81, "S\u200b1", "S\t1", "\x00"], ids=ascii)
def test_what_is_no_number_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, number: str
) -> None:
    payment = make_payment(5000)

    page = desk("capture").open(payment).send(**{shipment(payment): number})

    assert shipment(payment) in page.context["form"].errors
    assert "Nothing was sent." in page.content.decode()
    said = page.context["form"].errors[shipment(payment)][0]
    assert said in unescape(page.content.decode())
    assert not moved(emulator)
    assert not SezzleOperation.objects.exists()


@pytest.mark.parametrize("number", ["S-2", ""])
def test_the_same_form_with_another_number_is_refused(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, number: str
) -> None:
    payment = make_payment(5000)
    form = desk("capture").open(payment)
    form.send(**{amount(payment): "20", shipment(payment): "S-1"})

    page = form.send(**{amount(payment): "20", shipment(payment): number})

    assert kinds(page) == ["unsent"]
    assert "sent before with something else" in page.content.decode()
    assert moved(emulator) == [("capture", 2000)]
    assert operation_of(payment).shipment == "S-1"


def test_the_export_names_the_shipments_of_each_payment(
    desk: MakeDesk, make_payment: MakePayment, make_staff: Callable[..., Client]
) -> None:
    one, two = make_payment(5000), make_payment(5000)
    for number in ("=S-1", "S-2"):
        desk("capture").open(one).send(**{amount(one): "20", shipment(one): number})

    chosen = {"action": "export_selected", "_selected_action": [one.pk, two.pk]}
    answer: Any = make_staff("view_sezzlepayment").post(reverse(LIST), chosen)

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [row["shipments"] for row in csv.DictReader(io.StringIO(text))] == ["", "'=S-1; S-2"]


def test_the_timeline_and_the_list_of_operations_show_it(
    desk: MakeDesk, make_payment: MakePayment, make_staff: Callable[..., Client]
) -> None:
    payment = make_payment(5000)
    desk("capture").open(payment).send(**{shipment(payment): "<b>S-1</b>"})
    viewer = make_staff("view_sezzlepayment", "view_sezzleoperation")

    shown = viewer.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert "<dt>Shipment</dt><dd>&lt;b&gt;S-1&lt;/b&gt;</dd>" in shown
    assert "&lt;b&gt;S-1&lt;/b&gt;" in viewer.get(reverse(OPERATIONS)).content.decode()
    operation = reverse(
        "admin:django_sezzle_sezzleoperation_change", args=[operation_of(payment).pk]
    )
    assert "&lt;b&gt;S-1&lt;/b&gt;" in viewer.get(operation).content.decode()
