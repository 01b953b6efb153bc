"""Payments that may have changed at Sezzle without anybody having told us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import Greatest
from django.utils import timezone

from django_sezzle.conf import PRODUCTION, account_names, get_settings
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.gateway import Intent, Price
from django_sezzle.models import (
    Operation,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    Status,
)
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.reading import bring_up_to_date

#: A payment that was just tried need not be tried again, by this run or one beside it.
FRESH = timedelta(minutes=1)

#: Clocks of several machines, Sezzle's among them, may differ by so much.
CLOCK_SLACK = timedelta(minutes=5)

LONG_AGO = timedelta(days=3650)

#: What is settled is read at growing distances: changed so lately, at most so often.
SETTLED = (
    (timedelta(days=1), timedelta(hours=6)),
    (timedelta(days=7), timedelta(days=1)),
    (timedelta(days=30), timedelta(days=5)),
)


def read(run: Run) -> Iterator[Done | Finding]:
    """Read what may still change, least recently tried first: what fails goes to the end."""

    def due(behind: Q) -> QuerySet[SezzlePayment]:
        tried_at = Greatest(_if_past("asked_at", run), _if_past("last_read_at", run))
        rows = _rows().annotate(tried_at=tried_at)
        return rows.filter(behind, _due(run), _configured(), tried_at__lt=run.started_at - FRESH)

    return run.work(
        Task.PAYMENT,
        run.page(due, "tried_at", "pk"),
        partial(_read, run),
        about=lambda payment: (payment.account, f"Order {payment.shop_reference}"),
    )


def _if_past(column: str, run: Run) -> Case:
    """Give a moment, or one long ago where there is none or a wrong clock wrote a later one."""
    came = When(**{f"{column}__lte": run.started_at}, then=F(column))
    # Made from a column: MariaDB would take a literal for text.
    return Case(came, default=F("created_at") - LONG_AGO, output_field=DateTimeField())


def _read(run: Run, payment: SezzlePayment) -> Iterator[Done | Finding]:
    if not _take_turn(payment):
        return
    account, reference, read_at = payment.account, payment.shop_reference, payment.last_read_at
    try:
        bring_up_to_date(payment)
    except (SezzleError, ConfigurationError) as error:
        run.reach.failed(account, error, read_at=read_at, reference=reference)
    else:
        run.reach.succeeded(account)
        yield Done(Task.PAYMENT)


def _take_turn(payment: SezzlePayment) -> bool:
    """Note the try before it is made; False when somebody else has just made one."""
    now = timezone.now()
    idle = Q(asked_at=None) | Q(asked_at__lt=now - FRESH) | Q(asked_at__gt=now + FRESH)
    rows = SezzlePayment.objects.using(database()).filter(idle, pk=payment.pk)
    return bool(update_alone(rows, asked_at=now))


def _rows() -> QuerySet[SezzlePayment]:
    return SezzlePayment.objects.using(database()).filter(order_uuid__isnull=False)


def _due(run: Run) -> Q:
    now = run.started_at
    # A reading of the future is a wrong clock's.
    unread = Q(last_read_at=None) | Q(last_read_at__gt=now + CLOCK_SLACK)
    was_read_before = unread | Q(last_read_at__lt=now - FRESH)
    if run.everything:
        return was_read_before
    # After its end was read once, an unfinished checkout or authorization is as good as settled.
    read_at = F("last_read_at") - CLOCK_SLACK
    has_ended = Q(approved=False, checkout_expires_at__lt=read_at) | Q(
        approved=True, authorization_expires_at__lt=read_at
    )
    is_open = Exists(SezzleOperation.objects.filter(payment=OuterRef("pk"), is_open=True))
    may_change = Q(status__in=Status.that_may_change()) & ~has_ended
    needs_care = may_change | ~Q(review_reason="") | Q(is_open) | unread
    settled = Q()
    for changed, gap in SETTLED:
        settled |= Q(updated_at__gt=now - changed, last_read_at__lt=now - gap)
    return was_read_before & (needs_care | settled)


def _configured() -> Q:
    """Leave out what cannot be read anyway; a finding says so."""
    configured = Q(pk__in=[])
    for account in account_names():
        with suppress(ConfigurationError):
            configured |= Q(account=account, environment=get_settings(account).environment)
    return configured


def newest_transaction() -> int:
    """Number the newest transaction; what has a higher number showed up afterwards."""
    rows = SezzleTransaction.objects.using(database())
    newest: int | None = rows.aggregate(Max("pk"))["pk__max"]
    return newest or 0


def report(run: Run, *, after: int) -> Iterator[Finding]:
    """
    Say what showed up, and which payments a human must look at.

    :param after: the newest transaction when the run began.
    """
    yield from _moved_elsewhere(run, after=after)
    yield from _reviewed(run)
    yield from _unaccounted(run)
    yield from _not_configured(run)


def _moved_elsewhere(run: Run, *, after: int) -> Iterator[Finding]:
    """Report what was not asked for here."""

    def rows(behind: Q) -> QuerySet[SezzleTransaction]:
        found = SezzleTransaction.objects.using(database()).select_related("payment")
        # Sezzle takes the money of intent CAPTURE, and lets go what ran out.
        by_itself = Q(kind=Operation.CAPTURE, payment__intent=Intent.CAPTURE) | Q(
            kind=Operation.RELEASE, payment__authorization_expires_at__lte=F("seen_at")
        )
        return found.filter(behind, ~by_itself, pk__gt=after, operation=None)

    for row in run.page(rows, "pk"):
        price = Price(row.amount_in_cents, row.payment.currency)
        article = "an" if row.kind == Operation.UPCHARGE else "a"
        yield _about(
            row.payment,
            Code.MOVED_ELSEWHERE,
            f"{article} {row.kind} of {price} was made outside this shop, such as in Sezzle's "
            "dashboard. It is recorded and the shop is told.",
            needs_human=False,
            fact=f"{row.kind}:{row.uuid}",
        )


def _reviewed(run: Run) -> Iterator[Finding]:
    def rows(behind: Q) -> QuerySet[SezzlePayment]:
        return SezzlePayment.objects.using(database()).filter(behind, ~Q(review_reason=""))

    for payment in run.page(rows, "pk"):
        yield _about(
            payment,
            Code.NEEDS_REVIEW,
            f"{payment.get_review_reason_display()}. Money operations are blocked. Compare it "
            "with Sezzle's dashboard, then clear the review.",
            needs_human=True,
        )


def _unaccounted(run: Run) -> Iterator[Finding]:
    """Find money beside the payment that counts for the shop's order, until a human cleared it."""
    not_gone = Q(captured_in_cents__gt=F("refunded_in_cents")) | Q(
        Q(authorization_expires_at=None) | Q(authorization_expires_at__gt=run.started_at),
        authorized_in_cents__gt=F("captured_in_cents") + F("released_in_cents"),
        lapsed_at=None,
    )

    def rows(behind: Q) -> QuerySet[SezzlePayment]:
        return SezzlePayment.objects.using(database()).filter(
            behind,
            not_gone,
            _configured(),
            approved=True,
            is_current=None,
            was_reauthorized=False,
            upcharge_of=None,
            review_reason="",
            review_cleared_at=None,
        )

    for payment in run.page(rows, "pk"):
        money = Price(payment.held_in_cents + payment.kept_in_cents, payment.currency)
        yield _about(
            payment,
            Code.UNACCOUNTED,
            f"Sezzle holds or took {money} that counts for no order of the shop. Release or "
            "refund it, or clear the review when you ship for it.",
            needs_human=True,
        )


def _not_configured(run: Run) -> Iterator[Finding]:
    """Count what no configured account can read, in one line for each account."""
    rows = _rows().filter(_due(run)).exclude(_configured())
    counted = rows.values("account", "environment").annotate(count=Count("pk")).order_by()
    for group in counted:
        yield Finding(
            Code.NOT_CONFIGURED,
            f"{group['count']} payments of account {group['account']} were made in "
            f"{group['environment']}, which SEZZLE does not configure for it. They were not read. "
            "Configure it, or an account of its own, while they still hold money.",
            needs_human=group["environment"] == PRODUCTION,
            account=group["account"],
        )


def _about(
    payment: SezzlePayment, code: Code, message: str, *, needs_human: bool, fact: str = ""
) -> Finding:
    return Finding(
        code,
        f"Order {payment.shop_reference}: {message}",
        needs_human=needs_human,
        account=payment.account,
        shop_reference=payment.shop_reference,
        order_uuid=payment.order_uuid or "",
        fact=fact,
    )
