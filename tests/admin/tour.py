"""A desk with something on it in every state, and a way to each of its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from django_sezzle import services
from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import OutcomeUnknown
from django_sezzle.gateway import Intent, Price
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleCustomer,
    SezzleDispute,
    SezzleOperation,
    SezzlePayment,
)
from tests.admin.browsing import confirm
from tests.admin.conftest import ACTIONS, CHANGE, LIST, MakePayment, amount, money_url
from tests.admin.test_records import make_event
from tests.fixtures import make_user
from tests.flows.world import PAST_EXPIRY

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG_AGO = timedelta(hours=25)


@dataclass(frozen=True)
class Furnished:
    """Payments by what has become of them."""

    held: SezzlePayment
    large: SezzlePayment
    partly: SezzlePayment
    taken: SezzlePayment
    given_back: SezzlePayment
    begun: SezzlePayment
    denied: SezzlePayment
    review: SezzlePayment
    unknown: SezzlePayment
    renewed: SezzlePayment
    canadian: SezzlePayment
    at_till: SezzlePayment
    till_approved: SezzlePayment
    till_lost: SezzlePayment


class Stop(NamedTuple):
    """A page under a name, and what to do to see it."""

    name: str
    visit: Callable[[Page], object]


def furnish(make_payment: MakePayment, emulator: Emulator) -> Furnished:
    """Put payments on the desk, with all that can happen to one."""
    ann = make_user("Ann Porter", is_staff=True)
    renewed = make_payment(8_800)
    emulator.clock.advance(PAST_EXPIRY)
    services.reauthorize(renewed, actor=ann, reason="Asked by telephone")
    found = Furnished(
        held=make_payment(12_999),
        large=make_payment(1_234_500),
        partly=make_payment(48_050, captured_in_cents=20_000),
        taken=make_payment(25_000, intent=Intent.CAPTURE),
        given_back=make_payment(9_900, captured_in_cents=9_900),
        begun=make_payment(3_400, approve=False),
        denied=make_payment(7_700, approve=False),
        review=make_payment(6_150),
        unknown=make_payment(15_000),
        renewed=renewed,
        canadian=make_payment(21_000, currency="CAD"),
        at_till=_sale("TILL-1"),
        till_approved=_sale("TILL-2"),
        till_lost=_sale("TILL-3"),
    )
    emulator.approve(str(found.till_approved.order_uuid))
    services.refresh(found.till_approved)
    emulator.deny(str(found.denied.order_uuid))
    services.refresh(found.denied)
    services.refund(found.partly, amount_in_cents=5_000, actor=ann, reason="One lamp was broken")
    services.refund(found.given_back, actor=ann, reason="Sent back")
    services.release(found.partly, amount_in_cents=8_050, actor=ann)
    emulator.pay_out(fee_basis_points=600, fee_per_capture_in_cents=30)
    emulator.faults.add("capture", "drop_before")
    with pytest.raises(OutcomeUnknown):
        services.capture(found.unknown, amount_in_cents=10_000, actor=ann, reason="Shipped")
    yesterday = timezone.now() - LONG_AGO
    SezzleOperation.objects.filter(is_open=True).update(
        created_at=yesterday, first_sent_at=yesterday, lease_until=yesterday
    )
    SezzlePayment.objects.filter(pk=found.review.pk).update(review_reason="late_authorization")
    fact = SezzleAnnouncement.objects.filter(payment=found.held).order_by("pk")[0]
    SezzleAnnouncement.objects.filter(pk=fact.pk).update(
        told_at=None, attempts=4, last_error="ValueError", created_at=yesterday
    )
    make_event("0f6c41aa-5f0e-4b7e-8f1d-3a2b64a1d001", order_uuid=found.held.order_uuid)
    make_event(
        "0f6c41aa-5f0e-4b7e-8f1d-3a2b64a1d002",
        order_uuid=found.partly.order_uuid,
        attempts=3,
        last_error="GatewayUnavailable",
        received_at=yesterday,
    )
    make_event("0f6c41aa-5f0e-4b7e-8f1d-3a2b64a1d003", state="done", attempts=1)
    SezzleDispute.objects.create(
        environment="sandbox",
        dispute_id="dp-7f0c2d9e",
        payment=found.partly,
        order_uuid=found.partly.order_uuid,
        reference_id=found.partly.reference_id,
        dispute_type="item_not_received",
        status="merchant_input_requested",
        amount_in_cents=20_000,
        currency="USD",
        due_on=timezone.now().date() + timedelta(days=3),
        opened_at=yesterday,
    )
    SezzleCustomer.objects.create(
        environment="sandbox", uuid="2b0c8f2e-8f5d-4c52-9d0e-3f6f1b9a7c11", user=ann
    )
    # The keys of another environment cannot ask about it, so nothing is known of it any more.
    SezzlePayment.objects.filter(pk=found.till_lost.pk).update(
        environment="production", last_read_at=yesterday
    )
    return found


def _sale(reference: str) -> SezzlePayment:
    return services.ask_in_store(shop_reference=reference, amount=Price(8_450, "USD"))


def stops(url: str, desk: Furnished) -> Iterator[Stop]:
    """
    Name every page of the desk, those that change something last.

    :param url: the shop's address, without a slash at the end.
    """

    def at(path: str) -> Callable[[Page], object]:
        return lambda page: page.goto(url + path)

    yield Stop("list", at(reverse(LIST)))
    yield Stop("list-filtered", at(f"{reverse(LIST)}?human=yes"))
    yield Stop("list-nothing", at(f"{reverse(LIST)}?q=nobody"))
    for name in ("held", "partly", "given_back", "begun", "denied", "review", "unknown", "renewed"):
        yield Stop(f"payment-{name}", at(reverse(CHANGE, args=[getattr(desk, name).pk])))
    yield Stop("payment-history", at(_payment("history", desk.partly.pk)))
    # Before the forms about money, which read payments anew and find this one sound.
    for name, payment in (
        ("close", desk.unknown),
        ("send-again", desk.unknown),
        ("clear-review", desk.review),
        ("cancel", desk.held),
    ):
        yield Stop(f"confirm-{name}", at(_payment("resolve", payment.pk, name)))
    chosen = (desk.held, desk.partly, desk.large, desk.canadian, desk.review, desk.unknown)
    for action in ACTIONS:
        yield Stop(f"confirm-{action}", at(money_url(action, *chosen)))
    yield Stop("confirm-one", at(money_url("capture", desk.held)))
    yield Stop("confirm-nothing", at(money_url("capture", desk.taken)))
    yield Stop("confirm-wrong", lambda page: _send_wrong(page, url, desk))
    yield Stop("in-store", at(_payment("in_store")))
    yield Stop("in-store-wrong", lambda page: _ask_wrong(page, url))
    for name in ("at_till", "till_approved", "till_lost"):
        yield Stop(f"till-{name}", at(_payment("till", getattr(desk, name).pk)))
    yield Stop("till-cancel", lambda page: _open_cancel(page, url, desk))
    yield Stop("unknown-outcomes", at(_payment("open")))
    yield Stop("overview", at(_payment("overview")))
    yield Stop("overview-asked", lambda page: _ask_sezzle(page, url))
    yield Stop("settlements", at(_payment("settlements")))
    yield Stop("settlements-asked", lambda page: _ask_for_settlements(page, url))
    yield from _records(url)
    yield Stop("shopper-waiting", at(_shopper("complete", desk.begun)))
    yield Stop("shopper-left", at(f"{_shopper('cancel', desk.begun)}?n=99"))
    yield Stop("result-waiting", lambda page: _write_down(page, url, desk))
    yield Stop("result-one", lambda page: _send(page, url, "refund", desk.taken))


def _payment(name: str, *args: object) -> str:
    return reverse(f"admin:django_sezzle_sezzlepayment_{name}", args=args)


def _shopper(name: str, payment: SezzlePayment) -> str:
    # Where there is no page of the shop's own to go on to.
    SezzlePayment.objects.filter(pk=payment.pk).update(
        success_url="", failure_url="", cancel_url=""
    )
    return reverse(f"sezzle:{name}", args=[payment.token])


def _records(url: str) -> Iterator[Stop]:
    """Name the list and a row of everything else that staff may look at."""
    for model in admin.site._registry:
        if model._meta.app_label != "django_sezzle" or model is SezzlePayment:
            continue
        name = f"admin:django_sezzle_{model._meta.model_name}"
        yield _stop_at(f"{model._meta.model_name}-list", url + reverse(f"{name}_changelist"))
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            address = url + reverse(f"{name}_change", args=[row.pk])
            yield _stop_at(f"{model._meta.model_name}-row", address)


def _stop_at(name: str, address: str) -> Stop:
    return Stop(name, lambda page: page.goto(address))


def _send_wrong(page: Page, url: str, desk: Furnished) -> None:
    page.goto(url + money_url("capture", desk.held, desk.partly))
    page.locator(f"[name={amount(desk.held)}]").fill("12,00")
    confirm(page)
    page.locator(".errornote").first.wait_for()


def _ask_wrong(page: Page, url: str) -> None:
    page.goto(url + _payment("in_store"))
    page.get_by_label("Mobile phone").fill("call me")
    confirm(page)
    page.locator(".errornote").first.wait_for()


def _open_cancel(page: Page, url: str, desk: Furnished) -> None:
    page.goto(url + _payment("till", desk.at_till.pk))
    page.locator("summary").click()


def _ask_sezzle(page: Page, url: str) -> None:
    page.goto(url + _payment("overview"))
    page.get_by_role("button", name="Ask Sezzle now").click()
    page.get_by_text("here and at Sezzle").wait_for()


def _ask_for_settlements(page: Page, url: str) -> None:
    page.goto(url + _payment("settlements"))
    now = timezone.now()
    for name, days in (("first", -3), ("last", 1)):
        page.locator(f"[name={name}]").fill(f"{now + timedelta(days=days):%Y-%m-%d}")
    page.get_by_role("button", name="Ask Sezzle now").click()
    page.get_by_text("In total: fees").first.wait_for()


def _write_down(page: Page, url: str, desk: Furnished) -> None:
    # The script would go on at once.
    nothing = {"status": 200, "content_type": "text/javascript", "body": ""}
    page.route("**/money_result.js", lambda route: route.fulfill(**nothing))  # type: ignore[arg-type]
    several = [desk.held, desk.partly, desk.large, desk.canadian]
    spare = SezzlePayment.objects.filter(status="authorized", review_reason="").exclude(
        pk__in=[payment.pk for payment in (*several, desk.unknown)]
    )
    _send(page, url, "capture", *several, *spare)
    page.unroute("**/money_result.js")


def _send(page: Page, url: str, action: str, *payments: SezzlePayment) -> None:
    page.goto(url + money_url(action, *payments))
    page.get_by_label("Reason").fill("A tour")
    confirm(page)
    page.wait_for_url(re.compile("/money/result/"))
