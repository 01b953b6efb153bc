"""Reports: what was paid out, from the captures and refunds that were really booked."""

from __future__ import annotations

import csv
import io
from datetime import date as Day
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from .bodies import date
from .context import Context
from .messages import Refusal, Response
from .records import Execution, Merchant, Payout
from .state import State

PAGE = 20
SUMMARY_COLUMNS = (
    "total_order_amount",
    "total_capture_amount",
    "total_refund_amount",
    "total_fee_amount",
    "total_returned_fee_amount",
    "total_chargeback_amount",
    "total_chargeback_reversal_amount",
    "total_interest_transfer_amount",
    "total_correction_amount",
    "total_referral_revenue_transfer_amount",
    "total_bank_account_withdrawals",
    "total_bank_account_withdrawal_reversals",
    "forex_fees",
    "net_settlement_amount",
    "payment_uuid",
    "settlement_currency",
    "payout_date",
    "payout_status",
    "final_payout_amount",
    "payout_currency",
)
LINE_COLUMNS = (
    "type",
    "order_capture_date",
    "order_created_at",
    "event_date",
    "order_uuid",
    "customer_order_id",
    "external_reference_id",
    "order_amount",
    "amount",
    "posting_currency",
    "type_code",
    "chargeback_code",
    "sezzle_order_id",
)


def pay_out(state: State, merchant: Merchant) -> list[Payout]:
    """Pay the merchant what was captured less what was refunded since last time, per currency."""
    totals: dict[str, Payout] = {}
    for execution in state.executions:
        order = state.orders.get(execution.order_uuid)
        settles = execution.kind in ("capture", "refund") and execution.payout_uuid is None
        if not settles or order is None or order.merchant_uuid != merchant.uuid:
            continue
        payout = totals.setdefault(
            execution.currency,
            Payout(state.new_id(), merchant.uuid, execution.currency, 0, state.clock.now()),
        )
        sign = 1 if execution.kind == "capture" else -1
        payout.amount_in_cents += sign * execution.amount_in_cents
        execution.payout_uuid = payout.uuid
        state.executions.put(execution)
    return [state.payouts.put(payout) for payout in totals.values()]


def summaries(context: Context) -> Response:
    """Answer 200 with payouts in one currency between two days, a page of 20 from ``offset``."""
    query = {name: values[-1] for name, values in parse_qs(context.request.query).items()}
    now = context.state.clock.now()
    first = _day(query.get("start-date"), "start-date")
    last = _day(query.get("end-date", now.date().isoformat()), "end-date")
    offset = query.get("offset", "0")
    if not (offset.isascii() and offset.isdigit()):
        raise Refusal(400, "bad_request", "offset is not a number", "offset")
    currency = query.get("currency-code", "USD")
    found = [
        _summary(context, payout)
        for payout in context.state.payouts
        if payout.merchant_uuid == context.merchant.uuid
        and payout.currency == currency
        and first <= payout.paid_at.date() <= last
    ]
    return Response.of_json(200, found[int(offset) : int(offset) + PAGE])


def details(context: Context) -> Response:
    """Answer 200 with a payout as CSV: two rows of summary, a row of headings, then the lines."""
    state = context.state
    payout = context.own(state.payouts.get(context.ids["payout_uuid"]))
    settled = [each for each in state.executions if each.payout_uuid == payout.uuid]
    keys = parse_qs(context.request.query).get("metadata", [""])[-1].split(",")
    metadata_keys = [key for key in keys if key]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(SUMMARY_COLUMNS)
    writer.writerow(_summary_row(payout, settled))
    writer.writerow([*LINE_COLUMNS, *metadata_keys])
    for execution in settled:
        order = state.orders.get(execution.order_uuid)
        if order is None or order.authorization is None:
            continue
        moment = execution.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        captures = execution.kind == "capture"
        line = {
            "type": "CAPTURE" if captures else "REFUND",
            "order_capture_date": moment,
            "order_created_at": order.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "event_date": moment,
            "external_reference_id": order.reference_id,
            "amount": _dollars(execution.amount_in_cents),
            "posting_currency": execution.currency,
            "type_code": "001" if captures else "002",
            "sezzle_order_id": order.authorization.sezzle_order_id,
            **order.details.get("metadata", {}),
        }
        writer.writerow([line.get(name, "") for name in [*LINE_COLUMNS, *metadata_keys]])
    return Response(200, {"Content-Type": "text/csv"}, out.getvalue().encode())


def _summary_row(payout: Payout, settled: list[Execution]) -> list[str]:
    captured = sum(each.amount_in_cents for each in settled if each.kind == "capture")
    refunded = sum(each.amount_in_cents for each in settled if each.kind == "refund")
    known = {
        "total_order_amount": _dollars(captured),
        "total_capture_amount": _dollars(captured),
        "total_refund_amount": _dollars(-refunded),
        "net_settlement_amount": _dollars(payout.amount_in_cents),
        "payment_uuid": payout.uuid,
        "settlement_currency": payout.currency,
        "payout_date": payout.paid_at.strftime("%Y-%m-%d 00:00:00 +0000 UTC"),
        "payout_status": "Complete",
        "final_payout_amount": _dollars(payout.amount_in_cents),
        "payout_currency": payout.currency,
    }
    return [known.get(name, "0.00") for name in SUMMARY_COLUMNS]


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _summary(context: Context, payout: Payout) -> dict[str, Any]:
    return {
        "uuid": payout.uuid,
        "payout_currency": payout.currency,
        "settlement_currency": payout.currency,
        "payout_date": date(payout.paid_at, context.profile),
        "final_payout_amount": _amount(context, payout.amount_in_cents),
        "net_settlement_amount": _amount(context, payout.amount_in_cents),
        "forex_fees": 0,
        "status": "Complete",
    }


def _amount(context: Context, cents: int) -> float | int:
    # A float only on the wire, where Sezzle writes dollars as a JSON number.
    return cents / 100 if context.profile.settlement_amounts == "decimal" else cents


def _day(text: str | None, location: str) -> Day:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").date()
    except ValueError as error:
        raise Refusal(400, "bad_request", f"{location} is not a date", location) from error
