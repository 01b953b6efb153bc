"""The probe finds out which gateway it talks to, and the emulator plays what it found."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests

from django_sezzle.emulator import Emulator, Profile
from django_sezzle.probe.questions import QUESTIONS
from tests.emulator.shop import Shop
from tests.probe.conftest import PRIVATE_KEY, PUBLIC_KEY, Outcome, RunProbe

# It asks for everything that is wrong.
pytestmark = pytest.mark.off_contract

EVERYTHING = (
    "--listen=127.0.0.1:0",
    "--event-wait=10",
    "--wait=15",
    "--wait-for-expiry",
    "--denial",
    "--dashboard",
)
#: No run can tell them.
NEVER = {"webhook_order", "expired_checkout_status", "spending_power_in_cents"}

USUAL: dict[str, Any] = {"merchant_minimum_in_cents": 101}
OTHERWISE = {
    "finished_status": "completed",
    "error_body": "object",
    "transaction_entries": "flat",
    "tokenize_placement": "order",
    "authorization_before_completion": "unapproved",
    "empty_lists": "missing",
    "date_fraction_digits": 9,
    "order_ids": "opaque",
    "settlement_amounts": "cents",
    "shopper_currency": "other",
    "authorization_minutes": 600,
    "checkout_hours": 48,
    "expired_order": "not_found",
    "released_order": "complete",
    "denied_shopper": "complete_url",
    "deleted_twice_status": 204,
    "refusal_status": 400,
    "no_authorization_status": 404,
    "invalid_value_status": 400,
    "missing_member": "invalid",
    "completed_checkout_status": 400,
    "unique_reference_ids": True,
    "request_id": "refused",
    "duplicate_status": 409,
    "merchant_minimum_in_cents": 3500,
    "upcharge": True,
    "signature": "base64",
    "webhook_test_status": 204,
    "duplicate_webhook_status": 422,
    "capture_intent_events": "captured",
    "dashboard_capture_event": False,
    "reauthorization_event": False,
    "tokenized_data_type": "customer",
    "refund_source_placement": "data",
    "webhook_copies": 2,
    "webhook_order": "reversed",
    "webhook_delay_seconds": 1,
}
CARELESS = {
    "limits": False,
    "request_id": "ignored",
    "expired_order": "unchanged",
    "no_authorization_status": 400,
    "date_fraction_digits": 0,
    "shopper_currency": "absent",
    "automatic_capture_event": False,
    "capture_intent_events": "captured",
    "settlement_amounts": "cents",
}


def test_every_switch_of_the_emulator_belongs_to_one_question() -> None:
    named = [name for question in QUESTIONS for name in question.switches]
    assert sorted(named) == sorted(field.name for field in fields(Profile))


@pytest.mark.slow
@pytest.mark.parametrize("switches", [USUAL, OTHERWISE], ids=["usual", "otherwise"])
def test_what_is_found_is_so_and_can_be_played_again(
    emulator: Emulator, gateway: str, probe: RunProbe, tmp_path: Path, switches: dict[str, Any]
) -> None:
    emulator.profile.change(**switches)
    pay_out(gateway)
    first = probe(gateway, *EVERYTHING)
    assert_is_true(first, emulator.profile, NEVER)
    assert_is_tidy(first, gateway)
    assert_keeps_secrets(first, emulator)
    with another_emulator(tmp_path / "profile.json") as url:
        pay_out(url)
        second = probe(url, *EVERYTHING)
        assert_is_tidy(second, url)
    assert second.profile == first.profile
    assert readings(second) == readings(first)


@pytest.mark.slow
def test_a_careless_gateway_is_recognized_and_left_tidy(
    emulator: Emulator, gateway: str, probe: RunProbe
) -> None:
    emulator.profile.change(**CARELESS)
    pay_out(gateway)
    outcome = probe(gateway, *EVERYTHING)
    # Without request ids there is no second use of one to be refused.
    assert_is_true(outcome, emulator.profile, NEVER | {"duplicate_status"})
    assert_is_tidy(outcome, gateway)


def assert_is_true(outcome: Outcome, profile: Profile, left_open: set[str]) -> None:
    """Every switch is found as it is, or named as open with a reason."""
    truth = profile.as_dict()
    assert outcome.code == 0, outcome.said
    assert outcome.profile == {
        name: value for name, value in truth.items() if name not in left_open
    }, outcome.said
    assert set(outcome.report["open_switches"]) == left_open
    assert all(outcome.report["open_switches"].values())
    for name in left_open:
        assert f"  {name}: " in outcome.said


def assert_is_tidy(outcome: Outcome, gateway: str) -> None:
    """No order holds money or waits for a shopper, and nobody is subscribed."""
    orders = requests.get(f"{gateway}/emulator/orders", timeout=5).json()
    for order in orders:
        if not order["reference_id"].startswith("probe-"):
            continue
        authorization = order["authorization"]
        if authorization is None:
            assert order["checkout_status"] in ("deleted", "denied"), order
            continue
        captured, refunded, released = (
            sum(each["amount_in_cents"] for each in authorization[name])
            for name in ("captures", "refunds", "releases")
        )
        assert captured <= refunded, order
        held = authorization["amount_in_cents"] - captured - released
        assert held <= 0 or authorization["is_expired"], order
    assert Shop(Emulator(), gateway, **KEYS).get("/v2/webhooks").json() == []
    assert outcome.report["orders"]
    assert not [each for each in outcome.report["orders"] if "NOT" in each["ending"]]


def assert_keeps_secrets(outcome: Outcome, emulator: Emulator) -> None:
    """Nothing of keys, tokens, shoppers and ids is in what is sent to others."""
    # What is said while it runs has the links; the report begins after that.
    text = outcome.said[outcome.said.index("Probe of ") :] + str(outcome.report)
    secrets = [PUBLIC_KEY, PRIVATE_KEY, "shopper@example.com", "5555045294", "Shopper"]
    secrets += [token.uuid for token in emulator.state.tokens]
    secrets += [merchant.uuid for merchant in emulator.state.merchants]
    secrets += [order.uuid for order in emulator.orders]
    assert [secret for secret in secrets if secret in text] == []
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
    assert "127.0.0.1" not in text


def readings(outcome: Outcome) -> dict[str, Any]:
    """Return what was asked and answered."""
    return {each["id"]: each for each in outcome.report["questions"]}


KEYS = {"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY}


def pay_out(gateway: str) -> None:
    """Pay the merchant three times, amounts that are no whole dollars."""
    shop = Shop(Emulator(), gateway, **KEYS)
    for number in range(3):
        amount = {"amount_in_cents": 4011 + number, "currency": "USD"}
        uuid = shop.start(intent="CAPTURE", reference_id=f"sold-{number}", order_amount=amount)
        requests.post(f"{gateway}/emulator/orders/{uuid}/approve", timeout=5)
        form = {"action": "pay_out"}
        requests.post(f"{gateway}/dashboard/", data=form, timeout=5, allow_redirects=False)


@contextmanager
def another_emulator(profile: Path) -> Iterator[str]:
    """Start an emulator from a written profile, as a process of its own."""
    command = [sys.executable, "-m", "django_sezzle.emulator", "--port=0", f"--profile={profile}"]
    keys = [f"--public-key={PUBLIC_KEY}", f"--private-key={PRIVATE_KEY}"]
    with subprocess.Popen([*command, *keys], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            match = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert match is not None
            yield match[0]
        finally:
            process.terminate()
            process.communicate(timeout=10)
