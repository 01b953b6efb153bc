"""The package's addresses: promised names, and no way for one to be taken for another."""

from __future__ import annotations

import pytest
from django.db import connections
from django.urls import resolve, reverse

from django_sezzle import api, views
from django_sezzle.models.payment import new_token

NAMES = {
    "webhook": ((), "/sezzle/webhook/"),
    "webhook-account": (("canada",), "/sezzle/webhook/canada/"),
    "complete": (("a-token",), "/sezzle/a-token/complete/"),
    "cancel": (("a-token",), "/sezzle/a-token/cancel/"),
    "status": (("a-token",), "/sezzle/a-token/status/"),
}


@pytest.mark.parametrize("name", NAMES)
def test_promised_name_has_its_address(name: str) -> None:
    arguments, path = NAMES[name]
    assert reverse(f"sezzle:{name}", args=arguments) == path
    assert resolve(path).view_name == f"sezzle:{name}"


@pytest.mark.fault(69)
@pytest.mark.parametrize("name", ["complete", "cancel", "status"])
def test_every_token_fits_into_an_address(name: str) -> None:
    for _ in range(100):
        token = new_token()
        match = resolve(reverse(f"sezzle:{name}", args=[token]))
        assert (match.url_name, match.kwargs) == (name, {"token": token})


def test_views_that_sezzle_and_strangers_reach_ask_for_no_login() -> None:
    for name, (arguments, _) in NAMES.items():
        view = resolve(reverse(f"sezzle:{name}", args=arguments)).func
        assert getattr(view, "login_required", True) is False, name
        assert getattr(view, "_non_atomic_requests", set()) == set(connections), name


def test_machines_need_no_token_against_forgery() -> None:
    for view in (api.WebhookView.as_view(), api.StatusView.as_view()):
        assert getattr(view, "csrf_exempt", False)
    for page in (views.complete, views.cancel):
        assert not getattr(page, "csrf_exempt", False)
