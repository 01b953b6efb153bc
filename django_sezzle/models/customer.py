"""A customer: a shopper who agreed that the shop may charge later orders."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_sezzle.models import fields


class SezzleCustomer(models.Model):
    """
    Sezzle's id of a shopper who agreed, and whose account in the shop that was.

    Written only after Sezzle has confirmed it for a session that the shop began. The session's
    token is never stored, nor anything else about the shopper. ``user`` is the one of the payment
    with which they agreed last, if it had one.
    """

    account = models.CharField(_("account"), max_length=32, default="default")
    environment = models.CharField(_("environment"), max_length=16)
    uuid = fields.identifier(_("customer"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shopper"),
    )
    expires_at = models.DateTimeField(_("consent ends"), null=True, blank=True)
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("Sezzle customer")
        verbose_name_plural = _("Sezzle customers")
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["account", "environment", "uuid"], name="sezzle_customer_once"
            ),
        )

    def __str__(self) -> str:
        return self.uuid

    def is_expired(self, at: datetime | None = None) -> bool:
        """Tell whether the consent ran out; Sezzle decides, this is for people."""
        return self.expires_at is not None and self.expires_at <= (at or timezone.now())
