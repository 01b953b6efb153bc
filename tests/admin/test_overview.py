"""The page "Sezzle": what is configured, what needs attention, and Sezzle asked on request only."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import overview
from django_sezzle.emulator import Emulator
from django_sezzle.gateway.tokens import tokens
from django_sezzle.health import Level, Symptom
from django_sezzle.models import SezzleAnnouncement, SezzlePayment, SezzleWebhookEvent
from tests.admin.conftest import LIST, MakePayment, MakeStaff, statements
from tests.fixtures import payments_connection
from tests.views.html import inline_code

OVERVIEW = "admin:django_sezzle_sezzlepayment_overview"
EVIL = "<script>alert(1)</script>"


def content_of(page: Any) -> str:
    text: str = page.content.decode()
    return text[text.index('id="content-main"') :]


def found(page: Any) -> dict[str, str]:
    """Name what was looked at, and how it is."""
    return {f.symptom.id: f.symptom.level.value for f in page.context["findings"]}


def test_the_list_leads_to_it_and_looking_asks_nobody(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    make_payment()
    assert f'href="{reverse(OVERVIEW)}"' in manager.get(reverse(LIST)).content.decode()

    page = manager.get(reverse(OVERVIEW))

    assert emulator.calls == []
    assert found(page)["settings"] in ("green", "yellow")
    assert found(page)["reviews"] == "green"
    assert "keys" not in found(page)
    text = content_of(page)
    assert "sandbox" in text
    assert 'href="https://sandbox.dashboard.sezzle.com/merchant"' in text
    assert "Sezzle was not asked" in text


def test_sezzle_is_asked_by_the_button(
    manager: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    tokens.clear()
    assert "not known before Sezzle is asked" in content_of(manager.get(reverse(OVERVIEW)))

    page = manager.post(reverse(OVERVIEW))

    merchant = emulator.add_merchant("sz_pub_test", "sz_pr_test")
    assert found(page)["keys"] == "green"
    # Nobody has registered the webhook there.
    assert found(page)["subscription"] == "red"
    assert emulator.calls
    text = content_of(page)
    assert merchant in text
    assert "not known before Sezzle is asked" not in text
    # The worst comes first.
    assert next(iter(found(page).values())) == "red"


def test_what_waits_is_counted_and_linked(
    manager: Client, admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    SezzlePayment.objects.update(review_reason="amount_differs")
    long_ago = timezone.now() - timedelta(hours=3)
    SezzleAnnouncement.objects.update(told_at=None, created_at=long_ago)
    SezzleWebhookEvent.objects.create(
        key="e1",
        event_type="order.authorized",
        order_uuid=payment.order_uuid,
        received_at=long_ago,
        lease_until=long_ago,
    )

    page = manager.get(reverse(OVERVIEW))

    text = content_of(page)
    assert "1 payment needs a human." in text
    for address in (
        f"{reverse(LIST)}?review=yes",
        reverse("admin:django_sezzle_sezzleannouncement_changelist") + "?told=no",
        reverse("admin:django_sezzle_sezzlewebhookevent_changelist") + "?inbox=pending",
    ):
        assert f'href="{address}"' in text
        # Else the filter is not known there, and the list says so by a redirect.
        assert admin_client.get(address).status_code == 200
    assert text.count("needs attention") == 3


@pytest.mark.fault(32)
def test_only_who_may_view_payments_may_look_and_ask(
    make_staff: MakeStaff, emulator: Emulator
) -> None:
    for codenames, status in (((), 403), (("capture_sezzlepayment",), 403)):
        client = make_staff(*codenames)
        assert client.get(reverse(OVERVIEW)).status_code == status
        assert client.post(reverse(OVERVIEW)).status_code == status
    assert Client().get(reverse(OVERVIEW)).status_code == 302
    assert make_staff("view_sezzlepayment").get(reverse(OVERVIEW)).status_code == 200
    strict = make_staff("view_sezzlepayment", checks_csrf=True)
    assert strict.post(reverse(OVERVIEW)).status_code == 403
    assert emulator.calls == []


def test_unusable_settings_are_said_and_nothing_fails(manager: Client, settings: Any) -> None:
    settings.SEZZLE = {"PUBLIC_KEY": "x", "NONSENSE": True}

    text = content_of(manager.get(reverse(OVERVIEW)))

    assert "The settings cannot be used; see below." in text
    assert "sezzle.E" in text


def test_each_account_is_shown_with_its_environment(
    manager: Client, settings: Any, emulator: Emulator
) -> None:
    other = {
        "PUBLIC_KEY": "sz_pub_live",
        "PRIVATE_KEY": "sz_pr_live",
        "ENVIRONMENT": "production",
        "GATEWAY_URL": None,
    }
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"live": other}}

    text = content_of(manager.get(reverse(OVERVIEW)))

    assert 'href="https://dashboard.sezzle.com/merchant"' in text
    assert 'href="https://sandbox.dashboard.sezzle.com/merchant"' in text
    for secret in ("sz_pr_live", "sz_pr_test", "sz_pub_live"):
        assert secret not in text
    assert emulator.calls == []


def test_a_sezzle_that_does_not_answer_is_said(manager: Client, emulator: Emulator) -> None:
    tokens.clear()
    emulator.faults.add("authentication", "503", times=None)

    page = manager.post(reverse(OVERVIEW))

    assert page.status_code == 200
    assert found(page)["keys"] == "red"


def test_asking_ends_when_the_time_is_over(
    manager: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "ASKING_SECONDS", -1)

    page = manager.post(reverse(OVERVIEW))

    assert len(page.context["findings"]) == 1
    assert "not everything was looked at" in content_of(page)


def test_the_page_costs_the_same_whatever_there_is(
    admin_client: Client, make_payment: MakePayment
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(payments_connection()) as queries:
            assert admin_client.get(reverse(OVERVIEW)).status_code == 200
        return len(statements(queries))

    make_payment()
    cost()
    before = cost()
    for _number in range(5):
        make_payment()

    assert cost() == before <= 19


def test_it_is_sound_for_strict_browsers_and_screen_readers(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        overview.health,
        "examine",
        lambda **_options: iter([Symptom(EVIL, Level.RED, EVIL, EVIL, EVIL)]),
    )

    page = manager.get(reverse(OVERVIEW))

    assert inline_code(page.content.decode()) == []
    text = content_of(page)
    assert "&lt;script&gt;alert(1)" in text
    assert EVIL not in text
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", text))


def test_where_every_request_is_a_transaction_sezzle_can_be_asked(
    manager: Client, emulator: Emulator, atomic_requests: None
) -> None:
    assert found(manager.post(reverse(OVERVIEW)))["keys"] == "green"
