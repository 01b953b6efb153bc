"""Which operation a method and path name, and the function that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from . import customers, orders, renewals, reports, sessions, webhooks
from .context import Context
from .messages import Refusal, Response

Handler = Callable[[Context], Response]
AUTHENTICATION = "authentication"


@dataclass(frozen=True)
class Route:
    """One operation of the gateway."""

    operation: str
    method: str
    path: str
    handler: Handler | None = None
    takes_request_id: bool = False


ROUTES = (
    Route(AUTHENTICATION, "POST", "/v2/authentication"),
    Route("session_create", "POST", "/v2/session", sessions.create),
    Route("session_get", "GET", "/v2/session/{session_uuid}", sessions.get),
    Route("order_get", "GET", "/v2/order/{order_uuid}", orders.get),
    Route("order_update", "PATCH", "/v2/order/{order_uuid}", orders.update),
    Route("capture", "POST", "/v2/order/{order_uuid}/capture", orders.capture, True),
    Route("refund", "POST", "/v2/order/{order_uuid}/refund", orders.refund, True),
    Route("release", "POST", "/v2/order/{order_uuid}/release", orders.release, True),
    Route("reauthorize", "POST", "/v2/order/{order_uuid}/reauthorize", renewals.reauthorize, True),
    Route("upcharge", "POST", "/v2/order/{order_uuid}/upcharge", renewals.upcharge, True),
    Route("checkout_delete", "DELETE", "/v2/order/{order_uuid}/checkout", orders.delete_checkout),
    Route("customer_list", "GET", "/v2/customer", customers.list_all),
    Route("customer_get", "GET", "/v2/customer/{customer_uuid}", customers.get),
    Route("customer_delete", "DELETE", "/v2/customer/{customer_uuid}", customers.delete),
    Route("preapprove", "POST", "/v2/customer/{customer_uuid}/preapprove", customers.preapprove),
    Route(
        "customer_order", "POST", "/v2/customer/{customer_uuid}/order", customers.create_order, True
    ),
    Route("token_session", "GET", "/v2/token/{token}/session", customers.token_session),
    Route("token_customer", "GET", "/v2/token/{token}/customer", customers.token_customer),
    Route("webhook_create", "POST", "/v2/webhooks", webhooks.create),
    Route("webhook_list", "GET", "/v2/webhooks", webhooks.list_all),
    Route("webhook_test", "POST", "/v2/webhooks/test", webhooks.test),
    Route("webhook_get", "GET", "/v2/webhooks/{webhooks_uuid}", webhooks.get),
    Route("webhook_update", "PATCH", "/v2/webhooks/{webhooks_uuid}", webhooks.update),
    Route("webhook_delete", "DELETE", "/v2/webhooks/{webhooks_uuid}", webhooks.delete),
    Route("settlement_summaries", "GET", "/v2/settlements/summaries", reports.summaries),
    Route("settlement_details", "GET", "/v2/settlements/details/{payout_uuid}", reports.details),
    Route("orders_report", "GET", "/v2/orders/report", reports.orders_report),
    Route("interest_balance", "GET", "/v2/interest/balance", reports.interest_balance),
)
OPERATIONS = frozenset(route.operation for route in ROUTES)

_PATTERNS = tuple(
    (route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path) + r"/?\Z"))
    for route in ROUTES
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """
    Return the route of a call with the ids in its path; a slash at the end is tolerated.

    :raises Refusal: 404, no such operation.
    """
    for route, pattern in _PATTERNS:
        match = pattern.match(path) if route.method == method else None
        if match is not None:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Refusal.not_found()
