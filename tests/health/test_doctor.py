"""``sezzle_doctor`` as an operator and a monitor see it."""

from __future__ import annotations

import json
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from django_sezzle import signals
from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Gateway
from django_sezzle.health import delivery
from django_sezzle.models import SezzlePayment
from tests.reconcile.conftest import URL, MakePayment
from tests.services.rigs import listening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop answers at its address; how that is found out is tested in test_delivery."""
    answer = (HTTPStatus.METHOD_NOT_ALLOWED, "")
    monkeypatch.setattr(delivery, "knock", lambda url, *, seconds: answer)


def doctor(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    with listening(lambda **_: None, signals.payment_authorized):
        try:
            call_command("sezzle_doctor", *arguments, stdout=out, no_color=True)
        except SystemExit as left:
            return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def test_all_is_well(emulator: Emulator) -> None:
    Gateway(get_settings()).create_webhook(URL)
    code, said = doctor()
    assert code == 0
    assert "green  keys: default: Sezzle accepts the keys in sandbox." in said
    assert "red" not in said


def test_something_is_red(emulator: Emulator, authorized: MakePayment) -> None:
    authorized()
    SezzlePayment.objects.update(review_reason="amount_differs")
    code, said = doctor("--offline")
    assert code == 1
    assert "red    reviews: 1 payment needs a human." in said
    assert "       Compare with Sezzle's dashboard, then clear the review." in said


def test_json(emulator: Emulator) -> None:
    code, said = doctor("--json")
    lines = [json.loads(line) for line in said.splitlines()]
    assert code == 1
    (subscription,) = [line for line in lines if line["id"] == "subscription"]
    assert (subscription["level"], subscription["account"]) == ("red", "default")
    assert {"id", "level", "message"} <= set(lines[0])


def test_unusable_settings_do_not_keep_it_from_speaking(settings: Any) -> None:
    settings.SEZZLE = {}
    code, said = doctor()
    assert code == 1
    assert "red    settings: sezzle.E003" in said


def test_a_sample_event_that_stays_away(emulator: Emulator) -> None:
    Gateway(get_settings()).create_webhook(URL)
    code, said = doctor("--round-trip", "--wait", "0")
    assert code == 1
    assert "red    round_trip: default: No sample event came in within 0 s." in said
