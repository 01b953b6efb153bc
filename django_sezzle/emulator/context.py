"""What a gateway operation is given to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from .messages import Refusal, Request
from .profile import Profile
from .records import Merchant, Order
from .state import State
from .validation import read_object


class HasMerchant(Protocol):
    """A record that belongs to a merchant."""

    merchant_uuid: str


Owned = TypeVar("Owned", bound=HasMerchant)


@dataclass(frozen=True)
class Context:
    """An authenticated call: who asks, about which ids, with what body."""

    state: State
    request: Request
    merchant: Merchant
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def profile(self) -> Profile:
        """The switches in force."""
        return self.state.profile

    @property
    def request_id(self) -> str | None:
        """The caller's idempotency key."""
        return self.request.header("Sezzle-Request-Id")

    def order(self) -> Order:
        """Return the order named in the path. :raises Refusal: 404."""
        return self.state.order_of(self.merchant, self.ids["order_uuid"])

    def body(self, shape: dict[str, Any]) -> dict[str, Any]:
        """Return the body, its types checked. :raises Refusal: 400."""
        return read_object(self.request.body, shape)

    def own(self, record: Owned | None) -> Owned:
        """Return a record of this merchant's. :raises Refusal: 404, none, or another's."""
        if record is None or record.merchant_uuid != self.merchant.uuid:
            raise Refusal.not_found()
        return record
