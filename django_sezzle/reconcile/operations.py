"""Operations whose sender is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.utils import timezone

from django_sezzle.exceptions import ConfigurationError, OutcomeUnknown, SezzleError
from django_sezzle.models import Operation, SezzleOperation
from django_sezzle.reconcile.findings import Code, Finding, moment
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services import recovery
from django_sezzle.services.locking import database
from django_sezzle.services.patience import STUCK_AFTER

#: What is older is not sent again by itself, and must not keep younger ones waiting.
OLD = recovery.RESEND_FOR + timedelta(hours=1)


def finish(run: Run) -> Iterator[Done | Finding]:
    """Finish what a dead process left open, what may still be sent first."""
    old = Q(created_at__lt=run.started_at - OLD)
    for age in (~old, old):
        yield from _finish(run, age)


def _finish(run: Run, age: Q) -> Iterator[Done | Finding]:
    def due(behind: Q) -> QuerySet[SezzleOperation]:
        return _open().filter(behind, age, lease_until__lte=run.started_at)

    return run.work(
        Task.OPERATION,
        run.page(due, "lease_until", "pk"),
        partial(_finish_one, run),
        about=lambda operation: (operation.payment.account, f"Operation {operation.pk}"),
    )


def _finish_one(run: Run, operation: SezzleOperation) -> Iterator[Done | Finding]:
    payment = operation.payment
    account, read_at = payment.account, payment.last_read_at
    if not payment.order_uuid and run.reach.is_silent(account):
        # Each would cost a time-out; the report of what is open names it.
        return
    trouble: Exception | None
    try:
        trouble = recovery.finish(payment)
    except (ConfigurationError, SezzleError) as error:
        trouble = error
    if isinstance(trouble, OutcomeUnknown):
        run.reach.unanswered(account)
        return
    if trouble is not None:
        run.reach.failed(account, trouble, read_at=read_at, reference=payment.shop_reference)
        return
    run.reach.succeeded(account)
    # What still waits for an answer is reported at the end of the run.
    if not _open().filter(pk=operation.pk).exists():
        yield Done(Task.OPERATION)


def report(run: Run) -> Iterator[Finding]:
    """Say which operations still have no outcome."""

    def rows(behind: Q) -> QuerySet[SezzleOperation]:
        return _open().filter(behind, created_at__lte=run.started_at)

    for operation in run.page(rows, "created_at", "pk"):
        yield _finding(operation)


def _open() -> QuerySet[SezzleOperation]:
    return SezzleOperation.objects.using(database()).select_related("payment").filter(is_open=True)


def _finding(operation: SezzleOperation) -> Finding:
    payment = operation.payment
    is_stuck = operation.created_at < timezone.now() - STUCK_AFTER
    if operation.attempts:
        # What makes an order is never sent again by hand.
        or_again = "" if operation.kind in Operation.that_make_orders() else " or send it again"
        what = "has no known outcome. Money may or may not have moved"
        advice = (
            f"Do not repeat it. Compare it with Sezzle's dashboard, then close it{or_again}."
            if is_stuck
            else "Do not repeat it; it is being checked."
        )
    else:
        what = "has not been sent. No money moved"
        advice = (
            "It is sent when the way is free."
            if operation.deferred
            else "It is closed after 15 minutes: nobody wants an old click to fire."
        )
    return Finding(
        Code.OPERATION_OPEN,
        f"Order {payment.shop_reference}: {operation.phrase}, asked for at "
        f"{moment(operation.created_at)}, {what}. {advice}",
        needs_human=is_stuck,
        account=payment.account,
        shop_reference=payment.shop_reference,
        order_uuid=payment.order_uuid or "",
        operation=str(operation.pk),
        debug_uuid=operation.debug_uuid,
    )
