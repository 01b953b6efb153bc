"""Whether Sezzle's webhooks can reach the shop at the address that it was given."""

from __future__ import annotations

from http import HTTPStatus

from django_sezzle.exceptions import ConfigurationError, GatewayUnavailable, SezzleError
from django_sezzle.gateway.transport import knock
from django_sezzle.health.report import Level, Symptom
from django_sezzle.services.subscription import round_trip, webhook_url

#: The shop's own address should answer faster than that.
SECONDS = 5.0


def examine_address(account: str) -> Symptom:
    """
    Look at the webhook address from this machine, without sending a webhook.

    Not for a web process: with one worker it would wait for itself.
    """
    try:
        url = webhook_url(account)
    except ConfigurationError as error:
        return Symptom("address", Level.YELLOW, str(error), "", account)
    try:
        status, location = knock(url, seconds=SECONDS)
    except GatewayUnavailable as error:
        return Symptom(
            "address",
            Level.YELLOW,
            f"{url} could not be reached from this machine. {error}",
            "It may be fine from outside: sezzle_doctor --round-trip has Sezzle try.",
            account,
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Symptom("address", Level.GREEN, f"{url} answers.", "", account)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Symptom(
            "address",
            Level.RED,
            f"{url} redirects to {location or 'elsewhere'}. Sezzle follows no redirect: every "
            "webhook fails.",
            "Set BASE_URL to the origin that answers, or let this path through.",
            account,
        )
    return Symptom(
        "address",
        Level.RED,
        f"{url} answers {status}, which is not the webhook's answer.",
        "Something in front of it answers instead: a login wall, a firewall, another site.",
        account,
    )


def examine_round_trip(account: str, *, seconds: float) -> Symptom:
    """Have Sezzle send a sample event, and wait for it."""
    try:
        arrived = round_trip(account, seconds=seconds)
    except (SezzleError, ConfigurationError) as error:
        return Symptom("round_trip", Level.RED, str(error), "", account)
    if arrived:
        message = "A sample event came in, well signed."
        return Symptom("round_trip", Level.GREEN, message, "", account)
    return Symptom(
        "round_trip",
        Level.RED,
        f"No sample event came in within {seconds:g} s.",
        f"Either {webhook_url(account)} cannot be reached from outside, or PRIVATE_KEY is not "
        "the merchant's: the shop's log then says webhook=refused.",
        account,
    )
