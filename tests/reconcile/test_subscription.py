"""Whether Sezzle still sends what is needed, to where it is needed."""

from __future__ import annotations

from typing import Any

import pytest

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import ConfigurationError
from django_sezzle.gateway import Gateway
from django_sezzle.gateway.messages import EventType
from django_sezzle.services.subscription import find_drift
from tests.reconcile.conftest import URL, run

pytestmark = [pytest.mark.django_db, pytest.mark.fault(45)]


def subscribe(url: str = URL, *events: str) -> None:
    Gateway(get_settings()).create_webhook(url, events or tuple(EventType))


def test_a_lost_subscription_needs_a_human(emulator: Emulator) -> None:
    result = run()
    assert result.needs_human == ["subscription"]
    assert f"no webhook subscription for {URL}" in result.findings[0].message


def test_a_whole_one_is_right(emulator: Emulator) -> None:
    subscribe()
    assert find_drift() == ""
    assert run().codes == []


def test_one_for_another_address_is_none(emulator: Emulator) -> None:
    subscribe(URL.removesuffix("/"))
    subscribe(URL.replace("shop.example", "old.example"))
    assert "no webhook subscription" in find_drift()


def test_missing_events_are_named(emulator: Emulator) -> None:
    subscribe(URL, EventType.ORDER_AUTHORIZED, EventType.ORDER_CAPTURED)
    drift = find_drift()
    assert "leaves out" in drift
    assert "order.refunded" in drift
    assert "order.captured" not in drift


def test_without_a_base_url_any_host_will_do(emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"BASE_URL": None}
    assert URL.replace("shop.example", "<the shop>") in find_drift()
    subscribe(URL.replace("shop.example", "elsewhere.example"))
    assert find_drift() == ""


def test_each_account_has_its_own(emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": {}}}
    subscribe()
    result = run()
    assert [finding.account for finding in result.findings] == ["canada"]
    assert f"{URL}canada/" in result.findings[0].message


@pytest.mark.urls("tests.reconcile.no_urls")
def test_urls_that_are_not_included_are_said(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match=r"django_sezzle\.urls is not included"):
        find_drift()
    result = run()
    assert result.needs_human == ["unreadable"]
    assert "django_sezzle.urls is not included" in result.findings[0].message


def test_a_gateway_that_cannot_be_asked_is_said(emulator: Emulator) -> None:
    emulator.faults.add("webhook_list", "503", times=None)
    result = run()
    assert (result.codes, result.needs_human) == (["unreadable"], [])
