"""A dispute: a shopper complained to Sezzle about an order, and somebody must answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import fields
from django_sezzle.models.payment import SezzlePayment

#: A dispute that is due so soon needs somebody now.
SOON = timedelta(days=3)


class DisputeStatus(models.TextChoices):
    """How far a dispute is: the last word of the name of the event that said so."""

    MERCHANT_INPUT_REQUESTED = "merchant_input_requested", _("waits for the shop's answer")
    DEADLINE_APPROACHING = "deadline_approaching", _("final notice")
    CUSTOMER_WIN = "customer_win", _("lost: the shopper won")
    MERCHANT_WIN = "merchant_win", _("won by the shop")
    NEUTRAL = "neutral", _("closed without a winner")

    @classmethod
    def that_are_closed(cls) -> frozenset[str]:
        """Name those after which there is nothing to answer."""
        return frozenset({cls.CUSTOMER_WIN, cls.MERCHANT_WIN, cls.NEUTRAL})


class SezzleDispute(models.Model):
    """
    What Sezzle's events said about a dispute; no call of its gateway can be asked about one.

    So amount, type and due day are believed, for people to read: an event is signed, and there is
    nothing better. No money moves, and none is booked, because of them: whether a lost dispute
    was refunded is read from the order like any other refund. ``due_on`` is a day by Sezzle's
    calendar, taken to begin at midnight UTC. ``payment`` is empty when the order is none of ours.
    The shopper's words are not kept.
    """

    account = models.CharField(_("account"), max_length=32, default="default")
    environment = models.CharField(_("environment"), max_length=16)
    dispute_id = fields.identifier(_("dispute"))
    payment = models.ForeignKey(
        SezzlePayment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        verbose_name=_("payment"),
    )
    order_uuid = fields.optional_identifier(_("order"))
    reference_id = models.CharField(_("Sezzle reference"), max_length=80, blank=True)
    dispute_type = models.CharField(_("type"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=32, choices=DisputeStatus.choices)
    amount_in_cents = models.BigIntegerField(_("amount in cents"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    # The moment of the event that the row follows: an older one changes nothing.
    said_at = models.DateTimeField(null=True, editable=False)
    # Counts what the shop was told, so that each change is told once.
    changes = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("Sezzle dispute")
        verbose_name_plural = _("Sezzle disputes")
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes = (models.Index(fields=["closed_at", "due_on"], name="sezzle_dispute_due"),)
        constraints = (
            models.UniqueConstraint(
                fields=["account", "environment", "dispute_id"], name="sezzle_dispute_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_in_cents__isnull=True) | fields.is_amount("amount_in_cents"),
                name="sezzle_dispute_amount",
            ),
        )

    def __str__(self) -> str:
        return self.dispute_id

    @property
    def is_open(self) -> bool:
        """Whether Sezzle has not decided it yet."""
        return self.closed_at is None

    @property
    def price(self) -> str:
        """What it is about, for people; empty when no event said it."""
        if self.amount_in_cents is None:
            return ""
        return format_cents(self.amount_in_cents, self.currency).strip()

    def days_left(self, at: datetime | None = None) -> int | None:
        """Count the days until the due day; 0 on it, negative after it, None without one."""
        return None if self.due_on is None else (self.due_on - today(at)).days


def today(at: datetime | None = None) -> date:
    """Give the day by which due days are counted: UTC's, which begins first in America."""
    return (datetime.now(UTC) if at is None else at.astimezone(UTC)).date()
