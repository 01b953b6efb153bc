"""Staff remove saved customers: with the permission, after a question, with a result for each."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_sezzle.admin import removal
from django_sezzle.emulator import Emulator
from django_sezzle.models import SezzleCustomer, SezzleOperation, SezzlePayment
from django_sezzle.services import refresh, start_checkout
from django_sezzle.services.tokenization import find_customer
from tests.admin.conftest import LIST, MakePayment
from tests.fixtures import MakeStaff, a_checkout, make_user
from tests.services.rigs import called

CUSTOMERS = "admin:django_sezzle_sezzlecustomer_changelist"
CUSTOMER = "admin:django_sezzle_sezzlecustomer_change"
REMOVE = "admin:django_sezzle_sezzlecustomer_remove"
VIEW, FORGET = "view_sezzlecustomer", "forget_sezzlecustomer"


@pytest.fixture
def save(emulator: Emulator, db: None) -> Any:
    """Make customers whom Sezzle and we know."""

    def make(reference: str, user: Any = None) -> SezzleCustomer:
        payment = start_checkout(a_checkout(reference, tokenize=True, user=user))
        emulator.approve(str(payment.order_uuid), tokenize=True)
        refresh(payment)
        customer = find_customer(payment, seconds=10)
        assert customer is not None
        emulator.calls.clear()
        return customer

    return make


@pytest.fixture
def remover(make_staff: MakeStaff) -> Client:
    return make_staff(VIEW, FORGET)


def choose(client: Client, *customers: SezzleCustomer) -> Any:
    """Run the list's action."""
    form = {"action": "remove_selected", "_selected_action": [each.pk for each in customers]}
    return client.post(reverse(CUSTOMERS), form)


def confirm(client: Client, *customers: SezzleCustomer) -> Any:
    """Say yes on the page that asks."""
    return client.post(reverse(REMOVE), {"ids": ",".join(str(each.pk) for each in customers)})


def results(page: Any) -> list[tuple[str, str]]:
    return [(result.kind.value, result.headline) for result in page.context["results"]]


def test_they_are_asked_about_and_removed(emulator: Emulator, remover: Client, save: Any) -> None:
    first, second = save("1", make_user("shopper")), save("2")

    answer = choose(remover, first, second)
    assert answer.status_code == 303
    page = remover.get(answer["Location"])
    assert "Remove 2 saved customers" in page.content.decode()
    assert {first.uuid, second.uuid} == {each.uuid for each in page.context["customers"]}
    assert called(emulator) == []

    page = remover.post(reverse(REMOVE), {"ids": page.context["ids"]})

    assert results(page) == [("done", "Removed")] * 2
    assert called(emulator) == ["customer_delete"] * 2
    assert not list(emulator.state.customers)
    assert SezzleCustomer.objects.filter(forgotten_at=None).count() == 0
    said = [entry.get_change_message() for entry in LogEntry.objects.all()]
    assert said == ["saved customer, removal: done"] * 2


def test_a_page_that_is_sent_again_removes_nothing_twice(
    emulator: Emulator, remover: Client, save: Any
) -> None:
    customer = save("1")
    confirm(remover, customer)
    emulator.calls.clear()

    assert results(confirm(remover, customer)) == [("done", "Removed before")]
    assert called(emulator) == []


def test_each_row_has_its_own_result(
    emulator: Emulator, remover: Client, save: Any, make_payment: MakePayment
) -> None:
    silent, elsewhere, busy, refused, fine = (save(str(number)) for number in range(5))
    SezzleCustomer.objects.filter(pk=elsewhere.pk).update(environment="production")
    payment = make_payment()
    SezzlePayment.objects.filter(pk=payment.pk).update(customer=busy)
    SezzleOperation.objects.create(
        payment=payment,
        kind="capture",
        amount_in_cents=1,
        currency="USD",
        request_id="r",
        opened_seq=1,
        lease_until=timezone.now(),
        is_open=True,
    )
    emulator.faults.add("customer_delete", "422_duplicate", times=1)
    emulator.calls.clear()
    # The newest first: fine has the highest number.
    page = confirm(remover, silent, elsewhere, busy, refused)
    assert [result.customer for result in page.context["results"]] == [
        refused,
        busy,
        elsewhere,
        silent,
    ]
    kinds = dict(zip((refused, busy, elsewhere, silent), results(page), strict=True))
    assert kinds[refused] == ("refused", "Not removed")
    assert kinds[busy] == ("unsent", "Not removed")
    assert kinds[elsewhere] == ("unsent", "Not removed")
    assert kinds[silent] == ("done", "Removed")
    assert called(emulator) == ["customer_delete"] * 2

    emulator.faults.add("customer_delete", "drop_after")
    assert results(confirm(remover, fine)) == [("unknown", "Not known")]
    assert SezzleCustomer.objects.get(pk=fine.pk).forgotten_at is None
    assert results(confirm(remover, fine)) == [("done", "Removed")]


@pytest.mark.fault(32)
@pytest.mark.parametrize("codenames", [(VIEW,), (FORGET,), ("view_sezzlepayment",), ()])
def test_it_takes_both_permissions(
    emulator: Emulator, make_staff: MakeStaff, save: Any, codenames: tuple[str, ...]
) -> None:
    customer, client = save("1"), make_staff(*codenames)

    assert client.get(reverse(REMOVE), {"ids": customer.pk}).status_code == 403
    assert confirm(client, customer).status_code == 403
    choose(client, customer)

    assert called(emulator) == []
    assert Client().get(reverse(REMOVE)).status_code == 302
    if VIEW in codenames:
        assert "remove_selected" not in client.get(reverse(CUSTOMERS)).content.decode()


def test_another_sites_form_removes_nothing(
    emulator: Emulator, make_staff: MakeStaff, save: Any
) -> None:
    client = make_staff(VIEW, FORGET, checks_csrf=True)
    assert confirm(client, save("1")).status_code == 403
    assert called(emulator) == []


def test_a_page_that_is_looked_at_removes_nothing(
    emulator: Emulator, remover: Client, save: Any
) -> None:
    customer = save("1")
    assert remover.get(reverse(REMOVE), {"ids": customer.pk}).status_code == 200
    assert remover.head(reverse(REMOVE), {"ids": customer.pk}).status_code == 200
    assert called(emulator) == []


@pytest.mark.parametrize("ids", ["", "x", "-1", "9" * 30, "1;2", "999999"])
def test_rubbish_leads_back_to_the_list(remover: Client, ids: str) -> None:
    for ask in (remover.get, remover.post):
        answer = ask(reverse(REMOVE), {"ids": ids})
        assert (answer.status_code, answer["Location"]) == (303, reverse(CUSTOMERS))


def test_too_many_are_not_begun(
    emulator: Emulator, remover: Client, save: Any, settings: Any
) -> None:
    settings.SEZZLE = settings.SEZZLE | {"BULK_LIMIT": 1}
    first, second = save("1"), save("2")

    assert choose(remover, first, second).status_code == 302
    page = confirm(remover, first, second)

    assert len(page.context["results"]) == 1
    assert called(emulator) == ["customer_delete"]


def test_what_there_is_no_time_for_is_left(
    emulator: Emulator, remover: Client, save: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "SECONDS", 0)

    assert results(confirm(remover, save("1"))) == [("unsent", "No time left")]
    assert called(emulator) == []
    assert not LogEntry.objects.exists()


def test_the_list_tells_who_may_be_charged_and_leads_to_the_payments(
    admin_client: Client, save: Any, make_payment: MakePayment
) -> None:
    charged, other = save("1"), save("2")
    payments = [make_payment(), make_payment()]
    SezzlePayment.objects.filter(pk__in=[p.pk for p in payments]).update(customer=charged)
    SezzleCustomer.objects.filter(pk=other.pk).update(forgotten_at=timezone.now())

    page = admin_client.get(reverse(CUSTOMERS)).content.decode()
    link = f"{reverse(LIST)}?customer__id__exact={charged.pk}"
    assert f'href="{link}">2 payments</a>' in page
    shown = admin_client.get(link).context["cl"].queryset
    assert set(shown) == set(payments)
    one = admin_client.get(reverse(CUSTOMER, args=[charged.pk])).content.decode()
    assert f'href="{link}">2 payments</a>' in one
    for choice, expected in {"stands": [charged], "removed": [other], "expired": []}.items():
        listed = admin_client.get(reverse(CUSTOMERS), {"consent": choice}).context["cl"].queryset
        assert list(listed) == expected


@pytest.mark.django_db(transaction=True)
def test_it_works_where_every_request_is_a_transaction(
    emulator: Emulator, remover: Client, save: Any, atomic_requests: None
) -> None:
    customer = save("1")
    assert results(confirm(remover, customer)) == [("done", "Removed")]
