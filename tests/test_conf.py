"""The ``SEZZLE`` setting: its defaults, its accounts, and an error for every wrong value."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_sezzle import conf
from django_sezzle.conf import get_settings
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.models import BeforeExpiry

KEYS = {"PUBLIC_KEY": "sz_pub_1", "PRIVATE_KEY": "sz_pr_1"}

WRONG: list[tuple[str, str, Any]] = [
    *(("E003", "PUBLIC_KEY", value) for value in ("", " ", " sz_pub_1", "sz_pub_1\n", None, 5)),
    *(("E004", "PRIVATE_KEY", value) for value in ("", " ", "sz_pr_1 ", None, b"sz_pr_1")),
    *(("E005", "ENVIRONMENT", value) for value in ("live", "", None, "Sandbox", [], {}, 1)),
    *(
        ("E006", "PREVIOUS_PRIVATE_KEYS", value)
        for value in ("sz_pr_0", None, [""], [None], [" a"], {"a": 1}, 5)
    ),
    *(
        ("E007", "GATEWAY_URL", value)
        for value in (
            "",
            "gateway.example",
            "http://gateway.example",
            "ftp://gateway.example",
            "https://",
            "https://gateway.example/v2",
            "https://gateway.example?a=b",
            "https://gateway.example#a",
            "https://ada@gateway.example",
            "https://:secret@gateway.example",
            "https://gateway.example:99999",
            "https://gateway.example:port",
            "https://[::1",
            "https://gate way.example",
            "https://gateway.example\n",
            " https://gateway.example",
            5,
            ["https://gateway.example"],
        )
    ),
    *(
        ("E008", "CHECKOUT_HOSTS", value)
        for value in ("a.example", ["https://a.example"], ["a.example/x"], [""], [None], 5)
    ),
    *(
        ("E009", "BASE_URL", value)
        for value in ("", "shop.example", "ftp://shop.example", "https://shop.example/shop", 5)
    ),
    *(
        ("E010", "TIMEOUT", value)
        for value in (
            None, 5, "5,30", (5,), (5, 30, 1), (0, 30), (5, -1), ("5", "30"), (True, 30),
            (5, float("nan")), (5, float("inf")), (5, 601), {5, 30},
        )
    ),
    *(("E011", "DEADLINE", value) for value in (0, -1, 601, "45", None, True, float("nan"))),
    *(("E012", "WEBHOOKS", value) for value in ("queue", "", None, True)),
    *(("E019", "TASK_BACKEND", value) for value in ("", " ", 1, None)),
    *(("E020", "TASK_QUEUE", value) for value in ("", " ", 1, None)),
    *(("E013", "BULK_LIMIT", value) for value in (0, -1, 1.0, "100", None, True)),
    *(("E026", "UPCHARGES", value) for value in (1, "yes", None)),
    *(("E018", "CONFIRM_ABOVE_CENTS", value) for value in (-1, 1.0, "100", True, [100])),
    *(("E016", "BEFORE_EXPIRY", value) for value in ("", "Warn", None, 1, ["warn"])),
    *(("E017", "EXPIRY_NOTICE_MINUTES", value) for value in (4, 43_201, 15.0, "15", None)),
    *(("E023", "SETTLEMENT_AMOUNTS", value) for value in ("dollars", "", None, 1, ["cents"])),
    *(("E015", "PURGE_AFTER_DAYS", value) for value in (6, 36_501, 90.0, "90", None, True)),
    *(("E024", "INSTALLMENTS_FROM_CENTS", value) for value in (0, 99, 3500.0, "3500", None)),
    *(("E025", "INSTALLMENTS_UP_TO_CENTS", value) for value in (-1, 99, 2.5, "9", None, True)),
]  # fmt: skip


def problem_ids() -> list[str]:
    return [problem.id for problem in conf.problems()]


@override_settings(SEZZLE=KEYS)
def test_two_keys_are_enough() -> None:
    settings = get_settings()

    assert problem_ids() == []
    assert (settings.public_key, settings.private_key) == ("sz_pub_1", "sz_pr_1")
    assert (settings.account, settings.environment) == ("default", "sandbox")
    assert settings.gateway_url == "https://sandbox.gateway.sezzle.com"
    assert settings.checkout_hosts == {"sandbox.checkout.sezzle.com"}
    assert settings.base_url is None
    assert (settings.connect_timeout, settings.read_timeout, settings.deadline) == (5.0, 30.0, 45.0)
    assert (settings.webhooks, settings.bulk_limit) == ("inline", 100)
    assert settings.confirm_above_cents is None
    assert (settings.before_expiry, settings.expiry_notice_minutes) == ("warn", 15)
    assert settings.purge_after_days == 90
    assert settings.installments_from_cents == 3500
    assert settings.installments_up_to_cents == 250_000
    assert settings.previous_private_keys == ()
    assert settings.signing_keys == ("sz_pr_1",)
    assert conf.account_names() == ["default"]


@override_settings(SEZZLE={**KEYS, "ENVIRONMENT": "production"})
def test_production_has_addresses_of_its_own() -> None:
    settings = get_settings()

    assert settings.gateway_url == "https://gateway.sezzle.com"
    assert settings.checkout_hosts == {"checkout.sezzle.com"}


def test_the_policies_are_those_that_a_payment_may_have() -> None:
    assert list(conf.BEFORE_EXPIRY) == BeforeExpiry.values


def test_every_value_may_be_given() -> None:
    given = {
        **KEYS,
        "ENVIRONMENT": "sandbox",
        "PREVIOUS_PRIVATE_KEYS": ["sz_pr_0"],
        "GATEWAY_URL": "http://127.0.0.1:8001/",
        "CHECKOUT_HOSTS": ["Checkout.Example:8443"],
        "BASE_URL": "http://shop.example/",
        "TIMEOUT": [1, 2.5],
        "DEADLINE": 9.5,
        "WEBHOOKS": "task",
        "TASK_BACKEND": "payments",
        "TASK_QUEUE": "webhooks",
        "BULK_LIMIT": 7,
        "CONFIRM_ABOVE_CENTS": 50_000,
        "UPCHARGES": True,
        "BEFORE_EXPIRY": "capture",
        "EXPIRY_NOTICE_MINUTES": 60,
        "PURGE_AFTER_DAYS": 30,
        "INSTALLMENTS_FROM_CENTS": 4000,
        "INSTALLMENTS_UP_TO_CENTS": 150_000,
        "SETTLEMENT_AMOUNTS": "cents",
    }
    assert set(given) | {"ACCOUNTS"} == conf.KEYS
    with override_settings(SEZZLE=given):
        settings = get_settings()

    assert settings.signing_keys == ("sz_pr_1", "sz_pr_0")
    assert settings.gateway_url == "http://127.0.0.1:8001"
    assert settings.checkout_hosts == {"checkout.example:8443"}
    assert settings.base_url == "http://shop.example"
    assert (settings.connect_timeout, settings.read_timeout, settings.deadline) == (1.0, 2.5, 9.5)
    assert (settings.bulk_limit, settings.confirm_above_cents) == (7, 50_000)
    assert (settings.before_expiry, settings.expiry_notice_minutes) == ("capture", 60)
    assert settings.purge_after_days == 30
    where = (settings.webhooks, settings.task_backend, settings.task_queue)
    assert where == ("task", "payments", "webhooks")
    assert settings.installments_from_cents == 4000
    assert settings.installments_up_to_cents == 150_000
    assert settings.settlement_amounts == "cents"


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example",
        "https://gateway.example:8443/",
        "http://localhost",
        "http://[::1]:8",
    ],
)
def test_another_gateway_is_https_or_on_this_machine(url: str) -> None:
    with override_settings(SEZZLE={**KEYS, "GATEWAY_URL": url}):
        settings = get_settings()

    assert settings.gateway_url == url.rstrip("/")
    assert settings.checkout_hosts == {
        "sandbox.checkout.sezzle.com",
        url.rstrip("/").partition("://")[2],
    }


@pytest.mark.fault(105)
@pytest.mark.parametrize(("found", "name", "value"), WRONG)
def test_a_wrong_value_is_found_and_never_used(found: str, name: str, value: Any) -> None:
    with override_settings(SEZZLE={**KEYS, name: value}):
        assert problem_ids() == [f"sezzle.{found}"]
        with pytest.raises(ConfigurationError, match=f'SEZZLE\\["{name}"\\] is not usable'):
            get_settings()


@pytest.mark.fault(19, 105)
@pytest.mark.parametrize("name", ["PUBLIC_KEY", "PRIVATE_KEY"])
def test_a_key_that_is_missing_is_found(name: str) -> None:
    with override_settings(SEZZLE={key: value for key, value in KEYS.items() if key != name}):
        assert problem_ids() == [f"sezzle.{'E003' if name == 'PUBLIC_KEY' else 'E004'}"]
        with pytest.raises(ConfigurationError):
            get_settings()


@pytest.mark.parametrize("value", [None, "", [], "sz_pub_1", 5])
def test_a_setting_that_is_no_dict_is_missing(value: Any) -> None:
    with override_settings(SEZZLE=value):
        assert problem_ids() == ["sezzle.E001"]
        assert conf.account_names() == ["default"]
        with pytest.raises(ConfigurationError, match="SEZZLE setting is missing"):
            get_settings()


def test_without_the_setting_it_is_missing(settings: Any) -> None:
    del settings.SEZZLE

    assert problem_ids() == ["sezzle.E001"]
    with pytest.raises(ImproperlyConfigured, match="from_env"):
        get_settings()


def test_unknown_keys_are_errors_and_named() -> None:
    with override_settings(SEZZLE={**KEYS, "PUBLIK_KEY": "x", "TIME_OUT": 1, 5: 6}):
        (problem,) = conf.problems()
        with pytest.raises(ConfigurationError, match="unknown keys: 5, PUBLIK_KEY, TIME_OUT"):
            get_settings()

    assert problem.id == "sezzle.E002"


@pytest.mark.fault(105)
def test_real_money_never_goes_to_another_gateway() -> None:
    given = {**KEYS, "ENVIRONMENT": "production", "GATEWAY_URL": "https://gateway.example"}
    with override_settings(SEZZLE=given):
        assert problem_ids() == ["sezzle.E007"]
        with pytest.raises(ConfigurationError, match="real money"):
            get_settings()


def test_everything_wrong_is_reported_at_once() -> None:
    with override_settings(SEZZLE={"ENVIRONMENT": "live", "X": 1}):
        assert problem_ids() == ["sezzle.E002", "sezzle.E003", "sezzle.E004", "sezzle.E005"]


def test_a_problem_never_shows_the_value() -> None:
    with override_settings(SEZZLE={"PUBLIC_KEY": "canary ", "PRIVATE_KEY": "canary "}):
        assert "canary" not in repr(list(conf.problems()))


@pytest.mark.fault(72)
def test_keys_are_not_in_the_repr() -> None:
    with override_settings(SEZZLE={**KEYS, "PREVIOUS_PRIVATE_KEYS": ["sz_pr_0"]}):
        shown = repr(get_settings())

    assert "sz_pr_1" not in shown
    assert "sz_pr_0" not in shown
    assert "sz_pub_1" in shown


def test_the_setting_is_read_whenever_it_is_asked_for() -> None:
    with override_settings(SEZZLE=KEYS):
        assert get_settings().public_key == "sz_pub_1"
    with override_settings(SEZZLE={**KEYS, "PUBLIC_KEY": "sz_pub_2"}):
        assert get_settings().public_key == "sz_pub_2"


def test_settings_cannot_be_changed() -> None:
    with override_settings(SEZZLE=KEYS):
        settings = get_settings()
    with pytest.raises(AttributeError):
        settings.private_key = "x"  # type: ignore[misc]


CANADA = {"PUBLIC_KEY": "sz_pub_ca", "PRIVATE_KEY": "sz_pr_ca"}


def with_account(values: Any, name: str = "canada", **base: Any) -> override_settings:
    return override_settings(SEZZLE={**KEYS, **base, "ACCOUNTS": {name: values}})


def test_an_account_inherits_what_it_does_not_say() -> None:
    with with_account({**CANADA, "DEADLINE": 20}, BASE_URL="https://shop.example", TIMEOUT=(1, 2)):
        default, canada = get_settings(), get_settings("canada")
        assert conf.account_names() == ["default", "canada"]
        assert problem_ids() == []

    assert (canada.account, canada.public_key, canada.private_key) == (
        "canada", "sz_pub_ca", "sz_pr_ca",
    )  # fmt: skip
    assert canada.base_url == "https://shop.example"
    assert (canada.connect_timeout, canada.read_timeout, canada.deadline) == (1.0, 2.0, 20.0)
    assert (default.public_key, default.deadline) == ("sz_pub_1", 45.0)


def test_an_old_key_is_not_inherited_by_another_merchant() -> None:
    with with_account(CANADA, PREVIOUS_PRIVATE_KEYS=["sz_pr_0"]):
        assert get_settings().signing_keys == ("sz_pr_1", "sz_pr_0")
        assert get_settings("canada").signing_keys == ("sz_pr_ca",)


def test_an_account_may_have_an_old_key_of_its_own() -> None:
    with with_account({**CANADA, "PREVIOUS_PRIVATE_KEYS": ["sz_pr_ca0"]}):
        assert get_settings("canada").signing_keys == ("sz_pr_ca", "sz_pr_ca0")


def test_an_account_of_the_same_merchant_shares_the_rotation() -> None:
    with with_account({"DEADLINE": 20}, PREVIOUS_PRIVATE_KEYS=["sz_pr_0"]):
        assert get_settings("canada").signing_keys == ("sz_pr_1", "sz_pr_0")


def test_a_wrong_value_of_an_account_names_the_account() -> None:
    with with_account({**CANADA, "DEADLINE": 0}):
        (problem,) = conf.problems()
        assert get_settings().deadline == 45
        with pytest.raises(ConfigurationError, match=r'\["canada"\]\["DEADLINE"\]'):
            get_settings("canada")

    assert problem.id == "sezzle.E011"
    assert 'SEZZLE["ACCOUNTS"]["canada"]["DEADLINE"]' in problem.message


@pytest.mark.parametrize("name", ["nowhere", "", "Canada"])
def test_an_account_that_is_not_there(name: str) -> None:
    with with_account(CANADA), pytest.raises(ConfigurationError, match="There is no account"):
        get_settings(name)


@pytest.mark.parametrize(
    "accounts",
    [
        [],
        "canada",
        None,
        {"default": CANADA},
        {"Canada": CANADA},
        {"": CANADA},
        {"-a": CANADA},
        {"a b": CANADA},
        {"a" * 33: CANADA},
        {5: CANADA},
        {"canada": None},
        {"canada": "sz_pub"},
        {"canada": {**CANADA, "ACCOUNTS": {}}},
    ],
)
def test_accounts_that_cannot_be_used(accounts: Any) -> None:
    with override_settings(SEZZLE={**KEYS, "ACCOUNTS": accounts}):
        assert problem_ids() == ["sezzle.E014"]


def test_an_account_of_a_list_is_not_there() -> None:
    with (
        override_settings(SEZZLE={**KEYS, "ACCOUNTS": ["canada"]}),
        pytest.raises(ConfigurationError, match="There is no account"),
    ):
        get_settings("canada")


def test_a_wrong_setting_is_never_swallowed_with_the_gateways_errors() -> None:
    assert not issubclass(ConfigurationError, SezzleError)
    assert issubclass(ConfigurationError, ImproperlyConfigured)
