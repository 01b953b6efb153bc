"""Staff move money: through one form, once, and are told plainly what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse

from django_sezzle.admin import batches
from django_sezzle.emulator import Emulator
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import refresh
from tests.admin.conftest import (
    ACTIONS,
    LIST,
    MONEY,
    Desk,
    MakePayment,
    amount,
    kinds,
    money_calls,
    money_url,
    moved,
    operation_of,
)

MakeDesk = Callable[[str], Desk]


def test_the_lists_action_leads_to_the_confirmation_page(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    one, two = make_payment(), make_payment()

    page = manager.post(
        reverse(LIST),
        {"action": "capture_selected", "_selected_action": [one.pk, two.pk]},
        follow=True,
    )

    assert page.redirect_chain[0][1] == 303
    assert [row.payment for row in page.context["rows"]] == [two, one]
    assert not moved(emulator)


def test_capture_in_part_captures_exactly_that(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(5000)

    page = desk("capture").open(payment).send(**{amount(payment): "12.34", "reason": "box 1"})

    assert moved(emulator) == [("capture", 1234)]
    assert kinds(page) == ["done"]
    assert page.redirect_chain[0][1] == 303
    payment.refresh_from_db()
    assert (payment.captured_in_cents, payment.held_in_cents) == (1234, 3766)
    operation = operation_of(payment)
    assert operation.actor is not None
    assert operation.reason == "box 1"
    assert operation.actor.get_username().startswith("staff1")


def test_the_form_is_filled_with_all_that_is_possible(
    desk: MakeDesk, make_payment: MakePayment
) -> None:
    payment = make_payment(123456, captured_in_cents=23400)

    opened = desk("capture").open(payment)

    assert opened.form[amount(payment)] == "1000.56"
    changes = opened.page.context["rows"][0].changes
    assert [(change.now, change.after) for change in changes] == [
        ("$1,000.56 USD", "$0.00 USD"),
        ("$234.00 USD", "$1,234.56 USD"),
        ("$0.00 USD", "$0.00 USD"),
    ]


@pytest.mark.fault(33)
def test_totals_are_per_currency(desk: MakeDesk, make_payment: MakePayment) -> None:
    payments = make_payment(1000), make_payment(2050), make_payment(3000, currency="CAD")

    page = desk("capture").open(*payments).page

    totals = page.context["totals"]
    assert [total.shown for total in totals] == ["$30.00 CAD", "$30.50 USD"]
    assert [total.field for total in totals] == [None, None]


@pytest.mark.parametrize(
    ("action", "captured", "after"),
    [("refund", 5000, (0, 5000, 5000)), ("release", 2000, (0, 2000, 0))],
)
def test_refund_and_release(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    action: str,
    captured: int,
    after: tuple[int, int, int],
) -> None:
    payment = make_payment(5000, captured_in_cents=captured)

    page = desk(action).open(payment).send()

    assert kinds(page) == ["done"]
    payment.refresh_from_db()
    totals = (payment.held_in_cents, payment.captured_in_cents, payment.refunded_in_cents)
    assert totals == after
    assert [kind for kind, _cents in moved(emulator)] == [action]


def test_reauthorize_leads_to_the_new_payment(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    emulator.clock.advance(timedelta(days=1))

    form = desk("reauthorize").open(payment)
    page = form.send()

    assert "new instalment plan" in form.page.content.decode()
    assert kinds(page) == ["done"]
    child = SezzlePayment.objects.get(reauthorized_from=payment)
    text = page.content.decode()
    assert "new instalment plan" in text
    assert reverse("admin:django_sezzle_sezzlepayment_change", args=[child.pk]) in text


@pytest.mark.fault(13)
def test_a_declined_reauthorization_is_no_success(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    emulator.clock.advance(timedelta(days=1))
    emulator.decline_next_reauthorization()

    page = desk("reauthorize").open(payment).send()

    assert kinds(page) == ["refused"]
    assert "Sezzle did not approve it." in page.content.decode()
    assert not SezzlePayment.objects.filter(reauthorized_from=payment).exists()


@pytest.mark.fault(103)
def test_a_refusal_shows_sezzles_words(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    emulator.clock.advance(timedelta(days=1))

    page = form.send()

    assert kinds(page) == ["refused"]
    operation = operation_of(payment)
    text = page.content.decode()
    assert "no money moved" in text
    assert operation.debug_uuid
    assert operation.debug_uuid in text
    assert operation.error_code in text
    assert not moved(emulator)


@pytest.mark.fault(7, 103)
@pytest.mark.parametrize("fault", ["timeout_after", "500_before", "drop_before", "429"])
def test_an_unknown_outcome_never_reads_as_a_success(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator, fault: str
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    emulator.faults.add("capture", fault)
    emulator.faults.add("order_get", "503", times=None)

    page = form.send()

    assert operation_of(payment).state == State.UNKNOWN
    assert kinds(page) == ["unknown"]
    text = page.content.decode()
    assert "do not repeat" in text.lower()
    assert "Done" not in text
    assert "no money moved" not in text
    assert "success" not in text.replace("sezzle-", "")
    assert page.context["again_url"] == ""


def test_a_result_page_shows_what_is_known_when_it_is_reloaded(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    emulator.faults.add("capture", "timeout_after")
    emulator.faults.add("order_get", "503", times=3)
    page = form.send()
    assert kinds(page) == ["unknown"]

    emulator.faults.clear()
    refresh(payment)
    reloaded = form.client.get(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"])

    assert kinds(reloaded) == ["done"]
    assert moved(emulator) == [("capture", 5000)]


@pytest.mark.fault(103)
def test_sezzle_cannot_be_reached_reads_as_not_sent(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)
    emulator.faults.add("capture", "refused")

    page = form.send()

    assert operation_of(payment).evidence == Evidence.NOT_SENT
    assert kinds(page) == ["unsent"]
    assert page.context["again_url"] == money_url("capture", payment)


@pytest.mark.fault(33, 104)
def test_one_payments_trouble_never_stops_the_others(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(5)]
    form = desk("capture").open(*payments)
    SezzlePayment.objects.filter(pk=payments[1].pk).update(review_reason="amount_differs")
    SezzlePayment.objects.filter(pk=payments[2].pk).update(account="gone")
    assert payments[0].order_uuid
    emulator.dashboard_capture(payments[0].order_uuid, 1)

    page = form.send()

    assert kinds(page) == ["refused", "unsent", "unsent", "done", "done"]
    assert moved(emulator) == [("capture", 5000)] * 2
    assert LogEntry.objects.count() == 3


def test_a_hosts_program_error_in_one_row_is_said_and_logged(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, two = make_payment(), make_payment()
    form = desk("capture").open(one, two)

    def trip(instance: SezzleOperation, **kwargs: object) -> None:
        if instance.payment_id == one.pk:
            raise RuntimeError("the host's own receiver")

    pre_save.connect(trip, sender=SezzleOperation)
    try:
        page = form.send()
    finally:
        pre_save.disconnect(trip, sender=SezzleOperation)

    assert kinds(page) == ["unsent", "done"]
    assert moved(emulator) == [("capture", 5000)]
    assert "error=RuntimeError" in caplog.text


def test_each_executed_row_is_in_the_admins_log_once(
    desk: MakeDesk, make_payment: MakePayment
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)

    form.send(reason="<b>shipped</b>")
    form.send(reason="<b>shipped</b>")

    entry = LogEntry.objects.get()
    assert entry.object_id == str(payment.pk)
    assert "capture $50.00 USD: succeeded" in entry.change_message
    assert operation_of(payment).request_id in entry.change_message
    history = form.client.get(
        reverse("admin:django_sezzle_sezzlepayment_history", args=[payment.pk])
    )
    assert "&lt;b&gt;shipped" in history.content.decode()


@pytest.mark.fault(104)
def test_what_no_time_is_left_for_is_offered_again(
    desk: MakeDesk,
    make_payment: MakePayment,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment = make_payment()
    form = desk("capture").open(payment)

    with monkeypatch.context() as no_time:
        no_time.setattr(batches, "SENDING_SECONDS", -1)
        page = form.send()
    assert kinds(page) == ["unsent"]
    assert page.context["again_url"] == money_url("capture", payment)
    assert not money_calls(emulator)

    assert kinds(form.send()) == ["done"]
    assert moved(emulator) == [("capture", 5000)]


@pytest.mark.fault(31)
def test_looking_at_the_pages_moves_and_sends_nothing(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()

    for action in ACTIONS:
        url = money_url(action, payment)
        assert manager.get(url).status_code == 200
        with_parameters = f"{url}&{amount(payment)}=50.00&form_id={'0' * 32}"
        assert manager.get(with_parameters).status_code == 200
        assert manager.put(url).status_code == 405

    assert not money_calls(emulator)
    assert not SezzleOperation.objects.exists()


def test_amounts_are_read_from_sezzle_before_they_are_shown(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    assert payment.order_uuid
    emulator.dashboard_capture(payment.order_uuid, 1000)
    SezzlePayment.objects.filter(pk=payment.pk).update(last_read_at=None)

    assert desk("capture").open(payment).form[amount(payment)] == "40.00"


@pytest.mark.fault(93)
def test_amounts_are_shown_as_stored_while_sezzle_is_down(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    SezzlePayment.objects.filter(pk=payment.pk).update(last_read_at=None)
    emulator.faults.add("*", "503", times=None)

    opened = desk("capture").open(payment)

    assert opened.form[amount(payment)] == "50.00"
    assert "Sezzle could not be read just now" in opened.page.content.decode()


def test_a_page_view_reads_ten_payments_at_most(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payments = [make_payment() for _number in range(12)]
    SezzlePayment.objects.update(last_read_at=None)

    desk("capture").open(*payments)

    assert [call.operation for call in emulator.calls].count("order_get") == 10


@pytest.mark.fault(10)
def test_money_moves_although_every_request_is_a_transaction(
    manager: Client,
    make_payment: MakePayment,
    emulator: Emulator,
    atomic_requests: None,
) -> None:
    payment = make_payment()
    selected = {"action": "capture_selected", "_selected_action": [payment.pk]}
    SezzlePayment.objects.update(last_read_at=None)

    chosen = manager.post(reverse(LIST), selected, follow=True)
    page = Desk(manager, "capture").open(payment).send()

    assert chosen.status_code == 200
    assert "could not be read" not in chosen.content.decode()
    assert kinds(page) == ["done"]
    assert moved(emulator) == [("capture", 5000)]


def test_an_unknown_action_is_not_found(manager: Client, make_payment: MakePayment) -> None:
    payment = make_payment()

    assert manager.get(f"{reverse(MONEY, args=['steal'])}?ids={payment.pk}").status_code == 404


@pytest.mark.fault(18)
def test_money_of_a_late_approval_may_go_back_and_only_that(
    desk: MakeDesk, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment()
    SezzlePayment.objects.filter(pk=payment.pk).update(review_reason="late_authorization")

    assert kinds(desk("release").open(payment).send()) == ["done"]

    assert moved(emulator) == [("release", 5000)]
    other = make_payment()
    SezzlePayment.objects.filter(pk=other.pk).update(review_reason="late_authorization")
    page = desk("capture").client.get(money_url("capture", other))
    assert "must look at this payment first" in page.content.decode()
