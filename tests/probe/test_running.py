"""What the probe refuses, what it does when a run goes wrong, and that nothing stays open."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from tests.probe.conftest import Outcome, RunProbe, refusal_of
from tests.probe.human import Human

# It asks for everything that is wrong.
pytestmark = pytest.mark.off_contract

HEARING = ("--listen=127.0.0.1:0", "--event-wait=5")


def held_by(emulator: Emulator) -> list[str]:
    """Name the orders that hold money, took some, or wait for a shopper."""
    return [
        order.reference_id
        for order in emulator.orders
        if order.capturable_in_cents > 0
        or order.refundable_in_cents > 0
        or order.checkout_status == "active"
    ]


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1"])
def test_production_is_refused_whatever_else_is_said(
    keys: Callable[..., None], url: str | None
) -> None:
    keys(url, ENVIRONMENT="production")
    code, said = refusal_of("--no-checkout")
    assert code == 2
    assert "production" in said


def test_a_gateway_that_is_no_sandbox_is_refused(keys: Callable[..., None]) -> None:
    keys("https://gateway.example")
    code, said = refusal_of()
    assert (code, "neither Sezzle's sandbox nor on loopback" in said) == (2, True)


def test_without_keys_nothing_is_asked(settings: Any) -> None:
    settings.SEZZLE = {}
    code, said = refusal_of()
    assert code == 2
    assert "PUBLIC_KEY" in said


def test_wrong_keys(emulator: Emulator, gateway: str, keys: Callable[..., None]) -> None:
    keys(gateway, PRIVATE_KEY="sz_pr_of_somebody_else")
    code, said = refusal_of()
    assert (code, "did not accept the keys" in said) == (2, True)
    assert "sz_pr" not in said
    assert {call.operation for call in emulator.calls} == {"authentication"}


def test_a_gateway_that_does_not_answer(keys: Callable[..., None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    keys(f"http://127.0.0.1:{port}")
    code, said = refusal_of()
    assert (code, "could not be reached" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen=127.0.0.1:8766"], "needs --public-url"),
        (["--public-url=https://tunnel.example"], "needs --listen"),
        (["--listen=127.0.0.1:8766", "--public-url=http://tunnel.example"], "https address"),
        (["--listen=127.0.0.1:8766", "--public-url=tunnel.example"], "https address"),
        (["--listen=8766", "--public-url=https://tunnel.example"], "HOST:PORT"),
        (["--no-checkout", "--denial"], "exclude each other"),
        (["--wait=-1"], "are seconds"),
        (["--json=/no/such/folder/report.json"], "cannot be written"),
    ],
)
def test_arguments_that_do_not_fit(
    keys: Callable[..., None], arguments: list[str], said: str
) -> None:
    keys(None)
    assert refusal_of(*arguments)[0] == 2
    assert said in refusal_of(*arguments)[1]


def test_a_port_that_is_taken(gateway: str, keys: Callable[..., None]) -> None:
    keys(gateway)
    assert refusal_of(f"--listen={gateway.removeprefix('http://')}")[0] == 2


def test_without_a_shopper_what_needs_one_stays_open(
    emulator: Emulator,
    probe: RunProbe,
    gateway: str,
) -> None:
    emulator.profile.change(error_body="object", checkout_hours=12, refusal_status=400)
    outcome = probe(gateway, "--no-checkout")
    assert outcome.code == 0
    assert (
        outcome.profile.items()
        >= {
            "error_body": "object",
            "checkout_hours": 12,
            "refusal_status": 400,
            "unique_reference_ids": False,
        }.items()
    )
    truth = emulator.profile.as_dict()
    assert outcome.profile.items() <= truth.items()
    left = outcome.report["open_switches"]
    assert outcome.profile.keys() | left.keys() == truth.keys()
    assert left["request_id"] == "It needs a guided checkout with intent AUTH."
    assert left["signature"] == "It needs --listen and a public URL that Sezzle can reach."
    assert left["expired_order"] == "It needs --wait-for-expiry."
    assert "checkout as a shopper" not in outcome.said
    assert held_by(emulator) == []


def test_with_webhooks_and_no_shopper(emulator: Emulator, gateway: str, probe: RunProbe) -> None:
    emulator.profile.change(signature="base64", tokenized_data_type="customer")
    outcome = probe(gateway, "--no-checkout", *HEARING)
    assert outcome.code == 0
    assert outcome.profile["signature"] == "base64"
    assert outcome.profile["tokenized_data_type"] == "customer"
    samples = outcome.question("sample_events")["structure"]
    assert samples["dispute.closed.neutral"]["data"]["order_uuid"] == "uuid"
    assert "webhook_copies" in outcome.report["open_switches"]
    assert emulator.subscriptions == []


def test_one_checkout_answers_what_one_can(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    outcome = probe(gateway, "--checkouts=1")
    assert outcome.code == 0
    assert outcome.profile["request_id"] == "honoured"
    assert outcome.report["open_switches"]["released_order"].startswith("It needs a guided")
    assert held_by(emulator) == []


def test_a_shopper_who_never_comes(emulator: Emulator, gateway: str, probe: RunProbe) -> None:
    outcome = probe(gateway, "--wait=0.5", human=Human(gateway, comes=False))
    assert outcome.code == 1
    assert "Trouble: Nobody finished its checkout within 0.5 s." in outcome.said
    assert outcome.said.count("/checkout/?id=") == 1
    open_switches = outcome.report["open_switches"]
    assert open_switches["limits"] == "Nobody finished its checkout within 0.5 s."
    assert open_switches["released_order"] == "Nobody came to the checkout before it."
    assert held_by(emulator) == []


def test_a_shopper_whom_sezzle_denies(emulator: Emulator, gateway: str, probe: RunProbe) -> None:
    emulator.profile.spending_power_in_cents = 400
    outcome = probe(gateway, "--checkouts=1")
    assert outcome.report["open_switches"]["limits"] == "Its checkout ended as denied."
    assert held_by(emulator) == []


def test_a_tunnel_that_leads_nowhere(emulator: Emulator, gateway: str, probe: RunProbe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    arguments = ["--listen=127.0.0.1:0", f"--public-url={address}", "--event-wait=0.5"]
    outcome = probe(gateway, "--no-checkout", *arguments)
    assert outcome.code == 1
    assert "No sample event reached the probe within 0.5 s" in outcome.said
    assert outcome.report["open_switches"]["signature"].startswith("No sample event reached")
    assert emulator.subscriptions == []


def test_an_answer_that_is_lost_costs_its_questions_only(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    emulator.faults.add("upcharge", "drop_after")
    outcome = probe(gateway)
    assert outcome.code == 1
    assert "Trouble: money: POST /v2/order/{order}/upcharge got no whole answer" in outcome.said
    assert outcome.report["open_switches"]["upcharge"] == "No usable answer came."
    assert outcome.profile["request_id"] == "honoured"
    assert outcome.profile["released_order"] == "deleted"
    assert held_by(emulator) == []


@pytest.mark.parametrize("fault", ["500_before", "500_after", "drop_after", "429"])
def test_the_end_of_an_order_is_tried_again(
    emulator: Emulator, gateway: str, probe: RunProbe, fault: str
) -> None:
    human = Interrupting(gateway, lambda: emulator.faults.add("release", fault, retry_after=0))
    outcome = probe(gateway, human=human)
    assert outcome.code == 1
    assert "It was interrupted." in outcome.report["troubles"]
    assert held_by(emulator) == []
    assert [each.kind for each in emulator.executions] == ["authorize", "release"]


def test_a_release_that_is_carried_out_late_is_not_made_twice(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    # Without limits nothing but the request id keeps the second one from being booked.
    emulator.profile.limits = False
    human = Interrupting(gateway, lambda: emulator.faults.add("release", "late", seconds=0.3))
    assert probe(gateway, human=human).code == 1
    time.sleep(0.4)
    assert [each.kind for each in emulator.executions] == ["authorize", "release"]


def test_an_order_that_cannot_be_ended_is_named(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    human = Interrupting(gateway, lambda: emulator.faults.add("release", "409", times=None))
    outcome = probe(gateway, human=human)
    assert outcome.code == 1
    (reference,) = held_by(emulator)
    sentence = f"{reference}: NOT ENDED: Sezzle refused release of 500 cents."
    assert f"Trouble: {sentence}" in outcome.said
    assert "none holds or keeps money" not in outcome.said


class Interrupting(Human):
    """Presses Ctrl-C once the first checkout is finished, after something else went wrong."""

    def __init__(self, gateway: str, before: Callable[[], None]) -> None:
        super().__init__(gateway)
        self._before: Callable[[], None] | None = before

    def write(self, text: str) -> int:
        """Take in what the probe says."""
        if "Thank you." in text and self._before is not None:
            before, self._before = self._before, None
            before()
            raise KeyboardInterrupt
        return super().write(text)


def test_what_the_emulator_cannot_play_is_said_and_left_open(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    emulator.faults.add("checkout_delete", "409", times=None)
    outcome: Outcome = probe(gateway, "--no-checkout")
    found = outcome.question("deleted_twice")
    assert found["reading"] == "409 conflict"
    assert found["open"] == "The emulator has no such reading: deleted_twice_status=409."
    assert "deleted_twice_status" not in outcome.profile
    assert outcome.code == 1


class Delaying(Human):
    """Finishes checkouts at a gateway whose events stay away from then on."""

    def __init__(self, gateway: str, emulator: Emulator) -> None:
        super().__init__(gateway)
        self._emulator = emulator

    def write(self, text: str) -> int:
        """Take in what the probe says."""
        if "Please finish" in text:
            self._emulator.profile.webhook_delay_seconds = 3600
        return super().write(text)


def test_silence_is_no_answer_where_nothing_is_heard_at_all(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    arguments = ("--listen=127.0.0.1:0", "--event-wait=1")
    outcome = probe(gateway, *arguments, human=Delaying(gateway, emulator))
    left = outcome.report["open_switches"]
    silence = "Not even the event of its refund came, so that silence proves nothing."
    assert left["automatic_capture_event"] == left["reauthorization_event"] == silence
    assert outcome.profile["signature"] == "hex"
    assert "webhook_delay_seconds" in left
