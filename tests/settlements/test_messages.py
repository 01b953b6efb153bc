"""Sezzle's reports are read exactly or not at all: both readings of amounts, and broken files."""

from __future__ import annotations

import dataclasses
import decimal
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, EmulatorServer
from django_sezzle.exceptions import GatewayRejected, GatewayUnavailable, InvalidInput
from django_sezzle.gateway import Reports, transport
from django_sezzle.gateway.messages import Malformed, PayoutDetails, PayoutSummary, Reading
from django_sezzle.gateway.messages.settlements import interest_balance, json_of
from tests.contract.validator import Contract
from tests.services.rigs import Wire, says
from tests.settlements.conftest import FIRST, LAST

SAMPLES = Path(__file__).parents[1] / "samples"
PUBLISHED = "reports.settlement-details.response.200.csv"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def summaries(body: bytes, reading: Reading) -> list[PayoutSummary]:
    return [PayoutSummary.from_json(entry, reading) for entry in json_of(body)]


def summary_of(amount: str, reading: Reading = Reading.DECIMAL) -> int | None:
    body = f'[{{"uuid": "p-1", "net_settlement_amount": {amount}}}]'.encode()
    return summaries(body, reading)[0].net_in_cents


def file_of(*lines: str, headings: str = "type,amount", totals: str = "1.00") -> bytes:
    return "\n".join(["net_settlement_amount", totals, headings, *lines]).encode()


def lines_of(*lines: str, **options: str) -> list[Any]:
    return list(PayoutDetails.from_csv(file_of(*lines, **options)).lines())


class TestSummaries:
    """``GET /v2/settlements/summaries`` in both editions."""

    def test_dollars(self) -> None:
        (payout,) = summaries(
            sample("reports.settlement-summaries.response.200.json"), Reading.DECIMAL
        )
        assert payout.uuid == "b7916fbe-f30a-4435-b411-124634287a8ca"
        assert (payout.net_in_cents, payout.final_in_cents) == (9_370, 9_370)
        assert (payout.forex_fees_in_cents, payout.settlement_currency) == (0, "USD")
        assert payout.paid_at is not None
        assert payout.paid_at.isoformat() == "2019-12-09T15:52:33+00:00"

    def test_cents(self) -> None:
        (payout,) = summaries(
            sample("reports.settlement-summaries.legacy.response.200.json"), Reading.CENTS
        )
        assert (payout.net_in_cents, payout.final_in_cents) == (9_370, None)
        assert payout.settlement_currency == "USD"

    @pytest.mark.parametrize(
        ("written", "cents"),
        [("93.7", 9_370), ("93", 9_300), ("0.0", 0), ("-5.01", -501), ('"93.70"', 9_370),
         ("null", None), ("93.70000000", 9_370), ("99999999999999.99", 9_999_999_999_999_999)],
    )  # fmt: skip
    def test_dollars_are_exact(self, written: str, cents: int | None) -> None:
        assert summary_of(written) == cents

    @given(st.integers(-(10**12), 10**12))
    def test_every_amount_keeps_its_cents(self, cents: int) -> None:
        sign, (dollars, rest) = "-" if cents < 0 else "", divmod(abs(cents), 100)
        assert summary_of(f"{sign}{dollars}.{rest:02d}") == cents
        assert summary_of(str(cents), Reading.CENTS) == cents

    @pytest.mark.parametrize("precision", [1, 28])
    def test_the_hosts_decimal_precision_changes_nothing(self, precision: int) -> None:
        with decimal.localcontext() as context:
            context.prec = precision
            context.traps[decimal.Inexact] = True
            assert summary_of("12345678.91") == 1_234_567_891

    @pytest.mark.parametrize(
        "written",
        ["93.705", "0.001", "1e2", "1E400", "true", "{}", "[]", '"1,000.00"', '"$5"', '""',
         "1" * 30, "1e99999999999999999999", "NaN", "-Infinity"],
    )  # fmt: skip
    def test_what_is_no_amount_of_dollars(self, written: str) -> None:
        with pytest.raises(Malformed):
            summary_of(written)

    @pytest.mark.parametrize("written", ["93.7", "93.0", "true", '"9370"', "1e2"])
    def test_what_is_no_amount_of_cents(self, written: str) -> None:
        with pytest.raises(Malformed):
            summary_of(written, Reading.CENTS)

    @pytest.mark.parametrize("entry", ["5", "null", "{}", '{"uuid": "a/b"}', '{"uuid": ""}'])
    def test_what_is_no_payout(self, entry: str) -> None:
        with pytest.raises(Malformed):
            summaries(f"[{entry}]".encode(), Reading.DECIMAL)


class TestDetails:
    """The file of one payout."""

    def test_the_published_file(self) -> None:
        details = PayoutDetails.from_csv(sample(PUBLISHED))
        lines = list(details.lines())
        assert details.currency == "USD"
        assert details.totals["net_settlement_amount"] == 66_861
        assert details.totals["total_returned_fee_amount"] == 30
        assert [(line.type, line.amount_in_cents) for line in lines] == [
            ("ORDER", 50_000),
            ("CAPTURE", 180),
            ("FEE", -3_000),
            ("REFUND", -500),
            ("RETURNED_FEE", 30),
            ("CORRECTION", -129),
            ("INTEREST_TRANSFER", -430),
            ("MONTHLY_FEE", -1_500),
            ("MONTHLY_FEE_REFUND", 1_500),
        ]
        assert lines[0].sezzle_order_id == "66d78e86-fd96-4266-9217-b769c102a0a0"
        assert lines[0].reference_id == "12345"
        assert [line.is_of_an_order for line in lines] == [True] * 5 + [False] * 4
        # Where a line names no currency, it is the settlement's.
        assert {line.currency for line in lines} == {"USD"}

    def test_it_is_what_the_contract_says(self) -> None:
        contract = Contract.load()
        headers = {"Content-Type": "text/csv"}
        contract.check_response("getSettlementDetails", 200, headers, sample(PUBLISHED))

    def test_columns_are_found_by_name_and_rows_may_be_short_or_long(self) -> None:
        headings = "x,amount,type,sezzle_order_id,external_reference_id,amount"
        short, long = lines_of(",-5,FEE", ",5.5,REFUND,o-1,r 1,9,9", headings=headings)
        assert (short.amount_in_cents, short.sezzle_order_id) == (-500, "")
        assert (long.amount_in_cents, long.sezzle_order_id, long.reference_id) == (
            -550, "o-1", "r 1",
        )  # fmt: skip

    @pytest.mark.parametrize("sign", ["", "-"])
    def test_the_kind_says_which_way_money_went(self, sign: str) -> None:
        kinds = ("CAPTURE", "REFUND", "FEE", "RETURNED_FEE", "CHARGEBACK", "CHARGEBACK_REVERSAL")
        lines = lines_of(*(f"{kind},{sign}1.00" for kind in kinds))
        assert [line.amount_in_cents for line in lines] == [100, -100, -100, 100, -100, 100]

    def test_unknown_kinds_keep_their_sign(self) -> None:
        assert [
            (line.type, line.amount_in_cents) for line in lines_of("BONUS,1", "CORRECTION,-1")
        ] == [("BONUS", 100), ("CORRECTION", -100)]

    def test_references_that_no_database_takes_are_none(self) -> None:
        headings = "type,amount,external_reference_id"
        for reference in ("a\x00b", "x" * 81, "\x1b[2J"):
            (line,) = lines_of(f"FEE,1,{reference}", headings=headings)
            assert line.reference_id == ""

    @pytest.mark.parametrize(
        "body",
        [b"", b"\n\n\n", b"<html><body>Sign in</body></html>", b"a,b\n1,2\ntype,amount\n",
         b"net_settlement_amount\n1.00\n", b"net_settlement_amount\n1.00\nkind,sum\n",
         b"net_settlement_amount\n1.005\ntype,amount\n", b"\xff\xfe\x00",
         b"net_settlement_amount\nmuch\ntype,amount\n", b'[{"code": "x"}]',
         b'net_settlement_amount\n"1.00\ntype,amount\n'],
    )  # fmt: skip
    def test_what_is_no_file_of_a_payout(self, body: bytes) -> None:
        with pytest.raises(Malformed):
            PayoutDetails.from_csv(body)

    @pytest.mark.parametrize(
        "line", ["FEE,", "FEE", ",1.00", "FEE,1.005", "FEE,1e5", "FEE,abc", 'FEE,"1.00', "FEE,--1"]
    )
    def test_a_line_that_cannot_be_read(self, line: str) -> None:
        with pytest.raises(Malformed):
            lines_of("FEE,1.00", line)

    @given(st.binary(max_size=200), st.binary(max_size=200))
    def test_rubbish_is_malformed_and_nothing_else(self, head: bytes, tail: bytes) -> None:
        for body in (head, head + file_of() + b"\n" + tail):
            try:
                list(PayoutDetails.from_csv(body).lines())
            except Malformed:
                continue

    def test_no_reference_is_in_the_repr(self) -> None:
        details = PayoutDetails.from_csv(file_of("FEE,1,canary", headings="type,amount,x"))
        assert "canary" not in repr(details)


class TestOthers:
    """The orders report and the interest account."""

    def test_interest_has_fractions_of_a_cent(self) -> None:
        body = json_of(sample("reports.interest-balance.response.200.json"))
        assert interest_balance(body) == Decimal("5183.4624")

    @pytest.mark.parametrize("body", [b"[]", b"{}", b'{"interest_balance": null}', b"5"])
    def test_what_is_no_balance(self, body: bytes) -> None:
        with pytest.raises(Malformed):
            interest_balance(json_of(body))

    def test_the_report_is_read_without_the_shopper(self, emulator: Emulator) -> None:
        body = sample("reports.orders.response.200.json")
        Wire(emulator).falsify("orders_report", says(200, body))
        (row,) = Reports(get_settings()).get_orders_report(FIRST, FIRST)
        assert row.sezzle_order_id == "9c81f3a4-0d11-42a6-a4cc-fac81817b583"
        assert (row.captured_in_cents, row.fees_in_cents, row.net_in_cents) == (12_500, 750, 11_750)
        assert "Jane" not in repr(row)
        assert "jane" not in repr(row)


class TestClient:
    """What the client does with answers that are none."""

    @pytest.fixture
    def wire(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Wire:
        monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)
        return Wire(emulator)

    def test_an_amount_of_the_other_reading(self, wire: Wire) -> None:
        body = sample("reports.settlement-summaries.response.200.json")
        wire.falsify("settlement_summaries", says(200, body))
        reports = Reports(dataclasses.replace(get_settings(), settlement_amounts="cents"))
        with pytest.raises(GatewayUnavailable, match=r'SETTLEMENT_AMOUNTS"\] = "cents"') as caught:
            reports.list_payouts(FIRST, LAST, "USD")
        assert "93.7" not in str(caught.value)

    @pytest.mark.parametrize("body", ["", "{}", "null", "<html>", '[{"uuid": 1.5}]'])
    def test_a_list_that_is_none(self, wire: Wire, body: str) -> None:
        wire.falsify("settlement_summaries", says(200, body), times=3)
        with pytest.raises(GatewayUnavailable):
            Reports(get_settings()).list_payouts(FIRST, LAST, "USD")

    def test_a_file_that_is_none(self, wire: Wire, emulator: Emulator) -> None:
        payout = "b7916fbe-f30a"
        reports = Reports(get_settings())
        wire.falsify("settlement_details", says(200, "<html>", "text/html"))
        with pytest.raises(GatewayUnavailable, match="no summary or no headings"):
            reports.get_payout(payout)
        wire.falsify("settlement_details", says(200, file_of("FEE,much"), "text/csv"))
        details = reports.get_payout(payout)
        with pytest.raises(GatewayUnavailable, match="line 1 of the payout"):
            list(reports.lines_of(details))
        with pytest.raises(GatewayRejected):
            reports.get_payout(payout)

    def test_files_may_be_long_but_not_endless(self, wire: Wire, emulator: Emulator) -> None:
        many = file_of(*["CAPTURE,1.00"] * 200_000)
        assert len(many) > transport.MAX_ANSWER_BYTES
        wire.falsify("settlement_details", says(200, many, "text/csv"))
        reports = Reports(get_settings())
        assert sum(1 for _ in reports.get_payout("p-1").lines()) == 200_000
        wire.falsify("settlement_details", says(200, b" " * (2**25 + 1), "text/csv"), times=3)
        with pytest.raises(GatewayUnavailable):
            reports.get_payout("p-1")

    def test_a_report_of_more_than_a_week_is_refused(self, emulator: Emulator) -> None:
        with pytest.raises(GatewayRejected, match="at most 7 days"):
            Reports(get_settings()).get_orders_report(FIRST, FIRST + timedelta(days=7))

    @pytest.mark.parametrize(
        ("path", "route"),
        [
            ("/v2/settlements/summaries", "/v2/settlements/summaries"),
            ("/v2/settlements/details/p-1", "/v2/settlements/details/{id}"),
            ("/v2/orders/report", "/v2/orders/report"),
            ("/v2/interest/balance", "/v2/interest/balance"),
            ("/v2/order/o-1/capture", "/v2/order/{id}/capture"),
        ],
    )
    def test_calls_are_counted_without_ids(self, path: str, route: str) -> None:
        assert transport.Call(method="GET", path=path, token=None).route == route

    def test_over_a_real_connection(self, emulator: Emulator) -> None:
        with EmulatorServer(emulator, delivers=False) as server:
            settings = dataclasses.replace(get_settings(), gateway_url=server.url)
            reports = Reports(settings)
            assert reports.list_payouts(FIRST, LAST, "CAD", offset=20) == []
            assert reports.get_interest_balance("USD") == 0
            with pytest.raises(GatewayRejected, match="404"):
                reports.get_payout("p-1")
            transport.session().close()

    def test_only_ids_become_part_of_an_address(self, emulator: Emulator) -> None:
        with pytest.raises(InvalidInput):
            Reports(get_settings()).get_payout("../orders/report")
        assert emulator.calls == []
