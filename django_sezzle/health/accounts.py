"""Each merchant account: its keys, its webhook subscription, whether events come in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_sezzle.conf import account_names, get_settings
from django_sezzle.exceptions import AuthenticationFailed, ConfigurationError, GatewayError
from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzlePayment, SezzleTransaction, SezzleWebhookEvent
from django_sezzle.services.locking import database
from django_sezzle.services.subscription import find_drift
from django_sezzle.services.truth import gateway_for

#: An examination is not held up by a gateway that does not answer.
SECONDS = 5.0

#: Clocks that differ by more are worth a look; by much more, what is to be done before an
#: authorization ends comes too late.
SLOPPY = timedelta(minutes=1)
WRONG = timedelta(minutes=5)

#: No event for so long, while payments moved, is not chance.
SILENCE = timedelta(days=2)


def examine(*, ask_sezzle: bool, only: Collection[str] | None = None) -> Iterator[Symptom]:
    """Look at every account that is configured, or only at some."""
    for account in account_names():
        if only is not None and account not in only:
            continue
        if ask_sezzle:
            keys = _keys(account)
            yield keys
            if keys.level is not Level.RED:
                yield _clock(account)
                yield _subscription(account)
        yield _events(account)


def _keys(account: str) -> Symptom:
    environment = get_settings(account).environment
    try:
        merchant_uuid = gateway_for(account, seconds=SECONDS).authenticate().merchant_uuid
    except AuthenticationFailed:
        return Symptom(
            "keys",
            Level.RED,
            _("Sezzle does not accept the keys in %(environment)s.") % {"environment": environment},
            _("Copy both from the merchant dashboard of that environment."),
            account,
        )
    except GatewayError as error:
        return Symptom("keys", Level.RED, str(error), _("Check the network."), account)
    others = (
        SezzlePayment.objects.using(database())
        .filter(account=account, environment=environment)
        .exclude(merchant_uuid__in=["", merchant_uuid])
        .count()
        if merchant_uuid
        else 0
    )
    if others:
        return Symptom(
            "keys",
            Level.RED,
            ngettext(
                "The keys belong to another merchant than %(count)d payment of this account: it "
                "cannot be read, captured or refunded.",
                "The keys belong to another merchant than %(count)d payments of this account: they "
                "cannot be read, captured or refunded.",
                others,
            )
            % {"count": others},
            _("Configure the old keys as an account of their own."),
            account,
        )
    message = _("Sezzle accepts the keys in %(environment)s.") % {"environment": environment}
    return Symptom("keys", Level.GREEN, message, "", account)


def _clock(account: str) -> Symptom:
    """Compare clocks by the answer that brought the token, which is at hand: nobody is asked."""
    ahead = gateway_for(account, seconds=SECONDS).authenticate().ahead
    if ahead is None:
        message = _("Sezzle does not say what time it is.")
        return Symptom("clock", Level.GREEN, message, "", account)
    differs = abs(ahead)
    if differs < SLOPPY:
        return Symptom("clock", Level.GREEN, _("The clock is Sezzle's."), "", account)
    if ahead > timedelta():
        message = _("This machine's clock is %(seconds)s s ahead of Sezzle's.")
        advice = _("Synchronize it: authorizations seem to end too early.")
    else:
        message = _("This machine's clock is %(seconds)s s behind Sezzle's.")
        advice = _("Synchronize it: authorizations seem to end too late.")
    return Symptom(
        "clock",
        Level.YELLOW if differs < WRONG else Level.RED,
        message % {"seconds": f"{differs.total_seconds():.0f}"},
        advice,
        account,
    )


def _subscription(account: str) -> Symptom:
    try:
        drift = find_drift(account, seconds=SECONDS)
    except (GatewayError, ConfigurationError) as error:
        return Symptom("subscription", Level.RED, str(error), "", account)
    if drift:
        return Symptom("subscription", Level.RED, drift, "", account)
    return Symptom("subscription", Level.GREEN, _("Sezzle sends every event here."), "", account)


def _events(account: str) -> Symptom:
    now = timezone.now()
    events = SezzleWebhookEvent.objects.using(database()).filter(account=account)
    last = events.aggregate(Max("received_at"))["received_at__max"]
    if last is not None and last > now - SILENCE:
        message = _("Last event at %(time)s.") % {"time": f"{last:%Y-%m-%d %H:%M}"}
        return Symptom("events", Level.GREEN, message, "", account)
    transactions = SezzleTransaction.objects.using(database())
    moved = transactions.filter(payment__account=account, seen_at__gt=now - SILENCE)
    if moved.exists():
        message = _("Payments moved, and no event ever.")
        if last is not None:
            since = {"time": f"{last:%Y-%m-%d %H:%M}"}
            message = _("Payments moved, and no event since %(time)s.") % since
        return Symptom(
            "events",
            Level.YELLOW,
            message,
            _("Run sezzle_webhooks test, and look for webhook=refused in the log."),
            account,
        )
    return Symptom("events", Level.GREEN, _("Nothing moved lately."), "", account)
