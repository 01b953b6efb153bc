"""Who may do what; and who a till is, the host says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation
from tests.services.rigs import called, moved
from tests.till.conftest import CAPTURE, PREFIX, REFUND, RELEASE, ROLES, SALE, SELL, MakeTill, Till

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.till.urls")]

NEEDS: dict[str, tuple[str, Callable[[Till], Any]]] = {
    "ask": (SELL, Till.ask),
    "read": (SELL, Till.read),
    "receipt": (SELL, lambda till: till.receipt("R-1")),
    "cancel": (SELL, Till.cancel),
    "capture": (CAPTURE, Till.capture),
    "refund": (REFUND, Till.refund),
    "schema": (SELL, lambda till: till.send("GET", "/schema/")),
}


class TokenOfTill(BaseAuthentication):
    """A scheme of the host's own: the name of the user, as a token."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Believe the header."""
        scheme, _, name = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Till":
            return None
        model: Any = get_user_model()
        user = model.objects.filter(pk=name).first() if name != "nobody" else None
        if user is None:
            raise AuthenticationFailed({"detail": "No such till.", "code": "till_unknown"})
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme."""
        return "Till"


class Nameless:
    """What some schemes give instead of a user: no model, no permissions."""

    is_authenticated = True


class Robot(Nameless):
    """No user of Django's either, but one that may do everything."""

    def has_perm(self, permission: str) -> bool:
        """Say yes."""
        return True


class AnythingGoes(BaseAuthentication):
    """Lets everybody in as nobody in particular."""

    gives: type[Nameless] = Nameless

    def authenticate(self, request: Request) -> tuple[Any, None]:
        """Ask for nothing."""
        return self.gives(), None


class OnlyRobots(AnythingGoes):
    """Lets everybody in as a robot."""

    gives = Robot


@pytest.mark.parametrize("name", NEEDS)
def test_each_operation_needs_its_own_permission(
    name: str, approved: Till, emulator: Emulator, make_till: MakeTill
) -> None:
    permission, act = NEEDS[name]
    others = make_till(*(role for role in ROLES if role != permission))
    others.token = approved.token

    refused = act(others)

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert called(emulator) == []
    only = make_till(permission)
    only.token = approved.token
    allowed = act(only)
    assert allowed.status_code != 403 or allowed.json()["code"] == "may_not_release"


def test_a_stranger(approved: Till, emulator: Emulator) -> None:
    for act in (Till.ask, Till.read, Till.capture, Till.refund, Till.cancel):
        stranger = Till(Client(), approved.contract, None)
        stranger.token = approved.token
        refused = act(stranger)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_authenticated")
    assert called(emulator) == []


def test_a_permission_that_was_taken_away(till: Till) -> None:
    till.user.user_permissions.clear()
    assert till.ask().status_code == 403


def test_a_session_needs_the_csrf_token(till: Till, emulator: Emulator) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(till.user)
    answer = client.post(f"{PREFIX}/payments/", SALE, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert emulator.orders == []


def test_the_hosts_own_scheme(till: Till, settings: Any) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["tests.till.test_permissions.TokenOfTill"]
    }
    token = Till(Client(enforce_csrf_checks=True), till.contract, till.user)
    answer = token.ask()
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Till")
    token.headers = {"Authorization": "Till nobody"}
    answer = token.ask()
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.json()["detail"] == "Incorrect authentication credentials."
    token.headers = {"Authorization": f"Till {till.user.pk}"}
    assert token.ask().status_code == 201
    # Sessions are no way in where the host named another one.
    assert till.ask().status_code == 401


@pytest.mark.parametrize(
    "framework", [{}, {"DEFAULT_AUTHENTICATION_CLASSES": []}], ids=["nothing", "empty"]
)
def test_a_host_that_named_no_scheme_gets_sessions(
    till: Till, settings: Any, framework: dict[str, Any]
) -> None:
    settings.REST_FRAMEWORK = framework
    assert till.ask().status_code == 201
    assert Client().post(f"{PREFIX}/payments/").status_code == 403
    # Passwords in a header are REST framework's own default, which nobody chose.
    basic = Client(headers={"Authorization": "Basic dGlsbDE6eA=="})
    assert basic.post(f"{PREFIX}/payments/").status_code == 403


def test_a_scheme_that_gives_no_user(till: Till, settings: Any) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["tests.till.test_permissions.AnythingGoes"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    }
    assert till.ask().status_code == 403


def test_a_scheme_that_gives_somebody_who_is_no_user(
    approved: Till, emulator: Emulator, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["tests.till.test_permissions.OnlyRobots"]
    }
    assert approved.capture().json()["stage"] == "paid"
    assert SezzleOperation.objects.get().actor is None


def test_who_may_not_release_cancels_what_is_not_paid(
    make_till: MakeTill, emulator: Emulator
) -> None:
    till = make_till(SELL)
    till.ask()
    assert till.cancel().json()["stage"] == "canceled"
    assert emulator.orders[-1].checkout_status == "deleted"
    assert till.cancel().json()["stage"] == "canceled"


def test_who_may_not_release_leaves_held_money_alone(
    approved: Till, make_till: MakeTill, emulator: Emulator
) -> None:
    till = make_till(SELL)
    till.token = approved.token
    refused = till.cancel()
    assert (refused.status_code, refused.json()["code"]) == (403, "may_not_release")
    assert till.read().json()["capturable_in_cents"] == 10_000
    approved.capture()
    paid = till.cancel()
    assert (paid.status_code, paid.json()["code"]) == (409, "already_paid")
    assert moved(emulator, approved.payment) == [("capture", 10_000)]


@pytest.mark.parametrize("over", ["released", "given back"])
def test_who_may_not_release_is_told_when_there_is_nothing_to_let_go(
    approved: Till, make_till: MakeTill, emulator: Emulator, over: str
) -> None:
    if over == "given back":
        approved.capture()
        approved.refund()
    else:
        approved.cancel()
    before = moved(emulator, approved.payment)
    till = make_till(SELL)
    till.token = approved.token
    answer = till.cancel()
    assert (answer.status_code, answer.json()) == (200, approved.cancel().json())
    assert answer.json()["stage"] == ("refunded" if over == "given back" else "canceled")
    assert moved(emulator, approved.payment) == before


def test_who_may_release_does(approved: Till, make_till: MakeTill, emulator: Emulator) -> None:
    till = make_till(SELL, RELEASE)
    till.token = approved.token
    answer = till.cancel().json()
    assert (answer["stage"], answer["released_in_cents"]) == ("canceled", 10_000)
    assert moved(emulator, approved.payment) == [("release", 10_000)]
