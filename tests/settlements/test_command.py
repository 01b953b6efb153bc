"""``sezzle_settlements`` as an operator, a program and an accountant see it."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from django_sezzle.emulator import Emulator
from django_sezzle.gateway import Intent, Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import refresh, start_checkout
from tests.fixtures import a_checkout, hosts_transaction
from tests.services.rigs import Wire, says
from tests.settlements.conftest import PERIOD, Later, MakePayment, called, command, pay_out

pytestmark = pytest.mark.django_db


def test_two_captured_one_refunded_paid_out_and_all_of_it_matches(
    emulator: Emulator, taken: MakePayment
) -> None:
    taken("1001", 10_000)
    taken("1002", 5_000, back=2_000)
    payout = pay_out(emulator)
    emulator.calls.clear()

    said = command(*PERIOD)

    assert said.code == 0, said.out
    lines = said.out.splitlines()
    # 150.00 less 20.00 less (6.00 + .30 + 3.00 + .30) and 1.20 of the fee given back.
    assert lines[1] == f"Payout {payout}, 2026-03-09, Complete: $121.60 USD net"
    assert [line.split() for line in lines[2:5]] == [
        ["Order", "captured", "refunded", "fees", "chargebacks", "net"],
        ["1001", "100.00", "0.00", "-6.30", "0.00", "93.70"],
        ["1002", "50.00", "20.00", "-2.10", "0.00", "27.90"],
    ]
    assert lines[-3:] == [
        "$150.00 USD captured, -$8.40 USD fees, $121.60 USD net.",
        "1 payout; 2 of 2 orders matched.",
        "Everything matches.",
    ]
    # Pages until one is empty, in each currency.
    summaries, details = "settlement_summaries", "settlement_details"
    assert called(emulator) == [summaries, details, summaries, summaries]


def test_json(emulator: Emulator, taken: MakePayment) -> None:
    payment = taken("1001", 10_000, back=1_000)
    uuid = pay_out(emulator)

    said = command(*PERIOD, "--json")

    payout, order, summary = said.records
    assert said.code == 0
    assert (payout["record"], payout["payout"]) == ("payout", uuid)
    assert (payout["net_in_cents"], payout["final_in_cents"]) == (8_430, 8_430)
    assert order == {
        "record": "order",
        "account": "default",
        "payout": uuid,
        "paid_at": payout["paid_at"],
        "currency": "USD",
        "sezzle_order_id": payment.sezzle_order_id,
        "reference_id": "1001",
        "shop_reference": "1001",
        "payment": payment.pk,
        "matched_by": "sezzle_order_id",
        "captured_in_cents": 10_000,
        "refunded_in_cents": 1_000,
        "fees_in_cents": -570,
        "chargebacks_in_cents": 0,
        "net_in_cents": 8_430,
    }
    assert summary == {
        "record": "summary",
        "payouts": 1,
        "orders": 1,
        "matched": 1,
        "findings": 0,
        "captured_in_cents": {"USD": 10_000},
        "fees_in_cents": {"USD": -570},
        "net_in_cents": {"USD": 8_430},
    }


def test_csv_without_formulas(emulator: Emulator, taken: MakePayment, tmp_path: Path) -> None:
    payment = taken("-1001", 10_000)
    taken("1002", 5_000)
    uuid = pay_out(emulator)
    file = tmp_path / "payouts.csv"
    file.write_text("what was there before")

    assert command(*PERIOD, "--csv", str(file)).code == 0

    text = file.read_bytes().decode("utf-8-sig")
    first, second = csv.DictReader(StringIO(text))
    assert first | {"paid_at": ""} == {
        "account": "default",
        "payout": uuid,
        "paid_at": "",
        "currency": "USD",
        "type": "order",
        "sezzle_order_id": payment.sezzle_order_id,
        "reference_id": "'-1001",
        "shop_reference": "'-1001",
        "matched_by": "sezzle_order_id",
        "captured": "100.00",
        "refunded": "0.00",
        "fees": "-6.30",
        "chargebacks": "0.00",
        "net": "93.70",
    }
    assert second["shop_reference"] == "1002"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_was_not_finished_is_not_there(
    emulator: Emulator, taken: MakePayment, tmp_path: Path
) -> None:
    for reference in ("1001", "1002"):
        taken(reference)
        pay_out(emulator)
    file = tmp_path / "payouts.csv"
    file.write_text("of last month")
    Wire(emulator).after(
        "settlement_details",
        lambda: emulator.faults.add("settlement_details", "503", times=None),
    )

    with pytest.raises(CommandError, match=r"Try again later\. What was shown .* is not all"):
        command(*PERIOD, "--csv", str(file))

    assert [each.read_text() for each in tmp_path.iterdir()] == ["of last month"]


@pytest.mark.parametrize("place", ["missing/payouts.csv", "."])
def test_a_file_that_cannot_be_written(
    emulator: Emulator, later: Later, tmp_path: Path, place: str
) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        command(*PERIOD, "--csv", str(tmp_path / place))


def test_what_does_not_match_makes_the_exit_code_1(emulator: Emulator, taken: MakePayment) -> None:
    payment = taken("1001")
    payout = pay_out(emulator)
    SezzlePayment.objects.filter(pk=payment.pk).update(sezzle_order_id="other")

    said = command(*PERIOD)

    assert said.code == 1
    assert "not matched" in said.out
    assert f"LOOK  Order {payment.sezzle_order_id}, reference 1001: $93.70 USD was paid" in said.out
    assert said.out.endswith("0 of 1 orders matched.\nSomething does not match: 1.\n")
    (found,) = command(*PERIOD, "--json").of("finding")
    assert (found["trouble"], found["payout"]) == ("no_payment", payout)


def test_it_speaks_english_whatever_language_is_active(
    emulator: Emulator, taken: MakePayment
) -> None:
    taken("1001")
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="other")

    with translation.override("fr-ca"):
        said = command(*PERIOD)

    assert "was paid out for it, and it is no payment of this shop" in said.out


def test_nothing_was_paid_out(emulator: Emulator, later: Later) -> None:
    said = command(*PERIOD)
    assert (said.code, said.out) == (
        0,
        "\n0 payouts; 0 of 0 orders matched.\nEverything matches.\n",
    )
    assert called(emulator) == ["settlement_summaries"] * 2
    assert command(*PERIOD, "--currency", "CAD").code == 0
    assert called(emulator) == ["settlement_summaries"]


def test_only_payouts_of_the_period(emulator: Emulator, taken: MakePayment, later: Later) -> None:
    taken("1001")
    pay_out(emulator)
    later(timedelta(days=30))
    taken("1002", 2_000)
    pay_out(emulator)

    (order,) = command(*PERIOD, "--json").of("order")
    assert order["shop_reference"] == "1001"
    (order,) = command("--from", "2026-04-01", "--to", "2026-04-30", "--json").of("order")
    assert order["shop_reference"] == "1002"


def test_more_payouts_than_a_page_has(emulator: Emulator, taken: MakePayment) -> None:
    for number in range(21):
        taken(str(number), 1_000)
        pay_out(emulator)
    emulator.calls.clear()

    (summary,) = command(*PERIOD, "--currency", "USD", "--json").of("summary")

    assert (summary["payouts"], summary["matched"]) == (21, 21)
    assert called(emulator).count("settlement_summaries") == 3


def test_each_currency_by_itself(emulator: Emulator, taken: MakePayment, later: Later) -> None:
    taken("1001")
    checkout = a_checkout("1002", amount=Price(4_000, "CAD"), intent=Intent.CAPTURE)
    payment = start_checkout(checkout)
    emulator.approve(str(payment.order_uuid))
    refresh(payment)
    assert len(emulator.pay_out()) == 2

    said = command(*PERIOD)

    assert said.code == 0
    assert "$100.00 USD captured" in said.out
    assert "$40.00 CAD captured" in said.out
    assert "2 payouts; 2 of 2 orders matched." in said.out


@pytest.mark.parametrize(
    ("arguments", "says_what"),
    [
        ((), "--from"),
        (("--from", "2026-03-01"), "--to"),
        (("--from", "yesterday", "--to", "2026-03-31"), "'yesterday' is not a day like 2026-01-31"),
        (("--from", "2026-02-30", "--to", "2026-03-31"), "not a day"),
        (("--from", "20260301", "--to", "2026-03-31"), "not a day"),
        (("--from", "2026-W10-1", "--to", "2026-03-31"), "not a day"),
        (("--from", "2026-03-31", "--to", "2026-03-01"), "ends .* before it begins"),
        (("--from", "0001-01-01", "--to", "2026-03-31"), "give a year of this age"),
        (("--from", "2026-03-01", "--to", "9999-12-31"), "give a year of this age"),
        ((*PERIOD, "--currency", "EUR"), "EUR"),
        ((*PERIOD, "--account", "nobody"), "There is no account 'nobody'"),
    ],
)
def test_what_cannot_be_asked_for(
    emulator: Emulator, arguments: tuple[str, ...], says_what: str
) -> None:
    with pytest.raises(CommandError, match=says_what):
        command(*arguments)
    assert emulator.calls == []


def test_wrong_keys(emulator: Emulator, settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"PRIVATE_KEY": "sz_pr_wrong"}
    with pytest.raises(CommandError, match="Check that both keys belong to this environment"):
        command(*PERIOD)


def test_unusable_settings(settings: Any) -> None:
    settings.SEZZLE = settings.SEZZLE | {"TIMEOUT": 0}
    with pytest.raises(CommandError, match="TIMEOUT"):
        command(*PERIOD)


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_without_settlements(emulator: Emulator, later: Later, status: int) -> None:
    body = '[{"code": "forbidden", "message": "no"}]'
    Wire(emulator).falsify("settlement_summaries", says(status, body))
    with pytest.raises(
        CommandError, match=f"no settlements in USD .HTTP {status}.*Ask Sezzle's merchant"
    ):
        command(*PERIOD)


def test_a_currency_that_is_refused(emulator: Emulator, taken: MakePayment) -> None:
    taken()
    pay_out(emulator)

    def refuse_canada() -> None:
        body = '[{"code": "bad_request", "message": "unknown currency"}]'
        wire.falsify("settlement_summaries", says(200, "[]"))
        wire.falsify("settlement_summaries", says(400, body))

    wire = Wire(emulator)
    wire.after("settlement_details", refuse_canada)
    with pytest.raises(CommandError, match=r"unknown currency.*settlements in CAD; choose .* one"):
        command(*PERIOD)
    assert command(*PERIOD, "--currency", "USD").code == 0


def test_a_gateway_that_is_down(emulator: Emulator, later: Later) -> None:
    emulator.faults.add("settlement_summaries", "refused", times=None)
    with pytest.raises(CommandError, match=r"could not be reached.*Try again later"):
        command(*PERIOD)


def test_the_orders_report_and_the_interest_account(emulator: Emulator, taken: MakePayment) -> None:
    payment = taken("1001", 10_000, back=1_000)
    pay_out(emulator)
    emulator.calls.clear()

    said = command(*PERIOD, "--currency", "USD", "--orders", "--interest", "--json")

    (row,) = said.of("orders_report")
    assert row["sezzle_order_id"] == payment.sezzle_order_id
    assert (row["captured_in_cents"], row["fees_in_cents"]) == (10_000, 630)
    assert (row["net_in_cents"], row["refund_fee_in_cents"]) == (8_430, 60)
    assert said.of("interest_balance") == [
        {"record": "interest_balance", "currency": "USD", "dollars": "0"}
    ]
    assert "shopper" not in said.out.lower(), "who the shopper is, is nobody's business here"
    # 31 days, seven at a time.
    assert called(emulator)[-6:] == ["orders_report"] * 5 + ["interest_balance"]
    text = command(*PERIOD, "--orders", "--interest").out
    assert "Sezzle's report: 1001: $100.00 USD captured, $6.30 USD fees, $84.30 USD net" in text
    assert "Interest account: $0 USD" in text


def test_an_account_without_these_reports_is_told_so_and_all_is_well(
    emulator: Emulator, taken: MakePayment
) -> None:
    taken()
    pay_out(emulator)
    wire = Wire(emulator)
    for name, status in (("orders_report", 403), ("interest_balance", 404)) * 2:
        wire.falsify(name, says(status, '[{"code": "x", "message": "no"}]'))

    said = command(*PERIOD, "--orders", "--interest")

    assert said.code == 0
    assert "note  Sezzle gives this account no orders report (HTTP 403)." in said.out
    assert "note  Sezzle gives this account no interest account (HTTP 404)." in said.out
    notes = command(*PERIOD, "--orders", "--interest", "--json").of("note")
    assert [note["about"] for note in notes] == ["orders_report", "interest_balance"]


def test_accounts_are_kept_apart(emulator: Emulator, taken: MakePayment, settings: Any) -> None:
    other = {"PUBLIC_KEY": "sz_pub_ca", "PRIVATE_KEY": "sz_pr_ca"}
    settings.SEZZLE = settings.SEZZLE | {"ACCOUNTS": {"canada": other}}
    emulator.add_merchant("sz_pub_ca", "sz_pr_ca")
    taken("1001")
    pay_out(emulator)

    assert "0 payouts" in command(*PERIOD, "--account", "canada").out
    assert "1 of 1 orders matched" in command(*PERIOD).out
    # The same file, asked for with the other account's keys: its payments are others.
    SezzlePayment.objects.update(account="canada")
    assert "0 of 1 orders matched" in command(*PERIOD).out


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_refuses(emulator: Emulator) -> None:
    with hosts_transaction(), pytest.raises(CommandError, match="database transaction"):
        call_command("sezzle_settlements", *PERIOD)
