"""Tokenized customers: who agreed to be charged again without a checkout."""

from __future__ import annotations

from datetime import timedelta

from . import bodies, ledger
from .context import Context
from .messages import Refusal, Response
from .records import Customer, Order
from .renewals import is_affordable
from .validation import (
    CUSTOMER_ORDER,
    INTENTS,
    PRICE,
    check_choice,
    check_order_amount,
    check_reference,
    require,
)


def list_all(context: Context) -> Response:
    """Answer 200 with every customer of the merchant whose token still lives."""
    state = context.state
    mine = [
        bodies.customer_entry(state, each)
        for each in state.customers
        if each.merchant_uuid == context.merchant.uuid and each.expires_at > state.clock.now()
    ]
    return Response.of_json(200, mine)


def get(context: Context) -> Response:
    """Answer 200 with one customer."""
    return Response.of_json(200, bodies.customer(context.state, _customer(context)))


def delete(context: Context) -> Response:
    """Answer 204 after forgetting a customer."""
    context.state.customers.remove(_customer(context).uuid)
    return Response(204)


def preapprove(context: Context) -> Response:
    """Answer 200 with whether an amount would be approved; nothing is held."""
    _chargeable_customer(context)
    document = context.body(PRICE)
    require(document, context.profile, "amount_in_cents", "currency")
    check_order_amount(document, "order_amount", context.profile)
    approved = is_affordable(context, document["amount_in_cents"])
    return Response.of_json(200, {"uuid": context.state.new_id(), "approved": approved})


def create_order(context: Context) -> Response:
    """Answer 200 with an order charged to a customer; 200 also when it is declined."""
    state, customer = context.state, _chargeable_customer(context)
    document = context.body(CUSTOMER_ORDER)
    require(document, context.profile, "intent", "reference_id")
    require(document, context.profile, "order_amount.amount_in_cents", "order_amount.currency")
    check_choice(document["intent"], INTENTS, "intent", context.profile)
    check_reference(document["reference_id"], "reference_id", context.profile)
    check_order_amount(document["order_amount"], "order_amount", context.profile)
    now = state.clock.now()
    order = Order(
        uuid=state.new_order_id(),
        merchant_uuid=context.merchant.uuid,
        intent=document["intent"],
        reference_id=document["reference_id"],
        amount_in_cents=document["order_amount"]["amount_in_cents"],
        currency=document["order_amount"]["currency"],
        created_at=now,
        checkout_expires_at=now + timedelta(hours=state.profile.checkout_hours),
        customer={name: value for name, value in customer.details.items() if name != "dob"},
    )
    if state.declined_customer_orders > 0:
        state.declined_customer_orders -= 1
        is_approved = False
    else:
        is_approved = is_affordable(context, order.amount_in_cents)
    expires_at = now + timedelta(minutes=state.profile.authorization_minutes)
    if is_approved:
        expires_at = ledger.authorize(
            state,
            order,
            source=ledger.GATEWAY,
            request_id=context.request_id,
            financing_option="pay-in-full",
        ).expires_at
    body = bodies.authorized_order(state, order, is_approved=is_approved, expires_at=expires_at)
    return Response.of_json(200, body)


def token_session(context: Context) -> Response:
    """Answer 200 with the state of a tokenization; the customer appears once agreed."""
    record = context.own(context.state.tokenizations.get(context.ids["token"]))
    return Response.of_json(200, bodies.token_status(context.state, record))


def token_customer(context: Context) -> Response:
    """Answer 501; the operation was declared and never built."""
    return Response(501)


def _customer(context: Context) -> Customer:
    return context.own(context.state.customers.get(context.ids["customer_uuid"]))


def _chargeable_customer(context: Context) -> Customer:
    customer = _customer(context)
    if customer.expires_at <= context.state.clock.now():
        raise Refusal(422, "token_is_expired", "Customer's consent has run out")
    return customer
