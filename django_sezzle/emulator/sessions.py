"""Sessions: open a checkout, a tokenization, or both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import bodies
from .context import Context
from .messages import Refusal, Response
from .records import Order, SentLink, Session, Tokenization
from .validation import (
    INTENTS,
    SESSION,
    check_choice,
    check_order_amount,
    check_reference,
    invalid,
    require,
)

TOKEN_LIFE = timedelta(minutes=30)
KEPT_AS_SENT = ("metadata", "items", "tax_amount", "shipping_amount")


def create(context: Context) -> Response:
    """Answer 201 with a new session; every call makes another one."""
    document = context.body(SESSION)
    _check(context, document)
    state = context.state
    customer = document.get("customer") or {}
    token = _open_tokenization(context, customer) if customer.get("tokenize") else None
    order = _open_order(context, document, token) if document.get("order") else None
    session = state.sessions.put(
        Session(state.new_id(), context.merchant.uuid, order.uuid if order else None, token)
    )
    if order is not None:
        _send_links(context, order, document["order"].get("send_checkout_url"))
    return Response.of_json(201, bodies.session(state, session))


def get(context: Context) -> Response:
    """Answer 200 with a session."""
    session = context.own(context.state.sessions.get(context.ids["session_uuid"]))
    return Response.of_json(200, bodies.session(context.state, session))


def _check(context: Context, document: dict[str, Any]) -> None:
    profile = context.profile
    require(document, profile, "cancel_url.href", "complete_url.href")
    for name in ("cancel_url", "complete_url"):
        check_choice(document[name].get("method") or "GET", ("GET",), f"{name}.method", profile)
    order = document.get("order")
    if order is None:
        if not (document.get("customer") or {}).get("tokenize"):
            raise invalid("Session must have an order or tokenize a customer", "order", profile)
        return
    members = ("intent", "reference_id", "description", "order_amount.amount_in_cents")
    require(document, profile, *(f"order.{name}" for name in members))
    require(document, profile, "order.order_amount.currency")
    check_choice(order["intent"], INTENTS, "order.intent", profile)
    check_reference(order["reference_id"], "order.reference_id", profile)
    check_order_amount(order["order_amount"], "order.order_amount", profile)
    for name in ("tax_amount", "shipping_amount"):
        _check_part(context, order, order.get(name), f"order.{name}")
    for item in order.get("items") or []:
        _check_part(context, order, item.get("price"), "order.items.price")
    for discount in order.get("discounts") or []:
        _check_part(context, order, discount.get("amount"), "order.discounts.amount")
    _check_choices(context, order)
    if profile.unique_reference_ids and _is_taken(context, order["reference_id"]):
        raise Refusal(422, "duplicate", "Reference id was used before", "order.reference_id")


def _is_taken(context: Context, reference_id: str) -> bool:
    return any(
        each.reference_id == reference_id and each.merchant_uuid == context.merchant.uuid
        for each in context.state.orders
    )


def _check_part(context: Context, order: dict[str, Any], part: Any, location: str) -> None:
    if part is None:
        return
    require({"part": part}, context.profile, "part.amount_in_cents", "part.currency")
    if part["currency"] != order["order_amount"]["currency"]:
        raise invalid("Currencies differ", f"{location}.currency", context.profile)
    if part["amount_in_cents"] < 0:
        raise invalid("Amount is negative", f"{location}.amount_in_cents", context.profile)


def _check_choices(context: Context, order: dict[str, Any]) -> None:
    profile = context.profile
    choices = {
        "checkout_mode": ("redirect", "iframe", "popup"),
        "locale": ("en-US", "en-CA", "fr-CA"),
    }
    for name, allowed in choices.items():
        if order.get(name) is not None:
            check_choice(order[name], allowed, f"order.{name}", profile)
    options = order.get("checkout_financing_options") or []
    location = "order.checkout_financing_options"
    if len(options) > 1:
        raise invalid("Only one financing option may be given", location, profile)
    for option in options:
        plans = ("4-pay-biweekly", "4-pay-monthly", "6-pay-monthly")
        check_choice(option, plans, location, profile)
    notification = order.get("send_checkout_url")
    if notification is not None:
        location = "order.send_checkout_url"
        if not (notification.get("to_sms_phone") or notification.get("to_email")):
            raise invalid("A phone or an e-mail address is needed", location, profile)
        language = notification.get("language") or "en"
        check_choice(language, ("en", "fr-CA"), f"{location}.language", profile)


def _open_tokenization(context: Context, customer: dict[str, Any]) -> str:
    state = context.state
    record = Tokenization(
        uuid=state.new_id(),
        merchant_uuid=context.merchant.uuid,
        expires_at=state.clock.now() + TOKEN_LIFE,
        recurring=customer.get("recurring"),
        plan_name=(customer.get("recurring_metadata") or {}).get("name") or "",
    )
    return state.tokenizations.put(record).uuid


def _open_order(context: Context, document: dict[str, Any], token: str | None) -> Order:
    state, sent = context.state, document["order"]
    now = state.clock.now()
    customer = dict(document.get("customer") or {})
    for name in ("tokenize", "recurring", "recurring_metadata", "dob"):
        customer.pop(name, None)
    order = Order(
        uuid=state.new_order_id(),
        merchant_uuid=context.merchant.uuid,
        intent=sent["intent"],
        reference_id=sent["reference_id"],
        description=sent["description"],
        amount_in_cents=sent["order_amount"]["amount_in_cents"],
        currency=sent["order_amount"]["currency"],
        created_at=now,
        checkout_expires_at=now + timedelta(hours=state.profile.checkout_hours),
        complete_url=document["complete_url"]["href"],
        cancel_url=document["cancel_url"]["href"],
        checkout_mode=sent.get("checkout_mode") or "redirect",
        details={name: sent[name] for name in KEPT_AS_SENT if sent.get(name) is not None},
        customer=_without_null(customer),
        discounts=sent.get("discounts") or [],
        token=token,
    )
    state.watch(order.uuid, order.checkout_expires_at)
    return state.orders.put(order)


def _send_links(context: Context, order: Order, notification: dict[str, Any] | None) -> None:
    state = context.state
    for channel, name in (("sms", "to_sms_phone"), ("email", "to_email")):
        to = (notification or {}).get(name)
        if notification is None or not to:
            continue
        state.sent_links.put(
            SentLink(
                uuid=state.new_id(),
                order_uuid=order.uuid,
                channel=channel,
                to=to,
                language=notification.get("language") or "en",
                checkout_url=bodies.checkout_url(state, order.uuid),
                sent_at=state.clock.now(),
            )
        )


def _without_null(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_null(value) if isinstance(value, dict) else value
        for name, value in document.items()
        if value is not None
    }
