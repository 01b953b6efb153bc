"""A sample event over real connections: to the gateway, from there to the shop, and into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from django_sezzle import signals
from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.gateway.tokens import tokens
from django_sezzle.models import SezzleWebhookEvent
from django_sezzle.services.subscription import webhook_url
from tests.fixtures import PRIVATE_KEY, PUBLIC_KEY
from tests.services.rigs import listening

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gateway(live_server: LiveServer, settings: Any) -> Iterator[Emulator]:
    """A gateway on a port that delivers to the shop on another; it is told where."""
    emulator = Emulator(public_key=PUBLIC_KEY, private_key=PRIVATE_KEY)
    tokens.clear()
    with EmulatorServer(emulator) as server:
        settings.SEZZLE = settings.SEZZLE | {
            "GATEWAY_URL": server.url,
            "BASE_URL": live_server.url,
        }
        call_command("sezzle_webhooks", "apply", stdout=StringIO())
        yield emulator
    tokens.clear()


def command(*arguments: str) -> tuple[int, str]:
    """Run a command: its exit code, and what it said."""
    out = StringIO()
    with listening(lambda **_: None, signals.payment_authorized):
        try:
            call_command(*arguments, stdout=out, no_color=True)
        except SystemExit as left:
            return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_doctor_says_that_the_sample_came_in(gateway: Emulator) -> None:
    code, said = command("sezzle_doctor", "--round-trip", "--wait", "20")
    assert (code, "red " in said) == (0, False)
    assert "green  round_trip: default: A sample event came in, well signed.\n" in said
    assert f"green  address: default: {webhook_url()} answers.\n" in said
    assert SezzleWebhookEvent.objects.count() == 1


def test_the_doctor_says_so_to_programs(gateway: Emulator) -> None:
    code, said = command("sezzle_doctor", "--round-trip", "--wait", "20", "--json")
    lines = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert lines[-1] == {
        "id": "round_trip",
        "level": "green",
        "message": "A sample event came in, well signed.",
        "account": "default",
    }
    assert SezzleWebhookEvent.objects.count() == 1


def test_the_webhooks_command_says_that_the_sample_came_in(gateway: Emulator) -> None:
    code, said = command("sezzle_webhooks", "test", "--wait", "20")
    assert (code, said) == (0, "ok    default: A sample event came in, well signed.\n")
    assert SezzleWebhookEvent.objects.count() == 1


def test_the_webhooks_command_says_so_to_programs(gateway: Emulator) -> None:
    code, said = command("sezzle_webhooks", "test", "--wait", "20", "--json")
    assert (code, json.loads(said)) == (
        0,
        {"account": "default", "ok": True, "message": "A sample event came in, well signed."},
    )
    assert SezzleWebhookEvent.objects.count() == 1
