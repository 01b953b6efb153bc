"""The emulator itself: takes calls, shopper's and merchant's actions, and sends webhooks."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from . import access, bodies, deliveries, idempotency, ledger, routes
from .actions import Actions
from .clock import Clock
from .context import Context
from .faults import Fault, FaultKind, Faults
from .messages import Call, Delivery, Exchange, Refusal, Request, Response
from .outcome import Outcome, refusal_of, spoil
from .profile import Profile
from .records import Execution, Merchant, Order, PendingDelivery, SentLink, Subscription
from .state import State
from .store import MemoryStore, Store
from .validation import read_json

Observer = Callable[[Exchange | Delivery], None]
KEPT_CALLS = 10_000


class ConnectionBroken(Exception):
    """The call got no whole answer; raised only where there is no wire to break."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"The fault left no answer: {outcome.manner.name.lower()}.")
        self.outcome = outcome


@dataclass(frozen=True)
class _Late:
    due_at: datetime
    route: routes.Route
    ids: dict[str, str]
    request: Request
    merchant: Merchant


class Emulator(Actions):
    """
    A stateful Sezzle v2 gateway for tests and demos; no real money moves.

    Safe to use from several threads. Nothing sleeps and nothing is sent while its lock is held.
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        base_url: str = "https://sezzle-emulator.test",
        public_key: str = "sz_pub_emulator",
        private_key: str = "sz_pr_emulator",
        profile: Profile | None = None,
    ) -> None:
        self.state = State(store or MemoryStore(), profile or Profile(), base_url.rstrip("/"))
        self.faults = Faults()
        self.calls: list[Call] = []
        self.observers: list[Observer] = []
        self.public_key = public_key
        self._exchanges = itertools.count(1)
        self._answering: set[int] = set()
        self._claimed: set[str] = set()
        self._late: list[_Late] = []
        self.add_merchant(public_key, private_key)

    def add_merchant(self, public_key: str, private_key: str) -> str:
        """
        Register a key pair and return the merchant's uuid, always the same for a public key.

        A key that was rotated in an earlier run of the same store stays rotated.
        """
        merchant_uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sezzle-emulator:{public_key}"))
        with self._unit() as state:
            known = state.merchants.get(merchant_uuid)
            if known is None or not known.is_rotated:
                state.merchants.put(Merchant(merchant_uuid, public_key, private_key))
        return merchant_uuid

    @property
    def clock(self) -> Clock:
        """Sezzle's clock: tokens, checkouts and authorizations expire by it."""
        return self.state.clock

    @property
    def profile(self) -> Profile:
        """The switches; assign to its members to change them."""
        return self.state.profile

    @property
    def base_url(self) -> str:
        """Where the links and checkout URLs in answers point."""
        return self.state.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.state.base_url = url.rstrip("/")

    def handle(self, request: Request) -> Response:
        """
        Answer a call without a wire.

        :raises ConnectionBroken: a fault left no whole answer.
        """
        outcome = self.exchange(request)
        self.answered(outcome)
        if outcome.response is None or not outcome.is_intact:
            raise ConnectionBroken(outcome)
        return outcome.response

    def exchange(self, request: Request) -> Outcome:
        """
        Do what a call asks and return how its answer is to travel.

        What changed is committed before this returns. A door performs the outcome and then calls
        ``answered``; webhooks caused by the call wait for that.
        """
        try:
            route, ids = routes.find(request.method, request.path)
        except Refusal:
            route, ids = routes.Route("unknown", request.method, request.path), {}
        fault = self.faults.take(route.operation)
        if fault is not None and fault.kind is FaultKind.REFUSED:
            return spoil(fault, None, None)
        number = next(self._exchanges)
        with self._unit() as state:
            self._answering.add(number)
            state.exchange = number
            try:
                outcome = replace(self._outcome(route, ids, request, fault), exchange=number)
            finally:
                state.exchange = None
            if outcome.response is not None:
                made_at = format_datetime(state.clock.now(), usegmt=True)
                outcome.response.headers["Date"] = made_at
            self._note_call(route, request, fault, outcome)
        self._observe(_exchange(route, request, fault, outcome))
        return outcome

    def answered(self, outcome: Outcome) -> None:
        """Note that an exchange is over, so that its webhooks may go out."""
        with self.state.lock:
            self._answering.discard(outcome.exchange)

    def order(self, order_uuid: str) -> Order:
        """Return a copy of an order. :raises KeyError: no such order."""
        with self._unit() as state:
            order = state.orders.get(order_uuid)
            if order is None:
                raise KeyError(order_uuid)
            return deepcopy(order)

    @property
    def orders(self) -> list[Order]:
        """Copies of all orders, newest last."""
        with self._unit() as state:
            return deepcopy(list(state.orders))

    @property
    def executions(self) -> list[Execution]:
        """Every money movement really booked, in order."""
        with self._unit() as state:
            return deepcopy(list(state.executions))

    @property
    def sent_links(self) -> list[SentLink]:
        """The texts and mails that would have gone out, newest last."""
        with self._unit() as state:
            return deepcopy(list(state.sent_links))

    @property
    def subscriptions(self) -> list[Subscription]:
        """The webhook subscriptions of all merchants."""
        with self._unit() as state:
            return deepcopy(list(state.subscriptions))

    @property
    def pending_deliveries(self) -> list[PendingDelivery]:
        """The deliveries not yet accepted, oldest first."""
        with self._unit() as state:
            return deepcopy(list(state.deliveries))

    def deliver_due(self, send: deliveries.Send | None = None) -> list[Delivery]:
        """
        Send the webhook deliveries that are due by Sezzle's clock.

        :param send: takes URL, headers and body and returns the status; an ``OSError`` (to which
            every exception of requests belongs) means no answer. Left out, requests posts.
        """
        with self._unit() as state:
            due = deliveries.claim_due(state, self._claimed, self._answering)
        sent = []
        try:
            for pending in due:
                delivery = self._deliver(pending, send or deliveries.post)
                if delivery is not None:
                    sent.append(delivery)
        finally:
            with self.state.lock:
                self._claimed.difference_update(pending.uuid for pending in due)
        return sent

    def close(self) -> None:
        """Let go of the store."""
        with self._unit() as state:
            state.commit()
            state.store.close()

    @contextmanager
    def _unit(self) -> Iterator[State]:
        with self.state.lock:
            try:
                self._catch_up()
                yield self.state
            finally:
                self.state.commit()

    def _catch_up(self) -> None:
        for order in self.state.passed_deadlines():
            ledger.expire(self.state, order)
        now = self.state.clock.now()
        due = [late for late in self._late if late.due_at <= now]
        self._late = [late for late in self._late if late.due_at > now]
        for late in due:
            self._execute_late(late)

    def _execute_late(self, late: _Late) -> None:
        try:
            self._execute(late.route, late.ids, late.request, late.merchant)
        except Refusal:
            # Nobody is left to hear the no; nothing was booked.
            return

    def _outcome(
        self, route: routes.Route, ids: dict[str, str], request: Request, fault: Fault | None
    ) -> Outcome:
        if fault is None:
            return Outcome(self._answer(route, ids, request))
        if fault.kind is FaultKind.LATE:
            self._postpone(route, ids, request, fault)
        answer = self._answer(route, ids, request) if fault.executes else None
        refusal = refusal_of(fault)
        error = bodies.error(refusal, self.state) if refusal is not None else None
        return spoil(fault, answer, error)

    def _answer(self, route: routes.Route, ids: dict[str, str], request: Request) -> Response:
        try:
            if route.operation == routes.AUTHENTICATION:
                return access.create_token(self.state, request)
            merchant = access.authenticate(self.state, request)
            return self._execute(route, ids, request, merchant)
        except Refusal as refusal:
            return bodies.error(refusal, self.state)

    def _execute(
        self, route: routes.Route, ids: dict[str, str], request: Request, merchant: Merchant
    ) -> Response:
        if route.handler is None:
            raise Refusal.not_found()
        context = Context(self.state, request, merchant, ids)
        if not route.takes_request_id:
            return route.handler(context)
        earlier = idempotency.earlier_answer(context)
        if earlier is not None:
            return earlier
        response = route.handler(context)
        idempotency.remember(context, response)
        return response

    def _postpone(
        self, route: routes.Route, ids: dict[str, str], request: Request, fault: Fault
    ) -> None:
        due_at = self.state.clock.now() + timedelta(seconds=float(fault.option("seconds")))
        try:
            merchant = access.authenticate(self.state, request)
        except Refusal:
            # An unauthenticated call does nothing, now or later.
            return
        self._late.append(_Late(due_at, route, ids, request, merchant))

    def _deliver(self, pending: PendingDelivery, send: deliveries.Send) -> Delivery | None:
        with self._unit() as state:
            prepared = deliveries.prepare(state, pending)
        if prepared is None:
            return None
        status: int | None = None
        try:
            status = send(prepared.url, prepared.headers, prepared.body)
        except OSError:
            # Unreachable, dropped or too slow: an attempt that failed, to be repeated.
            status = None
        delivery = replace(prepared, status=status)
        with self._unit() as state:
            deliveries.settle(state, pending, delivery)
        self._observe(delivery)
        return delivery

    def _note_call(
        self, route: routes.Route, request: Request, fault: Fault | None, outcome: Outcome
    ) -> None:
        response = outcome.response
        call = Call(
            operation=route.operation,
            method=request.method,
            path=request.path,
            request_id=request.header("Sezzle-Request-Id"),
            body=_without_private_key(_parsed(request.body)),
            status=response.status if response is not None else None,
            fault=fault.kind.value if fault is not None else None,
        )
        self.calls.append(call)
        del self.calls[:-KEPT_CALLS]

    def _observe(self, seen: Exchange | Delivery) -> None:
        for observer in list(self.observers):
            observer(seen)


def _exchange(
    route: routes.Route, request: Request, fault: Fault | None, outcome: Outcome
) -> Exchange:
    response = outcome.response
    return Exchange(
        operation=route.operation,
        method=request.method,
        path=request.path,
        query=request.query,
        request_headers=dict(request.headers),
        request_body=request.body,
        status=response.status if response is not None else None,
        response_headers=dict(response.headers) if response is not None else {},
        response_body=response.body if response is not None else b"",
        fault=fault.kind.value if fault is not None else None,
    )


def _parsed(body: bytes) -> Any:
    try:
        return read_json(body)
    except Refusal:
        return None


def _without_private_key(body: Any) -> Any:
    if isinstance(body, dict) and "private_key" in body:
        return {**body, "private_key": "***"}
    return body
