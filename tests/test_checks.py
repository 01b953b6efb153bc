"""System checks: every problem with its id, the deployment's only when deploying."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, Tags, Warning, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from django_sezzle import checks, conf
from django_sezzle.signals import payment_authorized

# Django looks whether the database can keep JSON.
pytestmark = pytest.mark.django_db

KEYS = {"PUBLIC_KEY": "sz_pub_1", "PRIVATE_KEY": "sz_pr_1"}
LIVE = {**KEYS, "ENVIRONMENT": "production", "BASE_URL": "https://shop.example"}


def hear(**kwargs: Any) -> None:
    """Listen, as a shop does."""


@pytest.fixture(autouse=True)
def shop_that_listens() -> Iterator[None]:
    payment_authorized.connect(hear)
    yield
    payment_authorized.disconnect(hear)


def test_a_shop_that_does_not_listen_is_warned_before_it_deploys() -> None:
    payment_authorized.disconnect(hear)
    with override_settings(SEZZLE=LIVE):
        assert ours() == []
        assert ours(deploy=True) == ["sezzle.W006"]


def ours(*, deploy: bool = False, tags: list[str] | None = None) -> list[str]:
    """Give the ids of our messages."""
    found = run_checks(tags=tags, include_deployment_checks=deploy)
    return sorted(str(message.id) for message in found if str(message.id).startswith("sezzle."))


def warnings() -> list[str]:
    return ours(deploy=True, tags=[Tags.security])


def test_a_good_setting_passes_every_check() -> None:
    with override_settings(SEZZLE=LIVE):
        assert ours(deploy=True) == []


@pytest.mark.fault(19, 105)
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, "E001"),
        ({**KEYS, "X": 1}, "E002"),
        ({**KEYS, "PUBLIC_KEY": ""}, "E003"),
        ({**KEYS, "PRIVATE_KEY": ""}, "E004"),
        ({**KEYS, "ENVIRONMENT": "live"}, "E005"),
        ({**KEYS, "PREVIOUS_PRIVATE_KEYS": "x"}, "E006"),
        ({**KEYS, "GATEWAY_URL": "x"}, "E007"),
        ({**LIVE, "GATEWAY_URL": "https://gateway.example"}, "E007"),
        ({**KEYS, "CHECKOUT_HOSTS": "x"}, "E008"),
        ({**KEYS, "BASE_URL": "x"}, "E009"),
        ({**KEYS, "TIMEOUT": 5}, "E010"),
        ({**KEYS, "DEADLINE": 0}, "E011"),
        ({**KEYS, "WEBHOOKS": "x"}, "E012"),
        ({**KEYS, "TASK_BACKEND": ""}, "E019"),
        ({**KEYS, "TASK_QUEUE": ""}, "E020"),
        ({**KEYS, "BULK_LIMIT": 0}, "E013"),
        ({**KEYS, "CONFIRM_ABOVE_CENTS": -1}, "E018"),
        ({**KEYS, "UPCHARGES": "yes"}, "E026"),
        ({**KEYS, "PURGE_AFTER_DAYS": 6}, "E015"),
        ({**KEYS, "BEFORE_EXPIRY": "panic"}, "E016"),
        ({**KEYS, "EXPIRY_NOTICE_MINUTES": 4}, "E017"),
        ({**KEYS, "SETTLEMENT_AMOUNTS": "dollars"}, "E023"),
        ({**KEYS, "INSTALLMENTS_FROM_CENTS": 99}, "E024"),
        ({**KEYS, "INSTALLMENTS_UP_TO_CENTS": None}, "E025"),
        ({**KEYS, "INSTALLMENTS_UP_TO_CENTS": 2500}, "E025"),
        ({**KEYS, "ACCOUNTS": []}, "E014"),
    ],
)
def test_a_wrong_setting_is_an_error_with_an_id_and_a_hint(setting: Any, expected: str) -> None:
    with override_settings(SEZZLE=setting):
        (error,) = checks.check_settings()

        assert isinstance(error, Error)
        assert error.id == f"sezzle.{expected}"
        assert error.hint
        assert ours(tags=["sezzle"]) == [f"sezzle.{expected}"]
        # What cannot be read cannot be judged for deployment.
        assert warnings() == []


def test_every_id_in_the_code_is_tested_and_unique() -> None:
    folder = Path(checks.__file__).parent
    used = set(re.findall(r"sezzle\.([EW]\d{3})", "".join(
        (folder / name).read_text("utf-8") for name in ("conf.py", "checks.py")
    )))  # fmt: skip

    # E021, E022 and W007 are tested in tests/worker.
    assert used == {f"E{number:03}" for number in range(1, 27)} | {
        f"W{number:03}" for number in range(1, 8)
    }


def test_django_refuses_to_start_with_a_wrong_setting() -> None:
    with (
        override_settings(SEZZLE={**KEYS, "DEADLINE": 0}),
        pytest.raises(SystemCheckError, match=r"sezzle\.E011"),
    ):
        call_command("check")


@pytest.mark.fault(72)
def test_a_message_never_shows_a_key() -> None:
    wrong = {"PUBLIC_KEY": "canary_1 ", "PRIVATE_KEY": "canary_2 "}
    for setting in (wrong, {**LIVE, "PUBLIC_KEY": "canary_1", "PRIVATE_KEY": "canary_2"}):
        with override_settings(SEZZLE=setting):
            found = checks.check_settings() + checks.check_deployment()
            assert len(found) == 2
            assert not any("canary" in f"{message}{message!r}" for message in found)


@override_settings(SEZZLE={**LIVE, "BASE_URL": None}, ALLOWED_HOSTS=["*"])
def test_warnings_are_given_for_a_deployment_only() -> None:
    assert ours() == []
    assert ours(tags=[Tags.security]) == []
    assert ours(deploy=True, tags=["sezzle"]) == []
    assert ours(deploy=True, tags=[Tags.security]) == ["sezzle.W001"]


@pytest.mark.fault(77)
@pytest.mark.parametrize(
    ("hosts", "base_url", "expected"),
    [
        (["*"], None, ["sezzle.W001"]),
        (["*"], "https://shop.example", []),
        (["shop.example"], None, []),
    ],
)
def test_a_forged_host_cannot_decide_where_shoppers_return(
    hosts: list[str], base_url: str | None, expected: list[str]
) -> None:
    with override_settings(SEZZLE={**LIVE, "BASE_URL": base_url}, ALLOWED_HOSTS=hosts):
        assert warnings() == expected


@pytest.mark.fault(105)
@pytest.mark.parametrize(
    ("environment", "expected"), [("production", ["sezzle.W002"]), ("sandbox", [])]
)
def test_real_shoppers_come_back_by_https(environment: str, expected: list[str]) -> None:
    setting = {**KEYS, "ENVIRONMENT": environment, "BASE_URL": "http://shop.example"}
    with override_settings(SEZZLE=setting):
        assert warnings() == expected


@pytest.mark.parametrize(
    ("public", "private", "count"),
    [
        ("sz_pr_1", "sz_pub_1", 2),
        ("pub_1", "sz_pr_1", 1),
        ("sz_pub_1", "pr_1", 1),
        ("sz_pub_1", "sz_pr_1", 0),
    ],
)
def test_keys_that_look_swapped(public: str, private: str, count: int) -> None:
    with override_settings(SEZZLE={**LIVE, "PUBLIC_KEY": public, "PRIVATE_KEY": private}):
        assert warnings() == ["sezzle.W003"] * count


@pytest.mark.fault(105)
@pytest.mark.parametrize(
    ("environment", "expected"), [("production", ["sezzle.W004"]), ("sandbox", [])]
)
def test_real_money_with_debug_pages(environment: str, expected: list[str]) -> None:
    with override_settings(SEZZLE={**LIVE, "ENVIRONMENT": environment}, DEBUG=True):
        assert warnings() == expected


CHECKOUT = "https://checkout.sezzle.com"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, []),
        (None, []),
        ({"default-src": ["'self'"]}, []),
        ({"form-action": None}, []),
        ({"form-action": False}, []),
        ({"form-action": ["'self'"]}, ["sezzle.W005"]),
        ({"form-action": "'self'"}, ["sezzle.W005"]),
        ({"form-action": []}, ["sezzle.W005"]),
        ({"form-action": ["'self'", "https://sandbox.checkout.sezzle.com"]}, ["sezzle.W005"]),
        ({"form-action": ["'self'", "https://checkout.sezzle.com.evil.example"]}, ["sezzle.W005"]),
        ({"form-action": ["'self'", CHECKOUT]}, []),
        ({"form-action": CHECKOUT}, []),
        ({"form-action": ("'self'", f"{CHECKOUT}/")}, []),
        ({"form-action": {"'self'", "checkout.sezzle.com"}}, []),
        ({"form-action": ["https://*.sezzle.com"]}, []),
        ({"form-action": ["*"]}, []),
        ({"form-action": ["https:"]}, []),
    ],
)
def test_a_policy_that_keeps_browsers_from_the_checkout(policy: Any, expected: list[str]) -> None:
    with override_settings(SEZZLE=LIVE, SECURE_CSP=policy):
        assert warnings() == expected


def test_the_hint_names_the_hosts_to_add() -> None:
    hosts = ["checkout.sezzle.com", "pay.example"]
    with override_settings(
        SEZZLE={**LIVE, "CHECKOUT_HOSTS": hosts}, SECURE_CSP={"form-action": ["'self'"]}
    ):
        (warning,) = checks.check_deployment()

    assert isinstance(warning, Warning)
    assert "checkout.sezzle.com, pay.example" in str(warning.hint)


def test_further_accounts_are_checked_too() -> None:
    accounts = {"canada": {**LIVE, "PUBLIC_KEY": "x", "BASE_URL": "http://shop.example"}}
    with override_settings(SEZZLE={**KEYS, "ACCOUNTS": accounts}):
        found = checks.check_deployment()

        assert sorted(str(warning.id) for warning in found) == ["sezzle.W002", "sezzle.W003"]
        assert all("canada" in str(warning.msg) for warning in found)
        assert conf.account_names() == ["default", "canada"]
