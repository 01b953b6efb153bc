"""Order operations: read, rename, capture, refund, release, and killing an unfinished checkout."""

from __future__ import annotations

from typing import Any

from . import bodies, ledger
from .context import Context
from .messages import Refusal, Response
from .records import Order
from .validation import CAPTURE, PRICE, REFERENCE, check_reference, invalid, require


def get(context: Context) -> Response:
    """Answer 200 with the order and its money movements."""
    order = context.order()
    authorization = order.authorization
    if (
        context.profile.expired_order == "not_found"
        and authorization is not None
        and authorization.is_expired
        and not authorization.captures
    ):
        raise Refusal.not_found()
    return Response.of_json(200, bodies.order(context.state, order))


def update(context: Context) -> Response:
    """Answer 204 after changing the merchant's reference."""
    order = context.order()
    document = context.body(REFERENCE)
    require(document, context.profile, "reference_id")
    check_reference(document["reference_id"], "reference_id", context.profile)
    order.reference_id = document["reference_id"]
    context.state.orders.put(order)
    return Response(204)


def capture(context: Context) -> Response:
    """Answer 200 with the id of a capture; the price comes wrapped in ``capture_amount``."""
    order = context.order()
    document = context.body(CAPTURE)
    require(document, context.profile, "capture_amount")
    amount = read_amount(context, order, document, "capture_amount")
    movement = ledger.capture(
        context.state, order, amount, source=ledger.GATEWAY, request_id=context.request_id
    )
    return Response.of_json(200, {"uuid": movement.uuid})


def refund(context: Context) -> Response:
    """Answer 200 with the id of a refund; the price comes bare."""
    order = context.order()
    amount = read_amount(context, order, context.body(PRICE))
    movement = ledger.refund(
        context.state, order, amount, source=ledger.GATEWAY, request_id=context.request_id
    )
    return Response.of_json(200, {"uuid": movement.uuid})


def release(context: Context) -> Response:
    """Answer 200 with the id of a release; the price comes bare."""
    order = context.order()
    amount = read_amount(context, order, context.body(PRICE))
    movement = ledger.release(
        context.state, order, amount, source=ledger.GATEWAY, request_id=context.request_id
    )
    return Response.of_json(200, {"uuid": movement.uuid})


def delete_checkout(context: Context) -> Response:
    """Answer 204 after killing an unfinished checkout."""
    order = context.order()
    if order.authorization is not None or order.checkout_status == "denied":
        status = context.profile.completed_checkout_status
        raise Refusal(status, "already_completed", "Checkout was completed")
    if order.checkout_status == "deleted" and context.profile.deleted_twice_status == 404:
        raise Refusal.not_found()
    order.checkout_status = "deleted"
    context.state.orders.put(order)
    return Response(204)


def read_amount(
    context: Context, order: Order, document: dict[str, Any], wrapper: str | None = None
) -> int:
    """
    Return the cents a money call asks for.

    :raises Refusal: incomplete, not positive, or in another currency than the order's.
    """
    prefix = f"{wrapper}." if wrapper else ""
    require(document, context.profile, f"{prefix}amount_in_cents", f"{prefix}currency")
    price = document[wrapper] if wrapper else document
    if price["currency"] != order.currency:
        raise invalid("Currency differs from the order's", f"{prefix}currency", context.profile)
    amount: int = price["amount_in_cents"]
    if amount <= 0:
        message = "Amount must be greater than 0"
        raise Refusal(
            context.profile.refusal_status, "invalid", message, f"{prefix}amount_in_cents"
        )
    return amount
