"""Reports: what was paid out, from the captures and refunds that were really booked."""

from __future__ import annotations

import csv
import io
from datetime import date as Day
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from .bodies import date
from .context import Context
from .messages import Refusal, Response
from .records import Execution, Merchant, Order, Payout
from .state import State

PAGE = 20
LONGEST_REPORT = timedelta(days=7)
INTEREST_BASIS_POINTS = 300
"""What a payout earns in a year, when Sezzle keeps it on the merchant's interest account."""
MONEY = {"capture": ("CAPTURE", "001"), "refund": ("REFUND", "002")}
FEES = {"capture": ("FEE", "003"), "refund": ("RETURNED_FEE", "004")}
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


def pay_out(
    state: State, merchant: Merchant, *, fee_basis_points: int, fee_per_capture_in_cents: int
) -> list[Payout]:
    """Pay the merchant what was captured less what was refunded since last time, per currency."""
    totals: dict[str, Payout] = {}
    for execution in state.executions:
        order = state.orders.get(execution.order_uuid)
        settles = execution.kind in ("capture", "refund") and execution.payout_uuid is None
        if not settles or order is None or order.merchant_uuid != merchant.uuid:
            continue
        payout = totals.setdefault(
            execution.currency,
            Payout(
                state.new_id(),
                merchant.uuid,
                execution.currency,
                0,
                state.clock.now(),
                fee_basis_points,
                fee_per_capture_in_cents,
            ),
        )
        sign = 1 if execution.kind == "capture" else -1
        payout.amount_in_cents += sign * execution.amount_in_cents + _fee(payout, execution)
        execution.payout_uuid = payout.uuid
        state.executions.put(execution)
    return [state.payouts.put(payout) for payout in totals.values()]


def summaries(context: Context) -> Response:
    """Answer 200 with payouts in one currency between two days, a page of 20 from ``offset``."""
    query = _query(context)
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
        line = {
            "order_capture_date": moment,
            "order_created_at": order.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "event_date": moment,
            "order_uuid": _report_id(order),
            "external_reference_id": order.reference_id,
            "posting_currency": execution.currency,
            "sezzle_order_id": order.authorization.sezzle_order_id,
            **order.details.get("metadata", {}),
        }
        lines = [(MONEY[execution.kind], execution.amount_in_cents)]
        if fee := _fee(payout, execution):
            lines.append((FEES[execution.kind], fee))
        for (name, code), cents in lines:
            line |= {"type": name, "type_code": code, "amount": _dollars(cents)}
            writer.writerow([line.get(column, "") for column in [*LINE_COLUMNS, *metadata_keys]])
    return Response(200, {"Content-Type": "text/csv"}, out.getvalue().encode())


def orders_report(context: Context) -> Response:
    """Answer 200 with the orders of at most seven days that a shopper approved."""
    state = context.state
    query = _query(context)
    first = _day(query.get("start-date"), "start-date")
    last = _day(query.get("end-date", state.clock.now().date().isoformat()), "end-date")
    if last - first >= LONGEST_REPORT:
        raise Refusal(400, "bad_request", "at most 7 days can be asked for", "end-date")
    rows = [
        _report_row(context, order)
        for order in state.orders
        if order.merchant_uuid == context.merchant.uuid
        and order.authorization is not None
        and first <= order.created_at.date() <= last
    ]
    return Response.of_json(200, rows)


def interest_balance(context: Context) -> Response:
    """Answer 200 with what every payout in a currency has earned since, day by day."""
    now = context.state.clock.now()
    currency = _query(context).get("currency-code", "USD")
    earned = sum(
        _interest(payout, now - payout.paid_at)
        for payout in context.state.payouts
        if payout.merchant_uuid == context.merchant.uuid and payout.currency == currency
    )
    # Dollars with fractions of a cent, a float only on the wire; nothing is 0, not 0.0.
    return Response.of_json(200, {"interest_balance": earned / 10_000 or 0})


def _report_row(context: Context, order: Order) -> dict[str, Any]:
    authorization = order.authorization
    payouts = {payout.uuid: payout for payout in context.state.payouts}
    settled = [
        (execution, payouts[execution.payout_uuid])
        for execution in context.state.executions
        if execution.order_uuid == order.uuid and execution.payout_uuid in payouts
    ]
    kept = -sum(_fee(payout, each) for each, payout in settled if each.kind == "capture")
    returned = sum(_fee(payout, each) for each, payout in settled if each.kind == "refund")
    captured = order.captured_in_cents
    return {
        "created_at": date(order.created_at, context.profile),
        "order_uuid": _report_id(order),
        "order_platform_uuid": authorization.sezzle_order_id if authorization else "",
        "customer_name": "Ada Shopper",
        "customer_email": "ada@shopper.example",
        "external_reference_id": order.reference_id,
        "customer_currency_code": order.currency,
        "merchant_currency_code": order.currency,
        "order_amount_in_cents": order.amount_in_cents,
        "captured_amount_in_cents": captured,
        "uncaptured_amount_in_cents": order.capturable_in_cents,
        "total_fees_in_cents": kept,
        "net_amount_in_cents": captured - order.refunded_in_cents - kept + returned,
        "refund_fee_in_cents": returned,
        "released_amount_in_cents": order.released_in_cents,
        "order_type": "Standard Checkout",
        "financing_option": "4-pay-biweekly",
    }


def _report_id(order: Order) -> str:
    # Reports have ids of another family than orders; five groups, made of the order's own.
    digits = order.uuid.replace("-", "")[:25].ljust(25, "0")
    return "-".join(digits[place : place + 5] for place in range(0, 25, 5))


def _fee(payout: Payout, execution: Execution) -> int:
    """Return what an execution adds to a payout by its fee: cents, negative for a capture."""
    share = (execution.amount_in_cents * payout.fee_basis_points + 5_000) // 10_000
    return share if execution.kind == "refund" else -share - payout.fee_per_capture_in_cents


def _interest(payout: Payout, since: timedelta) -> int:
    """Return what a payout has earned in whole days: hundredths of a cent, cut off."""
    in_a_year = max(payout.amount_in_cents, 0) * INTEREST_BASIS_POINTS // 100
    return in_a_year * since.days // 365


def _summary_row(payout: Payout, settled: list[Execution]) -> list[str]:
    captures = [each for each in settled if each.kind == "capture"]
    refunds = [each for each in settled if each.kind == "refund"]
    captured = sum(each.amount_in_cents for each in captures)
    refunded = sum(each.amount_in_cents for each in refunds)
    known = {
        "total_order_amount": _dollars(captured),
        "total_capture_amount": _dollars(captured),
        "total_refund_amount": _dollars(-refunded),
        "total_fee_amount": _dollars(sum(_fee(payout, each) for each in captures)),
        "total_returned_fee_amount": _dollars(sum(_fee(payout, each) for each in refunds)),
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


def _query(context: Context) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(context.request.query).items()}


def _day(text: str | None, location: str) -> Day:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").date()
    except ValueError as error:
        raise Refusal(400, "bad_request", f"{location} is not a date", location) from error
