"""Webhook subscriptions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from . import bodies, events
from .context import Context
from .messages import Refusal, Response
from .records import Subscription
from .validation import WEBHOOK, WEBHOOK_TEST, check_choice, invalid, require


def create(context: Context) -> Response:
    """Answer 200, not 201, with a new subscription."""
    state = context.state
    document = _read(context)
    _refuse_known_url(context, document["url"])
    subscription = state.subscriptions.put(
        Subscription(state.new_id(), context.merchant.uuid, document["url"], document["events"])
    )
    return Response.of_json(200, bodies.subscription_ref(state, subscription))


def list_all(context: Context) -> Response:
    """Answer 200 with every subscription of the merchant."""
    mine = [each for each in context.state.subscriptions if _is_mine(context, each)]
    return Response.of_json(200, [bodies.subscription(context.state, each) for each in mine])


def get(context: Context) -> Response:
    """Answer 200 with one subscription."""
    return Response.of_json(200, bodies.subscription(context.state, _subscription(context)))


def update(context: Context) -> Response:
    """Answer 200 after replacing URL and events of a subscription."""
    subscription = _subscription(context)
    document = _read(context)
    _refuse_known_url(context, document["url"], besides=subscription)
    subscription.url = document["url"]
    subscription.events = document["events"]
    context.state.subscriptions.put(subscription)
    return Response.of_json(200, bodies.subscription_ref(context.state, subscription))


def delete(context: Context) -> Response:
    """Answer 204 after ending a subscription, with what was still on its way to it."""
    subscription = _subscription(context)
    context.state.subscriptions.remove(subscription.uuid)
    for pending in context.state.deliveries:
        if pending.subscription_uuid == subscription.uuid:
            context.state.deliveries.remove(pending.uuid)
    return Response(204)


def test(context: Context) -> Response:
    """Answer without a body after queueing a sample event for one URL or all that want it."""
    state = context.state
    document = context.body(WEBHOOK_TEST)
    require(document, context.profile, "event")
    event: str = document["event"]
    url = document.get("url")
    try:
        check_choice(event, events.EVENTS, "event", context.profile)
        if url:
            _check_url(context, url)
    except Refusal as refusal:
        # This operation is published without 422.
        raise Refusal(400, "bad_request", refusal.message, refusal.location) from refusal
    if url:
        events.queue_sample(state, context.merchant.uuid, event, None, url)
    else:
        for each in state.subscriptions:
            if _is_mine(context, each) and event in each.events:
                events.queue_sample(state, context.merchant.uuid, event, each, each.url)
    return Response(state.profile.webhook_test_status)


def _read(context: Context) -> dict[str, Any]:
    document = context.body(WEBHOOK)
    require(document, context.profile, "url", "events")
    _check_url(context, document["url"])
    if not document["events"]:
        raise invalid("At least one event is needed", "events", context.profile)
    for event in document["events"]:
        check_choice(event, events.EVENTS, "events", context.profile)
    document["events"] = list(dict.fromkeys(document["events"]))
    return document


def _check_url(context: Context, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise invalid("URL is not valid", "url", context.profile)


def _refuse_known_url(context: Context, url: str, besides: Subscription | None = None) -> None:
    for each in context.state.subscriptions:
        if _is_mine(context, each) and each.url == url and each is not besides:
            # Only the creation is known to answer 409.
            status = context.profile.duplicate_webhook_status if besides is None else 422
            code = "duplicate" if status == 409 else "invalid"
            raise Refusal(status, code, "URL is already registered", "url")


def _subscription(context: Context) -> Subscription:
    return context.own(context.state.subscriptions.get(context.ids["webhooks_uuid"]))


def _is_mine(context: Context, subscription: Subscription) -> bool:
    return subscription.merchant_uuid == context.merchant.uuid
