"""Open disputes by their due day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_sezzle.health import Level, disputes
from django_sezzle.models import SezzleDispute, SezzlePayment
from tests.fixtures import payments_connection

pytestmark = pytest.mark.django_db

MakePayment = Callable[..., SezzlePayment]


@pytest.fixture
def payment(started: MakePayment) -> SezzlePayment:
    """A payment that shoppers may complain about."""
    return started()


@pytest.fixture(autouse=True)
def evening() -> Any:
    """Make it nine in the evening in Toronto, where the day in UTC has begun already."""
    with time_machine.travel(datetime(2026, 11, 21, 2, tzinfo=UTC)):
        yield


def make(payment: SezzlePayment | None, *dues: int | None, **columns: Any) -> None:
    """Write disputes down, due so many days from today."""
    for due in dues:
        SezzleDispute.objects.create(
            **{
                "payment": payment,
                "dispute_id": f"d-{SezzleDispute.objects.count()}",
                "environment": "sandbox",
                "status": "merchant_input_requested",
                "due_on": None if due is None else date(2026, 11, 21) + timedelta(days=due),
            }
            | columns
        )


@pytest.mark.parametrize(
    ("dues", "level", "said"),
    [
        ([], Level.GREEN, "No dispute is open."),
        ([4], Level.GREEN, "1 dispute is open."),
        ([4, 5], Level.GREEN, "2 disputes are open."),
        ([3], Level.RED, "1 dispute is due within 3 days."),
        ([0, 2, 9], Level.RED, "2 disputes are due within 3 days."),
        # Nothing can be answered any more: an alarm would only hide others.
        ([-1], Level.YELLOW, "1 dispute is past its due day, or due on a day not known."),
        ([None], Level.YELLOW, "1 dispute is past its due day, or due on a day not known."),
        (
            [-30, -1, 1],
            Level.RED,
            "1 dispute is due within 3 days; "
            "2 disputes are past their due day, or due on a day not known.",
        ),
    ],
)
def test_open_disputes_by_their_due_day(
    payment: SezzlePayment, dues: list[int | None], level: Level, said: str
) -> None:
    make(payment, *dues)

    (symptom,) = disputes.examine()

    assert (symptom.id, symptom.level, symptom.message) == ("disputes", level, said)
    assert bool(symptom.advice) == (level is not Level.GREEN)


def test_what_was_decided_and_what_is_none_of_ours_does_not_count(payment: SezzlePayment) -> None:
    make(payment, -1, 0, 1, closed_at=timezone.now())
    make(None, -1, 0, 1)

    (symptom,) = disputes.examine()

    assert symptom.level is Level.GREEN


def test_it_costs_one_statement(payment: SezzlePayment) -> None:
    make(payment, -1, 0, 1)
    with CaptureQueriesContext(payments_connection()) as queries:
        list(disputes.examine())
    assert len(queries) == 1
