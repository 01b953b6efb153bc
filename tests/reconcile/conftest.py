"""What the tests of reconcile share: a run as a list, the command as a person sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway, transport
from django_sezzle.models import SezzlePayment
from django_sezzle.reconcile import Finding, Run, Task, reconcile
from django_sezzle.services import capture

URL = f"https://shop.example{settings.WEBHOOK_PATH}"

MakePayment = Callable[..., SezzlePayment]
Later = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat reads without a pause."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


@pytest.fixture
def subscribed(emulator: Emulator) -> None:
    """Have Sezzle know where webhooks go; nothing is delivered unless a test does."""
    Gateway(get_settings()).create_webhook(URL)
    emulator.calls.clear()


@pytest.fixture
def later() -> Iterator[Later]:
    """Move every clock on, the shop's and Sezzle's."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller.shift


@pytest.fixture
def captured(authorized: MakePayment) -> MakePayment:
    """Make a payment that was approved and then captured by us."""

    def make(reference: str = "1001", amount_in_cents: int | None = None) -> SezzlePayment:
        payment = authorized(reference)
        capture(payment, amount_in_cents=amount_in_cents)
        return payment

    return make


class Result(NamedTuple):
    """What a run did and found."""

    done: dict[Task, int]
    findings: list[Finding]

    @property
    def codes(self) -> list[str]:
        """What was found, in a word each."""
        return [finding.code.value for finding in self.findings]

    @property
    def needs_human(self) -> list[str]:
        """What a human is needed for, in a word each."""
        return [finding.code.value for finding in self.findings if finding.needs_human]


def run(**asked: Any) -> Result:
    """Go through it all."""
    done: dict[Task, int] = {}
    findings = []
    for item in reconcile(Run(**asked)):
        if isinstance(item, Finding):
            findings.append(item)
        else:
            done[item.task] = done.get(item.task, 0) + 1
    return Result(done, findings)


class Said(NamedTuple):
    """How the command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What ``--json`` said, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]


def command(*arguments: str, err: StringIO | None = None) -> Said:
    """Call the command as an operator does."""
    out, err = StringIO(), err or StringIO()
    try:
        call_command("sezzle_reconcile", *arguments, stdout=out, stderr=err, no_color=True)
        code = 0
    except SystemExit as left:
        code = int(str(left.code))
    return Said(code, out.getvalue(), err.getvalue())
