"""An upcharge whose maker is killed anywhere: never charged twice, and found if it was charged."""

from __future__ import annotations

import random

import pytest

from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.reconcile import reconcile
from django_sezzle.services import close_unknown, upcharge
from tests.reliability import figures
from tests.reliability.kills.cases import (
    CLAIMED,
    CLICK,
    KEYS,
    NOTHING,
    RECOVERY,
    SENDING,
    TELLING,
    UNSENT,
)
from tests.reliability.kills.shop import Shop, check_all_is_well, let_time_pass
from tests.reliability.scale import many
from tests.services.rigs import again

CENTS = 1_000

#: All but those of telling: that is the same for whatever fact. Whoever comes next never sends.
CASES = [
    (first, second, keys)
    for first, left in CLICK.items()
    if first not in TELLING
    for second in (None, *RECOVERY[left])
    if second not in (*SENDING, *TELLING)
    for keys in KEYS
]


@pytest.mark.fault(8, 51, 97)
def test_a_click(shop: Shop, dice: random.Random) -> None:
    tried = dice.sample(CASES, many(6, len(CASES)))
    for first, second, keys in tried:
        shop.emulator.profile.change(request_id=keys, limits=False, upcharge=True)
        payment = shop.payment()
        try:
            go_through(shop, payment, first, second)
        except AssertionError as error:
            error.add_note(f"{first}, then {second}, keys {keys}")
            raise
    figures.count("kills of an upcharge", tried=len(tried))


def go_through(shop: Shop, payment: SezzlePayment, first: str, second: str | None) -> None:
    """Kill whoever charges, perhaps whoever comes next, and see what one pass makes of it."""
    shop.kill("charge_extra", first, sends="upcharge", payment=payment.pk, cents=CENTS)
    if second is not None:
        let_time_pass()
        shop.kill("refresh", second, payment=payment.pk)
    let_time_pass()
    list(reconcile())
    left = CLICK[first]
    operation = SezzleOperation.objects.filter(payment=payment).first()
    if left in (NOTHING, UNSENT):
        assert made(shop, payment) == []
        assert operation is None or operation.evidence == Evidence.NOT_SENT
    elif left == CLAIMED:
        # Nobody can know that it never left; it is not sent again by itself, whatever keys do.
        assert made(shop, payment) == []
        assert operation is not None
        assert operation.is_open
        let_time_pass()
        close_unknown(operation, actor=None, reason="Sezzle's dashboard shows no extra order")
    else:
        assert operation is not None
        assert (operation.state, operation.result_payment) == (State.SUCCEEDED, child(payment))
    if left in (NOTHING, UNSENT, CLAIMED):
        upcharge(again(payment), amount_in_cents=CENTS)
    assert made(shop, payment) == [CENTS]
    assert len(shop.sent("upcharge", payment)) == 1
    list(reconcile())
    assert child(payment).captured_in_cents == CENTS
    check_all_is_well(shop, payment)


def made(shop: Shop, payment: SezzlePayment) -> list[int]:
    """Sezzle's own books of what was charged extra for a payment."""
    orders = shop.emulator.orders
    return [o.amount_in_cents for o in orders if o.parent_order_uuid == payment.order_uuid]


def child(payment: SezzlePayment) -> SezzlePayment:
    """Find the payment that the upcharge made; there is exactly one."""
    return SezzlePayment.objects.get(upcharge_of=payment)
