"""
Everything that is known about a payment, newest first, as one list from several tables.

A page is cut by moment rather than by number, so that it costs the same however long the history
is, and does not shift when something new happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import router
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from django_sezzle.admin.history import in_words
from django_sezzle.admin.results import Kind, describe
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleDispute,
    SezzleOperation,
    SezzlePayment,
    SezzleTransaction,
    SezzleWebhookEvent,
)
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet

PER_PAGE = 50

#: The most entries of one moment that a link may skip; only a made-up link names more.
MOST_SKIPPED = 10_000


class Detail(NamedTuple):
    """Something said about an entry. An id is shown so that it can be copied whole."""

    label: str
    text: str
    is_id: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at: datetime
    source: str
    """Whose word it is, in a word that staff know."""
    what: str
    badge: str = ""
    """How it stands; empty when there is nothing to add."""
    tone: str = ""
    actor: str = ""
    reason: str = ""
    details: tuple[Detail, ...] = ()
    result_payment_id: int | None = None


class Cursor(NamedTuple):
    """Where a page begins: at a moment, after so many entries of it."""

    at: datetime
    skip: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.skip}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Read it from an address; None for the newest page, and for what nobody wrote."""
        at, _tilde, skip = text.replace(" ", "+").partition("~")
        try:
            moment = parse_datetime(at)
        except ValueError:
            return None
        if moment is None or not (skip.isascii() and skip.isdigit() and len(skip) < 6):
            return None
        if timezone.is_aware(moment) != settings.USE_TZ or not 1970 < moment.year < 9000:
            return None
        return cls(moment, min(int(skip), MOST_SKIPPED))


@dataclass(frozen=True, slots=True)
class Source:
    """A table with rows about the payment: which, by which moment, and how a row reads."""

    rows: QuerySet[Any]
    moment: str
    read: Callable[[Any], Entry]

    def newest(self, cursor: Cursor | None, limit: int) -> Iterator[Entry]:
        """Fetch no more than the page can need."""
        rows = self.rows
        if cursor is not None:
            rows = rows.filter(**{f"{self.moment}__lte": cursor.at})
        for row in rows.order_by(f"-{self.moment}", "-pk")[:limit]:
            yield self.read(row)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of it. ``older`` is the cursor of the next one, empty on the last."""

    entries: Sequence[Entry] = field(default_factory=list)
    older: str = ""
    is_newest: bool = True

    @classmethod
    def of(cls, payment: SezzlePayment, before: str = "") -> Timeline:
        """Fetch a page: one query for each table, however long the history is."""
        cursor = Cursor.parse(before) if before else None
        skip = cursor.skip if cursor is not None else 0
        limit = skip + PER_PAGE + 1
        found = chain.from_iterable(source.newest(cursor, limit) for source in _sources(payment))
        # Sorting is stable and the sources' order fixed: entries of one moment stay in order.
        ordered = sorted(
            chain(found, _milestones(payment, cursor)), key=lambda entry: entry.at, reverse=True
        )
        page = ordered[skip : skip + PER_PAGE]
        if len(ordered) <= skip + PER_PAGE or not page:
            return cls(page, is_newest=cursor is None)
        last = page[-1].at
        same = sum(entry.at == last for entry in page)
        if cursor is not None and cursor.at == last:
            same += skip
        return cls(page, str(Cursor(last, same)), is_newest=cursor is None)


def _sources(payment: SezzlePayment) -> Iterator[Source]:
    operations = payment.operations.using(database()).select_related("actor", "closed_by")
    yield Source(operations, "created_at", _operation)
    yield Source(
        payment.transactions.using(database()),
        "seen_at",
        lambda row: _transaction(row, payment.currency),
    )
    if payment.order_uuid:
        events = SezzleWebhookEvent.objects.using(database()).filter(order_uuid=payment.order_uuid)
        yield Source(events, "received_at", _event)
    yield Source(payment.disputes.using(database()), "created_at", _dispute)
    yield Source(payment.announcements.using(database()), "created_at", _announcement)
    kept_in = router.db_for_write(LogEntry)
    about = ContentType.objects.db_manager(payment._state.db).get_for_model(
        payment, for_concrete_model=False
    )
    log = LogEntry.objects.using(kept_in).filter(content_type=about.pk, object_id=str(payment.pk))
    yield Source(log.select_related("user"), "action_time", _log_entry)


def _milestones(payment: SezzlePayment, cursor: Cursor | None) -> Iterator[Entry]:
    """Say what stands on the payment's own row."""
    ours = _("the shop")
    known = [
        Entry(payment.created_at, ours, _("The payment was begun")),
        *_when(payment.canceled_at, ours, _("Canceled by the shop")),
        *_when(payment.lapsed_at, _("Sezzle"), _("Nothing held any more")),
    ]
    if payment.review_cleared_at is not None:
        known.append(
            Entry(
                payment.review_cleared_at,
                ours,
                _("Review cleared"),
                actor=str(payment.review_cleared_by or ""),
                reason=payment.review_cleared_because,
            )
        )
    return (entry for entry in known if cursor is None or entry.at <= cursor.at)


def _when(at: datetime | None, source: str, what: str) -> list[Entry]:
    return [] if at is None else [Entry(at, source, what)]


def _operation(operation: SezzleOperation) -> Entry:
    kind, text = describe(operation)
    said = operation.error_message
    if operation.error_code:
        said = f"{said} ({operation.error_code})".strip()
    return Entry(
        at=operation.created_at,
        source=_("asked for"),
        what=_what(operation.get_kind_display(), str(operation.price)),
        badge=str(operation.get_state_display()),
        tone=kind,
        actor=str(operation.actor or ""),
        reason=operation.reason,
        details=_details(
            (_("Shipment"), operation.shipment),
            (_("Outcome"), text),
            (_("Sezzle said"), said),
            (_("Closed by"), str(operation.closed_by or "")),
            (_("Closed because"), operation.closed_because),
            (_("Request id"), operation.request_id),
            (_("Transaction"), operation.tx_uuid),
            (_("Debug id"), operation.debug_uuid),
            ids_from=5,
        ),
        result_payment_id=operation.result_payment_id,
    )


def _transaction(row: SezzleTransaction, currency: str) -> Entry:
    by_us = row.operation_id is not None
    return Entry(
        at=row.seen_at,
        source=_("Sezzle's order"),
        what=_what(row.get_kind_display(), format_cents(row.amount_in_cents, currency)),
        actor=_("this shop") if by_us else _("Sezzle, or its dashboard"),
        details=_details((_("Transaction"), row.uuid), ids_from=0),
    )


def _event(event: SezzleWebhookEvent) -> Entry:
    return Entry(
        at=event.received_at,
        source=_("webhook"),
        what=event.event_type,
        badge=str(event.get_state_display()),
        tone=Kind.UNKNOWN if event.state == EventState.PENDING else "",
        details=_details((_("Last error"), event.last_error), (_("Event"), event.key), ids_from=1),
    )


def _dispute(dispute: SezzleDispute) -> Entry:
    return Entry(
        at=dispute.created_at,
        source=_("webhook"),
        what=_what(_("dispute"), dispute.price or _("an amount not said")),
        badge=str(dispute.get_status_display()),
        tone=Kind.UNKNOWN if dispute.is_open else "",
        details=_details(
            (_("Type"), dispute.dispute_type),
            (_("Answer before"), str(dispute.due_on or "") if dispute.is_open else ""),
            (_("Dispute"), dispute.dispute_id),
            ids_from=2,
        ),
    )


def _announcement(announcement: SezzleAnnouncement) -> Entry:
    is_told = announcement.told_at is not None
    return Entry(
        at=announcement.created_at,
        source=_("shop told"),
        what=str(in_words(announcement)),
        badge=_("told") if is_told else _("not told yet"),
        tone="" if is_told else Kind.UNKNOWN,
        details=_details(
            (_("Last error"), announcement.last_error),
            (_("Fact"), announcement.fact_key),
            ids_from=1,
        ),
    )


def _log_entry(entry: LogEntry) -> Entry:
    return Entry(
        at=entry.action_time,
        source=_("admin's log"),
        what=entry.get_change_message() or str(entry.get_action_flag_display()),
        actor=str(entry.user),
    )


def _what(kind: str, amount: str) -> str:
    return _("%(kind)s of %(amount)s") % {"kind": kind, "amount": amount}


def _details(*pairs: tuple[str, str], ids_from: int) -> tuple[Detail, ...]:
    found = (Detail(label, text, number >= ids_from) for number, (label, text) in enumerate(pairs))
    return tuple(detail for detail in found if detail.text)
