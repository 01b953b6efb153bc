"""What every group of questions works with, and the human who is asked to be the shopper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_sezzle.gateway.messages import Order
from django_sezzle.probe.client import Client, Reply
from django_sezzle.probe.listener import Heard, Listener
from django_sezzle.probe.orders import Book, Made
from django_sezzle.probe.questions import Need
from django_sezzle.probe.report import Report

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 3.0
REFUNDED = "order.refunded"


@dataclass
class Desk:
    """The tools of a run, and what it has learnt about itself."""

    client: Client
    book: Book
    report: Report
    say: Callable[[str], object]
    wait_seconds: float
    event_seconds: float
    listener: Listener | None

    amount_in_cents: int = 500
    """What a checkout is made for: a few dollars, or the account's least amount."""

    amounts_refused: list[tuple[str, Reply]] = field(default_factory=list)
    """Refusals of amounts, the most telling first."""

    met: set[Need] = field(default_factory=set)
    unmet: dict[Need, str] = field(default_factory=dict)
    """Why a need was not met, where there is more to say than that it was not."""

    nobody_came: bool = False
    subscriptions: list[str] = field(default_factory=list)
    _expected: list[tuple[Made, str, Callable[[set[str]], None]]] = field(default_factory=list)

    @property
    def quiet_seconds(self) -> float:
        """How long silence has to last to count."""
        return min(2.0, self.event_seconds / 10)

    def guide(
        self, need: Need, what: str, *, until: Callable[[Order], bool] | None = None, **order: Any
    ) -> Approved | None:
        """
        Have a human finish a checkout, and wait for it.

        :param until: when the wait is over; when the order is approved, if left out.
        :returns: None when the shopper did not come, or Sezzle did not approve.
        """
        amount = order.pop("amount_in_cents", self.amount_in_cents)
        reply, made = self.book.open(self.book.session(amount, **order))
        if made is None:
            self.unmet[need] = f"The checkout for it was refused ({reply})."
            self.report.troubles.append(self.unmet[need])
            return None
        self.say(f"{what} ({amount} cents, {made.reference}):")
        self.say(f"  {''.join(filter(str.isprintable, made.checkout_url))}")
        found = self.wait_for(made, until or (lambda order: order.is_approved))
        if found is None:
            self.nobody_came = True
            self.unmet[need] = f"Nobody finished its checkout within {self.wait_seconds:g} s."
            self.report.troubles.append(self.unmet[need])
            return None
        if until is None and not found.order.is_approved:
            self.unmet[need] = f"Its checkout ended as {found.order.checkout_status}."
            return None
        self.met.add(need)
        self.say("  Thank you.")
        return found

    def wait_for(
        self, made: Made, is_there: Callable[[Order], bool], seconds: float | None = None
    ) -> Approved | None:
        """Read an order until something is there, or it is over; None when time ran out."""
        before = made.made_at
        for _ in pauses(self.wait_seconds if seconds is None else seconds):
            reply = self.book.read(made)
            if not reply.is_yes:
                continue
            order = Order.from_json(reply.json)
            if is_there(order) or order.checkout_status in ("denied", "deleted"):
                return Approved(made, order, reply, before)
            before = reply.made_at
        return None

    def heard(self, made: Made | None = None, event: str | None = None) -> list[Heard]:
        """Return the deliveries of one order of this run, or of all its orders."""
        uuids = {each.uuid for each in ([made] if made else self.book.made)}
        return [
            each
            for each in (self.listener.heard if self.listener else ())
            if each.event.order_uuid in uuids and event in (None, each.event.type)
        ]

    def expect_refund(self, made: Made, question_id: str, read: Callable[[set[str]], None]) -> None:
        """
        Answer a question later, from all events of an order whose money was given back.

        The event of the refund comes last: once it is here, what is not will not come.
        """
        self._expected.append((made, question_id, read))

    def catch_up(self) -> None:
        """Wait for the events that have to come, until it is quiet, and read them."""
        expected, self._expected = self._expected, []
        listener = self.listener
        if listener is None or Need.WEBHOOKS not in self.met:
            return
        for made, _, _ in expected:
            listener.wait(lambda: bool(self.heard(made, REFUNDED)), self.event_seconds)  # noqa: B023 - called at once
        listener.wait_until_quiet(self.quiet_seconds)
        for made, question_id, read in expected:
            # Deliveries overtake each other: which event came first says nothing about an order.
            told = {str(each.event.type) for each in self.heard(made)}
            if REFUNDED in told:
                read(told)
            else:
                why = "Not even the event of its refund came, so that silence proves nothing."
                self.report.leave_open(question_id, why)


@dataclass(frozen=True)
class Approved:
    """An order as it was when its shopper had finished."""

    made: Made
    order: Order
    reply: Reply
    before: datetime
    """The last moment, by Sezzle's clock, at which it was not finished."""


def pauses(seconds: float, *, longest: float = LONGEST_PAUSE) -> Iterator[None]:
    """Yield at once, then after pauses that grow, and once more when the time is up."""
    ends_at = time.monotonic() + seconds
    pause = FIRST_PAUSE
    yield
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.2, longest)
        yield
