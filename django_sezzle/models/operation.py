"""An operation: the intent to move money, written down before anything is sent."""

from __future__ import annotations

import uuid

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway import Price
from django_sezzle.models import fields
from django_sezzle.models.payment import SezzlePayment


class Operation(models.TextChoices):
    """What an operation does to the money."""

    CAPTURE = "capture", _("capture")
    REFUND = "refund", _("refund")
    RELEASE = "release", _("release")
    REAUTHORIZE = "reauthorize", _("reauthorize")
    UPCHARGE = "upcharge", _("upcharge")
    CHARGE = "charge", _("charge")

    @classmethod
    def that_charge_anew(cls) -> frozenset[str]:
        """Name those that a second sending could make twice, as a second plan for the shopper."""
        return frozenset({cls.REAUTHORIZE, cls.UPCHARGE})

    @classmethod
    def that_make_orders(cls) -> frozenset[str]:
        """Name those whose answer, if it is lost, hides an order that we do not know."""
        return cls.that_charge_anew() | {cls.CHARGE}


class State(models.TextChoices):
    """How far an operation is. States are only ever added; an unknown one means hands off."""

    STARTED = "started", _("under way")
    UNKNOWN = "unknown", _("being checked")
    SUCCEEDED = "succeeded", _("done")
    FAILED = "failed", _("failed")


class Evidence(models.TextChoices):
    """How we know the outcome."""

    RESPONSE = "response", _("Sezzle's answer")
    MATCHED = "matched", _("found in Sezzle's order")
    REJECTED = "rejected", _("refused by Sezzle")
    NOT_SENT = "not_sent", _("never sent")
    DECLINED = "declined", _("declined by Sezzle")
    STAFF = "staff", _("closed by staff")


class SezzleOperation(models.Model):
    """
    What somebody wanted to be moved, and what became of it. Rows are never deleted.

    ``kind``, ``amount_in_cents`` (whole cents), ``currency``, ``intent`` and ``request_id`` are
    exactly what is sent, and sent again after silence.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(
        SezzlePayment,
        on_delete=models.PROTECT,
        related_name="operations",
        verbose_name=_("payment"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Operation.choices)
    amount_in_cents = fields.cents(_("amount in cents"))
    currency = fields.currency(_("currency"))
    # Of the order that an upcharge makes; empty for all others.
    intent = models.CharField(_("intent"), max_length=8, blank=True, editable=False)
    request_id = models.CharField(_("request id"), max_length=64, unique=True)
    # The shop's own number of what a capture was for; Sezzle is not told.
    shipment = models.CharField(_("shipment"), max_length=80, blank=True)

    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.STARTED
    )
    is_open = models.BooleanField(_("open"), null=True, default=True, editable=False)
    opened_seq = models.BigIntegerField(editable=False)
    attempts = models.PositiveIntegerField(_("times sent"), default=0)
    first_sent_at = models.DateTimeField(_("first sent"), null=True, blank=True)
    lease_until = models.DateTimeField(editable=False)
    deferred = models.BooleanField(_("sent after the shop's commit"), default=False)

    evidence = models.CharField(_("evidence"), max_length=16, choices=Evidence.choices, blank=True)
    tx_uuid = fields.identifier(_("transaction"), blank=True)
    result_payment = models.ForeignKey(
        SezzlePayment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="made_by",
        verbose_name=_("new payment"),
    )
    error_code = models.CharField(_("Sezzle's error"), max_length=64, blank=True)
    error_message = models.CharField(_("Sezzle's words"), max_length=300, blank=True)
    debug_uuid = models.CharField(_("debug id"), max_length=64, blank=True)

    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # Only when staff did it.
    closed_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_because = models.CharField(_("reason for closing"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Sezzle operation")
        verbose_name_plural = _("Sezzle operations")
        ordering = ("created_at",)
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=["is_open", "lease_until"], name="sezzle_operation_open"),
            models.Index(fields=["-created_at", "-id"], name="sezzle_operation_newest"),
        )
        constraints = (
            models.UniqueConstraint(fields=["payment", "is_open"], name="sezzle_one_open"),
            models.CheckConstraint(
                # NULL = TRUE is not false but unknown, which a check lets pass.
                condition=Q(state__in=["started", "unknown"], is_open__isnull=False, is_open=True)
                | Q(state__in=["succeeded", "failed"], is_open__isnull=True),
                name="sezzle_operation_open_state",
            ),
            models.CheckConstraint(
                condition=fields.is_amount("amount_in_cents"), name="sezzle_operation_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.price}"

    @property
    def is_understood(self) -> bool:
        """Whether this version knows its kind and state; if not, a newer one works on it."""
        return self.state in State.values and self.kind in Operation.values

    @property
    def phrase(self) -> str:
        """Name it in a sentence: "a capture of $10.00 USD"."""
        article = "an" if self.kind[:1] in ("a", "e", "i", "o", "u") else "a"
        return f"{article} {self.kind} of {self.price}"

    @property
    def price(self) -> Price:
        """What is moved."""
        return Price(self.amount_in_cents, self.currency)
