"""
The rows: payments, operations, transactions, webhook events, announcements, disputes and
customers; and that ``sezzle_reconcile`` runs.
"""

from django_sezzle.models.announcement import SezzleAnnouncement
from django_sezzle.models.customer import SezzleCustomer
from django_sezzle.models.dispute import DisputeStatus, SezzleDispute
from django_sezzle.models.event import EventState, SezzleWebhookEvent
from django_sezzle.models.operation import Evidence, Operation, SezzleOperation, State
from django_sezzle.models.payment import BeforeExpiry, Review, SezzlePayment, Status
from django_sezzle.models.run import SezzleRun
from django_sezzle.models.transaction import SezzleTransaction

__all__ = [
    "BeforeExpiry",
    "DisputeStatus",
    "EventState",
    "Evidence",
    "Operation",
    "Review",
    "SezzleAnnouncement",
    "SezzleCustomer",
    "SezzleDispute",
    "SezzleOperation",
    "SezzlePayment",
    "SezzleRun",
    "SezzleTransaction",
    "SezzleWebhookEvent",
    "State",
    "Status",
]
