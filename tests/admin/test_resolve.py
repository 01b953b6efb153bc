"""What is stuck: staff close it, send it again, clear a review or cancel, each exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import capture
from tests.admin.conftest import (
    CHANGE,
    MakePayment,
    MakeStaff,
    money_calls,
    moved,
    operation_of,
)
from tests.services.rigs import again, let_lease_end

VIEW, RESOLVE, RELEASE = "view_sezzlepayment", "resolve_sezzlepayment", "release_sezzlepayment"
OPEN = "admin:django_sezzle_sezzlepayment_open"
RESOLVE_URL = "admin:django_sezzle_sezzlepayment_resolve"
REMEDIES = {"close": RESOLVE, "send-again": RESOLVE, "clear-review": RESOLVE, "cancel": RELEASE}

pytestmark = [pytest.mark.fault(97)]


def url(payment: SezzlePayment, name: str) -> str:
    return reverse(RESOLVE_URL, args=[payment.pk, name])


def fill_in(client: Client, payment: SezzlePayment, name: str) -> dict[str, str]:
    """Open the confirmation page and take over what its form is filled with."""
    page = client.get(url(payment, name))
    assert page.status_code == 200
    return {field.html_name: str(field.value() or "") for field in page.context["form"]}


def send(client: Client, payment: SezzlePayment, name: str, form: dict[str, str]) -> Any:
    """Send a form; follow to the payment's page."""
    return client.post(url(payment, name), form, follow=True)


def said(page: Any) -> str:
    """Give the only message above the page."""
    (message,) = page.context["messages"]
    return f"{message.level_tag}: {message}"


@pytest.fixture
def stuck(make_payment: MakePayment, emulator: Emulator) -> SezzlePayment:
    """A payment with a capture of $10.00 that never arrived, a day old, not sent by itself."""
    payment = make_payment()
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        capture(payment, amount_in_cents=1000)
    yesterday = timezone.now() - timedelta(hours=25)
    SezzleOperation.objects.update(created_at=yesterday, first_sent_at=yesterday)
    let_lease_end()
    emulator.calls.clear()
    return again(payment)


@pytest.fixture
def resolver(make_staff: MakeStaff) -> Client:
    """A browser of somebody who may resolve and release."""
    return make_staff(VIEW, RESOLVE, RELEASE)


def test_closing_says_who_and_why_and_is_logged(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    form = fill_in(resolver, stuck, "close")
    assert emulator.calls == []

    answer = resolver.post(url(stuck, "close"), form | {"reason": "not in the dashboard"})

    assert (answer.status_code, answer["Location"]) == (303, reverse(CHANGE, args=[stuck.pk]))
    closed = operation_of(stuck)
    assert (closed.state, closed.evidence) == (State.FAILED, Evidence.STAFF)
    assert closed.closed_because == "not in the dashboard"
    assert str(closed.closed_by).startswith("staff1")
    (entry,) = LogEntry.objects.all()
    assert entry.object_id == str(stuck.pk)
    assert str(entry.user).startswith("staff1")
    assert closed.request_id in entry.change_message
    assert "not in the dashboard" in entry.change_message
    page = resolver.get(answer["Location"])
    assert said(page).startswith("success: ")
    assert "The capture of $10.00 USD was closed as not carried out." in said(page)
    assert money_calls(emulator) == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_nothing_is_closed_without_a_reason(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator, reason: str
) -> None:
    form = fill_in(resolver, stuck, "close")

    answer = resolver.post(url(stuck, "close"), form | {"reason": reason})

    assert answer.status_code == 200
    assert "Say why." in answer.content.decode()
    assert operation_of(stuck).is_open
    assert not LogEntry.objects.exists()
    assert emulator.calls == []


@pytest.mark.fault(34)
@pytest.mark.parametrize("name", ["close", "send-again"])
def test_a_form_sent_twice_does_nothing_twice(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator, name: str
) -> None:
    form = fill_in(resolver, stuck, name) | {"reason": "looked"}
    send(resolver, stuck, name, form)
    calls = len(emulator.calls)
    before = operation_of(stuck)

    page = send(resolver, stuck, name, form)

    assert "settled or changed meanwhile" in said(page)
    assert len(emulator.calls) == calls
    assert operation_of(stuck).closed_at == before.closed_at
    assert LogEntry.objects.count() == 1


def test_what_was_done_after_all_is_not_closed_as_not_done(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    form = fill_in(resolver, stuck, "close")
    emulator.dashboard_capture(str(stuck.order_uuid), 1000)

    page = send(resolver, stuck, "close", form | {"reason": "not there"})

    assert operation_of(stuck).evidence == Evidence.MATCHED
    assert "was carried out after all" in said(page)


def test_sending_again_uses_the_same_key(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    form = fill_in(resolver, stuck, "send-again")
    assert emulator.calls == []

    page = send(resolver, stuck, "send-again", form)

    assert said(page).startswith("success: ")
    assert moved(emulator) == [("capture", 1000)]
    operation = operation_of(stuck)
    assert (operation.state, operation.attempts) == (State.SUCCEEDED, 2)
    (entry,) = LogEntry.objects.all()
    assert entry.change_message.startswith(
        f"send-again capture $10.00 USD, request id {operation.request_id}: done."
    )


@pytest.mark.parametrize(
    ("operation", "fault", "level", "words"),
    [
        ("capture", "timeout_before", "warning", "do not repeat it"),
        ("order_get", "503", "error", "Sezzle could not be asked"),
    ],
)
def test_sending_again_in_vain_says_what_is_known(
    resolver: Client,
    stuck: SezzlePayment,
    emulator: Emulator,
    operation: str,
    fault: str,
    level: str,
    words: str,
) -> None:
    form = fill_in(resolver, stuck, "send-again")
    emulator.faults.add(operation, fault, times=None)

    page = send(resolver, stuck, "send-again", form)

    assert said(page).startswith(f"{level}: ")
    assert words in said(page)
    assert operation_of(stuck).is_open
    assert not moved(emulator)
    assert LogEntry.objects.count() == 1


def test_a_refusal_is_told_in_sezzles_words(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    # More than there is, which Sezzle does not allow.
    SezzleOperation.objects.update(attempts=0, first_sent_at=None, amount_in_cents=999_900)
    form = fill_in(resolver, stuck, "send-again")

    page = send(resolver, stuck, "send-again", form)

    operation = operation_of(stuck)
    assert (operation.state, operation.evidence) == (State.FAILED, Evidence.REJECTED)
    assert said(page).startswith("error: <strong>Refused: no money moved</strong>")
    assert operation.debug_uuid in said(page)


@pytest.mark.fault(34)
def test_a_used_form_does_not_send_a_third_time(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    form = fill_in(resolver, stuck, "send-again")
    emulator.faults.add("capture", "timeout_before", times=None)
    send(resolver, stuck, "send-again", form)
    let_lease_end()

    page = send(resolver, stuck, "send-again", form)

    assert "settled or changed meanwhile" in said(page)
    assert money_calls(emulator) == ["capture"]


@pytest.mark.parametrize("name", ["close", "send-again"])
def test_what_was_sent_just_now_is_left_alone(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator, name: str
) -> None:
    form = fill_in(resolver, stuck, name)
    SezzleOperation.objects.update(lease_until=timezone.now() + timedelta(minutes=5))

    opened = resolver.get(url(stuck, name)).content.decode()
    page = send(resolver, stuck, name, form | {"reason": "now"})

    assert "It was sent not long ago" in opened
    assert '<input type="submit"' not in opened[opened.index('id="content-main"') :]
    assert "It was sent not long ago" in said(page)
    assert operation_of(stuck).is_open
    assert emulator.calls == []
    assert not LogEntry.objects.exists()


def test_a_reauthorization_is_never_sent_again(
    resolver: Client, stuck: SezzlePayment, emulator: Emulator
) -> None:
    SezzleOperation.objects.update(kind="reauthorize")
    form = fill_in(resolver, stuck, "send-again")

    page = send(resolver, stuck, "send-again", form)

    assert "This is never sent twice" in said(page)
    assert emulator.calls == []


def test_a_review_is_cleared_with_a_reason_and_once(
    resolver: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="amount_differs")
    form = fill_in(resolver, payment, "clear-review") | {"reason": "a discount by phone"}

    page = send(resolver, payment, "clear-review", form)
    cleared = again(payment)
    second = send(resolver, payment, "clear-review", form)

    assert said(page).startswith("success: ")
    assert (cleared.review_reason, cleared.review_cleared_because) == ("", "a discount by phone")
    assert str(cleared.review_cleared_by).startswith("staff1")
    assert "settled or changed meanwhile" in said(second)
    assert again(payment).review_cleared_at == cleared.review_cleared_at
    assert LogEntry.objects.count() == 1


def test_a_review_that_nobody_saw_is_not_cleared(
    resolver: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="amount_differs")
    form = fill_in(resolver, payment, "clear-review") | {"reason": "fine"}
    SezzlePayment.objects.update(review_reason="transaction_missing")

    page = send(resolver, payment, "clear-review", form)

    assert "settled or changed meanwhile" in said(page)
    assert again(payment).review_reason == "transaction_missing"


@pytest.mark.fault(10)
@pytest.mark.parametrize("name", ["close", "send-again"])
def test_it_works_where_every_request_is_a_transaction(
    resolver: Client,
    stuck: SezzlePayment,
    atomic_requests: None,
    name: str,
    emulator: Emulator,
) -> None:
    page = send(resolver, stuck, name, fill_in(resolver, stuck, name) | {"reason": "looked"})

    assert said(page).startswith("success: ")
    assert not operation_of(stuck).is_open
