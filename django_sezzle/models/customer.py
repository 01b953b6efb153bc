"""A customer: a shopper who agreed that the shop may charge later orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, router
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_sezzle.conf import get_settings
from django_sezzle.exceptions import ConfigurationError
from django_sezzle.models import fields


class SezzleCustomerQuerySet(models.QuerySet["SezzleCustomer"]):
    """Ways to find customers."""

    def not_expired(self) -> SezzleCustomerQuerySet:
        """Leave out those whose consent has run out, as far as is known."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def chargeable_for(self, user: Any, account: str = "default") -> SezzleCustomer | None:
        """
        Find whom to charge for a user of the shop: who agreed last; never from a replica.

        None when nobody did, it ran out or was removed; also for an anonymous user.
        """
        if user is None or user.pk is None:
            return None
        return (
            self.using(router.db_for_write(self.model))
            .not_expired()
            .filter(
                account=account,
                environment=get_settings(account).environment,
                user=user,
                forgotten_at=None,
            )
            .order_by("-agreed_at", "-id")
            .first()
        )


class SezzleCustomer(models.Model):
    """
    Sezzle's id of a shopper who agreed, and whose account in the shop that was.

    Written only after Sezzle has confirmed it for a session that the shop began. The session's
    token is never stored, nor anything else about the shopper. ``user`` is the one of the payment
    with which they agreed.

    Each user has a row of their own, and guests have one, also where two of them have the same
    account at Sezzle and Sezzle gives it the same id: whoever agreed takes back what they agreed
    to themselves, and nothing else.
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
    # When the newest checkout at which they agreed began: in whatever order Sezzle's events come,
    # and however often, it is the same.
    agreed_at = models.DateTimeField(_("agreed"), default=timezone.now)
    expires_at = models.DateTimeField(_("consent ends"), null=True, blank=True)
    # Rows stay, because payments point at them; what was removed is not charged any more.
    forgotten_at = models.DateTimeField(_("removed"), null=True, blank=True)
    created_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SezzleCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("Sezzle customer")
        verbose_name_plural = _("Sezzle customers")
        ordering = ("-id",)
        default_permissions = ("view",)
        permissions = (("forget_sezzlecustomer", "Can remove saved Sezzle customers"),)
        constraints = (
            models.UniqueConstraint(
                fields=["account", "environment", "uuid", "user"], name="sezzle_customer_once"
            ),
        )

    def __str__(self) -> str:
        return self.uuid

    def is_expired(self, at: datetime | None = None) -> bool:
        """Tell whether the consent ran out; Sezzle decides, this is for people."""
        return self.expires_at is not None and self.expires_at <= (at or timezone.now())

    @property
    def is_chargeable(self) -> bool:
        """Tell whether the shop may try to charge: not removed, not expired, configured."""
        if self.forgotten_at is not None or self.is_expired():
            return False
        try:
            return get_settings(self.account).environment == self.environment
        except ConfigurationError:
            return False
