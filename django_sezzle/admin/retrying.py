"""
Once more, because a person asks for it: telling the shop, and processing an event.

Both wait longer after each failure. A person who has just corrected the receiver, or knows that
Sezzle is back, need not wait. Nothing here can move money or tell a fact twice: the services take
care of that, whoever asks them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext, ngettext_lazy

from django_sezzle import webhooks
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.conf import get_settings
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzlePayment,
    SezzleWebhookEvent,
)
from django_sezzle.services import telling
from django_sezzle.services.locking import database, outside_transactions, update_alone

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: After so many seconds no further row is begun: servers stop a request that takes longer.
SECONDS = 20


class Outcome(Enum):
    """What became of one row; the value is how grave that is."""

    TOLD = messages.SUCCESS, "told"
    PROCESSED = messages.SUCCESS, "processed"
    NOTHING_TO_DO = messages.INFO, "nothing to do"
    UNDER_WAY = messages.INFO, "under way"
    SETTLED = messages.INFO, "settled before"
    OUT_OF_TIME = messages.WARNING, "no time left"
    FAILED = messages.ERROR, "failed again"


WORDS = {
    Outcome.TOLD: ngettext_lazy(
        "The shop was told %(count)d fact.", "The shop was told %(count)d facts.", "count"
    ),
    Outcome.PROCESSED: ngettext_lazy(
        "%(count)d event was processed.", "%(count)d events were processed.", "count"
    ),
    Outcome.NOTHING_TO_DO: ngettext_lazy(
        "%(count)d event is about no order of this shop; there is nothing to do.",
        "%(count)d events are about no order of this shop; there is nothing to do.",
        "count",
    ),
    Outcome.UNDER_WAY: ngettext_lazy(
        "%(count)d is being worked on at this moment. Look again in a minute.",
        "%(count)d are being worked on at this moment. Look again in a minute.",
        "count",
    ),
    Outcome.SETTLED: ngettext_lazy(
        "%(count)d was done before; nothing was done again.",
        "%(count)d were done before; nothing was done again.",
        "count",
    ),
    Outcome.OUT_OF_TIME: ngettext_lazy(
        "There was no time left for %(count)d. Choose it again.",
        "There was no time left for %(count)d. Choose them again.",
        "count",
    ),
    Outcome.FAILED: ngettext_lazy(
        "%(count)d failed again: %(names)s. The log says more; it is tried again by itself.",
        "%(count)d failed again: %(names)s. The log says more; they are tried again by themselves.",
        "count",
    ),
}


class RetryMixin(ReadOnlyAdminMixin):
    """Gives a list of records an action for those who may resolve what is stuck."""

    #: What the log entry calls it.
    retry_word = "retried"

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may do again what failed."""
        user: Any = request.user
        return bool(user.has_perm(f"{SezzlePayment._meta.app_label}.resolve_sezzlepayment"))

    @outside_transactions
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, or run an action of it, which may ask Sezzle or call the shop's code."""
        return super().changelist_view(request, extra_context)

    def retry(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        once_more: Callable[[Any], Outcome],
    ) -> None:
        """Do it for each row, oldest first; say what happened, and write it down."""
        limit = get_settings().bulk_limit
        rows = list(queryset.order_by("pk")[: limit + 1])
        if len(rows) > limit:
            text = ngettext(
                "Choose at most %(limit)d at a time. Nothing was done.",
                "Choose at most %(limit)d at a time. Nothing was done.",
                limit,
            )
            self.message_user(request, text % {"limit": limit}, messages.ERROR)
            return
        found: dict[Outcome, list[Any]] = {}
        ends_at = time.monotonic() + SECONDS
        for row in rows:
            outcome = once_more(row) if time.monotonic() < ends_at else Outcome.OUT_OF_TIME
            found.setdefault(outcome, []).append(row)
            if outcome not in (Outcome.SETTLED, Outcome.OUT_OF_TIME):
                self.log_change(request, row, f"{self.retry_word}: {outcome.value[1]}")
        for outcome, those in found.items():
            names = ", ".join(f"{row} ({row.last_error})" for row in those[:5] if row.last_error)
            text = WORDS[outcome] % {"count": len(those), "names": names or "-"}
            self.message_user(request, text, outcome.value[0])


def tell_again(announcement: SezzleAnnouncement) -> Outcome:
    """Tell the shop what it has not been told of this payment, in order, up to this fact."""
    untold = SezzleAnnouncement.objects.using(database()).filter(
        payment=announcement.payment_id, told_at=None
    )
    if not untold.filter(pk=announcement.pk).exists():
        return Outcome.SETTLED
    # What failed before waits for its next turn; what did not is being told at this moment.
    update_alone(untold.exclude(last_error=""), lease_until=timezone.now())
    payment = SezzlePayment.objects.using(database()).get(pk=announcement.payment_id)
    telling.tell(payment)
    announcement.refresh_from_db(using=database())
    if announcement.told_at is not None:
        return Outcome.TOLD
    failed = untold.exclude(last_error="").order_by("pk").first()
    if failed is None:
        return Outcome.UNDER_WAY
    # An earlier fact that fails holds up this one.
    announcement.last_error = failed.last_error
    return Outcome.FAILED


def process_again(event: SezzleWebhookEvent) -> Outcome:
    """Read the event's order at Sezzle now."""
    pending = SezzleWebhookEvent.objects.using(database()).filter(
        pk=event.pk, state=EventState.PENDING
    )
    update_alone(pending.exclude(last_error=""), lease_until=timezone.now())
    if not webhooks.claim(event):
        return Outcome.UNDER_WAY if pending.exists() else Outcome.SETTLED
    webhooks.process(event)
    event.refresh_from_db(using=database())
    if event.state == EventState.DONE:
        return Outcome.PROCESSED
    return Outcome.FAILED if event.state == EventState.PENDING else Outcome.NOTHING_TO_DO
