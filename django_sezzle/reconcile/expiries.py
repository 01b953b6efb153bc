"""Authorizations that are about to end with money still held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from django_sezzle.conf import account_names, get_settings
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.gateway import Intent
from django_sezzle.models import BeforeExpiry, SezzlePayment, Status
from django_sezzle.reconcile.findings import Code, Finding, moment
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.expiry import act_before_expiry, ends_soon, policy_of
from django_sezzle.services.locking import database


def act(run: Run) -> Iterator[Done | Finding]:
    """Warn, capture or release as the payment or its account says; report what could not be."""
    now = timezone.now()
    longest = max(_notice(account) for account in account_names())

    def due(behind: Q) -> QuerySet[SezzlePayment]:
        return SezzlePayment.objects.using(database()).filter(
            behind,
            intent=Intent.AUTH,
            status__in=(Status.AUTHORIZED, Status.PARTIALLY_CAPTURED),
            authorization_expires_at__range=(now, now + longest),
        )

    allowance = run.allowance()
    for payment in run.page(due, "authorization_expires_at", "pk"):
        try:
            if not ends_soon(payment, now) or policy_of(payment) == BeforeExpiry.NOTHING:
                continue
        except ConfigurationError:
            # Another finding says that the account is gone.
            continue
        if not allowance.take():
            return
        if run.dry_run:
            yield Done(Task.EXPIRY)
        else:
            yield from _act(run, payment)


def _act(run: Run, payment: SezzlePayment) -> Iterator[Done | Finding]:
    policy, ends = policy_of(payment), payment.authorization_expires_at
    try:
        acted = act_before_expiry(payment)
    except SezzleError as error:
        yield Finding(
            Code.EXPIRING,
            f"Order {payment.shop_reference}: the authorization ends at "
            f"{moment(ends) if ends else '-'}, and to {policy.value} it failed. {error}",
            needs_human=True,
            account=payment.account,
            shop_reference=payment.shop_reference,
            order_uuid=payment.order_uuid or "",
        )
    except Exception as error:  # noqa: BLE001 - one fault must not keep the others waiting
        yield run.fault(f"Order {payment.shop_reference}", error, account=payment.account)
    else:
        if acted:
            yield Done(Task.EXPIRY)


def _notice(account: str) -> timedelta:
    try:
        return timedelta(minutes=get_settings(account).expiry_notice_minutes)
    except ConfigurationError:
        return timedelta()
