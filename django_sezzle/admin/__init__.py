"""The staff's admin: read-only rows, and money moved through a confirmation page."""

from django_sezzle.admin.customers import SezzleCustomerAdmin
from django_sezzle.admin.disputes import SezzleDisputeAdmin
from django_sezzle.admin.payment import SezzlePaymentAdmin, SezzlePaymentAdminMixin
from django_sezzle.admin.records import (
    SezzleAnnouncementAdmin,
    SezzleOperationAdmin,
    SezzleWebhookEventAdmin,
)

__all__ = [
    "SezzleAnnouncementAdmin",
    "SezzleCustomerAdmin",
    "SezzleDisputeAdmin",
    "SezzleOperationAdmin",
    "SezzlePaymentAdmin",
    "SezzlePaymentAdminMixin",
    "SezzleWebhookEventAdmin",
]
