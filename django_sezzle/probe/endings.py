"""Questions about how orders go on: taken at once, let go, run out, denied, moved elsewhere."""

from __future__ import annotations

from datetime import timedelta

from django_sezzle.gateway.messages import Kind, Order
from django_sezzle.probe.client import Reply
from django_sezzle.probe.desk import Approved, Desk, pauses
from django_sezzle.probe.orders import Made, totals_of
from django_sezzle.probe.questions import Need
from django_sezzle.probe.refusals import alike
from django_sezzle.probe.sessions import state_of

PART = 100
#: More than a new shopper of the sandbox may spend, it is hoped; nothing is charged.
MUCH = 500_000
#: Sezzle may look for what has run out only now and then.
AFTER_EXPIRY = timedelta(seconds=60)
PAUSE_FOR_EXPIRY = 15.0


def ask_at_once(desk: Desk) -> None:
    """Have a checkout with intent CAPTURE finished, and give the money back."""
    what = "Please finish this one too; its money is taken at once, and given back"
    approved = desk.guide(Need.AT_ONCE, what, intent="CAPTURE")
    if approved is None:
        return
    made = approved.made
    desk.report.asked("at_once", approved.reply)
    taken = totals_of(approved.order).captured
    if not taken:
        desk.wait_for(made, lambda order: totals_of(order).captured > 0, desk.event_seconds)
    desk.report.answer("at_once", f"{taken} of {made.amount_in_cents} cents captured")
    desk.book.end(made)

    def read(told: set[str]) -> None:
        desk.report.answer(
            "capture_intent_events",
            ", ".join(sorted(told)),
            capture_intent_events=(
                "authorized_and_captured" if "order.authorized" in told else "captured"
            ),
            automatic_capture_event="order.captured" in told,
        )

    desk.expect_refund(made, "capture_intent_events", read)


def ask_let_go(desk: Desk) -> None:
    """Have a checkout finished, let go of everything, and try to get it back."""
    what = "Please finish this one as well; its money is let go at once"
    approved = desk.guide(Need.LET_GO, what)
    if approved is None:
        return
    report, book, made = desk.report, desk.book, approved.made
    report.asked("released", book.release(made, made.amount_in_cents))
    read = report.asked("released", book.read(made))
    report.answer("released", _ending_of(read), released_order=_state_switch(read))
    replies = [
        report.asked("after_release", move(made, PART))
        for move in (book.capture, book.release, book.refund)
    ]
    report.answer("after_release", alike(replies))
    _ask_for_another(desk, made, "reauthorize_released")


def ask_expiry(desk: Desk) -> None:
    """Have a checkout finished, and wait until its authorization has run out."""
    # Events of before must not be mixed up with what happens when time has gone by.
    desk.catch_up()
    what = "Please finish this one; it is left alone until it runs out"
    approved = desk.guide(Need.EXPIRY, what)
    if approved is None:
        return
    read = _wait_for_expiry(desk, approved)
    if read is None:
        why = "The order does not say when it runs out, or could not be read then."
        desk.report.leave_open("expired", why)
        return
    made = approved.made
    desk.report.asked("expired", read)
    desk.report.answer("expired", _ending_of(read), expired_order=_expired_switch(read))
    book = desk.book
    replies = [
        desk.report.asked("after_expiry", move(made, PART))
        for move in (book.capture, book.release, book.refund)
    ]
    desk.report.answer("after_expiry", alike(replies))
    _ask_for_another(desk, made, "reauthorize_expired")


def ask_denial(desk: Desk) -> None:
    """Have a human try to be denied, and see where the browser lands."""
    what = "Please try to be denied: have too little spending power, or leave"

    def is_over(order: Order) -> bool:
        return order.is_approved or _came_back(desk, order.reference_id) is not None

    found = desk.guide(Need.DENIAL, what, until=is_over, amount_in_cents=MUCH)
    if found is None:
        return
    made = found.made
    read = desk.report.asked("after_denial", desk.book.read(made))
    if read.member("checkout_status") != "denied":
        desk.met.discard(Need.DENIAL)
        desk.unmet[Need.DENIAL] = "Sezzle did not deny the shopper."
        return
    desk.report.answer("after_denial", state_of(read))
    if desk.listener is None:
        return
    desk.listener.wait(lambda: _came_back(desk, made.reference) is not None, desk.event_seconds)
    where = _came_back(desk, made.reference)
    if where is None:
        desk.report.leave_open("denied", "The shopper's browser did not come back.")
        return
    desk.report.answer("denied", f"at the {where} URL", denied_shopper=f"{where}_url")


def ask_dashboard(desk: Desk) -> None:
    """Have a human capture in the dashboard, and see whether an event tells of it."""
    approved = desk.guide(Need.DASHBOARD, "Please finish this one, for the dashboard")
    if approved is None:
        return
    made = approved.made
    desk.met.discard(Need.DASHBOARD)
    desk.say(f"Now please capture {PART} cents of {made.reference} in Sezzle's dashboard.")

    def is_captured(order: Order) -> bool:
        authorization = order.authorization
        return authorization is not None and bool(authorization.transactions[Kind.CAPTURE])

    if desk.wait_for(made, is_captured) is None:
        desk.unmet[Need.DASHBOARD] = "Nobody captured in the dashboard."
        desk.report.troubles.append(desk.unmet[Need.DASHBOARD])
        return
    desk.met.add(Need.DASHBOARD)
    desk.say("  Thank you.")
    desk.book.end(made)

    def read(told: set[str]) -> None:
        came = "order.captured" in told
        reading = "yes" if came else "no"
        desk.report.answer("dashboard_event", reading, dashboard_capture_event=came)

    desk.expect_refund(made, "dashboard_event", read)


def _ask_for_another(desk: Desk, made: Made, question_id: str) -> None:
    """Reauthorize, take some of it and give it back, and see which events tell of it."""
    reply, another = desk.book.reauthorize(made)
    desk.report.asked(question_id, reply)
    reading = "yes" if another is not None else alike([reply])
    if reply.is_yes and another is None:
        reading = "answered with yes, and not approved"
    desk.report.answer(question_id, reading)
    if another is None:
        return
    desk.met.add(Need.REAUTHORIZED)
    desk.book.capture(another, PART)
    desk.book.end(another)

    def read(told: set[str]) -> None:
        came = "order.authorized" in told
        reading = "yes" if came else "no"
        desk.report.answer("reauthorization_event", reading, reauthorization_event=came)

    desk.expect_refund(another, "reauthorization_event", read)


def _wait_for_expiry(desk: Desk, approved: Approved) -> Reply | None:
    authorization = approved.order.authorization
    ends_at = authorization.expires_at if authorization else None
    if ends_at is None:
        return None
    left = ends_at + AFTER_EXPIRY - approved.reply.made_at
    desk.say(
        f"Waiting until {ends_at:%Y-%m-%d %H:%M} UTC for {approved.made.reference} to run out."
    )
    patience = left.total_seconds() + AFTER_EXPIRY.total_seconds()
    for _ in pauses(patience, longest=PAUSE_FOR_EXPIRY):
        read = desk.book.read(approved.made)
        is_clear = read.is_yes or read.is_no
        if is_clear and read.made_at >= ends_at + AFTER_EXPIRY:
            return read
    return None


def _came_back(desk: Desk, reference: str) -> str | None:
    returns = desk.listener.returns if desk.listener else []
    return next((each.where for each in returns if each.reference == reference), None)


def _ending_of(read: Reply) -> str:
    state = state_of(read)
    if not read.is_yes:
        return state
    return f"{state}, {totals_of(Order.from_json(read.json)).released} cents in its releases"


def _state_switch(read: Reply) -> str | None:
    state = state_of(read)
    return {"deleted": "deleted", "complete": "complete", "completed": "complete"}.get(state)


def _expired_switch(read: Reply) -> str | None:
    if read.status == 404:
        return "not_found"
    if not read.is_yes:
        return None
    totals = totals_of(Order.from_json(read.json))
    if state_of(read) == "deleted":
        return "deleted"
    return "unchanged" if totals.released == 0 else None
