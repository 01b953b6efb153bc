"""A stateful Sezzle v2 gateway for tests and demos, offline; no real money moves."""

from .adapter import EmulatorAdapter
from .clock import Clock
from .faults import FaultKind, Faults
from .gateway import ConnectionBroken, Emulator
from .messages import Call, Delivery, Exchange, Refusal, Request, Response
from .profile import Profile
from .records import Execution, Order, PendingDelivery, SentLink, Subscription
from .server import EmulatorServer
from .store import MemoryStore, SQLiteStore, Store

__all__ = [
    "Call",
    "Clock",
    "ConnectionBroken",
    "Delivery",
    "Emulator",
    "EmulatorAdapter",
    "EmulatorServer",
    "Exchange",
    "Execution",
    "FaultKind",
    "Faults",
    "MemoryStore",
    "Order",
    "PendingDelivery",
    "Profile",
    "Refusal",
    "Request",
    "Response",
    "SQLiteStore",
    "SentLink",
    "Store",
    "Subscription",
]
