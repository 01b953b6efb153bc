"""A shopper learns nothing by their address, and takes back what they agreed to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from requests import PreparedRequest, Response

from django_sezzle.emulator import Emulator, EmulatorAdapter
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.models import SezzleCustomer, SezzlePayment
from django_sezzle.services import capture, refresh
from django_sezzle.services.tokenization import find_customer
from django_sezzle.signals import customer_tokenized
from tests.fixtures import make_user
from tests.services.rigs import Wire, listening, with_members
from tests.views.conftest import FORGED, PAGES, Later, Open, Started, address, texts
from tests.webhooks.counting import calls, statements
from tests.webhooks.hosts import HOSTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_pauses")]

BOTH_CALLS = ["session_get", "token_session"]
Agree = Callable[..., SezzlePayment]


@pytest.fixture
def shopper() -> Any:
    return make_user("shopper", password="x")


@pytest.fixture
def agree(emulator: Emulator, started: Started) -> Agree:
    """Let a shopper pay and agree at Sezzle; nobody has told us."""

    def make(reference: str = "1001", **members: Any) -> SezzlePayment:
        payment = started(reference, tokenize=True, **PAGES, **members)
        emulator.approve(str(payment.order_uuid), tokenize=True)
        emulator.calls.clear()
        return payment

    return make


@pytest.fixture
def saved(agree: Agree, emulator: Emulator, shopper: Any) -> SezzleCustomer:
    """A saved account of the shopper."""
    payment = agree(user=shopper)
    refresh(payment)
    customer = find_customer(payment, seconds=10)
    assert customer is not None
    emulator.calls.clear()
    return customer


@pytest.fixture
def browser(client: Client, shopper: Any) -> Client:
    """The shopper's browser, logged in."""
    client.force_login(shopper)
    return client


def removal(customer: SezzleCustomer | int) -> str:
    pk = customer if isinstance(customer, int) else customer.pk
    return reverse("sezzle:saved-account-remove", args=[pk])


class TestComingBack:
    """The shopper's return is enough, where no webhook arrives."""

    @pytest.mark.parametrize("name", ["complete", "cancel", "status"])
    def test_it_is_asked_who_agreed(
        self, name: str, emulator: Emulator, agree: Agree, open_page: Open, shopper: Any
    ) -> None:
        heard: list[SezzleCustomer] = []
        payment = agree(user=shopper)

        def hear(customer: SezzleCustomer, **_: Any) -> None:
            heard.append(customer)

        with listening(hear, customer_tokenized), statements() as made:
            open_page(payment, name)

        assert calls(emulator) == ["order_get", *BOTH_CALLS]
        assert len(made) <= 29, "\n".join(made)
        (customer,) = heard
        assert customer.user_id == shopper.pk
        assert [customer.uuid] == [each.uuid for each in emulator.state.customers]

    def test_also_when_the_order_was_known_to_be_approved(
        self, emulator: Emulator, agree: Agree, open_page: Open
    ) -> None:
        payment = agree()
        refresh(payment)
        emulator.calls.clear()

        assert open_page(payment)["Location"] == "/paid/"

        assert calls(emulator) == BOTH_CALLS
        assert SezzleCustomer.objects.count() == 1

    def test_once_it_is_known_nobody_is_asked(
        self, emulator: Emulator, agree: Agree, open_page: Open, later: Later
    ) -> None:
        payment = agree()
        open_page(payment)
        emulator.calls.clear()
        later(3)

        with statements() as made:
            open_page(payment)

        assert calls(emulator) == []
        assert len(made) == 2, "\n".join(made)

    def test_who_did_not_agree_is_asked_about_every_two_seconds_for_a_while(
        self, emulator: Emulator, started: Started, open_page: Open, later: Later
    ) -> None:
        payment = started(tokenize=True, **PAGES)
        emulator.approve(str(payment.order_uuid))
        open_page(payment)
        emulator.calls.clear()
        open_page(payment)
        assert calls(emulator) == []
        later(3)
        open_page(payment)
        assert calls(emulator) == BOTH_CALLS
        emulator.calls.clear()
        later(3_600)
        open_page(payment)
        assert calls(emulator) == []
        assert not SezzleCustomer.objects.exists()

    @pytest.mark.fault(1)
    @pytest.mark.parametrize("query", FORGED)
    def test_the_address_proves_nothing(
        self, query: str, emulator: Emulator, started: Started, open_page: Open
    ) -> None:
        payment = started(tokenize=True, **PAGES)
        emulator.approve(str(payment.order_uuid))

        open_page(payment, query=query)

        assert not SezzleCustomer.objects.exists()

    @pytest.mark.fault(1)
    def test_anothers_id_in_the_address_takes_nothing_from_them(
        self,
        emulator: Emulator,
        saved: SezzleCustomer,
        started: Started,
        open_page: Open,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG, "django_sezzle")
        forger = make_user("forger")
        payment = started("2001", tokenize=True, user=forger, **PAGES)
        emulator.approve(str(payment.order_uuid), tokenize=True)

        open_page(payment, query=f"?customer-uuid={saved.uuid}")

        assert SezzleCustomer.objects.get(pk=saved.pk).user_id == saved.user_id
        theirs = SezzleCustomer.objects.get(user=forger)
        assert theirs.uuid != saved.uuid
        assert saved.uuid not in caplog.text

    @pytest.mark.fault(93)
    def test_the_page_waits_five_seconds_in_all(
        self,
        emulator: Emulator,
        agree: Agree,
        open_page: Open,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        payment = agree()
        asked: list[float] = []
        send = EmulatorAdapter.send

        def dawdle(self: EmulatorAdapter, request: PreparedRequest, **options: Any) -> Response:
            asked.append(options["timeout"][1])
            time.sleep(0.3)
            return send(self, request, **options)

        monkeypatch.setattr(EmulatorAdapter, "send", dawdle)
        emulator.faults.add("token_session", "503", times=None)

        assert open_page(payment)["Location"] == "/paid/"

        # What was spent on the first calls is not there for the next ones.
        assert len(asked) >= 3
        assert all(left <= 5 - 0.3 * number for number, left in enumerate(asked))
        assert not SezzleCustomer.objects.exists()


class TestRemoving:
    """One button, for one's own saved account only."""

    def test_it_is_removed_at_sezzle(
        self, emulator: Emulator, browser: Client, saved: SezzleCustomer
    ) -> None:
        with statements() as made:
            answer = browser.post(removal(saved), {"next": "/account/"})

        assert (answer.status_code, answer["Location"]) == (303, "/account/")
        assert "no-store" in answer["Cache-Control"]
        assert calls(emulator) == ["customer_delete"]
        assert not list(emulator.state.customers)
        assert SezzleCustomer.objects.get().forgotten_at is not None
        assert texts(answer)[0].startswith("Your saved Sezzle account was removed.")
        # The session and the user, read by Django, among them.
        assert len(made) <= 10, "\n".join(made)

    def test_twice_is_fine(self, emulator: Emulator, browser: Client, saved: Any) -> None:
        answers = [browser.post(removal(saved)) for _ in range(2)]

        assert [answer["Location"] for answer in answers] == ["/", "/"]
        assert calls(emulator) == ["customer_delete"]
        assert len(texts(answers[1])) == 2

    def test_a_link_removes_nothing(self, emulator: Emulator, browser: Client, saved: Any) -> None:
        assert browser.get(removal(saved)).status_code == 405
        assert calls(emulator) == []

    def test_another_sites_form_removes_nothing(
        self, emulator: Emulator, shopper: Any, saved: Any
    ) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(shopper)
        assert client.post(removal(saved)).status_code == 403
        assert calls(emulator) == []

    def test_anothers_is_as_unknown_as_none(
        self, emulator: Emulator, client: Client, saved: Any
    ) -> None:
        client.force_login(make_user("stranger"))

        assert [client.post(removal(pk)).status_code for pk in (saved.pk, 10**6, 10**30)] == [
            404
        ] * 3

        assert calls(emulator) == []
        assert SezzleCustomer.objects.get().forgotten_at is None

    def test_each_of_two_users_with_one_account_at_sezzle_removes_their_own(
        self, emulator: Emulator, client: Client, agree: Agree, shopper: Any, saved: SezzleCustomer
    ) -> None:
        other = make_user("other")
        payment = agree("1002", user=other)
        same = {"uuid": saved.uuid, "expiration": "2031-05-01T00:00:00Z", "links": []}
        Wire(emulator).falsify("token_session", with_members(customer=same))
        theirs = find_customer(payment, seconds=10)
        assert theirs is not None
        client.force_login(other)

        assert client.post(removal(saved)).status_code == 404
        assert client.post(removal(theirs)).status_code == 303

        assert SezzleCustomer.objects.get(forgotten_at=None) == saved
        client.force_login(shopper)
        assert client.post(removal(saved)).status_code == 303
        assert not SezzleCustomer.objects.filter(forgotten_at=None).exists()

    def test_a_guests_is_nobodys(self, emulator: Emulator, browser: Client, saved: Any) -> None:
        SezzleCustomer.objects.update(user=None)
        assert browser.post(removal(saved)).status_code == 404

    @pytest.mark.parametrize("name", HOSTS)
    def test_whoever_is_not_logged_in_comes_back_to_a_page(
        self,
        name: str,
        emulator: Emulator,
        client: Client,
        saved: Any,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        HOSTS[name](settings, monkeypatch)
        answer = client.post(removal(saved), {"next": "/account/"})
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).query == "next=/account/"
        assert calls(emulator) == []

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example",
            "javascript:alert(1)",
            "http:///evil",
            "\\\\evil",
            "",
        ],
    )
    def test_nobody_is_sent_elsewhere(self, browser: Client, saved: Any, wanted: str) -> None:
        assert browser.post(removal(saved), {"next": wanted})["Location"] == "/"

    def test_while_a_payment_is_checked_it_waits(
        self, emulator: Emulator, browser: Client, saved: SezzleCustomer, started: Started
    ) -> None:
        payment = started("1002")
        emulator.approve(str(payment.order_uuid))
        SezzlePayment.objects.filter(pk=payment.pk).update(customer=saved)
        emulator.faults.add("capture", "drop_before")
        with pytest.raises(OutcomeUnknown):
            capture(refresh(payment))
        emulator.calls.clear()

        answer = browser.post(removal(saved))

        assert "just under way. Nothing was removed." in texts(answer)[0]
        assert calls(emulator) == []

    def test_without_an_answer_it_says_so(
        self,
        emulator: Emulator,
        browser: Client,
        saved: SezzleCustomer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        emulator.faults.add("customer_delete", "drop_after")

        answer = browser.post(removal(saved))

        assert texts(answer) == [
            "Sezzle gave no clear answer, so we do not know whether your saved account was "
            "removed. Please try again."
        ]
        assert SezzleCustomer.objects.get().forgotten_at is None
        assert f"customer={saved.pk} removal=failed error=GatewayUnavailable" in caplog.text
        assert saved.uuid not in caplog.text

    def test_a_refusal_names_no_id(self, browser: Client, saved: SezzleCustomer) -> None:
        SezzleCustomer.objects.update(environment="production")

        (text,) = texts(browser.post(removal(saved)))

        assert text == "Your saved Sezzle account could not be removed. Please contact us."

    def test_it_speaks_french(self, browser: Client, saved: Any, settings: Any) -> None:
        settings.LANGUAGE_CODE = "fr"

        (text,) = texts(browser.post(removal(saved), headers={"accept-language": "fr-ca"}))

        assert text.startswith("Votre compte Sezzle enregistré a été retiré.")


@pytest.mark.django_db(transaction=True)
def test_it_works_where_every_request_is_a_transaction(
    emulator: Emulator, agree: Agree, client: Client, atomic_requests: None
) -> None:
    shopper = make_user("shopper")
    payment = agree(user=shopper)
    client.get(address(payment))
    customer = SezzleCustomer.objects.get()
    client.force_login(shopper)

    assert client.post(removal(customer)).status_code == 303

    assert SezzleCustomer.objects.get().forgotten_at is not None
    assert timezone.now() - customer.created_at < timedelta(minutes=5)
