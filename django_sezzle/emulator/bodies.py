"""The shapes of answers, each as the profile reads the documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .messages import Refusal, Response
from .profile import Profile
from .records import Customer, Movement, Order, Session, Subscription, Tokenization
from .state import State


def date(moment: datetime, profile: Profile) -> str:
    """Return a moment as RFC 3339 in UTC with as many fraction digits as the profile says."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    digits = profile.date_fraction_digits
    if digits:
        text += "." + f"{moment.microsecond:06}123"[:digits]
    return text + "Z"


def price(amount_in_cents: int, currency: str) -> dict[str, Any]:
    """Return a price object; the amount is in cents."""
    return {"amount_in_cents": amount_in_cents, "currency": currency}


def error(refusal: Refusal, state: State) -> Response:
    """Return the answer that carries a refusal."""
    entry = {"code": refusal.code, "message": refusal.message}
    if refusal.location is not None:
        entry["location"] = refusal.location
    entry["debug_uuid"] = state.new_id()
    document: Any = [entry] if state.profile.error_body == "array" else entry
    return Response.of_json(refusal.status, document)


def link(state: State, path: str, rel: str, method: str) -> dict[str, str]:
    """Return one entry of a ``links`` list."""
    return {"href": f"{state.base_url}{path}", "rel": rel, "method": method}


def order_links(state: State, order_uuid: str) -> list[dict[str, str]]:
    """Return the links an order carries."""
    path = f"/v2/order/{order_uuid}"
    return [
        link(state, path, "self", "GET"),
        link(state, path, "self", "PATCH"),
        *(link(state, f"{path}/{rel}", rel, "POST") for rel in ("release", "capture", "refund")),
    ]


def checkout_url(state: State, order_uuid: str) -> str:
    """Return where the shopper is sent."""
    return f"{state.base_url}/checkout/?id={order_uuid}"


def session(state: State, record: Session) -> dict[str, Any]:
    """Return the body of a session."""
    body: dict[str, Any] = {
        "uuid": record.uuid,
        "links": [link(state, f"/v2/session/{record.uuid}", "self", "GET")],
    }
    order = state.orders.get(record.order_uuid)
    if order is not None:
        body["order"] = {
            "uuid": order.uuid,
            "checkout_url": checkout_url(state, order.uuid),
            "intent": order.intent,
            "links": order_links(state, order.uuid),
        }
    tokenization = state.tokenizations.get(record.token)
    if tokenization is not None:
        nested = order is not None and state.profile.tokenize_placement == "order"
        holder = body["order"] if nested else body
        holder["tokenize"] = {
            "token": tokenization.uuid,
            "expiration": date(tokenization.expires_at, state.profile),
            "links": [link(state, f"/v2/token/{tokenization.uuid}/session", "token", "GET")],
        }
    return body


def order(state: State, record: Order) -> dict[str, Any]:
    """Return the body of GET order."""
    profile = state.profile
    body: dict[str, Any] = {
        "uuid": record.uuid,
        "links": order_links(state, record.uuid),
        "intent": record.intent,
        "reference_id": record.reference_id,
        "description": record.description,
        "checkout_expiration": date(record.checkout_expires_at, profile),
        "checkout_status": (
            profile.finished_status
            if record.checkout_status == "complete"
            else record.checkout_status
        ),
        "order_amount": price(record.amount_in_cents, record.currency),
        **record.details,
    }
    if record.customer:
        body["customer"] = record.customer
    if record.parent_order_uuid is not None:
        body["is_upcharge"] = True
        body["parent_order_uuid"] = record.parent_order_uuid
    if record.upcharges:
        body["upcharges"] = [
            {"uuid": upcharge.uuid, "amount": price(upcharge.amount_in_cents, record.currency)}
            for upcharge in record.upcharges
        ]
    authorization = _authorization(record, profile)
    if authorization is not None:
        body["authorization"] = authorization
    return body


def authorized_order(
    state: State, record: Order, *, is_approved: bool, expires_at: datetime
) -> dict[str, Any]:
    """Return the body of reauthorize and of a customer order, approved or not."""
    body: dict[str, Any] = {
        "uuid": record.uuid,
        "links": order_links(state, record.uuid),
        "intent": record.intent,
        "reference_id": record.reference_id,
        "order_amount": price(record.amount_in_cents, record.currency),
        "authorization": {
            "authorization_amount": price(record.amount_in_cents, record.currency),
            "approved": is_approved,
            "expiration": date(expires_at, state.profile),
        },
    }
    if record.description:
        body["description"] = record.description
    return body


def customer_links(state: State, customer_uuid: str) -> list[dict[str, str]]:
    """Return the links a tokenized customer carries."""
    path = f"/v2/customer/{customer_uuid}"
    return [
        link(state, path, "self", "GET"),
        link(state, path, "self", "DELETE"),
        link(state, f"{path}/preapprove", "preapprove", "POST"),
        link(state, f"{path}/order", "order", "POST"),
    ]


def customer_entry(state: State, record: Customer) -> dict[str, Any]:
    """Return a customer as the list shows it."""
    return {
        "uuid": record.uuid,
        "expiration": date(record.expires_at, state.profile),
        "links": customer_links(state, record.uuid),
    }


def customer(state: State, record: Customer) -> dict[str, Any]:
    """Return the body of GET customer."""
    return {
        "uuid": record.uuid,
        "links": customer_links(state, record.uuid),
        **record.details,
        "token_expiration": date(record.expires_at, state.profile),
    }


def token_status(state: State, record: Tokenization) -> dict[str, Any]:
    """Return the body of GET token session."""
    body: dict[str, Any] = {
        "token": record.uuid,
        "expiration": date(record.expires_at, state.profile),
        "links": [link(state, f"/v2/token/{record.uuid}/session", "self", "GET")],
    }
    tokenized = state.customers.get(record.customer_uuid)
    if tokenized is not None:
        body["customer"] = customer_entry(state, tokenized)
    return body


def subscription_ref(state: State, record: Subscription) -> dict[str, Any]:
    """Return the short body of a subscription: id and links."""
    path = f"/v2/webhooks/{record.uuid}"
    return {
        "uuid": record.uuid,
        "links": [
            link(state, "/v2/webhooks", "create", "POST"),
            link(state, "/v2/webhooks", "list", "GET"),
            *(link(state, path, "self", method) for method in ("GET", "PATCH", "DELETE")),
        ],
    }


def subscription(state: State, record: Subscription) -> dict[str, Any]:
    """Return the full body of a subscription."""
    return {**subscription_ref(state, record), "url": record.url, "events": record.events}


def _authorization(record: Order, profile: Profile) -> dict[str, Any] | None:
    authorization = record.authorization
    if authorization is None:
        if profile.authorization_before_completion == "absent":
            return None
        return {
            "authorization_amount": price(record.amount_in_cents, record.currency),
            "approved": False,
        }
    body: dict[str, Any] = {
        "authorization_amount": price(authorization.amount_in_cents, record.currency),
        "approved": True,
        "expiration": date(authorization.expires_at, profile),
        "financing_option": authorization.financing_option,
        "sezzle_order_id": authorization.sezzle_order_id,
    }
    if profile.shopper_currency == "same":
        own = price(authorization.amount_in_cents, record.currency)
        body["authorization_amount_in_user_currency"] = own
    elif profile.shopper_currency == "other":
        other = "CAD" if record.currency == "USD" else "USD"
        converted = price(authorization.amount_in_cents * 137 // 100, other)
        body["authorization_amount_in_user_currency"] = converted
    for name in ("releases", "captures", "refunds"):
        movements: list[Movement] = getattr(authorization, name)
        if movements or profile.empty_lists == "present":
            body[name] = [_movement(each, record.currency, profile) for each in movements]
    return body


def _movement(movement: Movement, currency: str, profile: Profile) -> dict[str, Any]:
    if profile.transaction_entries == "flat":
        return {
            "uuid": movement.uuid,
            "amount_in_cents": movement.amount_in_cents,
            "currency_code": currency,
        }
    return {"uuid": movement.uuid, "amount": price(movement.amount_in_cents, currency)}
