"""The read-only lists of operations, webhook events and announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.models import SezzleAnnouncement, SezzleOperation, SezzleWebhookEvent

if TYPE_CHECKING:
    OperationAdmin = admin.ModelAdmin[SezzleOperation]
    EventAdmin = admin.ModelAdmin[SezzleWebhookEvent]
    AnnouncementAdmin = admin.ModelAdmin[SezzleAnnouncement]
else:
    OperationAdmin = EventAdmin = AnnouncementAdmin = admin.ModelAdmin


@admin.register(SezzleOperation)
class SezzleOperationAdmin(ReadOnlyAdminMixin, OperationAdmin):
    """What somebody wanted to be moved, and what became of it."""

    list_display = ("created_at", "payment", "kind", "money", "state", "evidence", "actor")
    list_filter = ("state", "kind", "evidence")
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
    )

    @admin.display(description=_("amount"))
    def money(self, operation: SezzleOperation) -> str:
        """Show what is moved."""
        return str(operation.price)


@admin.register(SezzleWebhookEvent)
class SezzleWebhookEventAdmin(ReadOnlyAdminMixin, EventAdmin):
    """What Sezzle told us had happened."""

    list_display = ("received_at", "event_type", "order_uuid", "state", "attempts", "last_error")
    list_filter = ("state",)
    list_select_related = False
    search_fields = ("order_uuid__startswith", "key__startswith")
    search_help_text = _("Start of an order's id or of an event's id.")
    ordering = ("-received_at", "-id")
    sortable_by = ()
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


@admin.register(SezzleAnnouncement)
class SezzleAnnouncementAdmin(ReadOnlyAdminMixin, AnnouncementAdmin):
    """What the shop was told, and what it still has to be told."""

    list_display = ("created_at", "payment", "fact_key", "told_at", "attempts", "last_error")
    list_filter = (("told_at", admin.EmptyFieldListFilter),)
    list_select_related = ("payment",)
    search_fields = ("fact_key__startswith",)
    ordering = ("-id",)
    sortable_by = ()
    fields = ("payment", "fact_key", "created_at", "told_at", "attempts", "last_error")
