"""What staff and shoppers in Quebec see: every page in French, with no English sentence of ours."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from django_sezzle.admin import batches
from django_sezzle.emulator import Emulator
from django_sezzle.health import Symptom, examine
from django_sezzle.models import SezzleAnnouncement, SezzlePayment
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    MONEY,
    Desk,
    MakePayment,
    emulator,
    make_payment,
    money_url,
)
from tests.admin.tour import Furnished, furnish
from tests.locale.strings import sentences

__all__ = ["emulator", "make_payment"]

pytestmark = pytest.mark.django_db

RESOLVE = "admin:django_sezzle_sezzlepayment_resolve"

#: Shown as it is configured, and as Sezzle writes it; only where it is chosen it is a word. Amounts
#: are written alike for all staff, as they are typed.
NAMES = {"sandbox"}
#: What the overview repeats: checks of the settings and what reconcile logs, which are in English.
QUOTED = {"settings", "subscription"}
#: A blank of a sentence, which anything may fill.
BLANK = re.compile(r"%\\?\(\w+\\?\)[sd]|\\?\{\w+\\?\}")
READ_ALOUD = {"alt", "aria-label", "data-label", "data-sezzle-copy", "placeholder", "title"}


class Texts(HTMLParser):
    """Collects what a person reads, or hears, of a page."""

    #: What is kept in English, whoever reads the page: Sezzle's support reads it.
    LEFT_OUT = ("script", "style", "textarea")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = READ_ALOUD | ({"value"} if given.get("type") == "submit" else set())
        self.found += [value for name, value in attrs if name in names and value]
        self.inside = tag if tag in self.LEFT_OUT else self.inside

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.inside:
            self.found.append(" ".join(data.split()))


@cache
def english() -> dict[str, re.Pattern[str]]:
    """Give each sentence of ours that is another one in French, and how it is found in a text."""
    found = {}
    with translation.override("fr-ca"):
        for each in sentences():
            french = (
                translation.pgettext(each.context, each.msgid)
                if each.context
                else translation.gettext(each.msgid)
            )
            if each.context == "money" or french.lower() == each.msgid.lower():
                continue
            for text in {each.msgid, each.plural} - {"", *NAMES}:
                words = BLANK.sub(".+", re.escape(text))
                # A word alone may be somebody's name for something.
                is_long = len(BLANK.sub("", text).split()) >= 3
                found[text] = re.compile(words if is_long else rf"\A{words}\Z", re.IGNORECASE)
    return found


@pytest.fixture
def in_quebec(settings: Any) -> Iterator[None]:
    """Have the whole shop in French, its addresses as well where they name a language."""
    settings.LANGUAGES = [("fr-ca", "Français"), ("en", "English")]
    settings.LANGUAGE_CODE = "fr-ca"
    with translation.override("fr-ca"):
        yield


def left_in_english(answer: Any) -> list[str]:
    """Name the sentences of ours that a page says in English."""
    assert answer.status_code == 200, answer
    findings = [finding.symptom for finding in (answer.context or {}).get("findings", ())]
    quoted = {text for each in findings if each.id in QUOTED for text in _said_by(each)}
    texts = [text for text in Texts(answer.content.decode()).found if text not in quoted]
    return [
        text for text, pattern in english().items() if any(pattern.search(each) for each in texts)
    ]


def _said_by(symptom: Symptom) -> tuple[str, str]:
    return symptom.message, symptom.advice


def addresses(desk: Furnished) -> Iterator[str]:
    """Name the pages that are only looked at."""
    payments = "admin:django_sezzle_sezzlepayment"
    yield reverse(LIST)
    yield f"{reverse(LIST)}?human=yes"
    for name in ("held", "partly", "given_back", "begun", "denied", "review", "unknown", "renewed"):
        yield reverse(CHANGE, args=[getattr(desk, name).pk])
    for name, payment in (
        ("close", desk.unknown),
        ("send-again", desk.unknown),
        ("clear-review", desk.review),
        ("cancel", desk.held),
    ):
        yield reverse(RESOLVE, args=[payment.pk, name])
    chosen = (desk.held, desk.partly, desk.large, desk.canadian, desk.review, desk.unknown)
    for action in ACTIONS:
        yield money_url(action, *chosen)
    yield money_url("capture", desk.taken)
    for payment in (desk.at_till, desk.till_approved, desk.till_lost):
        yield reverse(f"{payments}_till", args=[payment.pk])
    for page in ("open", "overview", "settlements", "in_store"):
        yield reverse(f"{payments}_{page}")
    for model in admin.site._registry:
        if model._meta.app_label == "django_sezzle":
            name = f"admin:django_sezzle_{model._meta.model_name}"
            yield reverse(f"{name}_changelist")
            row = model._default_manager.order_by("pk").first()
            if row is not None:
                yield reverse(f"{name}_change", args=[row.pk])


@pytest.mark.usefixtures("in_quebec")
def test_the_desk_speaks_french(
    admin_client: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    desk = furnish(make_payment, emulator)
    # Keys and Sezzle's own words are shown as they are, and some of them are words of ours as well.
    SezzleAnnouncement.objects.update(fact_key=Concat("fact_key", Value(":1")))
    SezzlePayment.objects.update(checkout_status="")

    found = {each: left_in_english(admin_client.get(each)) for each in addresses(desk)}

    assert {page: texts for page, texts in found.items() if texts} == {}


@pytest.mark.usefixtures("in_quebec")
def test_what_sezzle_answered_is_told_in_french(
    admin_client: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    desk = furnish(make_payment, emulator)
    asked = admin_client.post(reverse("admin:django_sezzle_sezzlepayment_overview"))
    now = timezone.now()
    paid_out = admin_client.post(
        reverse("admin:django_sezzle_sezzlepayment_settlements"),
        {
            "account": "default",
            "first": f"{now - timedelta(days=3):%Y-%m-%d}",
            "last": f"{now + timedelta(days=1):%Y-%m-%d}",
        },
    )
    assert paid_out.context["report"].orders
    emulator.faults.add("capture", "500_before")
    form = Desk(admin_client, "capture").open(desk.held, desk.large)
    results = form.send(reason="Expédié")
    assert len(results.context["rows"]) == 2

    assert left_in_english(asked) == []
    assert left_in_english(paid_out) == []
    assert left_in_english(results) == []


@pytest.mark.usefixtures("in_quebec")
def test_what_was_typed_wrong_is_told_in_french(
    admin_client: Client,
    make_payment: MakePayment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payments = make_payment(5_000), make_payment(6_000)
    form = Desk(admin_client, "capture").open(*payments)
    wrong = admin_client.post(
        reverse(MONEY, args=["capture"]), form.form | {f"amount-{payments[0].pk}": "12,00"}
    )
    assert "Écrivez les dollars et les cents" in wrong.content.decode()
    assert left_in_english(wrong) == []

    # Nothing is sent before the first page is shown.
    monkeypatch.setattr(batches, "SENT_AT_ONCE", 0)
    waiting = form.send(reason="Expédié")
    assert "En attente d’envoi" in waiting.content.decode()
    assert left_in_english(waiting) == []


@pytest.mark.parametrize(
    ("name", "query", "heading"),
    [
        ("complete", "", "Un instant"),
        ("complete", "?n=99", "Pas encore confirmé"),
        ("cancel", "?n=99", "Pas encore payé"),
    ],
)
@pytest.mark.parametrize("asked_by", ["browser", "shop"])
def test_shoppers_are_spoken_to_in_their_language(
    name: str,
    query: str,
    heading: str,
    asked_by: str,
    client: Client,
    make_payment: MakePayment,
    settings: Any,
) -> None:
    payment = make_payment(approve=False)
    no_pages = {"success_url": "", "failure_url": "", "cancel_url": ""}
    SezzlePayment.objects.filter(pk=payment.pk).update(**no_pages)
    headers = {}
    if asked_by == "browser":
        headers["Accept-Language"] = "fr-CA,fr;q=0.9,en;q=0.5"
    else:
        settings.LANGUAGE_CODE = "fr-ca"

    page = client.get(reverse(f"sezzle:{name}", args=[payment.token]) + query, headers=headers)

    assert f"<h1>{heading}</h1>" in page.content.decode()
    assert '<html lang="fr' in page.content.decode()
    assert left_in_english(page) == []


def test_english_is_found(client: Client, make_payment: MakePayment) -> None:
    payment = make_payment(approve=False)

    page = client.get(reverse("sezzle:complete", args=[payment.token]))

    assert {"Your payment", "One moment"} <= set(left_in_english(page))
    patterns = english()
    assert patterns["Page %(number)s of %(count)s"].search("Page 2 of 7")
    assert not patterns["Page %(number)s of %(count)s"].search("Page 2 de 7")


def test_an_examination_is_in_french_and_the_doctor_in_english() -> None:
    with translation.override("fr-ca"):
        examined = [symptom.message for symptom in examine(ask_sezzle=False)]
        said = io.StringIO()
        # What the doctor thinks of a test's settings is asked elsewhere.
        with contextlib.suppress(SystemExit):
            call_command("sezzle_doctor", "--offline", stdout=said)

    assert "Rien n’est en retard." in examined
    assert "0 paiement demande une intervention." in examined
    assert "Nothing is overdue." in said.getvalue()
    assert "0 payments need a human." in said.getvalue()
