"""The books: every authorization, capture, refund and release is made here and nowhere else."""

from __future__ import annotations

from datetime import timedelta

from . import events
from .messages import Refusal
from .records import Authorization, Execution, Movement, Order
from .state import State

GATEWAY, DASHBOARD, AUTOMATIC = "gateway", "dashboard", "automatic"


def authorize(
    state: State,
    order: Order,
    *,
    source: str,
    request_id: str | None = None,
    financing_option: str = "4-pay-biweekly",
    kind: str = "authorize",
    is_announced: bool = True,
) -> Authorization:
    """Hold the order's amount; with intent CAPTURE take it at once."""
    now = state.clock.now()
    authorization = Authorization(
        uuid=state.new_id(),
        created_at=now,
        amount_in_cents=order.amount_in_cents,
        expires_at=now + timedelta(minutes=state.profile.authorization_minutes),
        financing_option=financing_option,
        sezzle_order_id=state.new_id(),
    )
    order.authorization = authorization
    order.checkout_status = "complete"
    state.orders.put(order)
    state.watch(order.uuid, authorization.expires_at)
    movement = Movement(authorization.uuid, order.amount_in_cents, now)
    _record(state, kind, order, movement, source, request_id)
    takes_at_once = order.intent == "CAPTURE"
    both = state.profile.capture_intent_events == "authorized_and_captured"
    if is_announced and (both or not takes_at_once):
        events.authorized(state, order, authorization)
    if takes_at_once:
        capture(state, order, order.amount_in_cents, source=AUTOMATIC, request_id=request_id)
    return authorization


def capture(
    state: State, order: Order, amount_in_cents: int, *, source: str, request_id: str | None = None
) -> Movement:
    """
    Take held money.

    :raises Refusal: nothing usable is held, or less than asked while limits are on.
    """
    authorization = usable_authorization(state, order)
    if state.profile.limits and amount_in_cents > order.capturable_in_cents:
        raise too_much(state, "capture_amount.amount_in_cents", order.capturable_in_cents)
    movement = Movement(state.new_id(), amount_in_cents, state.clock.now())
    authorization.captures.append(movement)
    state.orders.put(order)
    _record(state, "capture", order, movement, source, request_id)
    silent = (source == AUTOMATIC and not state.profile.automatic_capture_event) or (
        source == DASHBOARD and not state.profile.dashboard_capture_event
    )
    if not silent:
        events.captured(state, order, movement)
    return movement


def refund(
    state: State, order: Order, amount_in_cents: int, *, source: str, request_id: str | None = None
) -> Movement:
    """
    Give captured money back.

    :raises Refusal: nothing was captured, or less than asked while limits are on.
    """
    authorization = order.authorization
    if authorization is None or not authorization.captures:
        raise _no_authorization(state, "Order has no captured amount to refund")
    if state.profile.limits and amount_in_cents > order.refundable_in_cents:
        raise too_much(state, "amount_in_cents", order.refundable_in_cents)
    movement = Movement(state.new_id(), amount_in_cents, state.clock.now())
    authorization.refunds.append(movement)
    state.orders.put(order)
    _record(state, "refund", order, movement, source, request_id)
    events.refunded(state, order, movement, source)
    return movement


def release(
    state: State, order: Order, amount_in_cents: int, *, source: str, request_id: str | None = None
) -> Movement:
    """
    Let held money go; no event tells of it.

    :raises Refusal: nothing usable is held, or less than asked while limits are on.
    """
    authorization = usable_authorization(state, order)
    if state.profile.limits and amount_in_cents > order.capturable_in_cents:
        raise too_much(state, "amount_in_cents", order.capturable_in_cents)
    movement = Movement(state.new_id(), amount_in_cents, state.clock.now())
    authorization.releases.append(movement)
    fully_released = order.released_in_cents >= authorization.amount_in_cents
    if fully_released and state.profile.released_order == "deleted":
        order.checkout_status = "deleted"
    state.orders.put(order)
    _record(state, "release", order, movement, source, request_id)
    return movement


def expire(state: State, order: Order) -> None:
    """End a checkout or an authorization whose time has run out."""
    now = state.clock.now()
    authorization = order.authorization
    if authorization is None:
        if order.checkout_status == "active" and order.checkout_expires_at <= now:
            order.checkout_status = "deleted"
            state.orders.put(order)
        return
    if authorization.is_expired or authorization.expires_at > now:
        return
    rest = order.capturable_in_cents
    authorization.is_expired = True
    if state.profile.expired_order != "unchanged":
        if rest > 0:
            movement = Movement(state.new_id(), rest, authorization.expires_at)
            authorization.releases.append(movement)
            _record(state, "release", order, movement, AUTOMATIC, None)
        if not authorization.captures:
            order.checkout_status = "deleted"
    state.orders.put(order)


def usable_authorization(state: State, order: Order) -> Authorization:
    """
    Return the authorization money may still be taken from.

    :raises Refusal: there is none, or it has expired.
    """
    if order.authorization is None:
        raise _no_authorization(state, "Order has no authorization")
    if order.authorization.is_expired:
        raise _no_authorization(state, "Authorization has expired")
    return order.authorization


def too_much(state: State, location: str, available: int) -> Refusal:
    """Return the refusal of an amount above what is left, in cents."""
    message = f"Amount is greater than the {available} cents available"
    return Refusal(state.profile.refusal_status, "invalid", message, location)


def _no_authorization(state: State, message: str) -> Refusal:
    status = state.profile.no_authorization_status
    if status == 404:
        return Refusal.not_found()
    return Refusal(status, "invalid_authorization", message)


def _record(
    state: State,
    kind: str,
    order: Order,
    movement: Movement,
    source: str,
    request_id: str | None,
) -> None:
    state.executions.put(
        Execution(
            kind=kind,
            order_uuid=order.uuid,
            amount_in_cents=movement.amount_in_cents,
            currency=order.currency,
            uuid=movement.uuid,
            request_id=request_id,
            source=source,
            at=movement.created_at,
        )
    )
