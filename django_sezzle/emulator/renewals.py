"""Orders made from other orders: reauthorization and upcharge."""

from __future__ import annotations

from datetime import timedelta

from . import bodies, ledger
from .context import Context
from .messages import Refusal, Response
from .orders import read_amount
from .records import Order, Upcharge
from .validation import INTENTS, PRICE, UPCHARGE, check_choice, require

UPCHARGE_PERCENT = 15


def reauthorize(context: Context) -> Response:
    """
    Answer 200 with a new order for one whose authorization lapsed.

    The answer is 200 also when the shopper is declined; the id it then carries leads nowhere.
    """
    state, parent = context.state, context.order()
    amount = read_amount(context, parent, context.body(PRICE))
    _check_lapsed(context, parent)
    if state.profile.limits and amount > parent.uncaptured_in_cents:
        raise ledger.too_much(state, "amount_in_cents", parent.uncaptured_in_cents)
    child = _child(context, parent, amount, intent="AUTH")
    child.reauthorized_from = parent.uuid
    if state.declined_reauthorizations > 0:
        state.declined_reauthorizations -= 1
        is_approved = False
    else:
        is_approved = is_affordable(context, amount)
    expires_at = state.clock.now() + timedelta(minutes=state.profile.authorization_minutes)
    if is_approved:
        authorization = ledger.authorize(
            state,
            child,
            source=ledger.GATEWAY,
            request_id=context.request_id,
            is_announced=state.profile.reauthorization_event,
        )
        expires_at = authorization.expires_at
    body = bodies.authorized_order(state, child, is_approved=is_approved, expires_at=expires_at)
    return Response.of_json(200, body)


def upcharge(context: Context) -> Response:
    """Answer 200 with the id of a further, pay-in-full order; 404 unless the account has it."""
    state = context.state
    if not state.profile.upcharge:
        raise Refusal.not_found()
    parent = context.order()
    document = context.body(UPCHARGE)
    require(document, context.profile, "intent", "upcharge_amount")
    check_choice(document["intent"], INTENTS, "intent", context.profile)
    amount = read_amount(context, parent, document, "upcharge_amount")
    authorization = parent.authorization
    if authorization is None or (authorization.is_expired and not authorization.captures):
        raise Refusal(
            state.profile.refusal_status, "invalid_authorization", "Order is not authorized"
        )
    charged = sum(each.amount_in_cents for each in parent.upcharges)
    available = parent.amount_in_cents * UPCHARGE_PERCENT // 100 - charged
    if state.profile.limits and amount > available:
        raise ledger.too_much(state, "upcharge_amount.amount_in_cents", available)
    child = _child(context, parent, amount, intent=document["intent"])
    child.parent_order_uuid = parent.uuid
    ledger.authorize(
        state,
        child,
        source=ledger.GATEWAY,
        request_id=context.request_id,
        financing_option="pay-in-full",
        kind="upcharge",
    )
    parent.upcharges.append(Upcharge(child.uuid, amount))
    state.orders.put(parent)
    return Response.of_json(200, {"uuid": child.uuid})


def is_affordable(context: Context, amount_in_cents: int) -> bool:
    """Return whether the shopper's spending power covers an amount in cents."""
    power = context.profile.spending_power_in_cents
    return power is None or amount_in_cents <= power


def _check_lapsed(context: Context, parent: Order) -> None:
    authorization = parent.authorization
    fully_released = (
        authorization is not None and parent.released_in_cents >= authorization.amount_in_cents
    )
    lapsed = authorization is not None and (authorization.is_expired or fully_released)
    if not lapsed or parent.uncaptured_in_cents <= 0:
        message = "Order has an authorization that has not lapsed"
        raise Refusal(context.profile.refusal_status, "invalid_authorization", message)


def _child(context: Context, parent: Order, amount_in_cents: int, *, intent: str) -> Order:
    state = context.state
    now = state.clock.now()
    kept = {name: parent.details[name] for name in ("metadata",) if name in parent.details}
    return Order(
        uuid=state.new_order_id(),
        merchant_uuid=parent.merchant_uuid,
        intent=intent,
        reference_id=parent.reference_id,
        description=parent.description,
        amount_in_cents=amount_in_cents,
        currency=parent.currency,
        created_at=now,
        checkout_expires_at=now + timedelta(hours=state.profile.checkout_hours),
        details=kept,
        customer=parent.customer,
    )
