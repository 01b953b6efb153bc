"""Everything the emulated Sezzle remembers, with the one lock that guards it."""

from __future__ import annotations

import heapq
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Generic, TypeVar

from .clock import Clock
from .documents import from_document, to_document
from .messages import Refusal
from .profile import Profile
from .records import (
    AccessToken,
    ClockOffset,
    Customer,
    DeliveryLog,
    Dispute,
    Execution,
    Merchant,
    Order,
    Payout,
    PendingDelivery,
    RememberedAnswer,
    SentLink,
    Session,
    Subscription,
    Tokenization,
)
from .store import Change, Store

Record = TypeVar("Record")


class Table(Generic[Record]):
    """The records of one kind by id, oldest first; changes are noted for the store."""

    def __init__(self, record_type: type[Record], note: Callable[[str, str, Any], None]) -> None:
        self.kind = record_type.__name__
        self._record_type = record_type
        self._note = note
        self._rows: dict[str, Record] = {}

    def put(self, record: Record) -> Record:
        """Keep a new or changed record."""
        key: str = record.uuid  # type: ignore[attr-defined]
        self._rows[key] = record
        self._note(self.kind, key, record)
        return record

    def get(self, key: str | None) -> Record | None:
        """Return the record with this id, or None."""
        return self._rows.get(key) if key is not None else None

    def remove(self, key: str) -> None:
        """Forget a record."""
        if self._rows.pop(key, None) is not None:
            self._note(self.kind, key, None)

    def restore(self, key: str, document: str) -> None:
        """Take a record back from the store."""
        self._rows[key] = from_document(self._record_type, document)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)


class State:
    """The tables, the clock and the profile; touched only while ``lock`` is held."""

    def __init__(self, store: Store, profile: Profile, base_url: str) -> None:
        self.lock = RLock()
        self.store = store
        self.profile = profile
        self.base_url = base_url
        self.clock = Clock()
        self._changes: dict[tuple[str, str], Any] = {}
        self._deadlines: list[tuple[datetime, str]] = []
        self.exchange: int | None = None
        self.declined_reauthorizations = 0
        self.declined_customer_orders = 0

        self.merchants = Table(Merchant, self._note)
        self.tokens = Table(AccessToken, self._note)
        self.sessions = Table(Session, self._note)
        self.orders = Table(Order, self._note)
        self.tokenizations = Table(Tokenization, self._note)
        self.customers = Table(Customer, self._note)
        self.subscriptions = Table(Subscription, self._note)
        self.deliveries = Table(PendingDelivery, self._note)
        self.delivery_logs = Table(DeliveryLog, self._note)
        self.executions = Table(Execution, self._note)
        self.answers = Table(RememberedAnswer, self._note)
        self.sent_links = Table(SentLink, self._note)
        self.disputes = Table(Dispute, self._note)
        self.payouts = Table(Payout, self._note)
        self.clock_offset = Table(ClockOffset, self._note)
        self._restore()
        self.clock.on_change = self._keep_clock

    def new_id(self) -> str:
        """Return a fresh random id."""
        return str(uuid.uuid4())

    def new_order_id(self) -> str:
        """Return a fresh order id; under the ``opaque`` reading one that is no UUID."""
        if self.profile.order_ids == "uuid":
            return self.new_id()
        alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
        groups = ("".join(secrets.choice(alphabet) for _ in range(n)) for n in (8, 4, 4, 4, 11))
        return "-".join(groups) + "z"

    def order_of(self, merchant: Merchant, order_uuid: str) -> Order:
        """
        Return a merchant's order.

        :raises Refusal: 404, no such order, or another merchant's.
        """
        order = self.orders.get(order_uuid)
        if order is None or order.merchant_uuid != merchant.uuid:
            raise Refusal.not_found()
        return order

    def watch(self, order_uuid: str, moment: datetime) -> None:
        """Look at this order again once the clock has reached a moment."""
        heapq.heappush(self._deadlines, (moment, order_uuid))

    def passed_deadlines(self) -> Iterator[Order]:
        """Return, once each, the orders whose moment has come."""
        now = self.clock.now()
        while self._deadlines and self._deadlines[0][0] <= now:
            order = self.orders.get(heapq.heappop(self._deadlines)[1])
            if order is not None:
                yield order

    def commit(self) -> None:
        """Write what has changed to the store, all or nothing."""
        if not self._changes:
            return
        changes = [
            Change(kind, key, None if record is None else to_document(record))
            for (kind, key), record in self._changes.items()
        ]
        self.store.apply(changes)
        self._changes.clear()

    def _note(self, kind: str, key: str, record: Any) -> None:
        self._changes[kind, key] = record

    def _keep_clock(self) -> None:
        with self.lock:
            self.clock_offset.put(ClockOffset("offset", self.clock.offset.total_seconds()))
            self.commit()

    def _restore(self) -> None:
        tables = {table.kind: table for table in vars(self).values() if isinstance(table, Table)}
        for kind, key, document in self.store.load():
            tables[kind].restore(key, document)
        offset = self.clock_offset.get("offset")
        if offset is not None:
            self.clock.offset = timedelta(seconds=offset.seconds)
        for order in self.orders:
            if order.authorization is not None:
                self.watch(order.uuid, order.authorization.expires_at)
            else:
                self.watch(order.uuid, order.checkout_expires_at)
