"""Everything a shop, its shoppers and its staff do, well or badly: no canary is left anywhere."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, FaultKind
from django_sezzle.gateway import Gateway
from django_sezzle.models import (
    SezzleCustomer,
    SezzleDispute,
    SezzlePayment,
    SezzleWebhookEvent,
)
from django_sezzle.services import (
    cancel,
    capture,
    read_order,
    reauthorize,
    refresh,
    refund,
    release,
    set_reference,
)
from tests.admin.conftest import Desk
from tests.reliability import figures
from tests.reliability.canaries.conftest import Scene
from tests.reliability.canaries.plants import SHOPPER, link
from tests.reliability.canaries.walk import deliver, look_around, pay, visit
from tests.reliability.scale import many
from tests.services.rigs import grow_stale, let_lease_end
from tests.webhooks.conftest import URL

pytestmark = pytest.mark.django_db


@pytest.mark.fault(72, 73, 74)
def test_ordinary_days_leave_no_canary(scene: Scene, emulator: Emulator, staff: Client) -> None:
    Gateway(get_settings()).create_webhook(f"https://shop.example{URL}")
    emulator.profile.authorization_minutes = 60

    scene.open("post", "/pay/1/")
    first = SezzlePayment.objects.get()
    subscription = {"tokenize": True, "recurring": True, "recurring_name": SHOPPER["subscription"]}
    second = pay(scene, "2", **subscription)
    third = pay(scene, "3", send_to=link())
    fourth, fifth, sixth = (pay(scene, str(number)) for number in (4, 5, 6))
    visit(scene, first)
    for payment in (first, third, fourth):
        emulator.approve(str(payment.order_uuid))
    back = emulator.approve(str(second.order_uuid), tokenize=True)
    scene.open("get", back.removeprefix("https://shop.example"))
    emulator.deny(str(fifth.order_uuid))
    scene.attempt(lambda: cancel(sixth))
    deliver(scene)
    payments = [first, second, third, fourth, fifth, sixth]
    for payment in payments:
        visit(scene, payment)
        scene.attempt(lambda payment=payment: refresh(payment))
        scene.attempt(lambda payment=payment: read_order(payment))
    scene.attempt(lambda: capture(first, amount_in_cents=6_000))
    scene.attempt(lambda: refund(first, amount_in_cents=1_000))
    scene.attempt(lambda: release(first))
    scene.attempt(lambda: refund(first, amount_in_cents=99_999))
    scene.attempt(lambda: set_reference(second, "receipt-2"))
    scene.attempt(lambda: capture(second))
    for outcome in ("customer_win", "merchant_win", "neutral"):
        emulator.open_dispute(str(second.order_uuid), amount_in_cents=100)
        emulator.warn_of_dispute_deadline(str(second.order_uuid))
        emulator.close_dispute(str(second.order_uuid), outcome)
    for action in ("capture", "release"):
        page = Desk(staff, action).open(third).send(reason="box 1")
        scene.search("response", page.content.decode())
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        scene.attempt(lambda: reauthorize(refresh(fourth)))
        deliver(scene)
        look_around(scene, staff)

    kinds = set(SezzleWebhookEvent.objects.values_list("event_type", flat=True))
    assert len(kinds) == 9
    assert len(emulator.sent_links) == 2
    assert any(name.startswith("signature") for name in scene.plants.secret)
    (customer,) = SezzleCustomer.objects.all()
    assert scene.plants.quiet[f"customer uuid {customer.uuid}"] == customer.uuid
    assert SezzleDispute.objects.exclude(closed_at=None).count() == 3
    scene.end()
    figures.count("texts searched for canaries", tried=sum(scene.searched.values()))


@pytest.mark.fault(72, 73, 74)
def test_faults_leave_no_canary(
    scene: Scene, emulator: Emulator, staff: Client, dice: random.Random
) -> None:
    Gateway(get_settings()).create_webhook(f"https://shop.example{URL}")
    kinds = dice.sample(list(FaultKind), many(3, len(FaultKind)))
    for number, kind in enumerate(kinds):
        emulator.faults.clear()
        paid, begun = pay(scene, f"{number}1"), pay(scene, f"{number}2")
        emulator.approve(str(paid.order_uuid))
        scene.attempt(lambda paid=paid: refresh(paid))
        endure(kind, scene, staff, paid, begun)
    look_around(scene, staff)
    scene.end()
    figures.count("kinds of faults that left no canary", tried=len(kinds))


def endure(
    kind: FaultKind, scene: Scene, staff: Client, paid: SezzlePayment, begun: SezzlePayment
) -> None:
    """Do everything while every call meets a fault."""
    scene.emulator.faults.add("*", kind, times=None, seconds=0.01, delay=0, bytes=2_000_000)
    number = paid.shop_reference
    for url in (f"/pay/{number}3/", f"/careless/{number}4/", f"/careless/{number}/"):
        scene.open("post", url)
    pay(scene, f"{number}5", send_to=link())
    scene.attempt(lambda: refresh(paid))
    scene.attempt(lambda: capture(paid, amount_in_cents=100))
    let_lease_end()
    scene.attempt(lambda: refresh(paid))
    visit(scene, begun)
    deliver(scene)
    grow_stale(paid)
    page = Desk(staff, "capture").open(paid)
    scene.search("response", page.page.content.decode())
