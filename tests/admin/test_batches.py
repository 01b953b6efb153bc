"""Many payments at once: all written down first, then sent batch by batch, each exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.test import Client
from django.utils import timezone

from django_sezzle.admin import batches as dialogs
from django_sezzle.emulator import Emulator
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import refresh
from tests.admin.conftest import (
    Desk,
    MakePayment,
    MakeStaff,
    amount,
    kinds,
    money_calls,
    moved,
    operation_of,
)
from tests.admin.pages import address_of, go_on, nothing_at_once, progress

__all__ = ["nothing_at_once"]

MakeDesk = Callable[[str], Desk]


@pytest.mark.fault(104)
def test_all_rows_are_committed_before_the_first_is_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    payments = [make_payment() for _number in range(3)]
    form = desk("capture").open(*payments)

    page = form.send(reason="boxes")

    assert kinds(page) == ["waiting"] * 3
    assert not emulator.calls
    assert page.context["progress"].text == "0 of 3 payments are through."
    assert 'value="Continue"' in page.content.decode()
    for operation in SezzleOperation.objects.all():
        assert (operation.state, operation.attempts, operation.reason) == ("started", 0, "boxes")
    assert not LogEntry.objects.exists()

    done = go_on(form.client, page)

    assert kinds(done) == ["done"] * 3
    assert done.redirect_chain[0][1] == 303
    assert moved(emulator) == [("capture", 5000)] * 3
    assert LogEntry.objects.count() == 3
    assert "Continue" not in done.content.decode()


def test_a_handful_is_sent_at_once(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(dialogs.SENT_AT_ONCE)]

    page = desk("capture").open(*payments).send()

    assert kinds(page) == ["done"] * len(payments)
    assert money_calls(emulator) == ["capture"] * len(payments)


def test_more_than_a_handful_waits_for_its_page(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(dialogs.SENT_AT_ONCE + 1)]

    form = desk("capture").open(*payments)
    page = form.send()

    assert set(kinds(page)) == {"waiting"}
    assert not money_calls(emulator)
    assert progress(form.client, page, works=True) == {
        "text": "9 of 9 payments are through.",
        "through": 9,
        "waiting": 0,
        "beingSent": 0,
    }
    assert len(moved(emulator)) == 9


@pytest.mark.fault(31)
def test_looking_at_the_page_sends_nothing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(make_payment(), make_payment())
    page = form.send()

    assert kinds(form.client.get(address_of(page))) == ["waiting"] * 2
    assert progress(form.client, page)["waiting"] == 2

    assert not emulator.calls


@pytest.mark.fault(34)
def test_confirmed_and_continued_over_and_over_moves_once(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(make_payment(), make_payment())
    first = form.send()
    second = form.send()

    for page in (first, second, first):
        assert kinds(go_on(form.client, page)) == ["done"] * 2
        assert kinds(form.send()) == ["done"] * 2

    assert moved(emulator) == [("capture", 5000)] * 2
    assert LogEntry.objects.count() == 2


@pytest.mark.fault(6, 34)
@pytest.mark.django_db(transaction=True)
def test_many_pages_that_work_at_once_send_once(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    form = desk("capture").open(*(make_payment() for _number in range(12)))
    page = form.send()
    together = threading.Barrier(3)
    failed = []

    def press() -> None:
        mine = Client()
        mine.cookies = form.client.cookies.copy()
        together.wait(timeout=20)
        try:
            progress(mine, page, works=True)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert moved(emulator) == [("capture", 5000)] * 12
    assert money_calls(emulator) == ["capture"] * 12
    assert set(kinds(form.client.get(address_of(page)))) == {"done"}
    assert LogEntry.objects.count() == 12


@pytest.mark.fault(33)
def test_each_row_is_refused_for_itself(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    payments = [make_payment() for _number in range(4)]
    form = desk("capture").open(*payments)
    SezzlePayment.objects.filter(pk=payments[1].pk).update(review_reason="amount_differs")

    page = form.send(**{amount(payments[2]): "50.01"})
    assert kinds(page) == ["waiting", "unsent", "unsent", "waiting"]
    text = page.content.decode()
    assert "A person must look at this payment first." in text
    assert "more than what can be moved now" in text

    assert kinds(go_on(form.client, page)) == ["done", "unsent", "unsent", "done"]


@pytest.mark.fault(36)
def test_what_a_payment_no_longer_allows_in_its_turn_is_not_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    one, two = make_payment(), make_payment()
    form = desk("capture").open(one, two)
    page = form.send()
    assert one.order_uuid
    emulator.dashboard_capture(one.order_uuid, 2000)
    SezzlePayment.objects.filter(pk=one.pk).update(last_read_at=None)

    done = go_on(form.client, page)

    assert kinds(done) == ["unsent", "done"]
    assert "the payment had changed by then" in done.content.decode()
    assert moved(emulator) == [("capture", 5000)]
    assert operation_of(one).evidence == Evidence.NOT_SENT


@pytest.mark.fault(7)
def test_what_showed_up_before_it_was_sent_is_not_its_doing(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    one, two = make_payment(), make_payment()
    form = desk("capture").open(one, two)
    page = form.send(**{amount(one): "20.00"})
    assert one.order_uuid
    emulator.dashboard_capture(one.order_uuid, 2000)
    refresh(one)
    emulator.faults.add("capture", "drop_before", times=None)

    done = go_on(form.client, page)

    assert kinds(done) == ["unknown"] * 2
    assert operation_of(one).state == State.UNKNOWN
    assert not moved(emulator)


@pytest.mark.fault(98)
def test_what_nobody_went_on_with_is_never_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    payments = make_payment(), make_payment()
    form = desk("capture").open(*payments)
    page = form.send()

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        looked = form.client.get(address_of(page))
        assert kinds(looked) == ["unsent"] * 2
        assert "within 15 minutes" in looked.content.decode()
        assert "Continue" not in looked.content.decode()
        assert looked.context["again_url"]
        # The old page is still open somewhere.
        assert kinds(go_on(form.client, page)) == ["unsent"] * 2
        assert not money_calls(emulator)
        assert {row.evidence for row in SezzleOperation.objects.all()} == {Evidence.NOT_SENT}


def test_what_nobody_went_on_with_stands_in_nobodys_way(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, nothing_at_once: None
) -> None:
    payments = make_payment(), make_payment()
    form = desk("capture").open(*payments)
    form.send()

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        anew = Desk(form.client, "capture").open(*payments)
        page = go_on(anew.client, anew.send())

    assert kinds(page) == ["done"] * 2
    assert moved(emulator) == [("capture", 5000)] * 2


@pytest.mark.fault(32)
def test_only_who_may_can_go_on(
    desk: MakeDesk,
    make_payment: MakePayment,
    make_staff: MakeStaff,
    emulator: Emulator,
    nothing_at_once: None,
) -> None:
    page = desk("capture").open(make_payment(), make_payment()).send()
    viewer, refunder = (
        make_staff("view_sezzlepayment"),
        make_staff("view_sezzlepayment", "refund_sezzlepayment"),
    )

    for client in (viewer, refunder):
        looked = client.get(address_of(page))
        assert (looked.status_code, kinds(looked)) == (200, ["waiting"] * 2)
        assert 'value="Continue"' not in looked.content.decode()
        assert client.post(address_of(page)).status_code == 403
    assert Client().post(address_of(page)).status_code == 302
    assert not emulator.calls

    colleague = make_staff("view_sezzlepayment", "capture_sezzlepayment")
    assert kinds(go_on(colleague, page)) == ["done"] * 2
    # Who confirmed it is who asked for it.
    actors = {str(operation.actor) for operation in SezzleOperation.objects.all()}
    assert [actor.partition("@")[0] for actor in actors] == ["staff1"]


@pytest.mark.fault(31)
def test_a_forged_continue_is_refused(
    make_staff: MakeStaff, make_payment: MakePayment, nothing_at_once: None, desk: MakeDesk
) -> None:
    page = desk("capture").open(make_payment(), make_payment()).send()
    strict = make_staff("view_sezzlepayment", "capture_sezzlepayment", checks_csrf=True)

    assert strict.post(address_of(page)).status_code == 403


@pytest.mark.parametrize("action", ["refund", "release", "reauthorize"])
def test_the_other_ways_to_move_money(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    nothing_at_once: None,
    action: str,
) -> None:
    captured = 2000 if action != "reauthorize" else 0
    payments = [make_payment(captured_in_cents=captured) for _number in range(2)]
    if action == "reauthorize":
        emulator.clock.advance(timedelta(days=1))
    form = desk(action).open(*payments)

    page = go_on(form.client, form.send())

    assert kinds(page) == ["done"] * 2
    if action == "reauthorize":
        assert SezzlePayment.objects.filter(reauthorized_from__in=payments).count() == 2
    else:
        assert [kind for kind, _cents in moved(emulator)] == [action] * 2
