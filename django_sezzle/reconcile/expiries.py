"""Authorizations that are about to end with money still held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from django_sezzle.conf import account_names, get_settings
from django_sezzle.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayUnavailable,
    SezzleError,
)
from django_sezzle.gateway import Intent
from django_sezzle.models import BeforeExpiry, SezzleAnnouncement, SezzlePayment, Status
from django_sezzle.reconcile.findings import Code, Finding, moment
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.expiry import (
    ENDING,
    act_before_expiry,
    ending_fact,
    ends_soon,
    policy_of,
)
from django_sezzle.services.locking import database


def act(run: Run) -> Iterator[Done | Finding]:
    """Warn, capture or release as the payment or its account says; report what could not be."""
    now = timezone.now()
    longest = max(_notice(account) for account in account_names())
    told = SezzleAnnouncement.objects.using(database()).filter(fact_key__startswith=ENDING)

    def due(behind: Q) -> QuerySet[SezzlePayment]:
        rows = SezzlePayment.objects.using(database()).filter(
            behind,
            intent=Intent.AUTH,
            status__in=Status.that_hold_money(),
            authorization_expires_at__range=(now, now + longest),
        )
        return rows.prefetch_related(Prefetch("announcements", told))

    return run.work(
        Task.EXPIRY,
        (row for row in run.page(due, "authorization_expires_at", "pk") if _is_ours(row, now)),
        partial(_act, run),
        about=lambda payment: (payment.account, f"Order {payment.shop_reference}"),
    )


def _is_ours(payment: SezzlePayment, now: datetime) -> bool:
    """Tell whether something is to be done about it in this run; telling is done once."""
    try:
        policy = policy_of(payment) if ends_soon(payment, now) else BeforeExpiry.NOTHING
    except ConfigurationError:
        # Another finding says that the account is gone.
        return False
    if policy == BeforeExpiry.WARN:
        return ending_fact(payment) not in {fact.fact_key for fact in payment.announcements.all()}
    return policy != BeforeExpiry.NOTHING


def _act(run: Run, payment: SezzlePayment) -> Iterator[Done | Finding]:
    policy, ends = policy_of(payment), payment.authorization_expires_at
    try:
        acted = act_before_expiry(payment)
    except SezzleError as error:
        if isinstance(error, (AuthenticationFailed, GatewayUnavailable)):
            run.reach.failed(payment.account, error, read_at=payment.last_read_at)
        yield Finding(
            Code.EXPIRING,
            f"Order {payment.shop_reference}: the authorization ends at "
            f"{moment(ends) if ends else '-'}, and to {policy.value} it failed. {error}",
            needs_human=True,
            account=payment.account,
            shop_reference=payment.shop_reference,
            order_uuid=payment.order_uuid or "",
        )
    else:
        if acted:
            yield Done(Task.EXPIRY)


def _notice(account: str) -> timedelta:
    try:
        return timedelta(minutes=get_settings(account).expiry_notice_minutes)
    except ConfigurationError:
        return timedelta()
