"""Money whose mover is killed anywhere: one pass of reconcile finishes it, with one execution."""

from __future__ import annotations

import random

import pytest
from django.contrib.auth.models import Group

from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.reconcile import reconcile
from django_sezzle.services import capture, refund, release
from tests.reliability import figures
from tests.reliability.kills.cases import (
    CLICK,
    NOTHING,
    ON_COMMIT,
    UNSENT,
    Case,
    choose,
)
from tests.reliability.kills.shop import CENTS, Shop, check_all_is_well, let_time_pass
from tests.services.rigs import KINDS, again, moved

SERVICES = {"capture": capture, "refund": refund, "release": release}


@pytest.mark.fault(8, 51, 53, 97)
@pytest.mark.parametrize("kind", KINDS)
def test_a_click(shop: Shop, dice: random.Random, kind: str) -> None:
    tried = choose(dice, CLICK, part=KINDS.index(kind))
    for case in tried:
        go_through(shop, case, kind, "move", CLICK[case.first])
    figures.count(f"kills of a {kind}", tried=len(tried))


@pytest.mark.fault(8, 10, 51, 53, 97)
def test_from_the_hosts_transaction(shop: Shop, dice: random.Random) -> None:
    tried = choose(dice, ON_COMMIT, part=dice.randrange(3))
    for case in tried:
        left = ON_COMMIT[case.first]
        payment = go_through(shop, case, dice.choice(KINDS), "move_on_commit", left)
        # The host's own work was committed together with the intent, or neither was.
        work = Group.objects.filter(name=f"host's work {payment.pk}")
        assert work.exists() == (left != NOTHING)
    figures.count("kills of money moved with on_commit", tried=len(tried))


def go_through(shop: Shop, case: Case, kind: str, job: str, left: str) -> SezzlePayment:
    """Kill, kill whoever comes next, let one more finish it, and see what became of it."""
    payment = shop.payment(kind)
    try:
        _go_through(shop, case, payment, kind, job, left)
    except AssertionError as error:
        error.add_note(f"{kind}: {case}")
        raise
    return payment


def _go_through(
    shop: Shop, case: Case, payment: SezzlePayment, kind: str, job: str, left: str
) -> None:
    before = moved(shop.emulator, payment)
    shop.emulator.profile.change(
        request_id=case.keys, duplicate_status=case.duplicate_status, limits=False
    )
    shop.kill(job, case.first, sends=kind, kind=kind, payment=payment.pk, cents=CENTS)
    if case.second is not None:
        let_time_pass()
        shop.kill("refresh", case.second, sends=kind, payment=payment.pk)
    let_time_pass()
    # Whatever the dead have left, one pass is enough.
    list(reconcile())
    check_all_is_well(shop, payment)
    operations = SezzleOperation.objects.filter(payment=payment, amount_in_cents=CENTS)
    if left in (NOTHING, UNSENT):
        assert moved(shop.emulator, payment) == before
        ended = operations.values_list("state", "evidence")
        assert list(ended) == [(State.FAILED, Evidence.NOT_SENT)] * (left == UNSENT)
        # Nothing stands in the way of the next click.
        operation = SERVICES[kind](again(payment), amount_in_cents=CENTS)
        check_all_is_well(shop, payment)
    else:
        operation = operations.get()
    assert operation.state == State.SUCCEEDED
    assert moved(shop.emulator, payment) == [*before, (kind, CENTS)]
    # It was looked before it was sent again: Sezzle did not even have to know the id.
    assert shop.sent(kind, payment) == [operation.request_id]
