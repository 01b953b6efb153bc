"""Whatever a host sets for its own views, staff see true amounts and move money."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.test import Client, RequestFactory
from django.urls import reverse

from django_sezzle.emulator import Emulator
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    MONEY,
    Desk,
    MakePayment,
    MakeStaff,
    amount,
    kinds,
    money_url,
    moved,
    operation_of,
)
from tests.views.html import inline_code
from tests.webhooks.hosts import HOSTS

#: Django's own admin, and every page of staff, needs sessions and messages.
WITHOUT_STAFF = {"no messages", "no middleware"}
STAFF_HOSTS = [name for name in HOSTS if name not in WITHOUT_STAFF]

EVERYTHING = ("view_sezzlepayment", *(f"{name}_sezzlepayment" for name in ACTIONS))


def token_in(page: Any) -> str:
    """Find the token against forgery that a page's form has."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.fault(84)
@pytest.mark.parametrize("name", STAFF_HOSTS)
def test_staff_capture_on_every_host(
    name: str,
    make_staff: MakeStaff,
    make_payment: MakePayment,
    emulator: Emulator,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    client = make_staff(*EVERYTHING, checks_csrf=True)
    payment = make_payment()

    listed = client.get(reverse(LIST))
    selected = {"action": "capture_selected", "_selected_action": [payment.pk]}
    chosen = client.post(reverse(LIST), selected | {"csrfmiddlewaretoken": token_in(listed)})
    assert (chosen.status_code, chosen["Location"]) == (303, money_url("capture", payment))

    desk = Desk(client, "capture").open(payment)
    assert desk.form[amount(payment)] == "50.00"
    result = desk.send(**{amount(payment): "20.00", "csrfmiddlewaretoken": token_in(desk.page)})

    assert kinds(result) == ["done"]
    assert moved(emulator) == [("capture", 2000)]
    shown = client.get(reverse(CHANGE, args=[payment.pk])).content.decode()
    assert operation_of(payment).request_id in shown
    assert "$20.00 USD" in shown
    assert "$30.00" in client.get(reverse(LIST)).content.decode()


@pytest.mark.fault(84)
@pytest.mark.parametrize("name", STAFF_HOSTS)
def test_strangers_and_forgers_move_nothing_on_any_host(
    name: str,
    make_staff: MakeStaff,
    make_payment: MakePayment,
    emulator: Emulator,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    HOSTS[name](settings, monkeypatch)
    client = make_staff(*EVERYTHING, checks_csrf=True)
    payment = make_payment()
    desk = Desk(client, "capture").open(payment)
    url = reverse(MONEY, args=["capture"])

    forged = client.post(url, desk.form)
    stranger = Client().post(url, desk.form)

    assert forged.status_code == 403
    # To the login page.
    assert stranger.status_code == 302
    assert not moved(emulator)


def test_the_actor_is_who_was_logged_in(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    client = make_staff(*EVERYTHING)
    payment = make_payment()
    request = RequestFactory().get("/")
    request.session = client.session

    Desk(client, "capture").open(payment).send()

    assert operation_of(payment).actor == get_user(request)


@pytest.mark.fault(10)
def test_staff_capture_where_every_request_is_a_transaction(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator, atomic_requests: None
) -> None:
    client = make_staff(*EVERYTHING)
    payment = make_payment(captured_in_cents=2000)

    for action in ("refund", "release"):
        assert kinds(Desk(client, action).open(payment).send()) == ["done"]

    assert moved(emulator) == [("refund", 2000), ("release", 3000)]


def test_pages_of_staff_have_nothing_that_a_strict_policy_stops(
    manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment(captured_in_cents=2000)
    desk = Desk(manager, "refund").open(payment)
    pages = {
        "confirmation": desk.page,
        "result": desk.send(),
        "change": manager.get(reverse(CHANGE, args=[payment.pk])),
        "list": manager.get(reverse(LIST)),
    }
    for name, answer in pages.items():
        assert inline_code(answer.content.decode()) == [], name
