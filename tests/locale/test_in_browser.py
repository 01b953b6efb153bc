"""French is longer than English: no page grows wider than the screen for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.admin.browsing import Open, complaints, open_desk, width_of
from tests.admin.conftest import MakePayment, emulator, make_payment
from tests.admin.tour import furnish
from tests.flows.browser import NARROW, keep_picture
from tests.locale.test_pages_in_french import addresses, in_quebec

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize
    from pytest_django.live_server_helper import LiveServer

__all__ = ["complaints", "emulator", "in_quebec", "make_payment", "open_desk"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Before the server starts, so that both mean the same database.
    pytest.mark.usefixtures("django_db_setup", "in_quebec"),
]

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
SIZES = {"desktop": DESKTOP, "phone": NARROW}


def test_pages_fit_in_french(
    open_desk: Open,
    live_server: LiveServer,
    admin_client: Client,
    make_payment: MakePayment,
    emulator: Emulator,
) -> None:
    desk = furnish(make_payment, emulator)
    SezzlePayment.objects.filter(pk=desk.begun.pk).update(
        success_url="", failure_url="", cancel_url=""
    )
    pages = [*addresses(desk), reverse("sezzle:complete", args=[desk.begun.token])]
    wide = []

    with open_desk(admin_client) as page:
        page.set_extra_http_headers({"Accept-Language": "fr-CA"})
        for number, path in enumerate(pages):
            page.goto(live_server.url + path)
            assert page.locator("html").get_attribute("lang") == "fr-ca"
            for size, viewport in SIZES.items():
                page.set_viewport_size(viewport)
                keep_picture(page, f"french-{number:02}-{size}")
                if width_of(page) > viewport["width"]:
                    wide.append((path, size))

    assert wide == []
