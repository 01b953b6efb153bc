"""Before an authorization ends: the shop is told, or the money captured or released, once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_sezzle import signals
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Intent
from django_sezzle.models import (
    BeforeExpiry,
    SezzleAnnouncement,
    SezzlePayment,
    Status,
    fields,
)
from django_sezzle.reconcile import Task
from django_sezzle.services import capture, charge_customer, reauthorize, refresh
from django_sezzle.services.expiry import act_before_expiry
from django_sezzle.services.tokenization import find_customer
from tests.fixtures import a_checkout
from tests.reconcile.conftest import Later, MakePayment, run
from tests.services.rigs import (
    Wire,
    again,
    called,
    check_books,
    listening,
    moved,
    says,
    together,
    with_authorization,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("subscribed")]

#: The emulator holds money for half an hour, and notice is given 15 minutes before.
SOON = timedelta(minutes=16)


@pytest.fixture
def policy(settings: Any) -> Any:
    def choose(word: str, **more: Any) -> None:
        settings.SEZZLE = settings.SEZZLE | {"BEFORE_EXPIRY": word} | more

    return choose


def facts(payment: SezzlePayment) -> list[str]:
    rows = SezzleAnnouncement.objects.filter(payment=payment).order_by("pk")
    return [row.fact for row in rows]


def test_the_shop_is_told_once_and_nothing_is_moved(
    emulator: Emulator, authorized: MakePayment, later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    payment = authorized()
    heard: list[tuple[str, Any]] = []

    def hear(payment: SezzlePayment, **_: Any) -> None:
        heard.append((payment.shop_reference, payment.authorization_expires_at))

    with listening(hear, signals.payment_expiring):
        assert Task.EXPIRY not in run().done
        later(SOON)
        with caplog.at_level(logging.WARNING):
            assert run().done[Task.EXPIRY] == 1
        run()
    assert heard == [("1001", payment.authorization_expires_at)]
    assert "policy=warn" in caplog.text
    assert moved(emulator, payment) == []


@pytest.mark.parametrize("word", ["capture", "release"])
def test_held_money_is_captured_or_released(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any, word: str
) -> None:
    policy(word)
    payment = authorized()
    capture(payment, amount_in_cents=3_000)
    later(SOON)
    assert run().codes == []
    assert moved(emulator, payment) == [("capture", 3_000), (word, 7_000)]
    assert "expiring" in facts(payment)
    assert payment.operations.latest("created_at").reason == "the authorization was about to end"
    check_books(emulator, payment)
    run()
    assert len(moved(emulator, payment)) == 2


def test_a_checkout_may_say_otherwise_than_its_account(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    kept = authorized("1001", before_expiry=BeforeExpiry.NOTHING)
    authorized("1002", before_expiry=BeforeExpiry.RELEASE)
    later(SOON)
    run()
    assert (moved(emulator, kept), facts(kept)) == ([], ["authorized"])
    released = SezzlePayment.objects.get(shop_reference="1002")
    assert moved(emulator, released) == [("release", 10_000)]


def test_how_long_before_is_a_setting(authorized: MakePayment, policy: Any, later: Later) -> None:
    policy("warn", EXPIRY_NOTICE_MINUTES=5)
    authorized()
    later(timedelta(minutes=24))
    assert Task.EXPIRY not in run().done
    later(timedelta(minutes=2))
    assert run().done[Task.EXPIRY] == 1


def test_a_notice_longer_than_the_authorization_waits_for_half_of_it(
    emulator: Emulator, authorized: MakePayment, policy: Any, later: Later
) -> None:
    policy("release", EXPIRY_NOTICE_MINUTES=60)
    payment = authorized()
    assert Task.EXPIRY not in run().done
    later(timedelta(minutes=14))
    run()
    assert moved(emulator, payment) == []
    later(timedelta(minutes=2))
    run()
    assert moved(emulator, payment) == [("release", 10_000)]


def test_an_end_that_has_moved_on_is_left_alone(
    emulator: Emulator, authorized: MakePayment, policy: Any, later: Later
) -> None:
    """What is stored says soon; Sezzle says that there are two more days."""
    policy("release")
    payment = authorized()
    later(SOON)
    new_end = datetime.now(UTC) + timedelta(days=2)
    wire = Wire(emulator)
    wire.falsify("order_get", with_authorization(expiration=new_end.isoformat()), times=9)
    assert Task.EXPIRY not in run().done
    assert (moved(emulator, payment), facts(payment)) == ([], ["authorized"])
    assert again(payment).authorization_expires_at == fields.stored(new_end)


@pytest.mark.parametrize("word", ["warn", "capture"])
def test_what_staff_captured_meanwhile_is_no_alarm(
    emulator: Emulator, authorized: MakePayment, policy: Any, later: Later, word: str
) -> None:
    policy(word)
    payment = authorized()
    later(SOON)
    stale = again(payment)
    capture(payment)
    assert act_before_expiry(stale) is False
    assert facts(payment) == ["authorized", "captured"]
    assert moved(emulator, payment) == [("capture", 10_000)]


def test_another_policy_is_another_intent(
    emulator: Emulator, authorized: MakePayment, policy: Any, later: Later
) -> None:
    policy("capture")
    payment = authorized()
    later(SOON)
    emulator.faults.add("capture", "503")
    Wire(emulator).falsify("capture", says(422, '[{"code": "invalid", "message": "on hold"}]'))
    assert run().needs_human == ["expiring"]
    policy("release")
    assert run().codes == []
    assert moved(emulator, payment) == [("release", 10_000)]


def test_what_sezzle_takes_by_itself_is_left_alone(
    authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("release", EXPIRY_NOTICE_MINUTES=60)
    payment = authorized(intent=Intent.CAPTURE)
    assert Task.EXPIRY not in run().done
    assert again(payment).status == Status.CAPTURED


def test_what_was_refused_is_reported_and_not_tried_again(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    payment = authorized()
    later(SOON)
    refused = says(422, '[{"code": "invalid", "message": "the merchant is on hold"}]')
    emulator.faults.add("capture", "503")
    Wire(emulator).falsify("capture", refused)
    for _ in range(2):
        result = run()
        assert result.needs_human == ["expiring"]
        assert "to capture it failed" in result.findings[0].message
        assert "on hold" in result.findings[0].message
    assert called(emulator).count("capture") == 1
    assert moved(emulator, payment) == []


def test_what_never_left_is_tried_again(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    payment = authorized()
    later(SOON)
    emulator.faults.add("capture", "refused")
    assert run().needs_human == ["expiring"]
    assert run().codes == []
    assert moved(emulator, payment) == [("capture", 10_000)]


def test_what_was_told_uses_up_no_limit(
    emulator: Emulator, authorized: MakePayment, later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    """What only warns ends first, and would take the place of what is to be captured."""
    for reference in ("1001", "1002"):
        authorized(reference)
    later(timedelta(minutes=1))
    payment = authorized("1003", before_expiry=BeforeExpiry.CAPTURE)
    later(SOON)
    with caplog.at_level(logging.WARNING, logger="django_sezzle.services"):
        assert [run(limit=2).done.get(Task.EXPIRY) for _ in range(3)] == [2, 1, None]
        assert Task.EXPIRY not in run(dry_run=True).done
    assert moved(emulator, payment) == [("capture", 10_000)]
    assert caplog.text.count("policy=warn") == 2


def test_what_fails_in_every_run_uses_up_no_limit(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    for reference in ("1001", "1002"):
        authorized(reference)
    SezzlePayment.objects.update(review_reason="late_authorization")
    later(timedelta(minutes=1))
    payment = authorized("1003")
    later(SOON)
    result = run(limit=1)
    assert (result.done[Task.EXPIRY], result.codes.count("expiring")) == (1, 2)
    assert moved(emulator, payment) == [("capture", 10_000)]


def test_two_who_act_at_once_on_what_only_warns_tell_it_once(
    authorized: MakePayment, later: Later
) -> None:
    payment = authorized()
    later(SOON)
    stale = again(payment)
    assert act_before_expiry(payment) is True
    assert act_before_expiry(stale) is False
    assert facts(payment) == ["authorized", "expiring"]


def test_a_payment_under_review_is_reported(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    payment = authorized()
    SezzlePayment.objects.update(review_reason="late_authorization")
    later(SOON)
    assert "expiring" in run().needs_human
    assert moved(emulator, payment) == []


def test_a_new_authorization_keeps_the_policy(emulator: Emulator, authorized: MakePayment) -> None:
    payment = authorized(before_expiry=BeforeExpiry.RELEASE)
    emulator.clock.advance(timedelta(hours=1))
    refresh(payment)
    child = reauthorize(payment).result_payment
    assert child is not None
    assert child.before_expiry == BeforeExpiry.RELEASE


def test_a_dry_run_only_counts(
    emulator: Emulator, authorized: MakePayment, later: Later, policy: Any
) -> None:
    policy("capture")
    payment = authorized()
    later(SOON)
    assert run(dry_run=True).done[Task.EXPIRY] == 1
    assert (moved(emulator, payment), facts(payment)) == ([], ["authorized"])


@pytest.mark.django_db(transaction=True)
def test_many_runs_at_once_capture_once(
    emulator: Emulator, authorized: MakePayment, policy: Any, later: Later
) -> None:
    emulator.profile.change(limits=False, request_id="ignored")
    policy("capture")
    payment = authorized()
    later(SOON)
    together(6, lambda _number: run())
    assert moved(emulator, payment) == [("capture", 10_000)]
    check_books(emulator, payment)


def test_charges_without_an_answer_keep_no_capture_waiting(
    emulator: Emulator, started: MakePayment, authorized: MakePayment, policy: Any, later: Later
) -> None:
    agreed = started("first", tokenize=True)
    emulator.approve(str(agreed.order_uuid), tokenize=True)
    customer = find_customer(refresh(agreed), seconds=5)
    assert customer is not None
    payment = authorized("2001")
    emulator.faults.add("customer_order", "503", times=None)
    for number in range(3):
        with pytest.raises(OutcomeUnknown):
            charge_customer(customer, a_checkout(f"SUB-{number}"))
    policy("capture")
    later(SOON)
    run()
    assert moved(emulator, payment) == [("capture", 10_000)]
