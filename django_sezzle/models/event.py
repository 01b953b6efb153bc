"""A webhook event: that something happened at Sezzle, and nearly nothing of what was said."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_sezzle.models import fields


class EventState(models.TextChoices):
    """What became of an event."""

    PENDING = "pending", _("pending")
    DONE = "done", _("done")
    IGNORED = "ignored", _("nothing to do")


class SezzleWebhookEvent(models.Model):
    """
    A signed delivery. Neither its body nor anything about the shopper is kept.

    ``said`` holds what no call of Sezzle's answers and processing needs: a dispute's id, type,
    amount and due day, or digests of a session's token and a customer. It is written together
    with the row, so that an event that is processed later, or elsewhere, has lost nothing.
    """

    key = models.CharField(_("event"), max_length=80, unique=True)
    account = models.CharField(_("account"), max_length=32, default="default")
    event_type = models.CharField(_("type"), max_length=64)
    order_uuid = fields.optional_identifier(_("order"))
    created_at = models.DateTimeField(_("happened"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"))
    lease_until = models.DateTimeField(editable=False)
    body_sha256 = models.CharField(max_length=64, editable=False)
    said = models.JSONField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=16, choices=EventState.choices, default=EventState.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("Sezzle webhook event")
        verbose_name_plural = _("Sezzle webhook events")
        ordering = ("-received_at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["state", "received_at"], name="sezzle_event_inbox"),
            models.Index(fields=["order_uuid"], name="sezzle_event_order"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.key}"
