"""
What Sezzle says about shoppers who agreed to be charged again.

https://docs.sezzle.com, the customer operations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_sezzle.gateway.messages import parsing
from django_sezzle.gateway.messages.parsing import Malformed

#: What is no one's data: the rest of a customer's members is.
_OWN = frozenset({"uuid", "links", "expiration", "token_expiration"})


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedCustomer:
    """
    A customer as Sezzle holds it at one moment.

    ``details`` is the shopper's data as Sezzle sent it, empty in a list: shown to whoever may see
    it, never stored by this package and never part of a repr.
    """

    uuid: str = field(repr=False)
    expires_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, value: object) -> SavedCustomer:
        """
        Read an entry of ``GET /v2/customer``, or the answer of ``GET /v2/customer/{uuid}``.

        :raises Malformed: there is no usable id.
        """
        given = parsing.as_object(value, "customer")
        ends = given.get("expiration") or given.get("token_expiration")
        return cls(
            uuid=parsing.identifier(given.get("uuid"), "customer.uuid"),
            expires_at=parsing.moment(ends, "customer.expiration"),
            details={name: each for name, each in given.items() if name not in _OWN},
        )

    @classmethod
    def list_from_json(cls, value: object) -> list[SavedCustomer]:
        """
        Read the answer of ``GET /v2/customer``; null is an empty list.

        :raises Malformed: it is no list, or an entry has no usable id.
        """
        entries = [] if value is None else parsing.as_list(value, "customers")
        return [cls.from_json(entry) for entry in entries]


@dataclass(frozen=True, slots=True)
class Preapproval:
    """Whether Sezzle would approve an amount now; nothing is held by it."""

    approved: bool

    @classmethod
    def from_json(cls, value: object) -> Preapproval:
        """
        Read the answer of ``POST /v2/customer/{uuid}/preapprove``.

        :raises Malformed: it says neither true nor false.
        """
        approved = parsing.as_object(value, "preapproval").get("approved")
        if not isinstance(approved, bool):
            raise Malformed("preapproval.approved is neither true nor false")
        return cls(approved)
