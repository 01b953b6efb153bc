"""What pages may do in a browser, for the modes that were in use lately."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from django_sezzle.gateway import CheckoutMode
from django_sezzle.health import Level, Symptom, browser
from django_sezzle.models import SezzlePayment
from tests.fixtures import payments_connection

pytestmark = pytest.mark.django_db

Show = Callable[..., list[Symptom]]

HOST = "sezzle-emulator.test"
SANDBOX = "sandbox.checkout.sezzle.com"
BOTH = [f"https://{HOST}", f"https://{SANDBOX}"]
#: As Django 6 and django-csp stand for a nonce before there is one.
NONCE = "<CSP_NONCE_SENTINEL>"


@pytest.fixture
def show(started: Callable[..., SezzlePayment], settings: Any) -> Show:
    """Start payments in modes, then see what is said under settings of the host."""
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"

    def look(*modes: str, **given: Any) -> list[Symptom]:
        for number, mode in enumerate(modes):
            started(f"{number}", checkout_mode=CheckoutMode(mode) if mode else None)
        for name, value in given.items():
            setattr(settings, name, value)
        return list(browser.examine())

    return look


def said(symptoms: list[Symptom]) -> list[tuple[Level, str]]:
    """Level and advice of each."""
    return [(symptom.level, symptom.advice) for symptom in symptoms]


@pytest.mark.parametrize("modes", [(), ("",), ("redirect",)])
def test_a_shop_that_redirects_is_told_nothing(show: Show, modes: tuple[str, ...]) -> None:
    assert show(*modes, SECURE_CROSS_ORIGIN_OPENER_POLICY="same-origin") == []


def test_modes_in_use_are_named(show: Show) -> None:
    (symptom,) = show("popup", "iframe", "")
    assert symptom.level is Level.GREEN
    assert "(iframe, popup)" in symptom.message


def test_it_costs_one_statement(show: Show, settings: Any) -> None:
    show("popup", "iframe")
    settings.SECURE_CSP = {"default-src": ["'none'"]}
    with CaptureQueriesContext(payments_connection()) as queries:
        assert list(browser.examine())
    assert len(queries) == 1


def test_what_is_no_longer_in_use_counts_no_more(show: Show, monkeypatch: Any) -> None:
    monkeypatch.setattr(browser, "RECENT", 2)
    given = {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin"}
    assert show("popup", "", "", **given) == []


# The window and the page that opened it


def test_a_page_that_is_cut_off_from_its_window(show: Show) -> None:
    (symptom,) = show("popup", SECURE_CROSS_ORIGIN_OPENER_POLICY="same-origin")
    assert symptom.level is Level.YELLOW
    assert "same-origin-allow-popups" in symptom.advice


@pytest.mark.parametrize(
    ("mode", "given"),
    [
        ("popup", {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin-allow-popups"}),
        ("popup", {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "unsafe-none"}),
        ("popup", {"SECURE_CROSS_ORIGIN_OPENER_POLICY": None}),
        # Nobody sends the header then, as far as is known.
        ("popup", {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin", "MIDDLEWARE": []}),
        # A frame has no opener.
        ("iframe", {"SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin"}),
    ],
)
def test_pages_that_keep_their_window(show: Show, mode: str, given: dict[str, Any]) -> None:
    assert [symptom.level for symptom in show(mode, **given)] == [Level.GREEN]


# Content policies


@pytest.mark.parametrize(
    "policy",
    [
        {"SECURE_CSP": {}},
        {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {}}},
        {"CONTENT_SECURITY_POLICY": {}},
        {"SECURE_CSP": {"default-src": None, "script-src": False, "frame-src": False}},
        {"SECURE_CSP": {"script-src": ["*"], "frame-src": "https:", "connect-src": ["'self'"]}},
        {"SECURE_CSP": {"script-src": ["'self'", NONCE], "frame-src": BOTH}},
        {"SECURE_CSP": {"script-src-elem": BOTH, "script-src": ["'none'"]}},
        {"SECURE_CSP": {"script-src": [HOST], "frame-src": ["*.sezzle.com", "*.test"]}},
        {"SECURE_CSP": {"script-src": [f"https://{HOST}/checkout.min.js"]}},
        {"CSP_SCRIPT_SRC": ["'self'"], "CSP_INCLUDE_NONCE_IN": ["script-src"]},
        {"CSP_SCRIPT_SRC": ["'self'", HOST], "CSP_FORM_ACTION": BOTH},
        {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"form-action": ["'self'", *BOTH]}}},
    ],
)
def test_policies_that_let_sezzle_in(show: Show, policy: dict[str, Any]) -> None:
    assert [symptom.level for symptom in show("popup", "iframe", **policy)] == [Level.GREEN]


@pytest.mark.parametrize(
    ("mode", "policy", "expected"),
    [
        (
            "iframe",
            {"SECURE_CSP": {"frame-src": ["'self'", "*.example"]}},
            [(Level.RED, f"Add to frame-src: {SANDBOX}, {HOST}.")],
        ),
        ("popup", {"SECURE_CSP": {"frame-src": ["'none'"]}}, [(Level.GREEN, "")]),
        (
            "popup",
            {"SECURE_CSP": {"script-src": ["'self'"]}},
            [(Level.YELLOW, f"Add to script-src: {HOST}.")],
        ),
        (
            "iframe",
            {"SECURE_CSP": {"default-src": ["'self'"]}},
            [
                (Level.RED, f"Add to frame-src: {SANDBOX}, {HOST}."),
                (Level.YELLOW, f"Add to script-src: {HOST}."),
            ],
        ),
        (
            "popup",
            {"SECURE_CSP": {"connect-src": BOTH}},
            [(Level.YELLOW, "Add to connect-src: 'self'.")],
        ),
        # The redirect needs nothing but to be let go, which sezzle.W005 says of Django's policy.
        ("", {"SECURE_CSP": {"default-src": ["'none'"], "form-action": ["'self'"]}}, []),
        (
            "",
            {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"form-action": ["'self'", HOST]}}},
            [(Level.RED, f"Add to form-action: {SANDBOX}.")],
        ),
        (
            "",
            {"CSP_FORM_ACTION": "'self'"},
            [(Level.RED, f"Add to form-action: {SANDBOX}, {HOST}.")],
        ),
        (
            "popup",
            {"CSP_DEFAULT_SRC": ("'none'",), "CSP_CONNECT_SRC": ["'self'"]},
            [(Level.YELLOW, f"Add to script-src: {HOST}.")],
        ),
    ],
)
def test_policies_that_keep_sezzle_out(
    show: Show, mode: str, policy: dict[str, Any], expected: list[tuple[Level, str]]
) -> None:
    symptoms = show(mode, **policy)
    assert said(symptoms) == expected
    assert all(next(iter(policy))[:4] in symptom.message for symptom in symptoms if symptom.advice)


def test_accounts_that_are_gone_are_left_out(show: Show, settings: Any) -> None:
    show("iframe")
    SezzlePayment.objects.update(account="closed")
    settings.SECURE_CSP = {"frame-src": ["'none'"]}
    assert [symptom.level for symptom in browser.examine()] == [Level.GREEN]
