"""
Staff at a desk in another theme.

Run by ``tests/admin/test_other_theme.py`` in a process of its own, for its settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from unfold.admin import ModelAdmin

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.conftest import (
    CHANGE,
    LIST,
    Desk,
    MakePayment,
    amount,
    kinds,
    money_url,
    moved,
)
from tests.admin.test_in_store import IN_STORE, PHONE, fill_in
from tests.admin.test_overview import OVERVIEW
from tests.admin.test_records import ANNOUNCEMENTS, EVENTS, OPERATIONS
from tests.admin.test_resolve import OPEN, resolver, stuck, url
from tests.flows.browser import PATIENCE_MS, WIDE, keep_picture, keep_pictures, require_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["resolver", "stuck"]

pytestmark = [pytest.mark.django_db(transaction=True)]

#: Written by the theme around every page, and by Django nowhere.
THEME = "material-symbols-outlined"


def test_the_theme_is_on(admin_client: Client) -> None:
    assert isinstance(admin.site.get_model_admin(SezzlePayment), ModelAdmin)
    assert THEME in admin_client.get(reverse(LIST)).content.decode()


def test_from_the_list_to_the_result(
    admin_client: Client, make_payment: MakePayment, emulator: Emulator
) -> None:
    payment = make_payment(captured_in_cents=1000)

    listed = admin_client.get(reverse(LIST)).content.decode()
    assert payment.shop_reference in listed
    assert "held" in listed
    assert f'href="{reverse(OPEN)}"' in listed
    assert f'href="{reverse(OVERVIEW)}"' in listed
    form = {"action": "capture_selected", "_selected_action": [payment.pk]}
    assert admin_client.post(reverse(LIST), form)["Location"] == money_url("capture", payment)

    shown = admin_client.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert f'href="{money_url("capture", payment)}"' in shown
    for heading in ("sezzle-amounts", "sezzle-now", "sezzle-timeline", "sezzle-support"):
        assert f'id="{heading}"' in shown, heading

    desk = Desk(admin_client, "capture").open(payment)
    assert THEME in desk.page.content.decode()
    result = desk.send(**{amount(payment): "15.00", "reason": "shipped"})

    assert kinds(result) == ["done"]
    assert THEME in result.content.decode()
    assert moved(emulator) == [("capture", 1500)]


def test_pages_of_what_is_stuck(resolver: Client, stuck: SezzlePayment) -> None:
    for address in (reverse(OPEN), reverse(OVERVIEW), url(stuck, "close")):
        page = resolver.get(address)
        assert page.status_code == 200
        assert THEME in page.content.decode()
    assert resolver.post(url(stuck, "cancel"), {"reason": ""}).status_code == 303


def test_a_sale_at_the_till(admin_client: Client, emulator: Emulator) -> None:
    assert f'href="{reverse(IN_STORE)}"' in admin_client.get(reverse(LIST)).content.decode()
    form = fill_in(admin_client, phone=PHONE)
    assert THEME in admin_client.get(reverse(IN_STORE)).content.decode()

    page = admin_client.post(reverse(IN_STORE), form, follow=True)

    assert THEME in page.content.decode()
    assert 'class="sezzle-till-qr"' in page.content.decode()
    assert [link.to for link in emulator.sent_links] == [PHONE]


def test_records(admin_client: Client, stuck: SezzlePayment) -> None:
    for name in (OPERATIONS, EVENTS, ANNOUNCEMENTS):
        assert THEME in admin_client.get(reverse(name)).content.decode()
    operation = SezzleOperation.objects.get(payment=stuck)
    address = reverse("admin:django_sezzle_sezzleoperation_change", args=[operation.pk])
    assert operation.request_id in admin_client.get(address).content.decode()


@pytest.mark.browser
def test_a_capture_in_chromium(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    live_server: LiveServer,
    admin_client: Client,
    make_payment: MakePayment,
    emulator: Emulator,
) -> None:
    require_playwright()
    chromium: Browser = request.getfixturevalue("chromium")
    payment = make_payment(captured_in_cents=1000)
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    session = {"name": "sessionid", "value": admin_client.cookies["sessionid"].value}
    context.add_cookies([{**session, "url": live_server.url}])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(live_server.url + reverse(LIST))
    _keep_pictures(page, "theme-list")
    page.get_by_role("link", name=payment.shop_reference, exact=True).click()
    page.get_by_text("What happened, newest first").wait_for()
    _keep_pictures(page, "theme-payment")
    page.locator(".sezzle-offer", has_text="Capture").click()
    page.locator(f"[name={amount(payment)}]").fill("15.00")
    assert "$25.00 USD" in page.locator("[data-after]").all_inner_texts()
    _keep_pictures(page, "theme-confirm")
    page.get_by_role("button", name="Capture", exact=True).click()
    page.locator(".sezzle-counts").wait_for()
    _keep_pictures(page, "theme-result")
    page.goto(live_server.url + reverse(OVERVIEW))
    _keep_pictures(page, "theme-overview")
    page.goto(live_server.url + reverse(IN_STORE))
    _keep_pictures(page, "theme-in-store")
    page.get_by_label("Order or receipt").fill("TILL-1")
    page.get_by_label("Amount").fill("84.50")
    page.get_by_role("button", name="Ask for payment").click()
    page.get_by_text("Waiting for the shopper").wait_for()
    page.locator("summary", has_text="Cancel").click()
    _keep_pictures(page, "theme-till")
    emulator.approve(emulator.orders[-1].uuid)
    page.get_by_role("heading", name="Approved").wait_for()
    _keep_pictures(page, "theme-till-approved")
    context.close()

    assert moved(emulator) == [("capture", 1500)]


def _keep_pictures(page: Page, name: str) -> None:
    keep_pictures(page, name)
    # The theme has a switch of its own for the dark.
    page.evaluate("document.documentElement.classList.toggle('dark')")
    keep_picture(page, f"{name}-switched")
    page.evaluate("document.documentElement.classList.toggle('dark')")
