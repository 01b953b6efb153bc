"""Whoever acts before an authorization ends is killed anywhere: money still moves, and once."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from django_sezzle.models import BeforeExpiry, SezzlePayment
from django_sezzle.reconcile import reconcile
from django_sezzle.services import refresh, start_checkout
from tests.fixtures import a_checkout
from tests.reliability import figures
from tests.reliability.kills import diary
from tests.reliability.kills.cases import CLICK, KEYS
from tests.reliability.kills.shop import Shop, let_time_pass
from tests.reliability.scale import many
from tests.services.rigs import check_books, grow_stale, moved

POLICIES = (BeforeExpiry.CAPTURE, BeforeExpiry.RELEASE)


@pytest.mark.fault(8, 51, 53, 97)
@pytest.mark.parametrize("policy", POLICIES)
def test_before_an_authorization_ends(shop: Shop, dice: random.Random, policy: str) -> None:
    announced = f"about to {policy}"
    cases = [(point, keys) for point in CLICK for keys in KEYS]
    tried = [
        *((announced, keys) for keys in dice.sample(KEYS, many(1, len(KEYS)))),
        *dice.sample(cases, many(3, len(cases))),
    ]
    for point, keys in tried:
        shop.emulator.profile.change(request_id=keys, limits=False, authorization_minutes=10)
        try:
            go_through(shop, point, policy)
        except AssertionError as error:
            error.add_note(f"{point}, keys {keys}")
            raise
    figures.count("kills of what is done before an authorization ends", tried=len(tried))


def go_through(shop: Shop, point: str, policy: str) -> None:
    """Kill whoever acts; one pass of reconcile does the rest."""
    payment = ends_soon(shop, policy)
    shop.kill("act_before_expiry", point, sends=policy, payment=payment.pk)
    let_time_pass()
    list(reconcile())
    row = check_books(shop.emulator, payment)
    assert moved(shop.emulator, row) == [(policy, 10_000)]
    assert len(shop.sent(policy, row)) == 1
    assert row.open_operation() is None
    announcements = list(row.announcements.order_by("pk"))
    assert all(announcement.told_at for announcement in announcements), "a fact was not told"
    assert [announcement.fact for announcement in announcements] == [
        "authorized",
        "expiring",
        f"{policy}d",
    ]
    assert diary.facts(row) == [announcement.fact_key for announcement in announcements]


def ends_soon(shop: Shop, policy: str) -> SezzlePayment:
    """Make a payment whose money has been held for long, and will not be for long."""
    payment = start_checkout(a_checkout(shop.new_reference(), before_expiry=policy))
    shop.emulator.approve(str(payment.order_uuid))
    refresh(payment)
    SezzlePayment.objects.filter(pk=payment.pk).update(
        created_at=timezone.now() - timedelta(hours=1)
    )
    grow_stale(payment)
    return payment
