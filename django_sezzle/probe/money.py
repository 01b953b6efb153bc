"""Questions about an order that a shopper approved: what it shows, and what it refuses."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django_sezzle.gateway.messages import Malformed, Order
from django_sezzle.probe.client import Reply, members
from django_sezzle.probe.desk import Approved, Desk
from django_sezzle.probe.orders import Made, price
from django_sezzle.probe.questions import Need
from django_sezzle.probe.refusals import alike

#: What is captured to see what happens, in cents.
PART, OTHER_PART = 100, 120
UPCHARGE = 10
LISTS = ("captures", "refunds", "releases")


def ask(desk: Desk) -> None:
    """Have a checkout finished and ask them of its order, which is ended afterwards."""
    approved = desk.guide(Need.CHECKOUT, "Please finish this checkout as a shopper")
    if approved is None:
        return
    made = approved.made
    _read_the_order(desk, approved)
    _ask_before_any_capture(desk, made)
    _ask_about_request_ids(desk, made)
    _ask_for_an_upcharge(desk, made)
    _ask_for_too_much(desk, made)
    desk.book.end(made)
    desk.expect_refund(made, "event_bodies", lambda told: None)


def _read_the_order(desk: Desk, approved: Approved) -> None:
    report, reply = desk.report, approved.reply
    for question_id in ("finished", "empty_lists", "shopper_currency", "authorization_life"):
        report.asked(question_id, reply)
    status = reply.member("checkout_status")
    known = status if status in ("complete", "completed") else None
    report.answer("finished", known or "another word", finished_status=known)
    _read_lists(desk, reply)
    _read_currency(desk, reply, approved.order)
    authorization = approved.order.authorization
    ends_at = authorization.expires_at if authorization else None
    if ends_at is None:
        report.leave_open("authorization_life", "The order does not say.")
        return
    # The shopper finished at some moment between two readings.
    middle = approved.before + (reply.made_at - approved.before) / 2
    minutes = round((ends_at - middle) / timedelta(minutes=1))
    report.answer("authorization_life", f"{minutes} minutes", authorization_minutes=minutes)


def _read_lists(desk: Desk, reply: Reply) -> None:
    authorization = reply.member("authorization") or {}
    there = [name for name in LISTS if isinstance(authorization.get(name), list)]
    absent = [name for name in LISTS if name not in authorization]
    if len(there) == len(LISTS):
        desk.report.answer("empty_lists", "they are there", empty_lists="present")
    elif len(absent) == len(LISTS):
        desk.report.answer("empty_lists", "they are left out", empty_lists="missing")
    else:
        reading = f"there: {', '.join(there) or 'none'}; left out: {', '.join(absent) or 'none'}"
        desk.report.answer("empty_lists", reading)


def _read_currency(desk: Desk, reply: Reply, order: Order) -> None:
    own = reply.member("authorization", "authorization_amount_in_user_currency")
    if own is None:
        reading: str | None = "absent"
    elif isinstance(own, dict) and order.amount is not None and "currency" in own:
        reading = "same" if own["currency"] == order.amount.currency else "other"
    else:
        reading = None
    desk.report.answer("shopper_currency", reading or "unreadable", shopper_currency=reading)


def _ask_before_any_capture(desk: Desk, made: Made) -> None:
    report, book = desk.report, desk.book
    reply = report.asked("refund_early", book.refund(made, PART), "nothing was captured")
    report.answer("refund_early", alike([reply]))
    odd: list[tuple[str, dict[str, Any]]] = [
        ("0 cents", price(0)),
        (f"-{PART} cents", price(-PART)),
        ("another currency", price(PART, "CAD")),
        ("an amount written as text", price(PART) | {"amount_in_cents": str(PART)}),
        ("no currency", {"amount_in_cents": PART}),
    ]
    replies = []
    for what, amount in odd:
        reply = book.move(made, "capture", {"capture_amount": amount})
        replies.append(report.asked("odd_amounts", reply, what))
        if what == "0 cents" and reply.is_no:
            desk.amounts_refused.append((what, reply))
    report.answer("odd_amounts", alike(replies))
    reply, _ = book.reauthorize(made)
    report.answer("reauthorize_early", alike([report.asked("reauthorize_early", reply)]))
    reply = report.asked("completed_deletion", book.delete(made))
    made.ending = ""
    status = reply.status if reply.is_no else None
    report.answer("completed_deletion", alike([reply]), completed_checkout_status=status)


def _ask_about_request_ids(desk: Desk, made: Made) -> None:
    report, book = desk.report, desk.book
    request_id = str(uuid.uuid4())
    first = report.asked("request_id", book.capture(made, PART, request_id), "the first time")
    if not first.is_yes:
        for name in ("request_id", "request_id_conflict", "request_id_scope", "entries"):
            report.leave_open(name, f"A capture of {PART} cents was refused ({first}).")
        return
    again = report.asked("request_id", book.capture(made, PART, request_id), "the same again")
    read = book.read(made)
    _read_entries(desk, read)
    booked = len(list(members(read.member("authorization", "captures"))))
    readings = {
        (True, 1): ("the first answer again, nothing booked", "honoured"),
        (True, 2): ("booked twice", "ignored"),
        (False, 1): (f"refused: {again}", "refused"),
    }
    unclear = (f"{again}, {booked} captures listed", None)
    reading, switch = readings.get((again.is_yes, booked), unclear)
    report.answer("request_id", reading, request_id=switch)
    conflict = book.capture(made, OTHER_PART, request_id)
    report.asked("request_id_conflict", conflict, f"{OTHER_PART} cents instead of {PART}")
    status = conflict.status if conflict.is_no else None
    is_same = conflict.is_yes and conflict.member("uuid") == first.member("uuid")
    reading = "the first answer again" if is_same else "booked"
    reading = f"refused: {conflict}" if conflict.is_no else reading
    report.answer("request_id_conflict", reading, duplicate_status=status)
    scope = report.asked("request_id_scope", book.release(made, PART, request_id), "a release")
    reading = f"refused: {scope}" if scope.is_no else "an id of its own for each operation"
    report.answer("request_id_scope", reading)


def _read_entries(desk: Desk, read: Reply) -> None:
    desk.report.asked("entries", read)
    captures = list(members(read.member("authorization", "captures")))
    nested = [isinstance(each.get("amount"), dict) for each in captures]
    flat = ["amount_in_cents" in each for each in captures]
    if captures and all(nested) != all(flat):
        kind = "nested" if all(nested) else "flat"
        desk.report.answer("entries", kind, transaction_entries=kind)
    else:
        desk.report.leave_open("entries", "The captures are written neither way, or both.")


def _ask_for_an_upcharge(desk: Desk, made: Made) -> None:
    body = {"intent": "AUTH", "upcharge_amount": price(UPCHARGE)}
    reply = desk.report.asked("upcharge", desk.book.move(made, "upcharge", body))
    if reply.is_yes:
        desk.book.adopt(made, reply.member("uuid"), "more")
    may = True if reply.is_yes else False if reply.status == 404 else None
    reading = "it may" if may else f"refused: {reply}"
    desk.report.answer("upcharge", reading, upcharge=may)


def _ask_for_too_much(desk: Desk, made: Made) -> None:
    report, book = desk.report, desk.book
    refused: list[tuple[str, Reply]] = []
    replies = []
    for what, move in (
        ("refund", book.refund),
        ("capture", book.capture),
        ("release", book.release),
    ):
        try:
            totals = book.totals(made)
        except Malformed:
            report.leave_open("limits", "The order could not be read any more.")
            break
        there = totals.refundable if what == "refund" else totals.held
        reply = report.asked("limits", move(made, max(there, 0) + 1), f"{what}, 1 cent too much")
        replies.append(reply)
        if reply.is_no:
            refused.append((f"a {what} of 1 cent too much", reply))
    if not replies:
        return
    desk.amounts_refused[:0] = sorted(refused, key=lambda each: "capture" not in each[0])
    is_limited = replies[-1].is_no if len({r.is_no for r in replies}) == 1 else None
    report.answer("limits", alike(replies), limits=is_limited)
