"""An operator's bad days, from the first sign to the last repair, with the commands as typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import serializers
from django.core.management import call_command

from django_sezzle import models, signals
from django_sezzle.emulator import Emulator
from django_sezzle.gateway.tokens import tokens
from django_sezzle.health import delivery
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services import capture, refund
from tests.reliability.days import HELD_MINUTES, Days
from tests.services.rigs import again, check_books, listening
from tests.webhooks import conftest as deliveries
from tests.webhooks.conftest import Deliver, Later

pytestmark = pytest.mark.django_db

# Sezzle's deliveries and both clocks, as the tests of the webhook have them.
deliver = deliveries.deliver
later = deliveries.later

MakePayment = Callable[..., SezzlePayment]

#: A child before its parent, so that rows can be deleted in this order.
TABLES = (
    models.SezzleDispute,
    models.SezzleAnnouncement,
    models.SezzleTransaction,
    models.SezzleWebhookEvent,
    models.SezzleOperation,
    models.SezzlePayment,
)


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop answers at its address; how that is found out is tested in tests/health."""
    answer = (HTTPStatus.METHOD_NOT_ALLOWED, "")
    monkeypatch.setattr(delivery, "knock", lambda url, *, seconds: answer)


def run(command: str, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run a command of ours with --json: its exit code, and its lines."""
    out = StringIO()
    code = 0
    with listening(lambda **_: None, signals.payment_authorized):
        try:
            call_command(command, *arguments, "--json", stdout=out, no_color=True)
        except SystemExit as left:
            code = int(str(left.code))
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def red() -> set[str]:
    """Ask the doctor what is red."""
    return {line["id"] for line in run("sezzle_doctor")[1] if line["level"] == "red"}


@pytest.mark.fault(45, 82)
def test_five_days_of_a_wrong_key_cost_the_subscription_and_nothing_else(
    emulator: Emulator,
    started: MakePayment,
    deliver: Deliver,
    later: Later,
    settings: Any,
) -> None:
    days = Days(emulator, deliver, later)
    payments = [started("1001"), started("1002")]
    emulator.profile.authorization_minutes = HELD_MINUTES
    assert red() == set()

    right = django_settings.SEZZLE
    settings.SEZZLE = right | {"PRIVATE_KEY": "sz_pr_mistyped"}
    tokens.clear()
    for payment in payments:
        emulator.approve(str(payment.order_uuid))
    days.pass_(timedelta(hours=12))
    # The same day, five before anything is lost.
    assert "keys" in red()
    assert len(emulator.subscriptions) == 1

    days.pass_(timedelta(days=6))
    assert emulator.subscriptions == []

    settings.SEZZLE = right
    tokens.clear()
    assert "subscription" in red()
    assert run("sezzle_webhooks", "check")[0] == 1
    assert run("sezzle_webhooks", "apply")[1][0]["change"] == "created"
    assert run("sezzle_reconcile")[0] == 0
    assert red() == set()
    assert [check_books(emulator, payment).status for payment in payments] == [
        Status.AUTHORIZED,
        Status.AUTHORIZED,
    ]


@pytest.mark.fault(56)
def test_yesterdays_backup(
    emulator: Emulator,
    authorized: MakePayment,
    started: MakePayment,
    deliver: Deliver,
    later: Later,
) -> None:
    emulator.profile.authorization_minutes = HELD_MINUTES
    kept, taken = authorized("1001"), authorized("1002")
    capture(taken)
    deliver()
    backup = [serializers.serialize("json", table._base_manager.all()) for table in TABLES]

    later(timedelta(days=1))
    capture(kept, amount_in_cents=4_000)
    refund(taken, amount_in_cents=1_000)
    # These events reach the database that is lost; no other tells of 1001 and 1002 again.
    assert [sent.status for sent in deliver()] == [200, 200]
    lost = started("1003")
    emulator.approve(str(lost.order_uuid))

    for table in TABLES:
        table._base_manager.all().delete()
    for rows in reversed(backup):
        for row in serializers.deserialize("json", rows):
            row.save()
    assert SezzlePayment.objects.count() == 2
    assert again(kept).captured_in_cents == 0

    later(timedelta(minutes=5))
    # The approval's event comes late, and only that tells of a checkout begun since the backup.
    deliver()
    code, lines = run("sezzle_reconcile", "--all")

    for payment in (kept, taken):
        check_books(emulator, payment)
    found = {(line["code"], line.get("shop_reference")) for line in lines if "code" in line}
    expected = {
        ("moved_elsewhere", "1001"),
        ("moved_elsewhere", "1002"),
        ("unaccounted", "1003"),
    }
    assert (found, code) == (expected, 1)
    # What was moved since the backup is in the books again, as nobody's doing here.
    moved = models.SezzleTransaction.objects.filter(operation=None)
    assert sorted(moved.values_list("kind", "amount_in_cents")) == [
        ("capture", 4_000),
        ("refund", 1_000),
    ]
