"""What the host writes: each admin once more, on the theme's own base."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from django_sezzle.admin import (
    SezzleAnnouncementAdmin,
    SezzleOperationAdmin,
    SezzlePaymentAdminMixin,
    SezzleWebhookEventAdmin,
)
from django_sezzle.models import (
    SezzleAnnouncement,
    SezzleOperation,
    SezzlePayment,
    SezzleWebhookEvent,
)

admin.site.unregister([SezzlePayment, SezzleOperation, SezzleAnnouncement, SezzleWebhookEvent])


@admin.register(SezzlePayment)
class PaymentAdmin(SezzlePaymentAdminMixin, ModelAdmin):
    """Payments in the theme."""


@admin.register(SezzleOperation)
class OperationAdmin(SezzleOperationAdmin, ModelAdmin):
    """Operations in the theme."""


@admin.register(SezzleAnnouncement)
class AnnouncementAdmin(SezzleAnnouncementAdmin, ModelAdmin):
    """Announcements in the theme."""


@admin.register(SezzleWebhookEvent)
class EventAdmin(SezzleWebhookEventAdmin, ModelAdmin):
    """Webhook events in the theme."""
