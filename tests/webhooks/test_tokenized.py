"""That a shopper agreed to be charged again is believed when Sezzle confirms it, and only then."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from django_sezzle import webhooks
from django_sezzle.emulator import Emulator
from django_sezzle.emulator.records import Tokenization
from django_sezzle.gateway.messages import Event
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
    fields,
)
from django_sezzle.reconcile import Run, reconcile
from django_sezzle.signals import customer_tokenized
from tests.fixtures import make_user
from tests.services.rigs import Wire, called, listening, says, together, with_members
from tests.webhooks.conftest import Deliver, Later, Post, as_body
from tests.webhooks.counting import statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

MakePayment = Callable[..., SezzlePayment]
BOTH_CALLS = ["session_get", "token_session"]
GONE = '[{"code": "record_not_found", "message": "not found"}]'


@pytest.fixture
def agree(emulator: Emulator, started: MakePayment) -> Callable[..., SezzlePayment]:
    """Let a shopper agree at Sezzle; nothing is delivered yet."""

    def make(reference: str = "1001", **members: Any) -> SezzlePayment:
        payment = started(reference, tokenize=True, **members)
        emulator.approve(str(payment.order_uuid), tokenize=True)
        emulator.calls.clear()
        return payment

    return make


@pytest.fixture
def deliver_tokenized(emulator: Emulator, post: Post) -> Callable[..., int]:
    """Post the event of the newest agreement, changed as asked; give the answer's status."""
    ids = iter(range(1, 100))

    def send(**data: Any) -> int:
        body = tokenized(emulator, **data) | {"uuid": f"event-{next(ids)}"}
        return int(post(body).status_code)

    return send


def agreements(emulator: Emulator) -> list[Tokenization]:
    """List who agreed at Sezzle, newest last."""
    return [each for each in emulator.state.tokenizations if each.customer_uuid]


def tokenized(emulator: Emulator, **data: Any) -> Any:
    """Make the body of the event of the newest agreement."""
    newest = agreements(emulator)[-1]
    return {
        "uuid": "event-1",
        "created_at": "2026-11-20T00:11:01.749261Z",
        "event": "customer.tokenized",
        "data_type": "tokenize",
        "data": {
            "token": newest.uuid,
            "expiration": newest.expires_at.isoformat(),
            "customer": {"uuid": newest.customer_uuid},
        }
        | data,
    }


def test_a_customer_is_recorded_when_sezzle_confirms_it(
    emulator: Emulator, agree: Any, deliver: Deliver
) -> None:
    shopper = make_user("shopper")
    heard: list[tuple[Any, Any]] = []
    payment = agree(user=shopper)

    def hear(customer: SezzleCustomer, payment: SezzlePayment, **_: Any) -> None:
        heard.append((customer, payment))

    with listening(hear, customer_tokenized):
        sent = deliver()

    assert ("customer.tokenized", 200) in [(each.event, each.status) for each in sent]
    (agreed,) = emulator.state.customers
    customer = SezzleCustomer.objects.select_related("user").get()
    assert (customer.uuid, customer.user) == (agreed.uuid, shopper)
    assert (customer.account, customer.environment) == ("default", "sandbox")
    assert customer.expires_at == fields.stored(agreed.expires_at)
    assert not customer.is_expired()
    assert heard == [(customer, payment)]
    assert called(emulator)[:2] == BOTH_CALLS
    assert set(SezzleWebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


@pytest.fixture
def sezzle_agreed(agree: Any) -> SezzlePayment:
    """A payment at whose checkout the shopper agreed."""
    payment: SezzlePayment = agree()
    return payment


@pytest.mark.fault(74)
def test_the_token_is_nowhere(
    emulator: Emulator,
    sezzle_agreed: SezzlePayment,
    deliver_tokenized: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "django_sezzle")
    (tokenization,) = agreements(emulator)

    assert deliver_tokenized() == 200

    rows: list[Any] = []
    for model in (SezzlePayment, SezzleWebhookEvent, SezzleCustomer, SezzleAnnouncement):
        rows += model.objects.values()
    assert tokenization.uuid not in str(rows)
    assert tokenization.uuid not in caplog.text
    assert "path=/v2/token/{secret}/session" in caplog.text
    # Sezzle's id of the shopper stands where it belongs, and nowhere else.
    assert str(rows).count(str(tokenization.customer_uuid)) == 1
    assert str(tokenization.customer_uuid) not in caplog.text


@pytest.mark.parametrize("placement", ["top", "order"])
def test_the_token_is_found_in_either_place(
    emulator: Emulator, agree: Any, deliver_tokenized: Any, placement: Any
) -> None:
    emulator.profile.tokenize_placement = placement
    agree()

    assert deliver_tokenized() == 200

    assert SezzleCustomer.objects.count() == 1


def test_a_repeat_records_and_tells_nothing_new(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator
) -> None:
    assert [deliver_tokenized() for _ in range(3)] == [200, 200, 200]

    assert SezzleCustomer.objects.count() == 1
    assert sezzle_agreed.announcements.filter(fact_key__startswith="tokenized").count() == 1


def test_a_guest_who_agrees_is_nobodys_customer(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any
) -> None:
    deliver_tokenized()

    assert SezzleCustomer.objects.get().user_id is None


def test_a_later_agreement_of_the_same_customer_renews_it(
    emulator: Emulator, agree: Any, deliver_tokenized: Any
) -> None:
    shopper = make_user("shopper")
    agree(user=shopper)
    deliver_tokenized()
    first = SezzleCustomer.objects.get()
    second = agree("1002", user=shopper)
    newest = agreements(emulator)[-1]
    again = {"uuid": first.uuid, "expiration": "2031-05-01T00:00:00Z", "links": []}
    Wire(emulator).falsify("token_session", with_members(customer=again))

    assert deliver_tokenized(customer={"uuid": first.uuid}) == 200

    assert newest.customer_uuid != first.uuid
    customer = SezzleCustomer.objects.select_related("user").get()
    assert customer.user == shopper
    assert customer.expires_at == fields.stored(datetime(2031, 5, 1, tzinfo=UTC))
    assert second.announcements.filter(fact_key__startswith="tokenized").count() == 1


def test_a_removal_at_the_same_moment_is_not_undone(
    emulator: Emulator, agree: Any, deliver_tokenized: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree()
    deliver_tokenized()
    known = SezzleCustomer.objects.get()
    agree("1002")
    same = {"uuid": known.uuid, "expiration": "2031-05-01T00:00:00Z", "links": []}
    Wire(emulator).falsify("token_session", with_members(customer=same))
    removed_at, save = timezone.now(), SezzleCustomer.save

    def removed_before(self: SezzleCustomer, **options: Any) -> None:
        SezzleCustomer.objects.filter(pk=known.pk).update(forgotten_at=removed_at)
        save(self, **options)

    monkeypatch.setattr(SezzleCustomer, "save", removed_before)
    deliver_tokenized(customer={"uuid": known.uuid})
    known.refresh_from_db()
    assert known.forgotten_at == removed_at


@pytest.mark.fault(1, 3)
def test_an_event_that_names_another_customer_is_not_believed(
    sezzle_agreed: SezzlePayment,
    deliver_tokenized: Any,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert deliver_tokenized(customer={"uuid": "somebody-elses"}) == 200

    assert called(emulator) == BOTH_CALLS
    assert not SezzleCustomer.objects.exists()
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED
    assert "another customer agreed" in caplog.text
    assert not sezzle_agreed.announcements.filter(fact_key__startswith="tokenized").exists()


@pytest.mark.parametrize(
    "data",
    [
        {"token": "nobodys"},
        {"token": None},
        {"token": 7},
        {"token": ""},
        {"token": "\ud800"},
        {"token": "x" * 10_000},
        {"customer": None},
        {"customer": "text"},
        {"customer": {"uuid": 7}},
    ],
    ids=lambda data: str(data)[:40],
)
@pytest.mark.fault(86, 87, 89)
def test_an_event_that_names_no_session_of_ours_asks_for_nothing(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator, data: Any
) -> None:
    assert deliver_tokenized(**data) == 200

    assert not SezzleCustomer.objects.exists()
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED
    if "token" in data:
        assert called(emulator) == []


@pytest.mark.fault(1)
def test_the_id_in_the_browsers_address_is_not_read(
    emulator: Emulator, started: MakePayment, agree: Any, deliver_tokenized: Any, client: Client
) -> None:
    agree("1000", user=make_user("victim"))
    deliver_tokenized()
    victim = SezzleCustomer.objects.get()
    payment = started(tokenize=True, user=make_user("forger"))
    back = emulator.approve(str(payment.order_uuid), tokenize=True)
    assert "customer-uuid" in parse_qs(urlsplit(back).query)
    emulator.calls.clear()

    forged = f"{urlsplit(back).path}?customer-uuid={victim.uuid}"
    assert client.get(forged).status_code in (302, 303)

    # Sezzle says who agreed, and that is nobody else.
    assert called(emulator) == ["order_get", *BOTH_CALLS]
    theirs = SezzleCustomer.objects.exclude(pk=victim.pk).get()
    assert theirs.uuid == agreements(emulator)[-1].customer_uuid != victim.uuid
    assert theirs.user_id == payment.user_id
    assert SezzleCustomer.objects.get(pk=victim.pk).user_id == victim.user_id


@pytest.mark.fault(1)
def test_the_address_makes_nobody_a_customer_who_did_not_agree(
    emulator: Emulator, started: MakePayment, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "django_sezzle")
    payment = started(tokenize=True)
    back = urlsplit(emulator.approve(str(payment.order_uuid)))

    client.get(f"{back.path}?customer-uuid=forged-4f8c")

    assert not SezzleCustomer.objects.exists()
    assert "forged-4f8c" not in caplog.text
    assert "forged-4f8c" not in str(list(SezzlePayment.objects.values()))


def test_a_payment_that_asked_for_nothing_has_no_digest(
    started: MakePayment, sezzle_agreed: SezzlePayment
) -> None:
    assert started("1002").tokenize_digest is None
    assert len(str(SezzlePayment.objects.get(pk=sezzle_agreed.pk).tokenize_digest)) == 64


@pytest.mark.fault(81)
@pytest.mark.parametrize("call", BOTH_CALLS)
def test_it_waits_while_sezzle_cannot_be_asked(
    sezzle_agreed: SezzlePayment,
    deliver_tokenized: Any,
    emulator: Emulator,
    call: str,
    later: Later,
) -> None:
    emulator.faults.add(call, "503", times=3)

    assert deliver_tokenized() == 503

    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING
    assert not SezzleCustomer.objects.exists()
    later(timedelta(minutes=2))
    list(reconcile(Run()))
    assert SezzleWebhookEvent.objects.get().state == EventState.DONE
    assert SezzleCustomer.objects.count() == 1
    told = sezzle_agreed.announcements.get(fact_key__startswith="tokenized")
    assert told.told_at is not None


def test_it_waits_while_the_keys_are_refused(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator
) -> None:
    Wire(emulator).falsify("session_get", says(401, "[]"), times=2)

    assert deliver_tokenized() == 503

    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING


def test_it_waits_while_sezzle_does_not_show_it_yet(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator, later: Later
) -> None:
    Wire(emulator).falsify("token_session", with_members(customer=None))

    assert deliver_tokenized() == 503

    later(timedelta(minutes=2))
    list(reconcile(Run()))
    assert SezzleCustomer.objects.count() == 1


def test_it_does_not_wait_for_a_token_that_has_run_out(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator
) -> None:
    nobody = with_members(customer=None, expiration="2020-01-01T00:00:00Z")
    Wire(emulator).falsify("token_session", nobody)

    assert deliver_tokenized() == 200

    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED


@pytest.mark.parametrize(
    ("status", "body"), [(404, GONE), (422, '[{"code": "token_is_expired"}]')], ids=["404", "422"]
)
@pytest.mark.parametrize("call", BOTH_CALLS)
def test_what_sezzle_no_longer_knows_is_not_confirmed(
    sezzle_agreed: SezzlePayment,
    deliver_tokenized: Any,
    emulator: Emulator,
    call: str,
    status: int,
    body: str,
) -> None:
    Wire(emulator).falsify(call, says(status, body))

    assert deliver_tokenized() == 200

    assert not SezzleCustomer.objects.exists()
    assert SezzleWebhookEvent.objects.get().state == EventState.IGNORED


def test_a_session_with_another_token_confirms_nothing(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator
) -> None:
    Wire(emulator).falsify("session_get", with_members(tokenize={"token": "another"}))

    assert deliver_tokenized() == 200

    assert called(emulator) == ["session_get"]
    assert not SezzleCustomer.objects.exists()


@pytest.mark.fault(36)
def test_an_account_that_moved_to_the_other_environment_asks_nobody(
    sezzle_agreed: SezzlePayment, deliver_tokenized: Any, emulator: Emulator
) -> None:
    SezzlePayment.objects.update(environment="production")

    assert deliver_tokenized() == 200

    assert called(emulator) == []
    assert SezzleWebhookEvent.objects.get().state == EventState.PENDING


def test_another_process_confirms_it_with_nothing_but_the_events_key(
    sezzle_agreed: SezzlePayment, emulator: Emulator
) -> None:
    webhooks.keep("default", Event.from_body(as_body(tokenized(emulator))))

    assert webhooks.process(SezzleWebhookEvent.objects.get(key="event-1"))

    assert SezzleCustomer.objects.count() == 1


def test_what_is_kept_of_the_event_leads_back_to_nobody(
    sezzle_agreed: SezzlePayment, emulator: Emulator
) -> None:
    body = tokenized(emulator)
    event = Event.from_body(as_body(body))

    assert set(event.said or {}) == {"token_digest", "customer_digest"}
    assert {len(text) for text in (event.said or {}).values()} == {64}
    assert body["data"]["token"] not in json.dumps(event.said)


def test_it_costs_few_statements(sezzle_agreed: SezzlePayment, deliver_tokenized: Any) -> None:
    with statements() as made:
        assert deliver_tokenized() == 200

    # Keep; find the payment; lock, find and write the customer, announce, finish; tell.
    assert len(made) == 1 + 1 + 6 + 4


@pytest.mark.django_db(transaction=True)
def test_events_that_come_at_once_make_one_customer(
    sezzle_agreed: SezzlePayment, emulator: Emulator
) -> None:
    bodies = [as_body(tokenized(emulator) | {"uuid": f"event-{number}"}) for number in range(4)]

    together(4, lambda number: webhooks.receive("default", bodies[number]))

    assert SezzleCustomer.objects.count() == 1
    assert sezzle_agreed.announcements.filter(fact_key__startswith="tokenized").count() == 1
    assert not SezzleOperation.objects.exists()
