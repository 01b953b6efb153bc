"""Questions about sessions and unfinished orders: the keys are enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django_sezzle.gateway.messages import Malformed, parsing
from django_sezzle.probe.client import Reply, members
from django_sezzle.probe.desk import Desk
from django_sezzle.probe.orders import Made
from django_sezzle.probe.shape import is_uuid

#: Below this no order is taken, as published.
API_MINIMUM = 100
#: An amount that no account should find too small.
SURELY_ENOUGH = 20_000
#: A checkout's life is read from two clocks, one of which is given to the second.
TOLERANCE = timedelta(minutes=2)
#: So many whole amounts are no coincidence.
ENOUGH_AMOUNTS = 5
SETTLEMENT_DAYS = 90


def ask(desk: Desk) -> None:
    """Ask them."""
    _ask_minimum(desk)
    made = _ask_about_a_new_order(desk)
    if made is not None:
        _ask_for_the_same_reference(desk, made)
        reply = desk.client.ask(
            "PATCH",
            "/v2/order/{order}",
            of=made.uuid,
            body={"reference_id": desk.book.new_reference()},
        )
        desk.report.asked("early_reference", reply)
        desk.report.answer("early_reference", _said(reply))
        _ask_about_deletion(desk, made)
    _ask_about_tokenization(desk)
    _ask_about_parts(desk)
    reply = desk.client.ask("GET", "/v2/webhooks", scheme="")
    desk.report.asked("bare_token", reply, "Authorization: <token>")
    desk.report.answer("bare_token", "it works" if reply.is_yes else "it does not work")
    _ask_for_settlements(desk)


def conclude(desk: Desk) -> None:
    """Sum up what every answer of the run told in passing."""
    bodies = desk.client.error_bodies
    if bodies:
        counted = ", ".join(f"{count} times {name}" for name, count in sorted(bodies.items()))
        name = next(iter(bodies)) if len(bodies) == 1 else None
        desk.report.answer("error_body", name or counted, error_body=name)
    digits = {*desk.client.digits, *(n for heard in desk.heard() for n in heard.digits)}
    if digits:
        # A writer that leaves out zeros at the end has the longest as its real one.
        longest = next(n for n in (0, 3, 6, 9) if n >= max(digits))
        listed = ", ".join(map(str, sorted(digits)))
        desk.report.answer("dates", listed, date_fraction_digits=longest)
    refused = desk.amounts_refused
    if refused:
        others = {str(reply.status) for _, reply in refused}
        reading = f"{refused[0][1].status}, said of {refused[0][0]}"
        if len(others) > 1:
            reading += "; not alike: " + ", ".join(f"{r.status} of {what}" for what, r in refused)
        desk.report.answer("too_much", reading, refusal_status=refused[0][1].status)


def _ask_minimum(desk: Desk) -> None:
    """Find the least amount by halving; every session that is made is deleted at once."""
    low, high = API_MINIMUM - 1, API_MINIMUM
    if not _is_taken(desk, low) and not _is_taken(desk, high):
        low, high = API_MINIMUM, SURELY_ENOUGH
        if not _is_taken(desk, high):
            desk.report.leave_open("minimum", f"Even {SURELY_ENOUGH} cents are refused.")
            desk.amount_in_cents = SURELY_ENOUGH
            return
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _is_taken(desk, middle) else (middle, high)
    desk.amount_in_cents = max(desk.amount_in_cents, high)
    desk.report.answer("minimum", f"{high} cents", merchant_minimum_in_cents=high)


def _is_taken(desk: Desk, amount_in_cents: int) -> bool:
    reply, made = desk.book.open(desk.book.session(amount_in_cents))
    desk.report.asked("minimum", reply, f"{amount_in_cents} cents")
    if reply.is_no and not desk.amounts_refused:
        desk.amounts_refused.append(("an order's amount", reply))
    if made is not None:
        desk.book.delete(made)
    return made is not None


def _ask_about_a_new_order(desk: Desk) -> Made | None:
    reply, made = desk.book.open(desk.book.session(desk.amount_in_cents))
    desk.report.asked("order_ids", reply)
    if made is None:
        return None
    desk.report.answer(
        "order_ids",
        "UUIDs" if is_uuid(made.uuid) else "other texts",
        order_ids="uuid" if is_uuid(made.uuid) else "opaque",
    )
    read = desk.report.asked("before_completion", desk.book.read(made))
    authorization = read.member("authorization")
    if read.is_yes and authorization is None:
        reading = "absent"
    elif isinstance(authorization, dict) and authorization.get("approved") is not True:
        reading = "unapproved"
    else:
        reading = ""
    if reading:
        desk.report.answer("before_completion", reading, authorization_before_completion=reading)
    _read_checkout_life(desk, made, read)
    return made


def _read_checkout_life(desk: Desk, made: Made, read: Reply) -> None:
    try:
        ends_at = parsing.moment(read.member("checkout_expiration"), "checkout_expiration")
    except Malformed:
        ends_at = None
    if ends_at is None:
        desk.report.leave_open("checkout_life", "The order does not say.")
        return
    life = ends_at - made.made_at
    hours = round(life / timedelta(hours=1))
    is_whole = abs(life - timedelta(hours=hours)) < TOLERANCE
    minutes = round(life / timedelta(minutes=1))
    reading = f"{hours} hours" if is_whole else f"{minutes} minutes; the emulator knows hours only"
    desk.report.answer("checkout_life", reading, checkout_hours=hours if is_whole else None)


def _ask_for_the_same_reference(desk: Desk, made: Made) -> None:
    body = desk.book.session(desk.amount_in_cents, reference=made.reference)
    reply, second = desk.book.open(body)
    desk.report.asked("duplicate_reference", reply)
    if second is not None:
        desk.book.delete(second)
    if reply.is_yes or reply.is_no:
        desk.report.answer("duplicate_reference", _said(reply), unique_reference_ids=reply.is_no)


def _ask_about_deletion(desk: Desk, made: Made) -> None:
    report = desk.report
    report.asked("after_deletion", desk.book.delete(made))
    read = report.asked("after_deletion", desk.book.read(made))
    report.answer("after_deletion", state_of(read))
    again = report.asked("deleted_twice", desk.book.delete(made), "the second time")
    report.answer("deleted_twice", str(again), deleted_twice_status=again.status)


def _ask_about_tokenization(desk: Desk) -> None:
    body = desk.book.session(desk.amount_in_cents) | {"customer": {"tokenize": True}}
    reply, made = desk.book.open(body)
    desk.report.asked("tokenize_placement", reply)
    at_top = isinstance(reply.member("tokenize"), dict)
    in_order = isinstance(reply.member("order", "tokenize"), dict)
    if at_top != in_order:
        where = "top" if at_top else "order"
        desk.report.answer("tokenize_placement", where, tokenize_placement=where)
    else:
        why = "It stands in both places." if at_top else "The session has none."
        desk.report.leave_open("tokenize_placement", why)
    if made is not None:
        desk.book.delete(made)


def _ask_about_parts(desk: Desk) -> None:
    item: dict[str, Any] = {
        "name": "Part",
        "sku": "part",
        "quantity": 1,
        "price": {"amount_in_cents": 1, "currency": "USD"},
    }
    reply, made = desk.book.open(desk.book.session(desk.amount_in_cents, items=[item]))
    desk.report.asked("sum_of_parts", reply, "one item of 1 cent")
    desk.report.answer("sum_of_parts", "they do not" if reply.is_yes else _said(reply))
    if made is not None:
        desk.book.delete(made)


def _ask_for_settlements(desk: Desk) -> None:
    today = datetime.now(UTC).date()
    first = today - timedelta(days=SETTLEMENT_DAYS)
    query = f"start-date={first}&end-date={today}"
    reply = desk.client.ask("GET", f"/v2/settlements/summaries?{query}")
    desk.report.asked("settlement_amounts", reply)
    names = ("final_payout_amount", "net_settlement_amount")
    amounts = [each[name] for each in members(reply.json) for name in names if each.get(name)]
    if any(type(amount) is float for amount in amounts):
        desk.report.answer("settlement_amounts", "dollars", settlement_amounts="decimal")
    elif len(amounts) >= ENOUGH_AMOUNTS and all(type(amount) is int for amount in amounts):
        desk.report.answer("settlement_amounts", "cents", settlement_amounts="cents")
    else:
        why = "It needs payouts, and some that are no whole dollars."
        desk.report.leave_open("settlement_amounts", why)


def state_of(reply: Reply) -> str:
    """Say what an order is called, or how the question was refused."""
    if not reply.is_yes:
        return f"refused: {reply}"
    status = reply.member("checkout_status")
    return status if isinstance(status, str) and status.isalpha() else "no checkout_status"


def _said(reply: Reply) -> str:
    return "accepted" if reply.is_yes else f"refused: {reply}"
