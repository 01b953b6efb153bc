"""Sezzle no longer lists what it did, or with another amount: nothing moves until it fits again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import NeedsReview
from django_sezzle.gateway import Gateway
from django_sezzle.models import Review, SezzlePayment
from django_sezzle.services import capture, refresh, refund, release
from tests.reconcile.conftest import URL, command
from tests.services.conftest import MakePayment
from tests.services.rigs import Edit, Wire, again, called, check_books, moved, with_authorization

pytestmark = [pytest.mark.django_db, pytest.mark.fault(47)]

#: The order is stale by then, and what it did no longer so new that a reading may miss it.
LATER = timedelta(minutes=5)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Move every clock on, ours and Sezzle's."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


def another_amount(payment: SezzlePayment) -> Edit:
    uuid = payment.transactions.get(kind="capture").uuid
    other = {"uuid": uuid, "amount": {"amount_in_cents": 4_999, "currency": "USD"}}
    return with_authorization(captures=[other])


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param(
            lambda _payment: with_authorization(captures=[]),
            Review.TRANSACTION_MISSING,
            id="vanished",
        ),
        pytest.param(another_amount, Review.TRANSACTION_CHANGED, id="changed"),
    ],
)
def test_money_is_blocked_and_reported_until_the_transaction_is_back(
    emulator: Emulator,
    wire: Wire,
    captured: MakePayment,
    clock: time_machine.Traveller,
    edit: Callable[[SezzlePayment], Edit],
    reason: Review,
) -> None:
    payment = captured(amount_in_cents=5_000)
    Gateway(get_settings()).create_webhook(URL)
    assert command().code == 0

    clock.shift(LATER)
    wire.falsify("order_get", edit(payment), times=100)
    found = command("--json")
    row = again(payment)
    assert (row.review_reason, row.captured_in_cents) == (reason, 5_000)
    assert found.code == 1
    (finding,) = [line for line in found.lines if line.get("needs_human")]
    assert (finding["code"], finding["shop_reference"]) == ("needs_review", "1001")
    assert str(reason.label) in finding["message"]
    for move in (capture, release, refund):
        with pytest.raises(NeedsReview, match="Nothing was sent"):
            move(again(payment), amount_in_cents=1_000)
    assert moved(emulator, payment) == [("capture", 5_000)]
    assert not {"refund", "release"} & set(called(emulator))

    clock.shift(LATER)
    wire._edits.clear()
    assert command().code == 0
    assert again(payment).review_reason == ""
    refund(again(payment), amount_in_cents=1_000)
    assert check_books(emulator, payment).refunded_in_cents == 1_000


def test_a_stale_row_is_read_before_money_moves_and_the_click_is_refused(
    emulator: Emulator, wire: Wire, captured: MakePayment, clock: time_machine.Traveller
) -> None:
    """Nobody has noticed yet: the click itself does."""
    payment = captured(amount_in_cents=5_000)
    clock.shift(LATER)
    wire.falsify("order_get", with_authorization(captures=[]))
    with pytest.raises(NeedsReview):
        refund(payment, amount_in_cents=1_000)
    assert again(payment).review_reason == Review.TRANSACTION_MISSING
    assert "refund" not in called(emulator)
    refresh(payment)
    assert payment.review_reason == ""
