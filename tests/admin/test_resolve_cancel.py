"""Canceling: an unfinished checkout is deleted, held money is released, each exactly once."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import Client

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import refresh
from tests.admin.conftest import MakePayment, moved, operation_of
from tests.admin.test_resolve import fill_in, resolver, said, send, url
from tests.services.rigs import again

__all__ = ["resolver"]


def test_canceling_deletes_an_unfinished_checkout(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    form = fill_in(resolver, payment, "cancel")
    assert emulator.calls == []

    page = send(resolver, payment, "cancel", form)
    canceled_at = again(payment).canceled_at
    second = send(resolver, payment, "cancel", form)

    assert "The checkout was closed" in said(page)
    assert again(payment).status == Status.CANCELED
    assert again(payment).canceled_at == canceled_at
    assert said(second).startswith("error: ")
    assert LogEntry.objects.count() == 1


def test_canceling_releases_what_is_held_once(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(captured_in_cents=2000)
    form = fill_in(resolver, payment, "cancel")

    page = send(resolver, payment, "cancel", form)
    send(resolver, payment, "cancel", form)

    assert "$30.00 USD was released." in said(page)
    assert moved(emulator) == [("release", 3000)]
    assert str(operation_of(payment).actor).startswith("staff1")
    assert LogEntry.objects.count() == 1


def test_a_shopper_who_was_faster_is_seen_before_anything_is_canceled(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    form = fill_in(resolver, payment, "cancel")
    emulator.approve(str(payment.order_uuid))
    refresh(payment)

    page = send(resolver, payment, "cancel", form)

    assert "settled or changed meanwhile" in said(page)
    assert not moved(emulator)
    assert again(payment).status == Status.AUTHORIZED


def test_canceling_without_an_answer_changes_nothing_and_says_so(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    form = fill_in(resolver, payment, "cancel")
    emulator.faults.add("order_get", "503", times=None)

    page = send(resolver, payment, "cancel", form)

    assert "Not done" in said(page)
    assert "Sezzle could not be asked" in said(page)
    assert again(payment).canceled_at is None


def test_a_deletion_whose_answer_was_lost_is_not_said_to_be_undone(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    form = fill_in(resolver, payment, "cancel")
    emulator.faults.add("checkout_delete", "drop_after")

    page = send(resolver, payment, "cancel", form)

    assert "The checkout may still be open: cancel again" in said(page)
    assert emulator.orders[0].checkout_status == "deleted"
    send(resolver, payment, "cancel", fill_in(resolver, payment, "cancel"))
    assert again(payment).status == Status.CANCELED


def test_a_link_that_may_be_out_is_named(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(approve=False)
    SezzlePayment.objects.update(order_uuid=None, sends_link=True)

    page = send(resolver, payment, "cancel", fill_in(resolver, payment, "cancel"))

    assert "if the shopper pays by it, the money shows up here for review" in said(page)
    assert "nobody can pay it any more" not in said(page)


def test_what_was_captured_is_not_canceled(
    resolver: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(captured_in_cents=5000)

    opened = resolver.get(url(payment, "cancel")).content.decode()
    page = send(resolver, payment, "cancel", {"subject": "True:0:False"})

    assert "refund it instead" in opened
    assert "refund it instead" in said(page)
    assert emulator.calls == []
