"""The subscription that makes Sezzle send webhooks: what it is, against what it should be."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from django_sezzle.conf import DEFAULT_ACCOUNT, Settings, get_settings
from django_sezzle.exceptions import ConfigurationError, GatewayRejected, GatewayUnavailable
from django_sezzle.gateway.messages import EventType, Subscription
from django_sezzle.models import SezzleWebhookEvent
from django_sezzle.services.locking import database
from django_sezzle.services.truth import gateway_for

#: What is needed of Sezzle: every event it has.
EVENTS = tuple(EventType)

ROUND_TRIP_PAUSE = 0.5


class Change(StrEnum):
    """What had to be done to a subscription."""

    NONE = "unchanged"
    CREATED = "created"
    UPDATED = "updated"


def webhook_url(account: str = DEFAULT_ACCOUNT) -> str:
    """
    Name the public address that an account's webhooks come to.

    :raises ConfigurationError: ``django_sezzle.urls`` is not included, or there is no
        ``BASE_URL``.
    """
    base_url = get_settings(account).base_url
    if base_url is None:
        raise ConfigurationError(
            'Set SEZZLE["BASE_URL"] to the shop\'s public origin, such as "https://shop.example": '
            "Sezzle has to be told where to send webhooks."
        )
    return urljoin(base_url, webhook_path(account))


def webhook_path(account: str = DEFAULT_ACCOUNT) -> str:
    """
    Name the path that an account's webhooks come to.

    :raises ConfigurationError: ``django_sezzle.urls`` is not included.
    """
    try:
        if account == DEFAULT_ACCOUNT:
            return reverse("sezzle:webhook")
        return reverse("sezzle:webhook-account", args=[account])
    except NoReverseMatch as error:
        raise ConfigurationError(
            "django_sezzle.urls is not included, so that no webhook can come in. Include it."
        ) from error


def list_subscriptions(
    account: str = DEFAULT_ACCOUNT, *, seconds: float | None = None
) -> list[Subscription]:
    """
    List every subscription of the account's merchant, other shops' included.

    Sezzle: GET /v2/webhooks
    https://docs.sezzle.com/docs/api/core/webhooks/getv2webhooks
    """
    return gateway_for(account, seconds=seconds).list_webhooks()


def find_drift(account: str = DEFAULT_ACCOUNT, *, seconds: float | None = None) -> str:
    """
    Say what is wrong with an account's subscription, and what to do; empty when it is right.

    Without ``BASE_URL`` the host is not known, and any is taken.

    :raises GatewayUnavailable: Sezzle could not be asked.
    :raises ConfigurationError: ``django_sezzle.urls`` is not included.
    """
    settings = get_settings(account)
    path = webhook_path(account)
    url = urljoin(settings.base_url or "https://<the shop>", path)
    listed = list_subscriptions(account, seconds=seconds)
    found = [s for s in listed if _leads_to(s, settings, path)]
    if not found:
        return (
            f"Sezzle has no webhook subscription for {url}. Payments of closed tabs are noticed by "
            "sezzle_reconcile only. Run sezzle_webhooks apply."
        )
    missing = _missing(*found)
    if missing:
        names = ", ".join(missing)
        return f"The webhook subscription for {url} leaves out {names}. Run sezzle_webhooks apply."
    return ""


def apply_subscription(account: str = DEFAULT_ACCOUNT, *, dry_run: bool = False) -> Change:
    """
    Have Sezzle send every event to the account's address; safe to repeat.

    Subscriptions of other addresses are left alone.

    :param dry_run: only say what would be done.
    :raises ConfigurationError: it is not known where to send webhooks.
    :raises GatewayUnavailable: Sezzle could not be asked; perhaps it was done. Repeat it.

    Sezzle: POST /v2/webhooks, or PATCH /v2/webhooks/{webhooks_uuid}
    https://docs.sezzle.com/docs/api/core/webhooks/postv2webhooks
    """
    url = webhook_url(account)
    ours = _find(account, url)
    if ours is not None and not _missing(ours):
        return Change.NONE
    change = Change.CREATED if ours is None else Change.UPDATED
    if dry_run:
        return change
    gateway = gateway_for(account)
    try:
        if ours is None:
            gateway.create_webhook(url, EVENTS)
        else:
            # The list is replaced as a whole: what Sezzle sends beyond ours is kept.
            gateway.update_webhook(ours.uuid, url, (*ours.events, *_missing(ours)))
    except (GatewayRejected, GatewayUnavailable):
        # Another deployment was faster: the address may stand there once only.
        now = _find(account, url)
        if now is None or _missing(now):
            raise
        return Change.NONE
    return change


def delete_subscription(subscription_uuid: str, account: str = DEFAULT_ACCOUNT) -> None:
    """
    End a subscription: Sezzle sends nothing to its address any more.

    Sezzle: DELETE /v2/webhooks/{webhooks_uuid}
    https://docs.sezzle.com/docs/api/core/webhooks/deletev2webhooks
    """
    gateway_for(account).delete_webhook(subscription_uuid)


def round_trip(
    account: str = DEFAULT_ACCOUNT,
    *,
    seconds: float = 30,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """
    Have Sezzle send a sample event, and wait until it has come in with a good signature.

    :returns: False when it did not arrive in that time.
    :raises ConfigurationError: it is not known where to send webhooks.

    Sezzle: POST /v2/webhooks/test
    https://docs.sezzle.com/docs/api/core/webhooks/postv2webhookstest
    """
    url = webhook_url(account)
    events = SezzleWebhookEvent.objects.using(database()).filter(account=account)
    # Moments of two machines may differ; the number of the newest row does not lie.
    newest = events.order_by("-pk").values_list("pk", flat=True).first() or 0
    gateway_for(account).test_webhook(url)
    ends_at = timezone.now().timestamp() + seconds
    while not events.filter(pk__gt=newest, event_type=EventType.ORDER_AUTHORIZED).exists():
        if timezone.now().timestamp() >= ends_at:
            return False
        sleep(ROUND_TRIP_PAUSE)
    return True


def _find(account: str, url: str) -> Subscription | None:
    return next((s for s in list_subscriptions(account) if s.url == url), None)


def _missing(*subscriptions: Subscription) -> list[str]:
    there = {event for subscription in subscriptions for event in subscription.events}
    return sorted(set(EVENTS) - there)


def _leads_to(subscription: Subscription, settings: Settings, path: str) -> bool:
    if settings.base_url is not None:
        return subscription.url == urljoin(settings.base_url, path)
    return urlsplit(subscription.url).path == path
