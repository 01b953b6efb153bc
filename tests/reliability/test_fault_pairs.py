"""Every fault of the gateway, one and two at a time: once it works again, one pass settles it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from django_sezzle.emulator.faults import EXECUTES, FaultKind
from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Evidence, SezzleOperation, SezzlePayment, State
from django_sezzle.services import reauthorize, refresh
from django_sezzle.services.adoption import adopt_order
from django_sezzle.services.resolving import close_unknown
from tests.reliability import figures
from tests.reliability.gateway_faults import FAULTS, PARTS, Case, Gateway, cases, run
from tests.reliability.scale import IS_FULL
from tests.services.rigs import check_books

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("emulator")]

Live = Callable[[Gateway], None]

in_parts = pytest.mark.parametrize("part", range(PARTS))


def on_the_post(gateway: Gateway) -> None:
    gateway.plan(gateway.case.kind, gateway.case.faults[0])
    gateway.check_said(gateway.click())


def on_the_read_back(gateway: Gateway) -> None:
    gateway.plan_read(gateway.case.faults[0])
    assert gateway.click() is None, "Sezzle said yes"
    gateway.check_said(None)


def on_the_token(gateway: Gateway) -> None:
    tokens.clear()
    gateway.plan("authentication", gateway.case.faults[0])
    gateway.check_said(gateway.click())
    assert gateway.operation.attempts == gateway.executions, "sent without a token"


def on_the_token_in_between(gateway: Gateway) -> None:
    """Sezzle wants a new token just when the money call arrives, and giving it fails."""
    gateway.plan(gateway.case.kind, "401")
    gateway.plan("authentication", gateway.case.faults[0])
    gateway.check_said(gateway.click())


@pytest.mark.fault(7, 9, 29, 92, 94, 95)
@pytest.mark.parametrize(
    ("where", "live", "few"),
    [
        # The first two are met in pairs too.
        pytest.param("money call", on_the_post, 6, id="money call"),
        pytest.param("read-back", on_the_read_back, 6, id="read-back"),
        pytest.param("token call", on_the_token, None, id="token call"),
        pytest.param("new token", on_the_token_in_between, None, id="new token"),
    ],
)
def test_one_fault(dice: random.Random, where: str, live: Live, few: int | None) -> None:
    chosen = [case for part in range(PARTS) for case in cases(dice, 1, part, few)]
    figures.count(f"gateway faults on the {where}", tried=run(chosen, live))


def on_post_and_read_back(gateway: Gateway) -> None:
    first, second = gateway.case.faults
    gateway.plan(gateway.case.kind, first)
    gateway.plan_read(second)
    gateway.check_said(gateway.click())


def on_post_and_resend(gateway: Gateway) -> None:
    first, second = gateway.case.faults
    gateway.plan(gateway.case.kind, first)
    gateway.plan_read("503")
    gateway.check_said(gateway.click())
    gateway.emulator.faults.clear()
    gateway.plan(gateway.case.kind, second)
    gateway.pass_quiet_period()
    gateway.recover()


def on_post_and_recovery(gateway: Gateway) -> None:
    first, second = gateway.case.faults
    gateway.plan(gateway.case.kind, first)
    gateway.plan_read("503")
    gateway.check_said(gateway.click())
    gateway.emulator.faults.clear()
    gateway.plan_read(second)
    gateway.pass_quiet_period()
    gateway.recover()


@pytest.mark.fault(7, 9, 28, 29, 30, 92, 94, 95, 97)
@in_parts
@pytest.mark.parametrize(
    ("where", "live"),
    [
        pytest.param("money call and read-back", on_post_and_read_back, id="read-back"),
        pytest.param("money call and its repeat", on_post_and_resend, id="repeat"),
        pytest.param("money call and recovery's read", on_post_and_recovery, id="recovery"),
    ],
)
def test_two_faults(dice: random.Random, where: str, live: Live, part: int) -> None:
    tried = run(cases(dice, 2, part), live)
    figures.count(f"pairs of gateway faults on {where}", tried=tried)


#: What leaves Sezzle without the request, or with one that it does not do, and us without a no.
SILENT = sorted(
    fault
    for fault in FAULTS
    if FaultKind(fault) not in EXECUTES and fault not in ("401", "late", "refused")
)


@pytest.mark.fault(28, 30)
@pytest.mark.parametrize("kind", ["capture", "release"])
def test_a_refusal_after_silence_takes_one_pass_more(kind: str) -> None:
    """
    The one case that one pass does not settle.

    The authorization has ended, so that Sezzle refuses the repeat. The first sending may still
    be under way, as far as anybody knows, so the no counts only after one more quiet period.
    """
    for number, fault in enumerate(SILENT):
        gateway = Gateway(Case(kind, "ignored", (fault,)), number)
        gateway.plan(kind, fault)
        gateway.check_said(gateway.click())
        gateway.emulator.clock.advance(timedelta(hours=1))
        gateway.pass_quiet_period()
        gateway.recover()
        waiting = gateway.operation
        assert (waiting.is_open, waiting.evidence) == (True, Evidence.REJECTED), fault
        gateway.recover()
        assert gateway.operation.is_open, "closed within the quiet period"
        gateway.check_converged()
        assert gateway.operation.evidence == Evidence.REJECTED
        assert (gateway.operation.attempts, gateway.executions) == (2, 0)


@pytest.mark.fault(14, 15, 16)
@in_parts
def test_two_faults_of_a_reauthorization(dice: random.Random, part: int) -> None:
    """A second plan for the shopper is never asked for by itself, whatever was lost."""
    number = 0
    for number, case in enumerate(pairs_for_reauthorize(dice, part), 1):
        gateway = Gateway(case, number)
        emulator, payment = gateway.emulator, gateway.payment
        emulator.clock.advance(timedelta(hours=1))
        refresh(payment)
        gateway.plan("reauthorize", case.faults[0])
        gateway.plan_read(case.faults[1])
        with suppress(GatewayError):
            reauthorize(payment)
        emulator.faults.clear()
        for _ in range(3):
            gateway.pass_quiet_period()
            gateway.recover()
        # A call that was refused for its token is the same one, made again with a new token.
        calls = [c for c in emulator.calls if c.operation == "reauthorize" and c.status != 401]
        assert len(calls) <= 1, case
        made = [o.uuid for o in emulator.orders if o.reauthorized_from == payment.order_uuid]
        assert len(made) <= 1, case
        operation = SezzleOperation.objects.get(payment=payment, kind="reauthorize")
        if operation.is_open and made:
            # Only a delivery can say which order it made.
            adopt_order("default", made[0])
        elif operation.is_open:
            close_unknown(operation, actor=None, reason="no new order in the dashboard")
        operation.refresh_from_db()
        if made:
            assert operation.state == State.SUCCEEDED, case
            assert operation.result_payment is not None
            assert operation.result_payment.order_uuid == made[0]
            assert operation.result_payment.is_funded_for(5_000, "USD")
        else:
            assert operation.evidence in (Evidence.NOT_SENT, Evidence.STAFF), case
        assert SezzlePayment.objects.filter(reauthorized_from=payment).count() == len(made)
        check_books(emulator, payment)
    figures.count("pairs of gateway faults on a reauthorization and its read-back", tried=number)


def pairs_for_reauthorize(dice: random.Random, part: int) -> Iterator[Case]:
    """Choose as for the other kinds; how Sezzle takes repeats does not matter without any."""
    return (
        case
        for case in cases(dice, 2, part)
        if not IS_FULL or (case.kind, case.reading) == ("capture", "ignored")
    )
