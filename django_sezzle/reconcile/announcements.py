"""Facts that the shop has not been told."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils import timezone

from django_sezzle.models import SezzleAnnouncement
from django_sezzle.reconcile.findings import Code, Finding, moment
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services import telling
from django_sezzle.services.locking import database
from django_sezzle.services.patience import STUCK_AFTER


def tell(run: Run) -> Iterator[Done | Finding]:
    """Tell what is due, one payment after the other."""

    def due(behind: Q) -> QuerySet[SezzleAnnouncement]:
        return _untold().filter(behind, lease_until__lte=run.started_at)

    allowance = run.allowance()
    told = None
    for announcement in run.page(due, "payment_id", "pk"):
        if run.dry_run:
            if not allowance.take():
                return
            yield Done(Task.ANNOUNCEMENT)
        elif announcement.payment_id != told:
            told = announcement.payment_id
            for item in _tell(run, announcement):
                # What a receiver refuses to hear must not keep other payments waiting.
                if isinstance(item, Done) and not allowance.take():
                    return
                yield item


def _tell(run: Run, announcement: SezzleAnnouncement) -> Iterator[Done | Finding]:
    payment = announcement.payment
    try:
        # It was fetched a page ago; a receiver may ask it whether it is funded.
        payment.refresh_from_db()
        told = telling.tell(payment)
    except Exception as error:  # noqa: BLE001 - one fault must not keep the others waiting
        yield run.fault(f"Order {payment.shop_reference}", error, account=payment.account)
        return
    for _ in range(told):
        yield Done(Task.ANNOUNCEMENT)


def report(run: Run) -> Iterator[Finding]:
    """Say what the shop's receivers still refuse to hear."""
    for announcement in run.page(lambda behind: _untold().filter(behind), "pk"):
        if announcement.attempts or announcement.created_at < timezone.now() - STUCK_AFTER:
            yield _finding(announcement)


def _untold() -> QuerySet[SezzleAnnouncement]:
    rows = SezzleAnnouncement.objects.using(database()).select_related("payment")
    return rows.filter(told_at=None)


def _finding(announcement: SezzleAnnouncement) -> Finding:
    payment = announcement.payment
    why = f" ({announcement.last_error}, {announcement.attempts} times)"
    return Finding(
        Code.NOT_TOLD,
        f"Order {payment.shop_reference}: the shop has not been told {announcement.fact!r} since "
        f"{moment(announcement.created_at)}: its receiver failed"
        f"{why if announcement.last_error else ''}. It is told again; correct the receiver.",
        needs_human=announcement.created_at < timezone.now() - STUCK_AFTER,
        account=payment.account,
        shop_reference=payment.shop_reference,
        order_uuid=payment.order_uuid or "",
        fact=announcement.fact_key,
    )
