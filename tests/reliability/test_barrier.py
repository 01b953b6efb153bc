"""The rig of the races sees and counts what it is there for."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from django.db import transaction

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway
from django_sezzle.services import refresh
from tests.reliability import figures
from tests.reliability.barrier import CALLERS, Races
from tests.services.rigs import again

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.fault(90, 109)
def test_a_call_inside_a_transaction_is_seen(emulator: Emulator, dice: random.Random) -> None:
    races = Races(emulator, dice)
    # The product's own client refuses that; this one has no guard.
    with transaction.atomic():
        Gateway(get_settings()).list_webhooks()
    with pytest.raises(AssertionError, match=r"inside a transaction: .*'GET /v2/webhooks'"):
        races.check_calls()


def test_every_call_is_counted(
    emulator: Emulator, dice: random.Random, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FILE", str(tmp_path / "figures"))
    races = Races(emulator, dice)
    payment = races.payment()
    races.release(lambda _number: refresh(again(payment)))
    races.check_calls()
    (line,) = (tmp_path / "figures").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["tried"] == len(emulator.calls) > CALLERS
