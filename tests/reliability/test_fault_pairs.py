"""Every fault of the gateway, one and two at a time: once it works again, one pass settles it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from django_sezzle.emulator.faults import EXECUTES, FaultKind
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import Evidence
from django_sezzle.reconcile import Code, Finding
from tests.reliability import figures
from tests.reliability.barrier import MONEY
from tests.reliability.gateway_faults import CENTS, FAULTS, PARTS, Case, Gateway, cases, run
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


#: Longer than a quiet period, in seconds; what is sent again meanwhile arrives first.
SAT_ON = 180


@pytest.mark.fault(7, 9, 30)
@pytest.mark.parametrize("kind", sorted(MONEY))
@pytest.mark.parametrize(
    ("reading", "limits", "cents", "executions"),
    [
        pytest.param("honoured", False, CENTS, 1, id="ids honoured"),
        pytest.param("refused", False, CENTS, 1, id="ids refused"),
        pytest.param("ignored", True, 5_000, 1, id="ids ignored, all of it"),
        # The documented limit: all three at once.
        pytest.param("ignored", False, CENTS, 2, id="ids ignored, a part"),
    ],
)
def test_a_request_that_sezzle_sits_on_for_longer_than_a_quiet_period(
    kind: str, reading: str, limits: bool, cents: int, executions: int
) -> None:
    gateway = Gateway(Case(kind, reading, ("late",), cents), 1)
    gateway.emulator.profile.change(limits=limits)
    gateway.emulator.faults.add(kind, "late", seconds=SAT_ON)
    gateway.check_said(gateway.click())
    gateway.check_converged()
    assert (gateway.operation.attempts, gateway.executions) == (2, 1)

    gateway.emulator.clock.advance(timedelta(seconds=SAT_ON))
    found = [item.code for item in gateway.reconcile() if isinstance(item, Finding)]

    assert gateway.executions == executions
    # What cannot be kept from happening is at least said.
    assert found.count(Code.MOVED_ELSEWHERE) == executions - 1
    check_books(gateway.emulator, gateway.payment)
