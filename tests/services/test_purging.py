"""``sezzle_purge``: what is old and dealt with goes, and nothing that tells of money."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
)
from django_sezzle.services import purging, refund
from tests.services.conftest import MakePayment
from tests.services.rigs import again

pytestmark = [pytest.mark.django_db, pytest.mark.fault(75)]

OLD = timedelta(days=91)
MONEY: tuple[type[Model], ...] = (SezzlePayment, SezzleOperation, SezzleTransaction)


def purge(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("sezzle_purge", "--json", *arguments, stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def an_event(age: timedelta, state: str = "done") -> SezzleWebhookEvent:
    received = timezone.now() - age
    return SezzleWebhookEvent.objects.create(
        key=f"event-{SezzleWebhookEvent.objects.count()}",
        event_type="order.authorized",
        received_at=received,
        lease_until=received,
        state=state,
    )


@pytest.fixture
def old(emulator: Emulator, captured: MakePayment) -> SezzlePayment:
    """A payment that was captured and refunded long ago; the shop was told of everything."""
    payment = captured()
    refund(payment)
    SezzleAnnouncement.objects.update(told_at=timezone.now() - OLD)
    return payment


def test_old_events_go_and_pending_or_young_ones_stay(emulator: Emulator) -> None:
    an_event(OLD)
    an_event(OLD, "ignored")
    pending, young = an_event(OLD, "pending"), an_event(timedelta(days=89))
    assert purge("--dry-run") == {"dry_run": True, "events": 2, "announcements": 0}
    assert SezzleWebhookEvent.objects.count() == 4
    assert purge() == {"dry_run": False, "events": 2, "announcements": 0}
    assert set(SezzleWebhookEvent.objects.all()) == {pending, young}


def test_told_announcements_go_and_money_stays(old: SezzlePayment) -> None:
    before = {model: set(model._default_manager.values_list()) for model in MONEY}
    assert purge() == {"dry_run": False, "events": 0, "announcements": 2}
    assert {model: set(model._default_manager.values_list()) for model in MONEY} == before
    assert again(old).refunded_in_cents == 10_000
    kept = SezzleAnnouncement.objects.values_list("fact_key", flat=True)
    assert list(kept) == ["authorized"], "or it could be told once more"


@pytest.mark.parametrize("still", [{"status": "authorized"}, {"review_reason": "amount_differs"}])
def test_announcements_stay_while_their_payment_may_change(
    old: SezzlePayment, still: dict[str, str]
) -> None:
    SezzlePayment.objects.update(**still)
    assert purge()["announcements"] == 0


def test_announcements_stay_until_they_were_told(old: SezzlePayment) -> None:
    SezzleAnnouncement.objects.update(told_at=None, created_at=timezone.now() - OLD)
    assert purge()["announcements"] == 0


def test_whose_customer_somebody_is_stays_known(old: SezzlePayment) -> None:
    told_at = timezone.now() - OLD
    SezzleAnnouncement.objects.create(
        payment=old, fact_key="tokenized:1", lease_until=told_at, told_at=told_at
    )
    purge()
    assert SezzleAnnouncement.objects.filter(fact_key="tokenized:1").exists()


def test_it_goes_in_batches(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    for _ in range(5):
        an_event(OLD)
    batches = list(purging.purge(timezone.now() - timedelta(days=90)))
    assert [count for _model, count in batches] == [2, 2, 1]


def test_the_number_of_days_is_a_setting(emulator: Emulator, settings: Any) -> None:
    an_event(timedelta(days=30))
    assert purge()["events"] == 0
    settings.SEZZLE = settings.SEZZLE | {"PURGE_AFTER_DAYS": 29}
    assert purge()["events"] == 1


def test_a_person_reads_a_sentence(old: SezzlePayment) -> None:
    out = StringIO()
    call_command("sezzle_purge", stdout=out)
    assert out.getvalue() == "0 webhook events and 2 announcements deleted.\n"
