"""What a shopper does on the hosted checkout page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from . import events, ledger
from .messages import Refusal
from .records import Customer, Order
from .state import State

CUSTOMER_LIFE = timedelta(days=365)
UNKNOWN_PERSON = {
    "email": "shopper@example.com",
    "first_name": "Sam",
    "last_name": "Shopper",
    "phone": "5555045294",
}


def approve(state: State, order: Order, *, tokenize: bool) -> str:
    """
    Complete a checkout and return where the browser goes.

    :raises Refusal: the checkout is over, or tokenization was not asked for.
    """
    _check_open(state, order)
    if tokenize and order.token is None:
        raise Refusal(422, "invalid", "The session did not ask for tokenization")
    power = state.profile.spending_power_in_cents
    if power is not None and order.amount_in_cents > power:
        return deny(state, order)
    order.customer = {**UNKNOWN_PERSON, **order.customer}
    customer = _tokenize(state, order) if tokenize else None
    ledger.authorize(state, order, source=ledger.GATEWAY)
    if customer is None:
        return order.complete_url
    return _with_customer(order.complete_url, customer.uuid)


def deny(state: State, order: Order) -> str:
    """Refuse the shopper for lack of spending power and return where the browser goes."""
    _check_open(state, order)
    order.checkout_status = "denied"
    state.orders.put(order)
    goes_back = state.profile.denied_shopper == "cancel_url"
    return order.cancel_url if goes_back else order.complete_url


def cancel(state: State, order: Order) -> str:
    """Leave the checkout, which stays open until it expires, and return where the browser goes."""
    if state.orders.get(order.uuid) is None:
        raise Refusal.not_found()
    return order.cancel_url


def _check_open(state: State, order: Order) -> None:
    if order.authorization is not None or order.checkout_status == "denied":
        raise Refusal(
            state.profile.completed_checkout_status, "already_completed", "Checkout was completed"
        )
    if order.checkout_expires_at <= state.clock.now():
        raise Refusal(
            state.profile.expired_checkout_status,
            "checkout_expired",
            "Checkout not completed within time limit",
        )
    if order.checkout_status != "active":
        raise Refusal.not_found()


def _tokenize(state: State, order: Order) -> Customer | None:
    tokenization = state.tokenizations.get(order.token)
    now = state.clock.now()
    if tokenization is None or tokenization.expires_at <= now:
        return None
    customer = state.customers.put(
        Customer(
            uuid=state.new_id(),
            merchant_uuid=order.merchant_uuid,
            created_at=now,
            expires_at=now + CUSTOMER_LIFE,
            details=order.customer,
        )
    )
    tokenization.customer_uuid = customer.uuid
    state.tokenizations.put(tokenization)
    events.tokenized(state, tokenization, customer)
    return customer


def _with_customer(url: str, customer_uuid: str) -> str:
    parts = urlsplit(url)
    added = f"customer-uuid={customer_uuid}"
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))
