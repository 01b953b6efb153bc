"""What the emulated Sezzle knows: one dataclass per kind of thing, kept as a JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Merchant:
    """An account with its key pair; the private key signs its webhooks."""

    uuid: str
    public_key: str
    private_key: str = field(repr=False)
    is_rotated: bool = False


@dataclass
class AccessToken:
    """A bearer token handed out by the authentication call."""

    uuid: str = field(repr=False)
    merchant_uuid: str
    expires_at: datetime


@dataclass
class Movement:
    """A capture, refund or release as an order lists it."""

    uuid: str
    amount_in_cents: int
    created_at: datetime


@dataclass
class Authorization:
    """What the shopper's approval allows the merchant to take, and what became of it."""

    uuid: str
    created_at: datetime
    amount_in_cents: int
    expires_at: datetime
    financing_option: str
    sezzle_order_id: str
    captures: list[Movement] = field(default_factory=list)
    refunds: list[Movement] = field(default_factory=list)
    releases: list[Movement] = field(default_factory=list)
    is_expired: bool = False


@dataclass
class Upcharge:
    """A further order charged on top of this one."""

    uuid: str
    amount_in_cents: int


@dataclass
class Order:
    """A Sezzle order, from the session that opened it to its last refund."""

    uuid: str
    merchant_uuid: str
    intent: str
    reference_id: str
    amount_in_cents: int
    currency: str
    created_at: datetime
    checkout_expires_at: datetime
    checkout_status: str = "active"
    description: str = ""
    complete_url: str = ""
    cancel_url: str = ""
    checkout_mode: str = "redirect"
    details: dict[str, Any] = field(default_factory=dict)
    customer: dict[str, Any] = field(default_factory=dict)
    discounts: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None
    authorization: Authorization | None = None
    reauthorized_from: str | None = None
    parent_order_uuid: str | None = None
    upcharges: list[Upcharge] = field(default_factory=list)

    @property
    def captured_in_cents(self) -> int:
        """Cents taken so far."""
        return _total(self.authorization.captures) if self.authorization else 0

    @property
    def refunded_in_cents(self) -> int:
        """Cents given back so far."""
        return _total(self.authorization.refunds) if self.authorization else 0

    @property
    def released_in_cents(self) -> int:
        """Cents let go without having been taken."""
        return _total(self.authorization.releases) if self.authorization else 0

    @property
    def uncaptured_in_cents(self) -> int:
        """Cents that were authorized and never taken, whether or not they were let go."""
        authorized = self.authorization.amount_in_cents if self.authorization else 0
        return authorized - self.captured_in_cents

    @property
    def capturable_in_cents(self) -> int:
        """Cents still held; none once the authorization has expired."""
        if self.authorization is None or self.authorization.is_expired:
            return 0
        return self.uncaptured_in_cents - self.released_in_cents

    @property
    def refundable_in_cents(self) -> int:
        """Cents taken and not given back."""
        return self.captured_in_cents - self.refunded_in_cents


@dataclass
class Session:
    """A checkout session: an order, a tokenization, or both."""

    uuid: str
    merchant_uuid: str
    order_uuid: str | None
    token: str | None


@dataclass
class Tokenization:
    """A request to remember the shopper, open until agreed to or run out."""

    uuid: str
    merchant_uuid: str
    expires_at: datetime
    customer_uuid: str | None = None
    recurring: bool | None = None
    plan_name: str = ""


@dataclass
class Customer:
    """A shopper who agreed to be charged again without a checkout."""

    uuid: str
    merchant_uuid: str
    created_at: datetime
    expires_at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Subscription:
    """A URL that wants to hear of some events."""

    uuid: str
    merchant_uuid: str
    url: str
    events: list[str]


@dataclass
class PendingDelivery:
    """An event on its way to one URL; no subscription means a test, tried once."""

    uuid: str
    merchant_uuid: str
    subscription_uuid: str | None
    url: str
    event: str
    body: str
    due_at: datetime
    attempts: int = 0
    last_status: int | None = None
    exchange: int | None = None


@dataclass
class DeliveryLog:
    """How one attempt at a delivery ended, for the dashboard."""

    uuid: str
    event: str
    url: str
    at: datetime
    status: int | None


@dataclass
class Execution:
    """A money movement that was really booked, in the order it happened."""

    kind: str
    order_uuid: str
    amount_in_cents: int
    currency: str
    uuid: str
    request_id: str | None
    source: str
    at: datetime
    payout_uuid: str | None = None


@dataclass
class RememberedAnswer:
    """The first answer to a request id, to be given again."""

    uuid: str
    call: str
    body: str
    status: int
    answer: str


@dataclass
class SentLink:
    """A checkout link that Sezzle would have sent to the shopper."""

    uuid: str
    order_uuid: str
    channel: str
    to: str
    language: str
    checkout_url: str
    sent_at: datetime


@dataclass
class Dispute:
    """A shopper's complaint about an order."""

    uuid: str
    number: int
    order_uuid: str
    dispute_type: str
    status: str
    amount_in_cents: int
    due_date: str


@dataclass
class Payout:
    """Money paid to the merchant for what was captured less what was refunded, and the fees."""

    uuid: str
    merchant_uuid: str
    currency: str
    amount_in_cents: int
    paid_at: datetime
    fee_basis_points: int = 0
    fee_per_capture_in_cents: int = 0


@dataclass
class ClockOffset:
    """How far Sezzle's clock is ahead of real time."""

    uuid: str
    seconds: float


def _total(movements: list[Movement]) -> int:
    return sum(movement.amount_in_cents for movement in movements)
