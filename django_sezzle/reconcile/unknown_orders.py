"""Orders that events spoke of, and that no payment belongs to: perhaps money of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_sezzle.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayRejected,
    SezzleError,
)
from django_sezzle.gateway.messages import Order
from django_sezzle.models import EventState, SezzlePayment, SezzleWebhookEvent
from django_sezzle.reconcile.findings import Code, Finding
from django_sezzle.reconcile.run import Done, Run, Task
from django_sezzle.services.adoption import read_unknown
from django_sezzle.services.locking import database, update_alone
from django_sezzle.services.merge import Expected, Facts, merge

#: So long an event about an unknown order is worth a look.
LOOK_BACK = timedelta(days=30)

#: An order that could not be read is looked at again after so long.
PAUSE = timedelta(hours=6)


def look(run: Run) -> Iterator[Done | Finding]:
    """
    Read each such order, and report it when its money is there and its reference is one of ours.

    An order of another shop of the same merchant is read once; with ``everything``, after a
    backup was restored, each is read again and every approved one is reported.
    """

    def due(behind: Q) -> QuerySet[SezzleWebhookEvent]:
        known = SezzlePayment.objects.filter(order_uuid=OuterRef("order_uuid"))
        rows = _events().filter(behind, ~Exists(known), event_type__startswith="order.")
        if run.everything:
            return rows
        # An event that was dealt with needs its lease no more: it says when to look again.
        since = run.started_at - LOOK_BACK
        return rows.filter(received_at__gt=since, lease_until__lte=run.started_at)

    return run.work(
        Task.ORDER,
        _one_of_each_order(run.page(due, "order_uuid", "pk")),
        partial(_look, run),
        about=lambda event: (event.account, f"Order {event.order_uuid}"),
    )


def _one_of_each_order(events: Iterator[SezzleWebhookEvent]) -> Iterator[SezzleWebhookEvent]:
    """Leave out the other events of an order; they come one after the other."""
    seen = ""
    for event in events:
        if event.order_uuid != seen:
            seen = event.order_uuid or ""
            yield event


def _events() -> QuerySet[SezzleWebhookEvent]:
    return SezzleWebhookEvent.objects.using(database()).filter(
        state=EventState.IGNORED, order_uuid__isnull=False
    )


def _look(run: Run, event: SezzleWebhookEvent) -> Iterator[Done | Finding]:
    account, order_uuid = event.account, event.order_uuid or ""
    try:
        order = read_unknown(account, order_uuid).order
    except AuthenticationFailed as error:
        run.reach.failed(account, error)
        return
    except GatewayRejected:
        # Not even an order's id, perhaps: somebody's test.
        _look_again(order_uuid, run.started_at + LOOK_BACK)
        return
    except (SezzleError, ConfigurationError) as error:
        run.reach.failed(account, error)
        _look_again(order_uuid, run.started_at + PAUSE)
        return
    run.reach.succeeded(account)
    yield Done(Task.ORDER)
    if order is not None and _has_money(order) and (run.everything or _is_ours(account, order)):
        yield _finding(account, order)
    else:
        _look_again(order_uuid, run.started_at + LOOK_BACK)


def _look_again(order_uuid: str, at: datetime) -> None:
    update_alone(_events().filter(order_uuid=order_uuid), lease_until=at)


def _has_money(order: Order) -> bool:
    """Tell whether Sezzle holds money for the order, or has taken some that was not given back."""
    if order.amount is None:
        return False
    expected = Expected(order.reference_id, order.amount.amount_in_cents, order.amount.currency)
    facts = merge(Facts(), {}, order, expected, read_at=timezone.now()).facts
    return facts.held_in_cents + facts.captured_in_cents > facts.refunded_in_cents


def _is_ours(account: str, order: Order) -> bool:
    named = Q(reference_id=order.reference_id) | Q(shop_reference=order.reference_id)
    return SezzlePayment.objects.using(database()).filter(named, account=account).exists()


def _finding(account: str, order: Order) -> Finding:
    return Finding(
        Code.UNACCOUNTED,
        f"Sezzle's order {order.uuid} with reference {order.reference_id} is approved for "
        f"{order.amount}, and no payment belongs to it. Look it up in Sezzle's dashboard; ship "
        "for it, or release or refund it there.",
        needs_human=True,
        account=account,
        shop_reference=order.reference_id,
        order_uuid=order.uuid,
    )
