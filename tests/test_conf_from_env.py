"""``from_env()`` reads every setting from a variable of its own."""

from __future__ import annotations

import os
from typing import Any

import environ
import pytest
from django.test import override_settings

from django_sezzle import conf
from django_sezzle.conf import from_env, get_settings

#: Every setting but ``ACCOUNTS``: its variable's text, and what it means.
VARIABLES: dict[str, tuple[str, Any]] = {
    "PUBLIC_KEY": ("sz_pub_1", "sz_pub_1"),
    "PRIVATE_KEY": ("sz_pr_1", "sz_pr_1"),
    "ENVIRONMENT": ("sandbox", "sandbox"),
    "PREVIOUS_PRIVATE_KEYS": ("sz_pr_0,sz_pr_00", ["sz_pr_0", "sz_pr_00"]),
    "GATEWAY_URL": ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    "CHECKOUT_HOSTS": ("a.example,b.example", ["a.example", "b.example"]),
    "BASE_URL": ("https://shop.example", "https://shop.example"),
    "TIMEOUT": ("2,7.5", (2.0, 7.5)),
    "DEADLINE": ("20", 20.0),
    "WEBHOOKS": ("task", "task"),
    "TASK_BACKEND": ("payments", "payments"),
    "TASK_QUEUE": ("webhooks", "webhooks"),
    "BULK_LIMIT": ("7", 7),
    "CONFIRM_ABOVE_CENTS": ("50000", 50_000),
    "UPCHARGES": ("yes", True),
    "BEFORE_EXPIRY": ("release", "release"),
    "EXPIRY_NOTICE_MINUTES": ("60", 60),
    "PURGE_AFTER_DAYS": ("30", 30),
    "INSTALLMENTS_FROM_CENTS": ("4000", 4000),
    "INSTALLMENTS_UP_TO_CENTS": ("150000", 150_000),
    "SETTLEMENT_AMOUNTS": ("cents", "cents"),
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SEZZLE_", "PAY_"))]:
        monkeypatch.delenv(name)


def set_all(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    for name, (text, _) in VARIABLES.items():
        monkeypatch.setenv(prefix + name, text)


def test_there_is_a_variable_for_every_setting() -> None:
    assert {*VARIABLES, "ACCOUNTS"} == conf.KEYS


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_is_its_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, value = VARIABLES[name]
    monkeypatch.setenv(f"SEZZLE_{name}", text)

    assert from_env() == {name: value}


def test_all_variables_together_are_a_setting_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, "SEZZLE_")
    found = from_env()

    assert found == {name: value for name, (_, value) in VARIABLES.items()}
    with override_settings(SEZZLE=found):
        assert list(conf.problems()) == []
        assert get_settings().signing_keys == ("sz_pr_1", "sz_pr_0", "sz_pr_00")


def test_what_is_not_set_or_empty_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEZZLE_GATEWAY_URL", "")

    assert from_env() == {}


def test_accounts_have_variables_with_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEZZLE_PUBLIC_KEY", "sz_pub_1")
    monkeypatch.setenv("SEZZLE_PRIVATE_KEY", "sz_pr_1")
    monkeypatch.setenv("SEZZLE_ACCOUNTS", "canada,new-york")
    set_all(monkeypatch, "SEZZLE_CANADA_")
    monkeypatch.setenv("SEZZLE_NEW_YORK_PUBLIC_KEY", "sz_pub_ny")

    found = from_env()

    assert found["ACCOUNTS"] == {
        "canada": {name: value for name, (_, value) in VARIABLES.items()},
        "new-york": {"PUBLIC_KEY": "sz_pub_ny"},
    }
    with override_settings(SEZZLE=found):
        assert list(conf.problems()) == []
        assert conf.account_names() == ["default", "canada", "new-york"]
        assert get_settings("new-york").private_key == "sz_pr_1"
        assert get_settings("canada").deadline == 20


def test_another_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAY_DEADLINE", "9")
    monkeypatch.setenv("SEZZLE_DEADLINE", "8")

    assert from_env("PAY_") == {"DEADLINE": 9.0}


@pytest.mark.parametrize(
    ("name", "text"),
    [("DEADLINE", "soon"), ("BULK_LIMIT", "many"), ("TIMEOUT", "5,long"), ("BULK_LIMIT", "1.5")],
)
def test_a_variable_that_is_no_number_stops_the_start(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SEZZLE_{name}", text)

    with pytest.raises((ValueError, environ.ImproperlyConfigured)):
        from_env()
