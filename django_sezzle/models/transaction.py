"""A transaction: a capture, refund, release or upcharge that Sezzle lists."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway.messages import Kind
from django_sezzle.models import fields
from django_sezzle.models.operation import SezzleOperation
from django_sezzle.models.payment import SezzlePayment


class SezzleTransaction(models.Model):
    """
    One line of the ledger; a payment's totals are the sums over these.

    An upcharge counts in no total: its ``uuid`` is the order, and so the payment, that it made.

    ``operation`` is empty when we did not ask for it: it was made in Sezzle's dashboard, by
    Sezzle itself (intent CAPTURE, expiry) or by a lost dispute.
    """

    payment = models.ForeignKey(
        SezzlePayment,
        on_delete=models.PROTECT,
        related_name="transactions",
        verbose_name=_("payment"),
    )
    kind = models.CharField(
        _("kind"), max_length=16, choices=[(kind.value, _(kind.value)) for kind in Kind]
    )
    uuid = fields.identifier(_("transaction"))
    amount_in_cents = fields.cents(_("amount in cents"))
    operation = models.OneToOneField(
        SezzleOperation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transaction",
        verbose_name=_("operation"),
    )
    seen_seq = models.BigIntegerField(editable=False)
    seen_at = models.DateTimeField(_("first seen"))

    class Meta:
        verbose_name = _("Sezzle transaction")
        verbose_name_plural = _("Sezzle transactions")
        ordering = ("seen_seq", "id")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["payment", "kind", "uuid"], name="sezzle_transaction_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_in_cents__gte=1), name="sezzle_transaction_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
