"""A till works for the accounts that the admin shows its user, and for no other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzlePayment
from tests.services.rigs import called, moved
from tests.till.conftest import ROLES, MakeTill, Till

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]

ACTS: dict[str, Callable[[Till], Any]] = {
    "read": Till.read,
    "receipt": lambda till: till.receipt("R-1"),
    "capture": Till.capture,
    "refund": Till.refund,
    "cancel": Till.cancel,
}


@pytest.fixture(autouse=True)
def canada(settings: Any, emulator: Emulator) -> None:
    """A second merchant account."""
    keys = {"PUBLIC_KEY": "sz_pub_ca", "PRIVATE_KEY": "sz_pr_ca"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": keys}}
    emulator.add_merchant("sz_pub_ca", "sz_pr_ca")


KeepApart = Callable[[Collection[str] | None], None]


@pytest.fixture
def keep_apart(monkeypatch: pytest.MonkeyPatch) -> KeepApart:
    """Have the host name the accounts for whom it lets everybody work; superusers for all."""

    def keep(names: Collection[str] | None) -> None:
        def accounts_for(_self: Any, request: HttpRequest) -> Collection[str] | None:
            return None if request.user.is_superuser else names  # type: ignore[union-attr]

        monkeypatch.setattr(SezzlePaymentAdmin, "accounts_for", accounts_for)

    return keep


@pytest.mark.parametrize("name", ACTS)
def test_a_payment_of_another_account_does_not_exist(
    approved: Till, emulator: Emulator, keep_apart: KeepApart, name: str
) -> None:
    if name == "refund":
        approved.capture()
    emulator.calls.clear()
    before = moved(emulator, approved.payment)

    for names in (["canada"], []):
        keep_apart(names)
        refused = ACTS[name](approved)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")

    assert called(emulator) == []
    assert moved(emulator, approved.payment) == before
    assert approved.payment.reference_id == "T-1001"
    keep_apart(["default", "canada"])
    assert ACTS[name](approved).status_code == 200


def test_nobody_asks_for_another_account(
    till: Till, emulator: Emulator, keep_apart: KeepApart
) -> None:
    keep_apart(["default"])
    refused, unknown = till.ask(account="canada"), till.ask(account="nobodys")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    # Whether there is such an account is not told.
    assert refused.json() == unknown.json()
    assert called(emulator) == []
    assert not SezzlePayment.objects.exists()
    assert till.ask().status_code == 201
    keep_apart(["canada"])
    assert till.ask(shop_reference="T-1002").status_code == 400
    assert till.ask(shop_reference="T-1002", account="canada").status_code == 201
    assert till.payment.account == "canada"


def test_the_host_is_asked_about_who_asks(
    till: Till, make_till: MakeTill, keep_apart: KeepApart
) -> None:
    keep_apart([])
    boss = make_till(*ROLES)
    boss.user.is_superuser = True
    boss.user.save()
    assert till.ask().status_code == 400
    assert boss.ask().status_code == 201


def test_several_admin_sites_have_to_agree(till: Till, keep_apart: KeepApart) -> None:
    class OfThisSite(SezzlePaymentAdmin):
        def accounts_for(self, request: HttpRequest) -> Collection[str] | None:
            return ["canada"]

    site = admin.AdminSite(name="second")
    site.register(SezzlePayment, OfThisSite)
    try:
        assert till.ask().status_code == 400
        assert till.ask(account="canada").status_code == 201
        keep_apart(["default"])
        assert till.ask(shop_reference="T-1002", account="canada").status_code == 400
    finally:
        site.unregister(SezzlePayment)


def test_an_admin_that_keeps_nothing_apart(till: Till) -> None:
    site = admin.AdminSite(name="plain")
    site.register(SezzlePayment, admin.ModelAdmin)
    try:
        assert till.ask(account="canada").status_code == 201
    finally:
        site.unregister(SezzlePayment)


def test_a_shop_without_the_admin_has_no_such_restriction(
    till: Till, keep_apart: KeepApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_apart([])
    is_installed = apps.is_installed
    monkeypatch.setattr(
        apps, "is_installed", lambda name: name != "django.contrib.admin" and is_installed(name)
    )
    assert till.ask().status_code == 201
