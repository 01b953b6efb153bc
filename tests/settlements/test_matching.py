"""Which payment a line belongs to, and what does not match: only what can be known is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import GatewayUnavailable, InvalidInput
from django_sezzle.models import SezzlePayment
from django_sezzle.services import books, capture, reauthorize, refresh, settlements
from django_sezzle.services.settled import Finding, SettledOrder, SettledPayout, Trouble
from django_sezzle.services.settlements import Period, settle
from tests.services.rigs import Statements, Wire, says
from tests.settlements.conftest import (
    FIRST,
    LAST,
    Later,
    MakePayment,
    Row,
    called,
    edited,
    pay_out,
)
from tests.settlements.test_messages import PUBLISHED, sample

pytestmark = pytest.mark.django_db

MARCH = Period(FIRST, LAST)


class Found:
    """All of a period."""

    def __init__(self, period: Period = MARCH) -> None:
        items = list(settle(period))
        self.payouts = [item for item in items if isinstance(item, SettledPayout)]
        self.orders = [item for item in items if isinstance(item, SettledOrder)]
        self.findings = [item for item in items if isinstance(item, Finding)]

    @property
    def troubles(self) -> list[tuple[Trouble, str]]:
        """What does not match, and of which order of the shop."""
        return [(found.trouble, found.shop_reference) for found in self.findings]

    @property
    def matched(self) -> list[tuple[str, str]]:
        """The shop's orders, and what they were found by."""
        return [(order.shop_reference, order.matched_by) for order in self.orders]


def never_paid_out(emulator: Emulator, payment: SezzlePayment) -> None:
    """Have Sezzle forget to pay out what moved for a payment so far."""
    for execution in emulator.state.executions:
        if execution.order_uuid == payment.order_uuid:
            execution.payout_uuid = "lost"
            emulator.state.executions.put(execution)


def test_the_id_decides_and_not_the_reference(emulator: Emulator, taken: MakePayment) -> None:
    first, second = taken("1001"), taken("1002", 4_000)
    pay_out(emulator)
    wire = Wire(emulator)

    def swap(_totals: list[Row], lines: list[Row]) -> None:
        for line in lines:
            line["external_reference_id"] = {"1001": "1002", "1002": "1001"}[
                line["external_reference_id"]
            ]

    wire.falsify("settlement_details", edited(swap))
    found = Found()
    assert found.matched == [("1001", "sezzle_order_id"), ("1002", "sezzle_order_id")]
    assert [order.payment for order in found.orders] == [first, second]
    assert found.findings == []


def test_without_an_id_the_reference_is_good_enough(emulator: Emulator, taken: MakePayment) -> None:
    taken("1001")
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="")
    found = Found()
    assert (found.matched, found.findings) == ([("1001", "reference_id")], [])


def test_a_line_without_an_id(emulator: Emulator, taken: MakePayment) -> None:
    taken("1001")
    pay_out(emulator)

    def blank(_totals: list[Row], lines: list[Row]) -> None:
        lines[0]["sezzle_order_id"] = ""

    Wire(emulator).falsify("settlement_details", edited(blank))
    found = Found()
    # Two entries of one order: its capture by reference, its fee by id.
    assert sorted(found.matched) == [("1001", "reference_id"), ("1001", "sezzle_order_id")]
    assert found.findings == []


def test_a_reference_is_not_believed_against_the_id(emulator: Emulator, taken: MakePayment) -> None:
    taken("1001")
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="another-order")
    found = Found()
    assert found.matched == [("", "")]
    assert [trouble for trouble, _ in found.troubles] == [Trouble.NO_PAYMENT]


def test_a_reference_of_two_payments_decides_nothing(
    emulator: Emulator, taken: MakePayment
) -> None:
    taken("1001")
    taken("1002")
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="", is_checkout=None, is_current=None)
    SezzlePayment.objects.filter(shop_reference="1002").update(reference_id="1001")
    found = Found()
    assert [trouble for trouble, _ in found.troubles] == [Trouble.AMBIGUOUS, Trouble.NO_PAYMENT]
    assert "2 payments have it" in found.findings[0].message


def test_ids_and_references_are_compared_exactly(emulator: Emulator, taken: MakePayment) -> None:
    payment = taken("abc")
    pay_out(emulator)
    SezzlePayment.objects.update(sezzle_order_id="", reference_id="ABC")
    assert [trouble for trouble, _ in Found().troubles] == [Trouble.NO_PAYMENT]
    upper = payment.sezzle_order_id.upper()
    SezzlePayment.objects.update(sezzle_order_id=upper, reference_id="abc")
    assert [trouble for trouble, _ in Found().troubles] == [Trouble.NO_PAYMENT]


@pytest.mark.parametrize(
    "change", [{"account": "canada"}, {"environment": "production"}, {"merchant_uuid": "m-9"}]
)
def test_payments_of_another_account_are_none(
    emulator: Emulator, taken: MakePayment, change: dict[str, str]
) -> None:
    taken("1001")
    pay_out(emulator)
    SezzlePayment.objects.update(**change)
    assert [trouble for trouble, _ in Found().troubles] == [Trouble.NO_PAYMENT]


def test_a_reauthorized_order_is_its_own(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    old = authorized("1001")
    later(timedelta(hours=2))
    new = reauthorize(old).result_payment
    assert new is not None
    capture(new)
    pay_out(emulator)
    found = Found()
    assert [order.payment for order in found.orders] == [new]
    assert found.findings == []


def test_what_was_moved_at_sezzle_and_not_read_differs_until_it_is(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    payment = authorized("1001")
    capture(payment, amount_in_cents=4_000)
    emulator.dashboard_capture(str(payment.order_uuid), 1_000)
    emulator.dashboard_refund(str(payment.order_uuid), 500)
    pay_out(emulator)

    found = Found()

    assert found.troubles == [(Trouble.AMOUNT_DIFFERS, "1001")] * 2
    assert "payouts say $50.00 USD captured, the payment $40.00 USD" in found.findings[0].message
    assert "payouts say $5.00 USD refunded, the payment $0.00 USD" in found.findings[1].message
    refresh(payment)
    assert Found().findings == []


def test_money_of_several_payouts_is_added_up(
    emulator: Emulator, authorized: MakePayment, later: Later
) -> None:
    payment = authorized("1001")
    for cents in (4_000, 6_000):
        capture(payment, amount_in_cents=cents)
        pay_out(emulator)
    assert [order.sums.captured_in_cents for order in Found().orders] == [4_000, 6_000]
    assert Found().findings == []
    SezzlePayment.objects.update(captured_in_cents=9_999)
    assert Found().troubles == [(Trouble.AMOUNT_DIFFERS, "1001")]


@pytest.mark.parametrize("amount", ["137.00", "0.01"])
def test_amounts_of_another_currency_are_not_compared(
    emulator: Emulator, taken: MakePayment, amount: str
) -> None:
    taken("1001")
    taken("1002")
    pay_out(emulator)

    def foreign(_totals: list[Row], lines: list[Row]) -> None:
        lines[0] |= {"posting_currency": "CAD", "amount": amount}
        # Its fee is of that currency, too.
        lines[1] |= {"posting_currency": "CAD"}

    Wire(emulator).falsify("settlement_details", edited(foreign))
    found = Found()
    assert found.matched == [("1001", "sezzle_order_id"), ("1002", "sezzle_order_id")]
    assert found.findings == []


class TestWhatIsMissing:
    """A captured payment without a line, where that can be known."""

    def test_it_is_said_when_later_captures_were_paid_out(
        self, emulator: Emulator, taken: MakePayment
    ) -> None:
        lost = taken("1001")
        never_paid_out(emulator, lost)
        taken("1002")
        pay_out(emulator)

        (finding,) = Found().findings

        assert (finding.trouble, finding.shop_reference) == (Trouble.NO_LINE, "1001")
        assert "$100.00 USD was captured and is in no payout" in finding.message

    def test_not_what_is_as_new_as_the_last_that_was_paid_out(
        self, emulator: Emulator, taken: MakePayment
    ) -> None:
        taken("1001")
        pay_out(emulator)
        taken("1002")
        assert Found().findings == []

    def test_not_what_may_be_in_an_earlier_payout(
        self, emulator: Emulator, taken: MakePayment
    ) -> None:
        lost = taken("1001")
        never_paid_out(emulator, lost)
        taken("1002")
        pay_out(emulator)
        # It was made on the ninth, and the payout of the eighth may reach into that day.
        assert Found(Period(date(2026, 3, 9), LAST)).findings == []
        assert len(Found(Period(date(2026, 3, 8), LAST)).findings) == 1

    def test_not_what_was_released_or_waits(
        self, emulator: Emulator, taken: MakePayment, authorized: MakePayment, later: Later
    ) -> None:
        later(timedelta(hours=1))
        authorized("1001")
        taken("1002")
        pay_out(emulator)
        assert Found().findings == []

    def test_not_another_currency(self, emulator: Emulator, taken: MakePayment) -> None:
        lost = taken("1001")
        never_paid_out(emulator, lost)
        taken("1002")
        pay_out(emulator)
        SezzlePayment.objects.filter(pk=lost.pk).update(currency="CAD")
        assert Found().findings == []

    def test_a_part_that_is_missing(
        self, emulator: Emulator, authorized: MakePayment, taken: MakePayment
    ) -> None:
        payment = authorized("1001")
        capture(payment, amount_in_cents=4_000)
        never_paid_out(emulator, payment)
        capture(payment, amount_in_cents=3_000)
        taken("1002")
        pay_out(emulator)

        (finding,) = Found().findings

        assert (finding.trouble, finding.shop_reference) == (Trouble.AMOUNT_DIFFERS, "1001")
        assert "payouts say $30.00 USD captured, the payment $70.00 USD" in finding.message

    def test_a_refund_that_is_missing(self, emulator: Emulator, taken: MakePayment) -> None:
        taken("1001", back=1_000)
        for execution in emulator.state.executions:
            if execution.kind == "refund":
                execution.payout_uuid = "lost"
                emulator.state.executions.put(execution)
        taken("1002", back=500)
        pay_out(emulator)

        (finding,) = Found().findings

        assert finding.trouble is Trouble.AMOUNT_DIFFERS
        assert "payouts say $0.00 USD refunded, the payment $10.00 USD" in finding.message

    def test_a_lost_dispute_is_a_chargeback_in_the_payout(
        self, emulator: Emulator, taken: MakePayment
    ) -> None:
        taken("1001", back=1_000)
        taken("1002", back=500)
        pay_out(emulator)

        def dispute(totals: list[Row], lines: list[Row]) -> None:
            (line,) = (
                line
                for line in lines
                if line["type"] == "REFUND" and line["external_reference_id"] == "1001"
            )
            line["type"] = "CHARGEBACK"
            totals[0] |= {"total_refund_amount": "-5.00", "total_chargeback_amount": "-10.00"}

        Wire(emulator).falsify("settlement_details", edited(dispute))
        found = Found()
        assert found.findings == []
        assert found.orders[0].sums.chargebacks_in_cents == -1_000


class TestTotals:
    """What must add up, and what is said when it does not."""

    def found_with(self, emulator: Emulator, edit: Callable[..., None]) -> list[str]:
        Wire(emulator).falsify("settlement_details", edited(edit))
        found = Found().findings
        assert {finding.trouble for finding in found} <= {Trouble.TOTALS_DIFFER}
        return [finding.message for finding in found]

    @pytest.fixture(autouse=True)
    def paid_out(self, emulator: Emulator, taken: MakePayment) -> None:
        taken("1001", 10_000, back=1_000)
        pay_out(emulator)

    @pytest.mark.parametrize(
        ("column", "says_what"),
        [
            ("total_capture_amount", "total_capture_amount is $1.23 USD, its lines come to $100.0"),
            ("total_refund_amount", "total_refund_amount is $1.23 USD"),
            ("total_fee_amount", "total_fee_amount is $1.23 USD"),
            ("total_returned_fee_amount", "total_returned_fee_amount is $1.23 USD"),
            ("total_chargeback_amount", "total_chargeback_amount is $1.23 USD"),
            ("total_chargeback_reversal_amount", "total_chargeback_reversal_amount is $1.23"),
            ("final_payout_amount", "$1.23 USD was paid of $84.30 USD net"),
            ("net_settlement_amount", "Its net is $1.23 USD, all its lines come to $84.30 USD"),
        ],
    )
    def test_a_total_of_the_file(self, emulator: Emulator, column: str, says_what: str) -> None:
        def edit(totals: list[Row], _lines: list[Row]) -> None:
            totals[0][column] = "1.23"

        assert any(says_what in message for message in self.found_with(emulator, edit))

    def test_a_line_that_is_gone(self, emulator: Emulator) -> None:
        def edit(_totals: list[Row], lines: list[Row]) -> None:
            lines[:] = [line for line in lines if line["type"] != "FEE"]

        fee, net = self.found_with(emulator, edit)
        assert "total_fee_amount is -$6.30 USD, its lines come to $0.00 USD" in fee
        assert "Its net is $84.30 USD, all its lines come to $90.60 USD" in net

    def test_signs_of_totals_do_not_matter(self, emulator: Emulator) -> None:
        def edit(totals: list[Row], _lines: list[Row]) -> None:
            for column in ("total_refund_amount", "total_fee_amount"):
                totals[0][column] = totals[0][column].removeprefix("-")

        assert self.found_with(emulator, edit) == []

    def test_lines_of_the_account_count_too(self, emulator: Emulator) -> None:
        def edit(totals: list[Row], lines: list[Row]) -> None:
            lines.append(dict.fromkeys(lines[0], "") | {"type": "MONTHLY_FEE", "amount": "-15.00"})
            lines.append(dict.fromkeys(lines[0], "") | {"type": "CORRECTION", "amount": "1.29"})
            totals[0] |= {"net_settlement_amount": "70.59", "final_payout_amount": "70.59"}

        (message, final) = self.found_with(emulator, edit)
        # The emulator's summary knows nothing of it.
        assert "Its summary says $84.30 USD net, its file $70.59 USD." in message
        assert "Its summary says $84.30 USD paid" in final

    def test_an_order_line_beside_its_captures_is_not_counted_twice(
        self, emulator: Emulator
    ) -> None:
        def edit(_totals: list[Row], lines: list[Row]) -> None:
            lines.append(lines[0] | {"type": "ORDER", "amount": "", "order_amount": "100.00"})

        assert self.found_with(emulator, edit) == []

    def test_an_order_line_alone_is_the_capture(self, emulator: Emulator) -> None:
        def edit(totals: list[Row], lines: list[Row]) -> None:
            lines[0] |= {"type": "ORDER", "amount": "", "order_amount": "100.00"}
            totals[0]["total_capture_amount"] = ""

        assert self.found_with(emulator, edit) == []

    @pytest.mark.parametrize(
        ("net", "final", "fits"),
        [("84.30", "84.30", True), ("84.30", "83.30", True), ("83.30", "83.30", True),
         ("84.30", "83.29", False), ("83.29", "83.29", False)],
    )  # fmt: skip
    def test_foreign_exchange_may_stand_on_either_side(
        self, emulator: Emulator, net: str, final: str, fits: bool
    ) -> None:
        def edit(totals: list[Row], _lines: list[Row]) -> None:
            amounts = {"net_settlement_amount": net, "final_payout_amount": final}
            totals[0] |= {"forex_fees": "1.00"} | amounts

        (uuid,) = (payout.uuid for payout in emulator.state.payouts)
        Wire(emulator).falsify("settlement_details", edited(edit))
        Wire(emulator).falsify(
            "settlement_summaries",
            says(200, f'[{{"uuid": "{uuid}", "payout_currency": "USD"}}]'),
        )
        assert (Found().findings == []) is fits

    def test_two_currencies_make_no_sum(self, emulator: Emulator) -> None:
        def edit(_totals: list[Row], lines: list[Row]) -> None:
            lines[0] |= {"posting_currency": "CAD", "amount": "137.00"}

        assert self.found_with(emulator, edit) == []

    def test_the_published_file_does_not_add_up(self, emulator: Emulator) -> None:
        Wire(emulator).falsify("settlement_details", says(200, sample(PUBLISHED), "text/csv"))
        messages = [
            finding.message
            for finding in Found().findings
            if finding.trouble is Trouble.TOTALS_DIFFER
        ]
        assert any("total_capture_amount is $703.20 USD" in message for message in messages)
        assert any("Its net is $668.61 USD" in message for message in messages)


class TestReadings:
    """Dollars or cents: the setting says it, and a wrong one is noticed."""

    @pytest.mark.parametrize("reading", ["decimal", "cents"])
    def test_both(
        self, emulator: Emulator, taken: MakePayment, settings: Any, reading: str
    ) -> None:
        settings.SEZZLE = settings.SEZZLE | {"SETTLEMENT_AMOUNTS": reading}
        emulator.profile.change(settlement_amounts=reading)
        taken("1001", 10_000)
        pay_out(emulator)
        found = Found()
        assert found.findings == []
        assert found.payouts[0].summary.net_in_cents == 9_370

    def test_cents_taken_for_dollars(self, emulator: Emulator, taken: MakePayment) -> None:
        emulator.profile.change(settlement_amounts="cents")
        taken("1001", 10_000)
        pay_out(emulator)
        finding = Found().findings[0]
        assert finding.trouble is Trouble.TOTALS_DIFFER
        assert 'Set SEZZLE["SETTLEMENT_AMOUNTS"] to "cents"' in finding.message

    def test_dollars_taken_for_cents(
        self, emulator: Emulator, taken: MakePayment, settings: Any
    ) -> None:
        settings.SEZZLE = settings.SEZZLE | {"SETTLEMENT_AMOUNTS": "cents"}
        taken("1001", 10_000)
        emulator.pay_out()
        # The emulator writes 100.0, which is no whole number of cents.
        with pytest.raises(GatewayUnavailable, match="SETTLEMENT_AMOUNTS"):
            Found()
        whole = b'[{"uuid": "p-1", "net_settlement_amount": 100, "payout_currency": "USD"}]'
        Wire(emulator).falsify("settlement_summaries", says(200, whole))
        Wire(emulator).falsify(
            "settlement_details",
            says(
                200,
                "net_settlement_amount,settlement_currency\n100.00,USD\ntype,amount\n",
                "text/csv",
            ),
        )
        (finding, _no_lines) = list(settle(Period(FIRST, LAST, currencies=["USD"])))[1:3]
        assert isinstance(finding, Finding)
        assert 'to "decimal"' in finding.message


class TestCosts:
    """Statements and calls, however many lines there are."""

    def test_one_statement_for_so_many_orders(
        self, emulator: Emulator, taken: MakePayment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settlements, "AT_ONCE", 2)
        monkeypatch.setattr(books, "AT_ONCE", 2)

        def cost() -> tuple[int, list[str]]:
            called(emulator)
            with Statements() as statements:
                assert Found().findings == []
            return len(statements.texts), called(emulator)

        for number in range(4):
            taken(str(number), 1_000)
        pay_out(emulator)
        before, calls = cost()
        # Two chunks of orders; the payments of the period in two pages, with what moved for each.
        assert before == 2 + 2 * 2
        for number in range(4, 8):
            taken(str(number), 1_000)
        pay_out(emulator)
        after, more_calls = cost()
        assert after - before == 2 + 2 * 2
        assert len(more_calls) - len(calls) == 1

    def test_many_orders_at_full_size(self, emulator: Emulator, later: Later) -> None:
        head = "net_settlement_amount,settlement_currency\n1200.00,USD\n"
        lines = "".join(f"CAPTURE,1.00,o-{number}\n" for number in range(1_200))
        text = f"{head}type,amount,sezzle_order_id\n{lines}"
        emulator.profile.change(settlement_amounts="decimal")
        Wire(emulator).falsify(
            "settlement_summaries", says(200, '[{"uuid": "p-1", "payout_currency": "USD"}]')
        )
        Wire(emulator).falsify("settlement_details", says(200, text, "text/csv"))
        with Statements() as statements:
            found = Found(Period(FIRST, LAST, currencies=["USD"]))
        assert (len(found.orders), len(found.findings)) == (1_200, 1_200)
        assert len(statements.texts) == 3

    def test_each_payout_is_read_when_it_is_its_turn(
        self, emulator: Emulator, taken: MakePayment
    ) -> None:
        for number in range(2):
            taken(str(number), 1_000)
            pay_out(emulator)
        called(emulator)
        walk = settle(MARCH)
        assert called(emulator) == []
        next(walk)
        assert called(emulator) == ["settlement_summaries", "settlement_details"]


def test_a_list_that_repeats_itself(emulator: Emulator, taken: MakePayment) -> None:
    taken()
    pay_out(emulator)
    same = '[{"uuid": "p-1"}]'
    Wire(emulator).falsify("settlement_summaries", says(200, same), times=2)
    Wire(emulator).falsify(
        "settlement_details", says(200, "net_settlement_amount\n0\ntype,amount\n", "text/csv")
    )
    with pytest.raises(GatewayUnavailable, match="same payouts again"):
        Found()


def test_a_currency_that_is_not_kept_apart_counts_once(
    emulator: Emulator, taken: MakePayment
) -> None:
    taken()
    uuid = pay_out(emulator)
    wire = Wire(emulator)
    for body in (f'[{{"uuid": "{uuid}"}}]', "[]") * 2:
        wire.falsify("settlement_summaries", says(200, body))
    found = Found()
    assert (len(found.payouts), found.findings) == (1, [])


@pytest.mark.parametrize(
    "wrong", [{"first": LAST, "last": FIRST}, {"currencies": ["EUR"]}, {"currencies": ["usd"]}]
)
def test_a_period_that_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Nothing was asked"):
        Period(**{"first": FIRST, "last": LAST} | wrong)
