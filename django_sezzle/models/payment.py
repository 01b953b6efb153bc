"""A payment: our copy of one Sezzle order."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.db import models, router
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_sezzle.conf import get_settings
from django_sezzle.gateway import Intent, known_merchant
from django_sezzle.models import fields

if TYPE_CHECKING:
    from django_sezzle.models.operation import SezzleOperation


#: So much of an order may be charged extra, all upcharges together.
UPCHARGE_PERCENT = 15


class Status(models.TextChoices):
    """What became of the money. Derived from the facts, never assigned by callers."""

    CREATED = "created", _("waiting for the shopper")
    AUTHORIZED = "authorized", _("authorized")
    PARTIALLY_CAPTURED = "partially_captured", _("partially captured")
    CAPTURED = "captured", _("captured")
    PARTIALLY_REFUNDED = "partially_refunded", _("partially refunded")
    REFUNDED = "refunded", _("refunded")
    RELEASED = "released", _("released")
    DENIED = "denied", _("denied")
    CANCELED = "canceled", _("canceled")

    @classmethod
    def that_hold_money(cls) -> frozenset[str]:
        """Name those of an authorization of which something is still held."""
        return frozenset({cls.AUTHORIZED, cls.PARTIALLY_CAPTURED})

    @classmethod
    def that_may_change(cls) -> frozenset[str]:
        """Name those that change without the shop having asked: by the shopper, or by time."""
        return cls.that_hold_money() | {cls.CREATED}


class Review(models.TextChoices):
    """Why a human must look. Money operations are blocked meanwhile."""

    AMOUNT_DIFFERS = "amount_differs", _("Sezzle's order has another amount")
    CURRENCY_DIFFERS = "currency_differs", _("Sezzle's order has another currency")
    REFERENCE_DIFFERS = "reference_differs", _("Sezzle's order has another reference")
    TOTALS_IMPOSSIBLE = "totals_impossible", _("Sezzle's totals contradict each other")
    TRANSACTION_CHANGED = "transaction_changed", _("a known transaction has another amount")
    TRANSACTION_MISSING = "transaction_missing", _("a known transaction is gone at Sezzle")
    LATE_AUTHORIZATION = "late_authorization", _("approved after the shop had canceled")
    SECOND_AUTHORIZATION = "second_authorization", _("approved beside another payment")

    @classmethod
    def that_only_a_human_clears(cls) -> frozenset[str]:
        """Name the reasons that a later read cannot take away."""
        return frozenset({cls.LATE_AUTHORIZATION, cls.SECOND_AUTHORIZATION})


class BeforeExpiry(models.TextChoices):
    """What ``sezzle_reconcile`` does with held money shortly before its authorization ends."""

    NOTHING = "nothing", _("nothing")
    WARN = "warn", _("tell the shop")
    CAPTURE = "capture", _("capture what is held")
    RELEASE = "release", _("release what is held")


def new_token() -> str:
    """Make the id of a payment in public URLs: 256 bits that nobody can guess."""
    return secrets.token_urlsafe(32)


class SezzlePaymentQuerySet(models.QuerySet["SezzlePayment"]):
    """Ways to find payments."""

    def current_for(self, shop_reference: str, account: str = "default") -> SezzlePayment | None:
        """Find the payment that counts for one of the shop's orders, never from a replica."""
        # Some databases compare without case; the shop's numbers are compared exactly.
        found = self.using(router.db_for_write(self.model)).filter(
            account=account, shop_reference=shop_reference, is_current=True
        )
        return next((row for row in found if row.shop_reference == shop_reference), None)


class SezzlePayment(models.Model):
    """
    One Sezzle order, as last read. All amounts are whole cents of ``currency``.

    Columns below "facts" are written by the services only, from what Sezzle said; they only
    ever grow, so that a stale answer cannot take anything back.
    """

    token = models.CharField(
        _("token"), max_length=64, unique=True, default=new_token, editable=False
    )

    # What the shop asked for
    shop_reference = models.CharField(_("shop reference"), max_length=fields.REFERENCE_LENGTH)
    reference_id = models.CharField(_("Sezzle reference"), max_length=80)
    # False when Sezzle may have another: it gave no answer to ours, or somebody edited it there.
    reference_confirmed = models.BooleanField(default=True, editable=False)
    is_checkout = models.BooleanField(_("made by a checkout"), null=True, editable=False)
    is_current = models.BooleanField(_("counts for its order"), null=True, default=None)
    account = models.CharField(_("account"), max_length=32, default="default")
    environment = models.CharField(_("environment"), max_length=16)
    merchant_uuid = models.CharField(_("merchant"), max_length=64, blank=True)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shopper"),
    )
    intent = models.CharField(
        _("intent"), max_length=8, choices=[(intent.value, intent.value) for intent in Intent]
    )
    currency = fields.currency(_("currency"))
    amount_in_cents = fields.cents(_("amount in cents"))
    success_url = models.CharField(_("success URL"), max_length=500, blank=True)
    failure_url = models.CharField(_("failure URL"), max_length=500, blank=True)
    cancel_url = models.CharField(_("cancel URL"), max_length=500, blank=True)
    before_expiry = models.CharField(
        _("before expiry"), max_length=16, choices=BeforeExpiry.choices, blank=True
    )
    checkout_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    # How Sezzle's pages are shown; empty for Sezzle's default, the redirect.
    checkout_mode = models.CharField(max_length=16, blank=True, editable=False)
    # Sezzle itself sends the shopper the link; perhaps it did, although its answer was lost.
    sends_link = models.BooleanField(default=False, editable=False)

    # Where it is at Sezzle
    session_uuid = fields.identifier(_("session"), blank=True)
    # Leads from Sezzle's event to the payment with which a shopper agreed to be remembered.
    tokenize_digest = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001
    order_uuid = fields.optional_identifier(_("order"), unique=True)
    sezzle_order_id = models.CharField(_("id in Sezzle's dashboard"), max_length=64, blank=True)
    checkout_url = models.URLField(_("checkout URL"), max_length=500, blank=True)

    # Facts
    approved = models.BooleanField(_("approved"), default=False)
    authorized_in_cents = fields.cents(_("authorized in cents"), default=0)
    captured_in_cents = fields.cents(_("captured in cents"), default=0)
    refunded_in_cents = fields.cents(_("refunded in cents"), default=0)
    released_in_cents = fields.cents(_("released in cents"), default=0)
    checkout_status = models.CharField(_("checkout status"), max_length=24, blank=True)
    checkout_expires_at = models.DateTimeField(_("checkout expires"), null=True, blank=True)
    authorization_expires_at = models.DateTimeField(
        _("authorization expires"), null=True, blank=True
    )
    lapsed_at = models.DateTimeField(_("nothing held any more since"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled by the shop"), null=True, blank=True)

    # Derived from the facts
    status = models.CharField(
        _("status"), max_length=24, choices=Status.choices, default=Status.CREATED
    )

    # What a human has to do with it
    review_reason = models.CharField(_("review"), max_length=64, choices=Review.choices, blank=True)
    review_cleared_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("review cleared by"),
    )
    review_cleared_at = models.DateTimeField(_("review cleared"), null=True, blank=True)
    review_cleared_because = models.CharField(_("reason for clearing"), max_length=200, blank=True)

    reauthorized_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reauthorized_as",
        verbose_name=_("reauthorized from"),
    )
    # Set together with the child, so that no list has to look for it.
    was_reauthorized = models.BooleanField(_("was reauthorized"), default=False)

    upcharge_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="upcharges",
        verbose_name=_("upcharge of"),
    )
    # Who was charged without a checkout.
    customer = models.ForeignKey(
        "django_sezzle.SezzleCustomer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("saved customer"),
    )

    # How writers take turns
    lock_seq = models.BigIntegerField(default=0, editable=False)
    start_attempt = models.PositiveIntegerField(default=0, editable=False)
    start_lease_until = models.DateTimeField(null=True, editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)
    last_read_at = models.DateTimeField(_("last read from Sezzle"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SezzlePaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("Sezzle payment")
        verbose_name_plural = _("Sezzle payments")
        ordering = ("-created_at", "-id")
        default_permissions = ("view",)
        permissions = (
            ("capture_sezzlepayment", "Can capture Sezzle payments"),
            ("refund_sezzlepayment", "Can refund Sezzle payments"),
            ("release_sezzlepayment", "Can release Sezzle payments"),
            ("reauthorize_sezzlepayment", "Can reauthorize Sezzle payments"),
            ("upcharge_sezzlepayment", "Can charge extra for Sezzle payments"),
            ("sell_sezzlepayment", "Can ask for Sezzle payments in store"),
            ("resolve_sezzlepayment", "Can clear reviews and close unknown outcomes"),
            ("view_settlements", "Can see what Sezzle paid out"),
        )
        indexes = (
            # The admin's list: each filter's index gives the list's own order.
            models.Index(fields=["-created_at", "-id"], name="sezzle_payment_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="sezzle_payment_status"),
            models.Index(
                fields=["review_reason", "-created_at", "-id"], name="sezzle_payment_review"
            ),
            models.Index(
                fields=["environment", "-created_at", "-id"], name="sezzle_payment_environment"
            ),
            models.Index(fields=["account", "-created_at", "-id"], name="sezzle_payment_account"),
            models.Index(
                fields=["status", "intent", "authorization_expires_at"], name="sezzle_payment_ends"
            ),
            models.Index(fields=["tokenize_digest"], name="sezzle_payment_tokenize"),
            # Links whose checkout got lost, at every event of an order that nobody knows.
            models.Index(fields=["sends_link", "order_uuid"], name="sezzle_payment_lost"),
            # Search by prefix. PostgreSQL needs the operator class unless its collation is "C",
            # and finds equal values by it, too; other databases ignore it.
            models.Index(
                fields=["shop_reference"],
                name="sezzle_payment_shop_ref",
                opclasses=["varchar_pattern_ops"],
            ),
            models.Index(
                fields=["reference_id"],
                name="sezzle_payment_reference",
                opclasses=["varchar_pattern_ops"],
            ),
            models.Index(
                fields=["sezzle_order_id"],
                name="sezzle_payment_dashboard",
                opclasses=["varchar_pattern_ops"],
            ),
        )
        constraints = (
            # NULLs never collide, so True may stand once and NULL often, on every database.
            models.UniqueConstraint(
                fields=["account", "shop_reference", "is_current"], name="sezzle_one_current"
            ),
            models.UniqueConstraint(
                fields=["account", "reference_id", "is_checkout"], name="sezzle_one_reference"
            ),
            models.CheckConstraint(
                condition=fields.is_amount("amount_in_cents"), name="sezzle_payment_amount"
            ),
            models.CheckConstraint(
                condition=Q(
                    authorized_in_cents__gte=F("captured_in_cents") + F("released_in_cents"),
                    captured_in_cents__gte=F("refunded_in_cents"),
                    refunded_in_cents__gte=0,
                    released_in_cents__gte=0,
                ),
                name="sezzle_payment_totals",
            ),
            models.CheckConstraint(
                condition=Q(is_current=True) | Q(is_current__isnull=True),
                name="sezzle_current_or_null",
            ),
            models.CheckConstraint(
                condition=Q(is_checkout=True) | Q(is_checkout__isnull=True),
                name="sezzle_checkout_or_null",
            ),
        )

    def __str__(self) -> str:
        return self.reference_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        """
        Save a new row, or the named columns of an existing one.

        A whole stale row written back would undo what another process has recorded since.
        """
        if not self._state.adding and kwargs.get("update_fields") is None:
            raise ValueError(
                "Payments are written by django_sezzle.services. To save your own change, name "
                "its columns in update_fields; a whole row could undo what others recorded."
            )
        super().save(*args, **kwargs)

    # What there is to move

    @property
    def held_in_cents(self) -> int:
        """Cents that Sezzle still holds for the shop: authorized, neither taken nor let go."""
        if not self.approved or self.lapsed_at is not None:
            return 0
        return max(0, self.authorized_in_cents - self.captured_in_cents - self.released_in_cents)

    @property
    def capturable_in_cents(self) -> int:
        """Cents that may be captured now. With intent CAPTURE Sezzle takes the money itself."""
        if self.intent == Intent.CAPTURE:
            return 0
        return self.held_in_cents

    @property
    def releasable_in_cents(self) -> int:
        """Cents that may be released now."""
        return self.capturable_in_cents

    @property
    def refundable_in_cents(self) -> int:
        """Cents that may be refunded now: captured and not yet given back."""
        return max(0, self.captured_in_cents - self.refunded_in_cents)

    @property
    def reauthorizable_in_cents(self) -> int:
        """Cents that a new authorization may be asked for: all that was never captured."""
        if not self.approved or self.was_reauthorized:
            return 0
        return max(0, self.authorized_in_cents - self.captured_in_cents)

    def upchargeable_in_cents(self) -> int:
        """
        Add up what may still be charged extra: 15 % of the order in all; costs a query.

        Nothing when no money is there that the extra could belong to.

        https://docs.sezzle.com/docs/api/core/orders/postv2upchargebyorder
        """
        if not (self.held_in_cents or self.kept_in_cents) or self.upcharge_of_id is not None:
            return 0
        database = router.db_for_write(type(self), instance=self)
        charged = self.transactions.using(database).filter(kind="upcharge")
        total = charged.aggregate(total=Sum("amount_in_cents"))["total"] or 0
        return max(0, self.amount_in_cents * UPCHARGE_PERCENT // 100 - total)

    @property
    def kept_in_cents(self) -> int:
        """Cents that the shop has: captured and not given back."""
        return self.captured_in_cents - self.refunded_in_cents

    def is_expired(self, at: datetime | None = None) -> bool:
        """Tell whether an authorization ran out; shown to people, never a reason not to ask."""
        if self.lapsed_at is not None:
            return True
        if self.approved and self.intent == Intent.CAPTURE:
            return False
        ends = self.authorization_expires_at if self.approved else self.checkout_expires_at
        ran_out = ends is not None and ends <= (at or timezone.now())
        return ran_out and (self.held_in_cents > 0 or not self.approved)

    def is_funded_for(self, amount_in_cents: int, currency: str) -> bool:
        """
        Tell whether the shop may ship: the one question to ask.

        True when no review is open, the currency is the payment's, environment and merchant are
        the ones configured for its account, and what was captured and not refunded, together
        with what is held and not expired, covers the amount.

        :param amount_in_cents: what the shop wants to have, in whole cents; at least 1.
        """
        if type(amount_in_cents) is not int or amount_in_cents < 1:
            return False
        if self.review_reason or currency != self.currency or not self.is_of_configured_merchant():
            return False
        ends = self.authorization_expires_at
        # With intent CAPTURE the money is Sezzle's to take; no deadline of ours runs.
        is_held = ends is None or ends > timezone.now() or self.intent == Intent.CAPTURE
        held = self.held_in_cents if is_held else 0
        return self.kept_in_cents + held >= amount_in_cents

    def is_of_configured_merchant(self) -> bool:
        """Tell whether the account's settings are those the payment was made with."""
        settings = get_settings(self.account)
        merchant = known_merchant(settings)
        return settings.environment == self.environment and (
            merchant is None or not self.merchant_uuid or merchant == self.merchant_uuid
        )

    def open_operation(self) -> SezzleOperation | None:
        """Find the operation that is under way or unknown; there is at most one."""
        database = router.db_for_write(type(self), instance=self)
        return self.operations.using(database).filter(is_open=True).first()

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[SezzlePayment] | None = None,
    ) -> None:
        """Read the row again, from the database that writes go to."""
        using = using or router.db_for_write(type(self), instance=self)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
