"""Who may do what: every role and every action, on the list, by GET and by POST."""

from __future__ import annotations

import re
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from django_sezzle.admin import SezzlePaymentAdmin
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleOperation, SezzlePayment
from tests.admin.conftest import (
    ACTIONS,
    CHANGE,
    LIST,
    MONEY,
    RESULT,
    Desk,
    MakePayment,
    MakeStaff,
    amount,
    money_calls,
    money_url,
    moved,
)

VIEW = "view_sezzlepayment"
ROLES = {
    "nobody": (),
    "viewer": (VIEW,),
    "cashier": (VIEW, "capture_sezzlepayment"),
    "support": (VIEW, *(f"{name}_sezzlepayment" for name in ("refund", "release", "reauthorize"))),
    "blind": ("capture_sezzlepayment", "refund_sezzlepayment"),
}
MATRIX = list(product(ROLES, ACTIONS))


def is_allowed(role: str, action: str) -> bool:
    return {VIEW, f"{action}_sezzlepayment"} <= set(ROLES[role])


@pytest.mark.fault(32)
@pytest.mark.parametrize(("role", "action"), MATRIX)
def test_the_list_offers_an_action_to_those_who_may(
    make_staff: MakeStaff, make_payment: MakePayment, role: str, action: str
) -> None:
    client = make_staff(*ROLES[role])
    payment = make_payment()
    data = {"action": f"{action}_selected", "_selected_action": [payment.pk]}

    page = client.get(reverse(LIST))
    answer = client.post(reverse(LIST), data)

    offered = f'value="{action}_selected"' in page.content.decode()
    assert offered == is_allowed(role, action)
    assert (answer.status_code == 303) == is_allowed(role, action)


@pytest.mark.fault(32)
@pytest.mark.parametrize(("role", "action"), MATRIX)
def test_the_form_is_shown_to_those_who_may(
    make_staff: MakeStaff, make_payment: MakePayment, role: str, action: str
) -> None:
    client = make_staff(*ROLES[role])
    payment = make_payment()

    answer = client.get(money_url(action, payment))

    assert answer.status_code == (200 if is_allowed(role, action) else 403)


@pytest.mark.fault(32)
@pytest.mark.parametrize(("role", "action"), MATRIX)
def test_the_form_is_taken_from_those_who_may(
    make_staff: MakeStaff,
    make_payment: MakePayment,
    emulator: Emulator,
    role: str,
    action: str,
) -> None:
    client = make_staff(*ROLES[role])
    payment = make_payment(captured_in_cents=2000)
    data = {"form_id": "5f0c2d9e-5a10-4a8c-a2a4-9e1f9a7a0c11", amount(payment): "10.00"}

    answer = client.post(reverse(MONEY, args=[action]), data)

    assert answer.status_code == (303 if is_allowed(role, action) else 403)
    assert money_calls(emulator) == ([action] if is_allowed(role, action) else [])


@pytest.mark.parametrize("role", ROLES)
def test_the_change_page_has_buttons_for_those_who_may(
    make_staff: MakeStaff, make_payment: MakePayment, role: str
) -> None:
    client = make_staff(*ROLES[role])
    payment = make_payment(captured_in_cents=2000)

    page = client.get(reverse(CHANGE, args=[payment.pk]))

    assert page.status_code == (200 if VIEW in ROLES[role] else 403)
    text = page.content.decode()
    # A new instalment plan is not suggested while the old one stands.
    for action in ("capture", "refund", "release"):
        has_button = f'href="{money_url(action, payment)}"' in text
        assert has_button == is_allowed(role, action), action


def test_results_are_shown_to_those_who_may_view(
    make_staff: MakeStaff, manager: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()
    page = Desk(manager, "capture").open(payment).send()
    url = f"{page.request['PATH_INFO']}?{page.request['QUERY_STRING']}"

    assert make_staff(VIEW).get(url).status_code == 200
    assert make_staff("capture_sezzlepayment").get(url).status_code == 403
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("link", ["", "x", "WyJjYXB0dXJlIl0:1abc:forged"])
def test_a_made_up_link_to_results_is_not_found(manager: Client, link: str) -> None:
    assert manager.get(reverse(RESULT), {"sent": link}).status_code == 404


@pytest.mark.fault(32)
def test_every_action_asks_for_one_permission_of_its_own() -> None:
    asked = {
        name: getattr(SezzlePaymentAdmin, name).allowed_permissions
        for name in SezzlePaymentAdmin.actions
    }

    assert asked.pop("export_selected") == ["view"]
    assert asked == {f"{name}_selected": [name] for name in ACTIONS}


@pytest.mark.fault(32)
def test_strangers_are_sent_to_log_in(make_payment: MakePayment, emulator: Emulator) -> None:
    payment = make_payment()

    for url in (money_url("capture", payment), reverse(LIST), reverse(RESULT)):
        assert Client().get(url).status_code == 302
    assert Client().post(money_url("capture", payment)).status_code == 302
    assert not moved(emulator)


@pytest.mark.fault(31)
def test_a_form_from_elsewhere_is_refused(
    make_staff: MakeStaff, make_payment: MakePayment, emulator: Emulator
) -> None:
    client = make_staff(VIEW, "capture_sezzlepayment", checks_csrf=True)
    payment = make_payment()
    desk = Desk(client, "capture").open(payment)

    forged = client.post(reverse(MONEY, args=["capture"]), desk.form)
    assert forged.status_code == 403
    assert not moved(emulator)

    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', desk.page.content.decode())
    assert token is not None
    assert desk.send(csrfmiddlewaretoken=token[1]).status_code == 200
    assert moved(emulator) == [("capture", 5000)]


@pytest.mark.fault(78)
@pytest.mark.parametrize("model", ["payment", "operation", "announcement", "webhookevent"])
def test_even_a_superuser_cannot_add_change_or_delete(
    admin_client: Client, make_payment: MakePayment, model: str
) -> None:
    name = f"admin:django_sezzle_sezzle{model}"
    make_payment()

    assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"{name}_add")).status_code == 403
    assert "delete_selected" not in admin_client.get(reverse(f"{name}_changelist")).content.decode()


@pytest.mark.fault(78)
def test_posting_to_the_change_page_changes_nothing(
    admin_client: Client, make_payment: MakePayment
) -> None:
    payment = make_payment()

    answer = admin_client.post(
        reverse(CHANGE, args=[payment.pk]), {"captured_in_cents": "1", "status": "captured"}
    )
    deleted = admin_client.post(
        reverse("admin:django_sezzle_sezzlepayment_delete", args=[payment.pk]), {"post": "yes"}
    )

    assert (answer.status_code, deleted.status_code) == (403, 403)
    assert SezzlePayment.objects.get() == payment
    assert SezzlePayment.objects.get().captured_in_cents == 0
    assert not SezzleOperation.objects.exists()
