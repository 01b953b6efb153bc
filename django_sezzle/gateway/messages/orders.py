"""
What Sezzle says about sessions and orders, read so that both documented forms are understood.

https://docs.sezzle.com/docs/api/core/orders/getv2order
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django_sezzle.gateway.messages import parsing
from django_sezzle.gateway.messages.money import Amount
from django_sezzle.gateway.messages.parsing import Malformed


class Kind(StrEnum):
    """What a transaction of an order did to the money."""

    CAPTURE = "capture"
    """Held money was taken."""

    REFUND = "refund"
    """Taken money was given back."""

    RELEASE = "release"
    """Held money was let go."""

    UPCHARGE = "upcharge"
    """More was charged, by an order of its own; nothing of this order's money moved."""

    @classmethod
    def of_its_own_money(cls) -> tuple[Kind, ...]:
        """Name those that move the money of the order that lists them."""
        return (cls.CAPTURE, cls.REFUND, cls.RELEASE)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A capture, refund, release or upcharge that an order lists."""

    kind: Kind
    uuid: str
    amount: Amount

    @classmethod
    def from_json(cls, kind: Kind, value: object, where: str) -> Transaction:
        """Read an entry: the amount nested under ``amount``, or flat beside the uuid."""
        given = parsing.as_object(value, where)
        nested = given.get("amount")
        if nested is None:
            nested = {
                "amount_in_cents": given.get("amount_in_cents"),
                "currency": given.get("currency_code"),
            }
        return cls(
            kind,
            parsing.identifier(given.get("uuid"), f"{where}.uuid"),
            Amount.from_json(nested, f"{where}.amount"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorization:
    """What Sezzle granted. A list is None where Sezzle left it out."""

    approved: bool
    amount: Amount | None
    expires_at: datetime | None
    sezzle_order_id: str
    financing_option: str
    transactions: dict[Kind, tuple[Transaction, ...] | None]

    @classmethod
    def from_json(cls, value: object, where: str) -> Authorization:
        """Read ``authorization``. Only the JSON value ``true`` is an approval."""
        given = parsing.as_object(value, where)
        amount = given.get("authorization_amount")
        return cls(
            approved=given.get("approved") is True,
            amount=None if amount is None else Amount.from_json(amount, f"{where}.amount"),
            expires_at=parsing.moment(given.get("expiration"), f"{where}.expiration"),
            sezzle_order_id=parsing.word(given.get("sezzle_order_id")),
            financing_option=parsing.word(given.get("financing_option")),
            transactions={
                kind: _transactions(kind, given.get(f"{kind.value}s"), f"{where}.{kind.value}s")
                for kind in Kind.of_its_own_money()
            },
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """
    An order as Sezzle holds it at one moment.

    ``customer`` is the shopper's data as Sezzle sent it: shown to whoever may see it, never
    stored by this package and never part of a repr.
    """

    uuid: str
    intent: str
    reference_id: str
    amount: Amount | None
    checkout_status: str
    checkout_expires_at: datetime | None
    authorization: Authorization | None
    is_upcharge: bool = False
    parent_order_uuid: str | None = None
    upcharges: tuple[Transaction, ...] = ()
    customer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: What the shop sent with it, where Sezzle gives it back.
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_approved(self) -> bool:
        """Whether Sezzle granted the money, said by the JSON value ``true``."""
        return self.authorization is not None and self.authorization.approved

    @classmethod
    def from_json(cls, value: object) -> Order:
        """
        Read the answer of ``GET /v2/order/{order_uuid}``.

        :raises Malformed: a member that matters for money has another shape than documented.
        """
        given = parsing.as_object(value, "order")
        amount = given.get("order_amount")
        authorization = given.get("authorization")
        return cls(
            uuid=parsing.identifier(given.get("uuid"), "order.uuid"),
            intent=parsing.text(given.get("intent"), "order.intent"),
            reference_id=parsing.text(given.get("reference_id"), "order.reference_id"),
            amount=None if amount is None else Amount.from_json(amount, "order.order_amount"),
            checkout_status=_status(given.get("checkout_status")),
            checkout_expires_at=parsing.moment(
                given.get("checkout_expiration"), "order.checkout_expiration"
            ),
            authorization=(
                None
                if authorization is None
                else Authorization.from_json(authorization, "order.authorization")
            ),
            is_upcharge=given.get("is_upcharge") is True,
            parent_order_uuid=parsing.word(given.get("parent_order_uuid")) or None,
            upcharges=_upcharges(given.get("upcharges")),
            customer=given["customer"] if isinstance(given.get("customer"), dict) else {},
            metadata=given["metadata"] if isinstance(given.get("metadata"), dict) else {},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session that was created or read; ``token`` is there when tokenization was asked for."""

    uuid: str
    order_uuid: str | None
    checkout_url: str
    token: str = field(default="", repr=False)
    token_expires_at: datetime | None = None

    @classmethod
    def from_json(cls, value: object) -> Session:
        """Read a session; ``tokenize`` stands at the top or inside ``order``."""
        given = parsing.as_object(value, "session")
        order = given.get("order")
        order = {} if order is None else parsing.as_object(order, "session.order")
        tokenize = given.get("tokenize") or order.get("tokenize") or {}
        tokenize = parsing.as_object(tokenize, "session.tokenize")
        return cls(
            uuid=parsing.identifier(given.get("uuid"), "session.uuid"),
            order_uuid=parsing.optional_identifier(order.get("uuid"), "session.order.uuid"),
            checkout_url=parsing.text(order.get("checkout_url"), "session.order.checkout_url"),
            token=parsing.text(tokenize.get("token"), "session.tokenize.token"),
            token_expires_at=parsing.moment(
                tokenize.get("expiration"), "session.tokenize.expiration"
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSession:
    """What became of the request to remember the shopper; no customer until they agreed."""

    customer_uuid: str | None = field(repr=False)
    customer_expires_at: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def from_json(cls, value: object) -> TokenSession:
        """
        Read the answer of ``GET /v2/token/{token}/session``.

        :raises Malformed: there is a customer without a usable id.
        """
        given = parsing.as_object(value, "token")
        customer = given.get("customer")
        customer = {} if customer is None else parsing.as_object(customer, "token.customer")
        return cls(
            customer_uuid=(
                parsing.identifier(customer.get("uuid"), "token.customer.uuid")
                if customer
                else None
            ),
            customer_expires_at=parsing.moment(
                customer.get("expiration"), "token.customer.expiration"
            ),
            expires_at=parsing.moment(given.get("expiration"), "token.expiration"),
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """
    The answer to a request that Sezzle may decline: reauthorize, customer order.

    ``approved`` is None when the answer does not say true or false, ``order`` when the rest of
    it cannot be read.
    """

    uuid: str | None
    approved: bool | None
    order: Order | None = None

    @classmethod
    def from_json(cls, value: object) -> Approval:
        """Read the new order's uuid, the decision, and as much of the order as there is."""
        given = parsing.as_object(value, "order")
        authorization = given.get("authorization")
        approved = authorization.get("approved") if isinstance(authorization, dict) else None
        try:
            order = Order.from_json(given)
        except Malformed:
            order = None
        return cls(
            parsing.optional_identifier(given.get("uuid"), "order.uuid"),
            approved if isinstance(approved, bool) else None,
            order,
        )


def _status(value: object) -> str:
    # Both words are documented for a finished checkout.
    status = parsing.word(value, 24)
    return "complete" if status == "completed" else status


def _transactions(kind: Kind, value: object, where: str) -> tuple[Transaction, ...] | None:
    if value is None:
        return None
    entries = parsing.as_list(value, where)
    found = [Transaction.from_json(kind, entry, f"{where}[{n}]") for n, entry in enumerate(entries)]
    if len({transaction.uuid for transaction in found}) != len(found):
        raise Malformed(f"{where} lists an id twice")
    # An entry of nothing moves nothing.
    return tuple(transaction for transaction in found if transaction.amount.amount_in_cents)


def _upcharges(value: object) -> tuple[Transaction, ...]:
    """Read what can be read; an upcharge is an order of its own, whose own reading counts."""
    found: dict[str, Transaction] = {}
    for entry in value if isinstance(value, list) else ():
        with suppress(Malformed):
            upcharge = Transaction.from_json(Kind.UPCHARGE, entry, "order.upcharges[]")
            if upcharge.amount.amount_in_cents:
                found.setdefault(upcharge.uuid, upcharge)
    return tuple(found.values())
