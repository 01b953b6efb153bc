"""A delivery that Sezzle did not sign: 401, and nothing else happens."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from django_sezzle.emulator import Emulator
from django_sezzle.gateway.signature import sign
from django_sezzle.models import SezzlePayment, SezzleWebhookEvent
from tests.fixtures import PRIVATE_KEY
from tests.webhooks.conftest import URL, Post, as_body, event
from tests.webhooks.counting import calls, statements

pytestmark = pytest.mark.django_db

OTHER_KEY = "sz_pr_other"


def forgeries(body: bytes) -> dict[str, str]:
    """Make headers that look like a signature of the body and are none."""
    good = sign(body, PRIVATE_KEY)
    raw = bytes.fromhex(good)
    return {
        "empty": "",
        "of another key": sign(body, OTHER_KEY),
        "of the empty key": sign(body, ""),
        "of another body": sign(body + b" ", PRIVATE_KEY),
        "truncated": good[:-1],
        "prefix": good[:8],
        "doubled": good + good,
        "two, separated": f"{good}, {good}",
        "named": f"sha256={good}",
        "quoted": f'"{good}"',
        "one digit changed": ("0" if good[0] != "0" else "1") + good[1:],
        "a line more": good + "\n",
        "a line before": "\n" + good,
        "two lines": f"{good}\n{good}",
        "full-width digits": "\uff11" * 64,
        "not ASCII": "é" * 64,
        "NUL": good[:-1] + "\x00",
        "long": "a" * 8_000,
        "base64 without its end": base64.b64encode(raw).decode().rstrip("="),
        "base64 for URLs": base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode(),
        "base64 of the hex": base64.b64encode(good.encode()).decode(),
    }


@pytest.mark.fault(2, 21, 73, 82, 88)
@pytest.mark.parametrize("name", forgeries(b""))
def test_forged_delivery_is_refused_and_leaves_no_trace(
    name: str,
    emulator: Emulator,
    started: Callable[..., SezzlePayment],
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    payment = started()
    emulator.calls.clear()
    body = as_body(event("order.authorized", str(payment.order_uuid), secret="shopper-name"))
    with caplog.at_level(logging.DEBUG), statements() as made:
        answer = post(body, signature=forgeries(body)[name])
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Sezzle-Signature"
    assert made == []
    assert calls(emulator) == []
    assert not SezzleWebhookEvent.objects.exists()
    assert "shopper-name" not in caplog.text
    assert "shopper-name" not in answer.content.decode()
    refused = [r for r in caplog.records if r.name == "django_sezzle.webhooks"]
    assert [r.levelname for r in refused] == ["ERROR"]


@pytest.mark.fault(2)
def test_delivery_without_a_signature_is_refused(client: Any, caplog: Any) -> None:
    with statements() as made:
        answer = client.post(URL, b"{}", content_type="application/json")
    assert answer.status_code == 401
    assert made == []
    assert "signature=missing" in caplog.text


@pytest.mark.fault(21)
@pytest.mark.parametrize("write", [str.upper, lambda good: f" \t{good} "], ids=["upper", "spaces"])
def test_hex_of_either_case_is_read(write: Callable[[str], str], post: Post) -> None:
    body = as_body(event("order.authorized", "unknown"))
    assert post(body, signature=write(sign(body, PRIVATE_KEY))).status_code == 200


@pytest.mark.fault(21)
def test_base64_is_read(post: Post) -> None:
    body = as_body(event("order.authorized", "unknown"))
    digest = bytes.fromhex(sign(body, PRIVATE_KEY))
    assert post(body, signature=base64.b64encode(digest).decode()).status_code == 200


@pytest.mark.fault(20)
def test_debug_changes_nothing(post: Post, settings: Any) -> None:
    settings.DEBUG = True
    assert post({}, key=OTHER_KEY).status_code == 401


@pytest.mark.fault(83)
def test_previous_key_counts_during_a_rotation_only(post: Post, settings: Any) -> None:
    rotating = django_settings.SEZZLE | {
        "PRIVATE_KEY": "sz_pr_new",
        "PREVIOUS_PRIVATE_KEYS": [PRIVATE_KEY],
    }
    settings.SEZZLE = rotating
    body = event("order.authorized", "unknown")
    assert post(body).status_code == 200
    assert post(body, key="sz_pr_new").status_code == 200
    settings.SEZZLE = rotating | {"PREVIOUS_PRIVATE_KEYS": []}
    assert post(body).status_code == 401


@pytest.mark.fault(2)
def test_each_account_takes_its_own_key_only(post: Post, settings: Any) -> None:
    canada = {"PUBLIC_KEY": "sz_pub_canada", "PRIVATE_KEY": "sz_pr_canada"}
    settings.SEZZLE = django_settings.SEZZLE | {"ACCOUNTS": {"canada": canada}}
    body = event("order.authorized", "unknown")
    assert post(body, url=f"{URL}canada/").status_code == 401
    assert post(body, key="sz_pr_canada").status_code == 401
    assert post(body, key="sz_pr_canada", url=f"{URL}canada/").status_code == 200
    assert SezzleWebhookEvent.objects.get().account == "canada"


def test_account_that_is_not_there_is_not_found(post: Post) -> None:
    with statements() as made:
        assert post({}, url=f"{URL}nowhere/").status_code == 404
    assert made == []


@pytest.mark.fault(19)
@pytest.mark.parametrize("key", ["", " ", None, " sz_pr_test"])
def test_key_that_cannot_be_used_closes_the_endpoint(key: Any, post: Post, settings: Any) -> None:
    settings.SEZZLE = django_settings.SEZZLE | {"PRIVATE_KEY": key}
    for signed_with in ("", " ", "None", PRIVATE_KEY):
        with statements() as made:
            assert post({}, key=signed_with).status_code == 503
        assert made == []


@pytest.mark.fault(19, 82)
def test_without_any_setting_the_endpoint_is_closed(
    post: Post, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    del settings.SEZZLE
    assert post({}).status_code == 503
    assert "SEZZLE is not usable" in caplog.text


@pytest.mark.fault(19)
def test_empty_previous_key_signs_nothing(post: Post, settings: Any) -> None:
    settings.SEZZLE = django_settings.SEZZLE | {"PREVIOUS_PRIVATE_KEYS": [""]}
    assert post({}, key="").status_code == 503
