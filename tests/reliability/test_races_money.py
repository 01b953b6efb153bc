"""Sixteen callers who all want to move the same money: it moves as often as it may, never more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from django_sezzle.exceptions import (
    ActionNotAllowed,
    AmountUnavailable,
    OperationInProgress,
    OutcomeUnknown,
)
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services import capture, operations, reauthorize, refresh
from tests.reliability import figures
from tests.reliability.barrier import CALLERS, MONEY, Races, refused, succeeded
from tests.reliability.isolation import LEVELS, isolation
from tests.reliability.scale import many
from tests.services.rigs import again, called, let_lease_end, moved

pytestmark = pytest.mark.django_db(transaction=True)

#: What a caller may be told who was not the one.
NO = {AmountUnavailable, OperationInProgress}


@pytest.mark.fault(6, 90, 91, 96)
def test_full_captures(races: Races) -> None:
    for _ in races.until("full captures", 3):
        payment = races.payment()
        results = races.release(lambda _number, p=payment: capture(again(p)))
        assert len(succeeded(results)) == 1
        assert refused(results) <= NO
        assert moved(races.emulator, payment) == [("capture", 10_000)]
        races.check(payment)


@pytest.mark.fault(11, 12, 96)
@pytest.mark.parametrize(
    ("kind", "cents", "most"), [("capture", 3_000, 3), ("refund", 4_000, 2), ("release", 3_000, 3)]
)
def test_parts_stop_at_the_limit(races: Races, kind: str, cents: int, most: int) -> None:
    call = MONEY[kind]
    for _ in races.until(f"partial {kind}s", 4):
        payment = races.captured() if kind == "refund" else races.payment()

        def one_part(_number: int, p: SezzlePayment = payment) -> SezzleOperation:
            return call(again(p), amount_in_cents=cents)

        done = 0
        while done < most:
            results = races.release(
                lambda _number, p=payment: call(again(p), amount_in_cents=cents)
            )
            assert refused(results) <= NO
            assert succeeded(results), "nobody got through"
            done += len(succeeded(results))
            assert moved(races.emulator, payment).count((kind, cents)) == done
            races.check(payment)
        results = races.release(one_part)
        assert refused(results) == {AmountUnavailable}
        assert moved(races.emulator, payment).count((kind, cents)) == most
        races.check(payment)


@pytest.mark.fault(6, 11, 12, 37, 50, 96)
def test_kinds_mixed_end_where_the_limits_end(races: Races) -> None:
    """Of 100.00, 40.00 is captured; all that can still happen happens, in parts of 15.00."""
    for _ in races.until("captures, refunds and releases mixed", 4):
        payment = races.captured(4_000)
        races_left = 40
        while (row := again(payment)).capturable_in_cents >= 1_500 or (
            row.refundable_in_cents >= 1_500
        ):
            races_left -= 1
            assert races_left, "it does not end"
            kinds = races.shuffled([*MONEY] * 6)
            races.release(
                lambda number, p=payment, k=kinds: MONEY[k[number]](again(p), amount_in_cents=1_500)
            )
            races.check(payment)
        done = [kind for kind, cents in moved(races.emulator, payment) if cents == 1_500]
        captures = done.count("capture")
        assert captures + done.count("release") == 6_000 // 1_500
        assert done.count("refund") == (4_000 + captures * 1_500) // 1_500


@pytest.mark.fault(34, 96)
def test_one_form_is_one_operation_for_everybody(races: Races) -> None:
    for number in races.until("one form sent by all", 4):
        kind = races.dice.choice(sorted(MONEY))
        payment = races.captured(5_000)
        form = f"form-{number}"

        def send(_number: int, p: SezzlePayment = payment, k: str = kind, f: str = form) -> object:
            return MONEY[k](again(p), amount_in_cents=1_000, request_id=f)

        results = races.release(send)
        stored = SezzleOperation.objects.get(request_id=form)
        assert succeeded(results)
        for result in results:
            if isinstance(result, OperationInProgress):
                result = result.operation  # noqa: PLW2901 - an error names its operation
            assert result == stored
        assert moved(races.emulator, payment).count((kind, 1_000)) == 1
        assert send(0) == stored
        assert moved(races.emulator, payment).count((kind, 1_000)) == 1
        races.check(payment)


def all_together(claim: Callable[..., bool], count: int) -> Callable[..., bool]:
    """Let nobody claim before all have read and found that the sender is gone."""
    all_have_read = threading.Barrier(count)

    def wait_and_claim(operation: SezzleOperation) -> bool:
        all_have_read.wait(30)
        return claim(operation)

    return wait_and_claim


@pytest.mark.fault(7, 30, 98)
def test_recoverers_send_once(races: Races, monkeypatch: pytest.MonkeyPatch) -> None:
    """In turn: Sezzle never got the first sending, and only its answer was lost."""
    races.emulator.profile.change(request_id="ignored")
    for number in races.until("recoverers of one operation", 4):
        kind = races.dice.choice(sorted(MONEY))
        fault, sendings = (("drop_before", 2), ("drop_after", 1))[number % 2]
        payment = races.captured(5_000)
        races.emulator.faults.add(kind, fault)
        races.emulator.faults.add("order_get", "503", times=3)
        with pytest.raises(OutcomeUnknown):
            MONEY[kind](payment, amount_in_cents=1_000)
        races.emulator.faults.clear()
        let_lease_end()
        with monkeypatch.context() as patch:
            patch.setattr(operations, "claim", all_together(operations.claim, CALLERS))
            results = races.release(lambda _number, p=payment: refresh(again(p)))
        assert refused(results) == set()
        assert moved(races.emulator, payment).count((kind, 1_000)) == 1
        assert SezzleOperation.objects.get(payment=payment, amount_in_cents=1_000).attempts == (
            sendings
        )
        races.check(payment)


@pytest.mark.fault(14, 16, 48)
def test_reauthorizations_make_one_child(races: Races) -> None:
    for number in races.until("reauthorizations", 2):
        payment = races.payment()
        races.emulator.clock.advance(timedelta(hours=1))
        refresh(payment)
        results = races.release(lambda _number, p=payment: reauthorize(again(p)))
        assert len(succeeded(results)) == 1
        assert refused(results) <= {*NO, ActionNotAllowed}
        assert called(races.emulator).count("reauthorize") == number + 1
        child = SezzlePayment.objects.get(reauthorized_from=payment)
        assert (child.is_current, again(payment).is_current) == (True, None)
        made = [o for o in races.emulator.orders if o.reauthorized_from == payment.order_uuid]
        assert [order.uuid for order in made] == [child.order_uuid]
        races.check(child)


@pytest.mark.fault(58)
@pytest.mark.parametrize("level", LEVELS)
def test_stricter_isolation_only_means_more_tries(races: Races, level: str) -> None:
    with isolation(level):
        for _ in range(many(2, 20)):
            _refund_twice(races)
            _recover_once(races)
    figures.count(f"races of 16 callers: money under {level}", tried=races.released)


def _refund_twice(races: Races) -> None:
    payment = races.payment()
    results = races.release(lambda _number: capture(again(payment)))
    assert len(succeeded(results)) == 1
    done = 0
    while done < 2:
        races.check(payment)
        results = races.release(
            lambda number: (
                MONEY["refund"](again(payment), amount_in_cents=4_000)
                if number % 4
                else refresh(again(payment))
            )
        )
        assert refused(results) <= NO
        done += len(succeeded(results))
        assert moved(races.emulator, payment).count(("refund", 4_000)) == done <= 2
    races.check(payment)


def _recover_once(races: Races) -> None:
    payment = races.payment()
    races.emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1_000)
    let_lease_end()
    assert refused(races.release(lambda _number: refresh(again(payment)))) == set()
    assert moved(races.emulator, payment) == [("capture", 1_000)]
    races.check(payment)


@pytest.mark.fault(96)
def test_soak(races: Races) -> None:
    """Many callers, each busy with one payment after another: nobody ever meets a deadlock."""
    each = many(3, 60)
    payments = [races.captured(5_000) for _ in range(6)]
    acts: list[Callable[[SezzlePayment, int], object]] = [
        lambda p, cents: refresh(p),
        *(lambda p, cents, call=call: call(p, amount_in_cents=cents) for call in MONEY.values()),
    ]
    plans = [
        [(races.dice.choice(acts), races.dice.choice(payments), n % 9 + 1) for n in range(each)]
        for _ in range(16)
    ]

    def live(number: int) -> None:
        for act, payment, cents in plans[number]:
            try:
                act(again(payment), cents)
            except (AmountUnavailable, OperationInProgress):
                continue

    assert refused(races.release(live)) == set()
    races.check(*payments)
    figures.count("calls of a soak without a deadlock", tried=16 * each)
