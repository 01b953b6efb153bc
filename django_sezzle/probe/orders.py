"""The orders a run makes, and how each is ended: deleted, released or refunded."""

from __future__ import annotations

import secrets
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway.messages import Kind, Malformed, Order
from django_sezzle.probe.client import PAUSE, TRIES, Client, Reply

CURRENCY = "USD"
NOT_ENDED = "NOT ENDED"


def price(amount_in_cents: int, currency: str = CURRENCY) -> dict[str, Any]:
    """Write a price; the amount is in cents."""
    return {"amount_in_cents": amount_in_cents, "currency": currency}


@dataclass
class Made:
    """An order that this run made; its reference is what the dashboard shows."""

    reference: str
    uuid: str = field(repr=False)
    amount_in_cents: int
    made_at: datetime
    """By Sezzle's clock."""

    checkout_url: str = field(default="", repr=False)
    ending: str = ""
    """How it ended; empty while it is open."""

    sent: dict[str, float] = field(default_factory=dict)
    """When the first operation of a kind left that was done, by ``time.monotonic()``."""

    @property
    def is_open(self) -> bool:
        """Whether it still may hold money, or a shopper."""
        return not self.ending or self.ending.startswith(NOT_ENDED)


@dataclass(frozen=True)
class Totals:
    """What an order's transactions add up to, in cents."""

    authorized: int
    captured: int
    refunded: int
    released: int
    expires_at: datetime | None

    @property
    def held(self) -> int:
        """What could still be taken or let go."""
        return self.authorized - self.captured - self.released

    @property
    def refundable(self) -> int:
        """What was taken and not given back."""
        return self.captured - self.refunded


class Book:
    """
    Makes orders and remembers them, so that none stays open.

    :param return_url: gives the address of ``complete`` or ``cancel`` for a reference.
    """

    def __init__(self, client: Client, return_url: Callable[[str, str], str]) -> None:
        self._client = client
        self._return_url = return_url
        self._run = f"probe-{secrets.token_hex(4)}"
        self._number = 0
        self.made: list[Made] = []

    def new_reference(self) -> str:
        """Give a reference that no order has."""
        self._number += 1
        return f"{self._run}-{self._number}"

    def session(
        self, amount_in_cents: int, *, reference: str | None = None, **order: Any
    ) -> dict[str, Any]:
        """Write the body of a session; ``order`` replaces or adds members of its order."""
        reference = reference or self.new_reference()
        return {
            "cancel_url": {"href": self._return_url("cancel", reference)},
            "complete_url": {"href": self._return_url("complete", reference)},
            "order": {
                "intent": "AUTH",
                "reference_id": reference,
                "description": "Sandbox probe",
                "order_amount": price(amount_in_cents),
                **order,
            },
        }

    def open(self, body: dict[str, Any]) -> tuple[Reply, Made | None]:
        """Start a checkout; there is no order when it was refused."""
        reply = self._client.ask("POST", "/v2/session", body=body)
        order_uuid = reply.member("order", "uuid")
        if not reply.is_yes or not isinstance(order_uuid, str):
            return reply, None
        order = body["order"]
        made = Made(
            reference=order.get("reference_id", "(without a reference)"),
            uuid=order_uuid,
            amount_in_cents=int(order["order_amount"]["amount_in_cents"]),
            made_at=reply.made_at,
            checkout_url=str(reply.member("order", "checkout_url") or ""),
        )
        self.made.append(made)
        return reply, made

    def adopt(self, parent: Made, order_uuid: Any, why: str) -> Made | None:
        """Remember an order that Sezzle made of another one; None when that is not one."""
        if not isinstance(order_uuid, str) or any(each.uuid == order_uuid for each in self.made):
            return None
        made = Made(f"{parent.reference} {why}", order_uuid, parent.amount_in_cents, parent.made_at)
        self.made.append(made)
        return made

    def read(self, made: Made) -> Reply:
        """Read an order."""
        return self._client.ask("GET", "/v2/order/{order}", of=made.uuid)

    def move(
        self, made: Made, action: str, body: dict[str, Any], request_id: str | None = None
    ) -> Reply:
        """Send a money operation once, under an id of its own unless told otherwise."""
        path = f"/v2/order/{{order}}/{action}"
        request_id = request_id or str(uuid.uuid4())
        reply = self._client.ask("POST", path, of=made.uuid, body=body, request_id=request_id)
        if reply.is_yes:
            made.sent.setdefault(action, reply.sent_at)
        return reply

    def capture(self, made: Made, amount_in_cents: int, request_id: str | None = None) -> Reply:
        """Capture cents."""
        return self.move(made, "capture", {"capture_amount": price(amount_in_cents)}, request_id)

    def refund(self, made: Made, amount_in_cents: int, request_id: str | None = None) -> Reply:
        """Refund cents."""
        return self.move(made, "refund", price(amount_in_cents), request_id)

    def release(self, made: Made, amount_in_cents: int, request_id: str | None = None) -> Reply:
        """Release cents."""
        return self.move(made, "release", price(amount_in_cents), request_id)

    def reauthorize(self, made: Made) -> tuple[Reply, Made | None]:
        """Reauthorize the whole amount; there is no new order unless it was approved."""
        reply = self.move(made, "reauthorize", price(made.amount_in_cents))
        is_approved = reply.is_yes and reply.member("authorization", "approved") is True
        return reply, self.adopt(made, reply.member("uuid"), "again") if is_approved else None

    def delete(self, made: Made) -> Reply:
        """Delete a checkout that nobody finished."""
        reply = self._client.ask("DELETE", "/v2/order/{order}/checkout", of=made.uuid)
        if reply.is_yes:
            made.ending = "deleted; nothing was taken"
        return reply

    def totals(self, made: Made) -> Totals:
        """
        Add up what Sezzle lists.

        :raises Malformed: the answer is no order.
        """
        return totals_of(Order.from_json(self.read(made).json))

    def settle(self) -> bool:
        """End every order that is still open; False when one could not be ended."""
        ended = [self.end(made) for made in self.made if made.is_open]
        return all(ended)

    def end(self, made: Made) -> bool:
        """Delete, refund or release what an order still holds; False when that failed."""
        # One id for all tries of the same thing: a gateway that honours it books once.
        request_ids: dict[tuple[str, int], str] = defaultdict(lambda: str(uuid.uuid4()))
        made.ending = f"{NOT_ENDED}: Sezzle could not be asked. Look at it in the dashboard"
        for _ in range(TRIES):
            try:
                left = self._what_is_left(made)
                for action, cents in left.items():
                    if action == "deletion":
                        self.delete(made)
                    else:
                        self.move(made, action, price(cents), request_ids[action, cents])
                if left:
                    left = self._what_is_left(made)
            except (GatewayError, Malformed):
                time.sleep(PAUSE)
                continue
            if not left:
                return True
            parts = " and ".join(f"{action} of {cents} cents" for action, cents in left.items())
            made.ending = f"{NOT_ENDED}: Sezzle refused {parts}. Look at it in the dashboard"
        return False

    def _what_is_left(self, made: Made) -> dict[str, int]:
        """Name what has to be done to end an order, in cents; nothing once it is ended."""
        reply = self.read(made)
        if reply.status == 404:
            made.ending = "Sezzle does not know it any more"
            return {}
        order = Order.from_json(reply.json)
        if not order.is_approved:
            if order.checkout_status == "active":
                return {"deletion": 0}
            made.ending = f"{order.checkout_status}; nothing was taken"
            return {}
        totals = totals_of(order)
        is_over = _is_over(totals, reply.made_at)
        left = {"refund": totals.refundable, "release": 0 if is_over else totals.held}
        sums = {"refunded": totals.refunded, "released": totals.released}
        ended = ", ".join(f"{cents} cents {word}" for word, cents in sums.items() if cents)
        left = {action: cents for action, cents in left.items() if cents > 0}
        if not left:
            made.ending = ended or ("run out" if is_over else "nothing was taken")
        return left


def totals_of(order: Order) -> Totals:
    """Add up an order's transactions."""
    authorization = order.authorization
    if authorization is None or not authorization.approved:
        return Totals(0, 0, 0, 0, None)
    amount = authorization.amount or order.amount
    sums = {
        kind: sum(each.amount.amount_in_cents for each in listed or ())
        for kind, listed in authorization.transactions.items()
    }
    return Totals(
        authorized=amount.amount_in_cents if amount else 0,
        captured=sums[Kind.CAPTURE],
        refunded=sums[Kind.REFUND],
        released=sums[Kind.RELEASE],
        expires_at=authorization.expires_at,
    )


def _is_over(totals: Totals, now: datetime) -> bool:
    # Sezzle's moment is given to the second only.
    ends_at = totals.expires_at
    return ends_at is not None and ends_at < now - timedelta(seconds=1)
