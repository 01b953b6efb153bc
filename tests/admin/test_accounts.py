"""Staff of one merchant account: what belongs to another one does not exist for them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.admin.accounts import of_accounts
from django_sezzle.emulator import Emulator
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleDispute,
    SezzleOperation,
    SezzlePayment,
)
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    MONEY,
    Desk,
    MakePayment,
    MakeStaff,
    amount,
    money_calls,
    money_url,
    moved,
)
from tests.admin.pages import address_of, go_on, nothing_at_once, progress
from tests.admin.test_disputes import CUSTOMERS, DISPUTES
from tests.admin.test_overview import OVERVIEW
from tests.admin.test_records import ANNOUNCEMENTS, EVENTS, OPERATIONS, make_event, make_operation
from tests.admin.test_resolve import OPEN, RELEASE, RESOLVE, VIEW, url
from tests.fixtures import make_user
from tests.test_docs import DOCS

__all__ = ["nothing_at_once"]

pytestmark = [pytest.mark.django_db]

EVERYTHING = (
    *(f"{name}_sezzlepayment" for name in ACTIONS),
    RESOLVE,
    VIEW,
    "view_sezzleoperation",
    "view_sezzleannouncement",
    "view_sezzlewebhookevent",
    "view_sezzledispute",
    "view_sezzlecustomer",
)
assert RELEASE in EVERYTHING


@pytest.fixture(autouse=True)
def canada(settings: Any, emulator: Emulator) -> None:
    """A second merchant account."""
    keys = {"PUBLIC_KEY": "sz_pub_ca", "PRIVATE_KEY": "sz_pr_ca"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": keys}}
    emulator.add_merchant("sz_pub_ca", "sz_pr_ca")


@pytest.fixture
def ours(make_payment: MakePayment) -> SezzlePayment:
    return make_payment(account="default", captured_in_cents=1000)


@pytest.fixture
def theirs(make_payment: MakePayment) -> SezzlePayment:
    return make_payment(account="canada", captured_in_cents=1000)


@pytest.fixture
def everyone(make_staff: MakeStaff, ours: SezzlePayment, theirs: SezzlePayment) -> Client:
    """A browser of somebody who may do everything, before the host keeps accounts apart."""
    return make_staff(*EVERYTHING)


@pytest.fixture
def clerk(everyone: Client, keep_apart: None) -> Client:
    """A browser of somebody who may do everything for the default account only."""
    return everyone


@pytest.fixture
def keep_apart(monkeypatch: pytest.MonkeyPatch, ours: SezzlePayment, theirs: SezzlePayment) -> None:
    """Have the host let its staff work for the default account only."""
    monkeypatch.setattr(SezzlePaymentAdmin, "accounts_for", lambda _self, _request: ["default"])


def rows(client: Client, name: str, query: str = "") -> list[Any]:
    page = client.get(reverse(name) + query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def test_without_the_hook_everything_is_shown(
    everyone: Client, ours: SezzlePayment, theirs: SezzlePayment
) -> None:
    assert rows(everyone, LIST) == [theirs, ours]
    assert everyone.get(reverse(CHANGE, args=[theirs.pk])).status_code == 200


def test_the_list_its_search_and_its_filters(
    clerk: Client, ours: SezzlePayment, theirs: SezzlePayment
) -> None:
    SezzlePayment.objects.update(review_reason="amount_differs")
    for query in ("", "?account=canada", "?human=yes", "?review=yes", "?ends=48", "?q=SHOP-"):
        assert theirs not in rows(clerk, LIST, query), query
    assert rows(clerk, LIST) == [ours]
    assert rows(clerk, LIST, f"?q={theirs.shop_reference}") == []
    assert rows(clerk, LIST, f"?q={theirs.order_uuid}") == []
    assert "canada" not in clerk.get(reverse(LIST)).content.decode()


def test_the_export(clerk: Client, ours: SezzlePayment, theirs: SezzlePayment) -> None:
    for chosen in ({"select_across": "1"}, {}):
        form = {"action": "export_selected", "_selected_action": [ours.pk, theirs.pk], **chosen}
        file: Any = clerk.post(reverse(LIST), form)
        text = "".join(part.decode() for part in file.streaming_content)
        assert ours.shop_reference in text
        assert theirs.shop_reference not in text


@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_payments_pages(clerk: Client, theirs: SezzlePayment, page: str) -> None:
    answer = clerk.get(reverse(f"admin:django_sezzle_sezzlepayment_{page}", args=[theirs.pk]))

    # Where Django sends those who ask for what there is not.
    assert (answer.status_code, answer.headers.get("Location")) in (
        (302, reverse("admin:index")),
        (403, None),
    )


def test_payments_of_the_same_number_are_not_told_of_each_other(
    clerk: Client, ours: SezzlePayment, theirs: SezzlePayment
) -> None:
    SezzlePayment.objects.filter(pk=theirs.pk).update(shop_reference=ours.shop_reference)

    page = clerk.get(reverse(CHANGE, args=[ours.pk]))

    assert [link.payment for link in page.context["chain"]] == [ours]
    assert theirs.reference_id not in page.content.decode()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_confirmation_neither_shows_nor_moves(
    clerk: Client,
    ours: SezzlePayment,
    theirs: SezzlePayment,
    emulator: Emulator,
    action: str,
) -> None:
    alone = clerk.get(money_url(action, theirs), follow=True)
    assert "No payment was chosen" in alone.content.decode()

    desk = Desk(clerk, action).open(ours, theirs)
    assert [row.payment for row in desk.page.context["rows"]] == [ours]
    desk.send(**{amount(theirs): "1.00"})
    sent = clerk.post(reverse(MONEY, args=[action]), desk.form | {amount(theirs): "1.00"})
    only = {"form_id": "5f0c2d9e-5a10-4a8c-a2a4-9e1f9a7a0c11", amount(theirs): "1.00"}
    refused = clerk.post(reverse(MONEY, args=[action]), only, follow=True)

    assert sent.status_code in (200, 303)
    assert "Nothing was sent" in refused.content.decode()
    assert not theirs.operations.exists()


def test_the_action_of_the_list(clerk: Client, ours: SezzlePayment, theirs: SezzlePayment) -> None:
    form = {"action": "capture_selected", "_selected_action": [ours.pk, theirs.pk]}

    answer = clerk.post(reverse(LIST), form)

    assert answer["Location"] == money_url("capture", ours)


@pytest.mark.usefixtures("nothing_at_once")
def test_results_that_somebody_elses_form_leads_to(
    everyone: Client,
    ours: SezzlePayment,
    theirs: SezzlePayment,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    result = Desk(everyone, "capture").open(ours, theirs).send()
    request.getfixturevalue("keep_apart")

    page = everyone.get(address_of(result))
    assert [row.payment for row in page.context["rows"]] == [ours]
    assert theirs.shop_reference not in page.content.decode()
    assert progress(everyone, result)["text"].endswith("of 1 payments are through.")

    go_on(everyone, result)

    assert moved(emulator) == [("capture", 4000)]
    assert SezzleOperation.objects.get(payment=theirs).attempts == 0


@pytest.mark.parametrize("name", ["close", "send-again", "clear-review", "cancel"])
def test_remedies(clerk: Client, theirs: SezzlePayment, emulator: Emulator, name: str) -> None:
    SezzlePayment.objects.update(review_reason="amount_differs")

    shown = clerk.get(url(theirs, name))
    sent = clerk.post(url(theirs, name), {"reason": "x", "subject": "amount_differs:"})

    assert (shown.status_code, sent.status_code) == (404, 404)
    theirs.refresh_from_db()
    assert theirs.review_reason
    assert money_calls(emulator) == []


def test_unknown_outcomes(clerk: Client, ours: SezzlePayment, theirs: SezzlePayment) -> None:
    for number, payment in enumerate((ours, theirs)):
        make_operation(payment, 90 + number)

    page = clerk.get(reverse(OPEN))

    assert [waiting.payment for waiting, _offers in page.context["rows"]] == [ours]


def test_the_overview(
    clerk: Client, ours: SezzlePayment, theirs: SezzlePayment, emulator: Emulator
) -> None:
    emulator.calls.clear()
    SezzlePayment.objects.update(review_reason="amount_differs")

    for page in (clerk.get(reverse(OVERVIEW)), clerk.post(reverse(OVERVIEW))):
        assert [account.name for account in page.context["accounts"]] == ["default"]
        symptoms = [finding.symptom for finding in page.context["findings"]]
        assert {symptom.account for symptom in symptoms} == {"", "default"}
        # A number of all accounts together would tell of the others.
        assert "reviews" not in {symptom.id for symptom in symptoms}
        assert "concerns your accounts" in page.content.decode()
    # Sezzle is asked about their own account only.
    asked = [call.operation for call in emulator.calls]
    assert asked.count("webhook_list") == 1, asked


def test_the_records(clerk: Client, ours: SezzlePayment, theirs: SezzlePayment) -> None:
    for number, payment in enumerate((ours, theirs)):
        make_operation(payment, 90 + number)
        make_event(f"e{number}", account=payment.account, order_uuid=payment.order_uuid)
        SezzleDispute.objects.create(
            account=payment.account, dispute_id="d1", payment=payment, status="neutral"
        )
        SezzleCustomer.objects.create(account=payment.account, uuid="c1")

    assert {row.payment for row in rows(clerk, OPERATIONS)} == {ours}
    assert {row.payment for row in rows(clerk, DISPUTES)} == {ours}
    assert {row.account for row in rows(clerk, CUSTOMERS)} == {"default"}
    assert {row.payment for row in rows(clerk, ANNOUNCEMENTS)} == {ours}
    assert {row.account for row in rows(clerk, EVENTS)} == {"default"}
    for model in (SezzleOperation, SezzleAnnouncement):
        row = model.objects.filter(payment=theirs)[0]
        name = f"admin:django_sezzle_{model._meta.model_name}_change"
        assert clerk.get(reverse(name, args=[row.pk])).status_code == 302


def test_retrying_records(clerk: Client, theirs: SezzlePayment) -> None:
    SezzleAnnouncement.objects.update(told_at=None, lease_until=timezone.now())
    row = theirs.announcements.all()[0]

    clerk.post(reverse(ANNOUNCEMENTS), {"action": "tell_selected", "_selected_action": [row.pk]})

    row.refresh_from_db()
    assert row.told_at is None
    assert not LogEntry.objects.exists()


@pytest.fixture
def registered() -> Iterator[None]:
    """Give payments back to their own admin afterwards."""
    before = admin.site._registry[SezzlePayment]
    yield
    admin.site._registry[SezzlePayment] = before


def test_what_the_documentation_tells_hosts_to_write(
    registered: None, ours: SezzlePayment, theirs: SezzlePayment
) -> None:
    blocks = [block for block in code_in(DOCS / "staff-desk.rst") if "unfold" not in block]
    clerk = make_user("clerk", is_staff=True)
    clerk.groups.create(name="canada")
    request = RequestFactory().get("/")

    seen = []
    for block in blocks:
        exec(block, {"__name__": "shop.admin"})  # noqa: S102 - it is what hosts will run
        desk = admin.site.get_model_admin(SezzlePayment)
        assert desk.check() == []
        for user in (clerk, make_user(f"boss{len(seen)}", is_superuser=True)):
            request.user = user
            seen.append(set(desk.get_queryset(request)))

    assert seen == [{ours, theirs}, {ours, theirs}, {theirs}, {ours, theirs}]


def code_in(page: Path) -> list[str]:
    """Find the code blocks of a page of the documentation that are Python."""
    found = re.findall(r"::\n\n((?:(?:    .*)?\n)+)", page.read_text("utf-8"))
    return [textwrap.dedent(block) for block in found if "import" in block]


def test_every_model_of_the_desk_has_a_way_to_its_account() -> None:
    """What has none would be shown to nobody whom the host limits."""
    for model in admin.site._registry:
        if model._meta.app_label == "django_sezzle":
            shown = of_accounts(model._default_manager.all(), ["default"])
            assert not shown.query.is_empty(), model
