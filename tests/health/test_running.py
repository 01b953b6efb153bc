"""Whether sezzle_reconcile runs: by its last run, and by what nobody picked up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.health import Level, Symptom, running
from django_sezzle.models import BeforeExpiry, SezzlePayment, SezzleRun
from django_sezzle.reconcile import Run, reconcile
from tests.fixtures import payments_connection
from tests.reconcile import conftest as reconciling
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import Wire, says

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed", "no_pauses")]

later = reconciling.later
no_pauses = reconciling.no_pauses
subscribed = reconciling.subscribed

MINUTE = timedelta(minutes=1)


@pytest.fixture
def captures(settings: Any) -> None:
    """Have what is held captured shortly before its end: Sezzle holds for half an hour."""
    settings.SEZZLE = settings.SEZZLE | {"BEFORE_EXPIRY": "capture"}


def symptom() -> Symptom:
    (found,) = running.examine()
    return found


def a_run_just_ended() -> None:
    SezzleRun(pk=SezzleRun.ONLY, ended_at=timezone.now()).save()


@pytest.mark.usefixtures("captures")
def test_without_a_run_it_is_red_while_the_money_can_still_be_captured(
    authorized: MakePayment, later: Later
) -> None:
    authorized()
    later(14 * MINUTE)
    assert symptom().level is Level.GREEN
    later(MINUTE)
    found = symptom()
    assert (found.level, found.message) == (
        Level.RED,
        "sezzle_reconcile has not run to its end for 15 minutes.",
    )
    assert "captured or released before an authorization ends" in found.advice
    run()
    assert symptom().level is Level.GREEN


@pytest.mark.usefixtures("captures")
@pytest.mark.parametrize("hours", [1, 27, 99])
def test_it_stays_red_after_the_money_is_lost(
    authorized: MakePayment, later: Later, hours: int
) -> None:
    authorized()
    run()
    later(timedelta(hours=hours))
    assert symptom().level is Level.RED


@pytest.mark.usefixtures("captures")
def test_an_end_that_nobody_has_read_is_overdue(authorized: MakePayment, later: Later) -> None:
    """Runs came to their end, and this payment was left out of them."""
    authorized()
    later(timedelta(hours=27))
    a_run_just_ended()
    found = symptom()
    assert (found.level, "nobody picked it up" in found.message) == (Level.RED, True)
    run()
    assert symptom().level is Level.GREEN


@pytest.mark.usefixtures("captures")
def test_what_runs_try_in_vain_is_no_sign_that_none_runs(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    authorized()
    Wire(emulator).falsify("order_get", says(403, '[{"code": "forbidden"}]'), times=99)
    later(timedelta(hours=27))
    run()
    assert symptom().level is Level.GREEN


@pytest.mark.usefixtures("captures")
def test_a_run_that_could_not_speak_to_sezzle_before_an_end_is_none(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    for number in range(4):
        authorized(f"20{number}")
    run()
    emulator.faults.add("order_get", "503", times=None)
    emulator.faults.add("capture", "503", times=None)
    later(16 * MINUTE)
    run()
    assert symptom().level is Level.RED


def test_the_end_of_what_is_configured_no_more_is_not_waited_for(
    authorized: MakePayment, later: Later
) -> None:
    authorized()
    SezzlePayment.objects.update(environment="production")
    later(timedelta(hours=27))
    a_run_just_ended()
    assert symptom().level is Level.GREEN


def test_where_the_shop_is_only_told_it_is_yellow_after_half_an_hour(
    authorized: MakePayment, later: Later
) -> None:
    authorized()
    later(29 * MINUTE)
    assert symptom().level is Level.GREEN
    later(MINUTE)
    found = symptom()
    assert (found.level, found.message) == (
        Level.YELLOW,
        "sezzle_reconcile has not run to its end for 30 minutes.",
    )
    assert found.advice == "Let cron run sezzle_reconcile every five minutes."


def test_one_payment_that_is_to_be_captured_is_enough(
    authorized: MakePayment, later: Later
) -> None:
    authorized(before_expiry=BeforeExpiry.RELEASE)
    later(15 * MINUTE)
    assert symptom().level is Level.RED


@pytest.mark.parametrize(("notice", "minutes"), [(5, 10), (12, 12), (600, 15)])
def test_the_notice_says_how_long_is_too_long(
    settings: Any, authorized: MakePayment, later: Later, notice: int, minutes: int
) -> None:
    settings.SEZZLE = settings.SEZZLE | {
        "BEFORE_EXPIRY": "release",
        "EXPIRY_NOTICE_MINUTES": notice,
    }
    authorized()
    later((minutes - 1) * MINUTE)
    assert symptom().level is Level.GREEN
    later(MINUTE)
    assert symptom().level is Level.RED


@pytest.mark.usefixtures("captures")
def test_without_any_payment_nothing_is_missing(later: Later) -> None:
    assert symptom().level is Level.GREEN
    run()
    later(timedelta(days=9))
    assert symptom().level is Level.GREEN


@pytest.mark.usefixtures("captures")
def test_only_a_run_that_came_to_its_end_counts(authorized: MakePayment, later: Later) -> None:
    for reference in ("1001", "1002"):
        authorized(reference)
    later(16 * MINUTE)
    run(dry_run=True)
    next(reconcile(Run()))
    assert SezzleRun.objects.count() == 0
    assert symptom().level is Level.RED


def test_a_limit_counts_unless_it_leaves_an_authorization_to_its_end(
    authorized: MakePayment, later: Later
) -> None:
    for reference in ("1001", "1002"):
        authorized(reference)
    later(16 * MINUTE)
    run(limit=1)
    assert SezzleRun.objects.count() == 0
    # It reads one of two payments only; what is urgent is done.
    run(limit=1)
    assert SezzleRun.objects.count() == 1


def test_a_run_of_the_future_is_a_wrong_clocks(authorized: MakePayment, later: Later) -> None:
    authorized()
    SezzleRun(pk=SezzleRun.ONLY, ended_at=timezone.now() + timedelta(days=300)).save()
    later(31 * MINUTE)
    assert symptom().level is Level.YELLOW
    run()
    assert symptom().level is Level.GREEN


def test_there_is_one_row_however_many_runs_there_were(emulator: Emulator, later: Later) -> None:
    run()
    later(MINUTE)
    run()
    row = SezzleRun.objects.get()
    assert row.ended_at > timezone.now() - MINUTE


def test_it_costs_few_statements(authorized: MakePayment, later: Later) -> None:
    authorized()
    run()
    for after, statements in ((MINUTE, 5), (20 * MINUTE, 6)):
        later(after)
        with CaptureQueriesContext(payments_connection()) as made:
            symptom()
        assert len(made) == statements
