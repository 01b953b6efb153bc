"""The read-only lists of operations, webhook events and announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.columns import badge
from django_sezzle.admin.filters import AccountFilter, InboxFilter, OpenFilter, ToldFilter
from django_sezzle.admin.moments import moment
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.admin.retrying import RetryMixin, process_again, tell_again
from django_sezzle.models import (
    EventState,
    SezzleAnnouncement,
    SezzleOperation,
    SezzleWebhookEvent,
    State,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    OperationAdmin = admin.ModelAdmin[SezzleOperation]
    EventAdmin = admin.ModelAdmin[SezzleWebhookEvent]
    AnnouncementAdmin = admin.ModelAdmin[SezzleAnnouncement]
else:
    OperationAdmin = EventAdmin = AnnouncementAdmin = admin.ModelAdmin


@admin.register(SezzleOperation)
class SezzleOperationAdmin(ReadOnlyAdminMixin, OperationAdmin):
    """What somebody wanted to be moved, and what became of it."""

    list_display = (
        "created",
        "payment",
        "kind",
        "money",
        "shipment",
        "state_badge",
        "evidence",
        "actor",
    )
    list_filter = (OpenFilter, "state", "kind", "evidence", "created_at")
    list_select_related = ("payment", "actor")
    search_fields = ("request_id__startswith", "tx_uuid__startswith", "debug_uuid__startswith")
    search_help_text = _("Start of a request id, a transaction's id or a debug id.")
    ordering = ("-created_at", "-id")
    sortable_by = ()
    readonly_fields = ("money",)
    fields = (
        "payment",
        "kind",
        "money",
        "shipment",
        "state",
        "evidence",
        "request_id",
        "tx_uuid",
        "result_payment",
        "error_code",
        "error_message",
        "debug_uuid",
        "actor",
        "reason",
        "attempts",
        "deferred",
        "created_at",
        "first_sent_at",
        "closed_at",
        "closed_by",
        "closed_because",
    )

    @admin.display(description=_("created"))
    def created(self, operation: SezzleOperation) -> str:
        """Show when it was written down."""
        return moment(operation.created_at)

    @admin.display(description=_("amount"))
    def money(self, operation: SezzleOperation) -> str:
        """Show what is moved."""
        return str(operation.price)

    @admin.display(description=_("state"))
    def state_badge(self, operation: SezzleOperation) -> str:
        """Show how far it is."""
        sign, colour = {
            State.STARTED.value: ("○", "waiting"),
            State.SUCCEEDED.value: ("●", "taken"),
            State.FAILED.value: ("✕", "gone"),
        }.get(operation.state, ("?", "expired"))
        return badge(sign, colour, operation.get_state_display())


@admin.register(SezzleWebhookEvent)
class SezzleWebhookEventAdmin(RetryMixin, EventAdmin):
    """What Sezzle told us had happened."""

    list_display = ("received", "event_type", "order_uuid", "state_badge", "attempts", "last_error")
    list_filter = (InboxFilter, "received_at", AccountFilter)
    list_select_related = False
    search_fields = ("order_uuid__startswith", "key__startswith")
    search_help_text = _("Start of an order's id or of an event's id.")
    # They are numbered as they arrive, and a table of events needs no second index for that.
    ordering = ("-id",)
    sortable_by = ()
    actions = ("process_selected",)
    retry_word = "process again"
    fields = (
        "key",
        "event_type",
        "order_uuid",
        "account",
        "created_at",
        "received_at",
        "state",
        "attempts",
        "last_error",
    )

    @admin.display(description=_("received"))
    def received(self, event: SezzleWebhookEvent) -> str:
        """Show when it arrived."""
        return moment(event.received_at)

    @admin.display(description=_("state"))
    def state_badge(self, event: SezzleWebhookEvent) -> str:
        """Show what became of it."""
        if event.state == EventState.PENDING and event.attempts:
            return badge("!", "expired", _("failed, tried again"))
        sign, colour = {
            EventState.PENDING.value: ("○", "waiting"),
            EventState.DONE.value: ("●", "taken"),
        }.get(event.state, ("–", "gone"))
        return badge(sign, colour, event.get_state_display())

    @admin.action(permissions=["resolve"], description=_("Process the selected events again"))
    def process_selected(
        self, request: HttpRequest, queryset: QuerySet[SezzleWebhookEvent]
    ) -> None:
        """Read the events' orders at Sezzle now."""
        self.retry(request, queryset, process_again)


@admin.register(SezzleAnnouncement)
class SezzleAnnouncementAdmin(RetryMixin, AnnouncementAdmin):
    """What the shop was told, and what it still has to be told."""

    list_display = ("created", "payment", "fact_key", "told_badge", "attempts", "last_error")
    list_filter = (ToldFilter, "created_at")
    list_select_related = ("payment",)
    search_fields = ("fact_key__startswith",)
    search_help_text = _("Start of a fact, such as captured: and the transaction's id.")
    ordering = ("-id",)
    sortable_by = ()
    actions = ("tell_selected",)
    retry_word = "tell the shop again"
    fields = ("payment", "fact_key", "created_at", "told_at", "attempts", "last_error")

    @admin.display(description=_("recorded"))
    def created(self, announcement: SezzleAnnouncement) -> str:
        """Show when the fact was recorded."""
        return moment(announcement.created_at)

    @admin.display(description=_("told"))
    def told_badge(self, announcement: SezzleAnnouncement) -> str:
        """Show whether and when the shop was told."""
        if announcement.told_at is not None:
            return badge("●", "taken", moment(announcement.told_at))
        if announcement.last_error:
            return badge("!", "expired", _("failed, told again"))
        return badge("○", "waiting", _("not yet"))

    @admin.action(permissions=["resolve"], description=_("Tell the shop the selected facts again"))
    def tell_selected(self, request: HttpRequest, queryset: QuerySet[SezzleAnnouncement]) -> None:
        """Call the shop's receivers now."""
        self.retry(request, queryset, tell_again)
