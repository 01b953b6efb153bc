"""An announcement: a fact the shop must be told, until it was."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_sezzle.models.payment import SezzlePayment


class SezzleAnnouncement(models.Model):
    """
    A line of the outbox, written in the transaction that records the fact.

    ``fact_key`` names the fact: ``authorized``, ``captured:<uuid>``, ``refunded:<uuid>``,
    ``released:<uuid>``, ``lapsed:<number>``, ``closed``, ``expiring:<end>``,
    ``review:<reason>:<number>``, ``dispute:<row>:<number>``, ``tokenized:<row>``, and
    ``authorized:<number>`` for money that was said to be gone and is not. A receiver that must do
    something outside the database once can deduplicate on it.
    """

    payment = models.ForeignKey(
        SezzlePayment,
        on_delete=models.PROTECT,
        related_name="announcements",
        verbose_name=_("payment"),
    )
    fact_key = models.CharField(_("fact"), max_length=100)
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    lease_until = models.DateTimeField(editable=False)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("Sezzle announcement")
        verbose_name_plural = _("Sezzle announcements")
        ordering = ("id",)
        default_permissions = ("view",)
        indexes = (models.Index(fields=["told_at", "lease_until"], name="sezzle_outbox"),)
        constraints = (
            models.UniqueConstraint(fields=["payment", "fact_key"], name="sezzle_fact_once"),
        )

    def __str__(self) -> str:
        return self.fact_key

    @property
    def fact(self) -> str:
        """The kind of fact: the part of the key before the first colon."""
        return self.fact_key.partition(":")[0]

    @property
    def subject(self) -> str:
        """What it is about: a transaction's uuid, a review's reason, a row's key; may be empty."""
        return self.fact_key.partition(":")[2].partition(":")[0]
