"""Questions whose answer is a no, and that need no shopper."""

from __future__ import annotations

import uuid
from typing import Any

from django_sezzle.probe.client import Reply
from django_sezzle.probe.desk import Desk
from django_sezzle.probe.orders import price


def ask(desk: Desk) -> None:
    """Ask them."""
    _ask_unreadable(desk)
    _ask_missing(desk)
    _ask_invalid(desk)
    _ask_unknown_order(desk)
    _ask_without_authorization(desk)


def alike(replies: list[Reply]) -> str:
    """Write the answers to several refusals: one text when all are the same."""
    return "; ".join(dict.fromkeys(f"refused: {r}" if r.is_no else str(r) for r in replies))


def _ask_unreadable(desk: Desk) -> None:
    text_amount = {"amount_in_cents": str(desk.amount_in_cents), "currency": "USD"}
    replies = [
        desk.report.asked(
            "unreadable_body",
            desk.client.ask("POST", "/v2/session", raw=b'{"order": '),
            "half a JSON document",
        ),
        _try(desk, "unreadable_body", "an amount written as text", order_amount=text_amount),
    ]
    desk.report.answer("unreadable_body", alike(replies))


def _ask_missing(desk: Desk) -> None:
    reply = _try(desk, "missing_member", "no reference_id", reference_id=None)
    code = reply.errors[0].get("code", "").replace(" ", "_") if reply.errors else ""
    kinds = {(400, "bad_request"): "bad_request", (422, "invalid"): "invalid"}
    kind = kinds.get((reply.status, code))
    desk.report.answer("missing_member", alike([reply]), missing_member=kind)


def _ask_invalid(desk: Desk) -> None:
    replies = [
        _try(desk, "invalid_value", "intent MAYBE", intent="MAYBE"),
        _try(desk, "invalid_value", "a blank in the reference_id", reference_id="two words"),
        _try(
            desk,
            "invalid_value",
            "currency XTS",
            order_amount=price(desk.amount_in_cents, "XTS"),
        ),
    ]
    refused = [reply.status for reply in replies if reply.is_no]
    status = refused[0] if refused else None
    desk.report.answer("invalid_value", alike(replies), invalid_value_status=status)


def _try(desk: Desk, question_id: str, what: str, **order: Any) -> Reply:
    body = desk.book.session(desk.amount_in_cents, **order)
    if "reference_id" in order and order["reference_id"] is None:
        del body["order"]["reference_id"]
    reply, made = desk.book.open(body)
    if made is not None:
        desk.book.delete(made)
    return desk.report.asked(question_id, reply, what)


def _ask_unknown_order(desk: Desk) -> None:
    unknown, request_id = str(uuid.uuid4()), str(uuid.uuid4())
    replies = [
        desk.client.ask("GET", "/v2/order/{order}", of=unknown),
        desk.client.ask(
            "POST",
            "/v2/order/{order}/capture",
            of=unknown,
            body={"capture_amount": price(100)},
            request_id=request_id,
        ),
    ]
    for reply in replies:
        desk.report.asked("unknown_order", reply)
    desk.report.answer("unknown_order", alike(replies))


def _ask_without_authorization(desk: Desk) -> None:
    _, made = desk.book.open(desk.book.session(desk.amount_in_cents))
    if made is None:
        return
    replies = []
    for move in (desk.book.capture, desk.book.release, desk.book.refund):
        replies.append(desk.report.asked("no_authorization", move(made, 100)))
    refused = replies[0].status if replies[0].is_no else None
    desk.report.answer("no_authorization", alike(replies), no_authorization_status=refused)
    desk.book.end(made)
