"""A subscription: coffee every thirty days, charged to a shopper's saved Sezzle account."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext_lazy

from django_sezzle.gateway import Intent, Price
from django_sezzle.models import SezzleCustomer, SezzlePayment
from django_sezzle.services import Checkout
from example_project.shop.money import CURRENCY

NAME = gettext_noop("Coffee subscription")
PRICE_IN_CENTS = 1_800
EVERY = timedelta(days=30)
TRY_AGAIN_AFTER = timedelta(days=3)
MOST_TRIES = 3

REFERENCE = re.compile(r"SUB-(\d{1,18})-(\d{1,9})")


class Subscription(models.Model):
    """
    One shopper's subscription. The price is in US cents.

    ``period`` numbers the delivery to be paid next, from 1: its payment's shop reference is made
    of it, so that no period is ever charged twice.
    """

    class State(models.TextChoices):
        """How it stands."""

        NEW = "new", pgettext_lazy("subscription", "Waiting for the first payment")
        ACTIVE = "active", pgettext_lazy("subscription", "Active")
        ENDED = "ended", pgettext_lazy("subscription", "Ended")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscription"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    price_in_cents = models.PositiveIntegerField(default=PRICE_IN_CENTS)
    period = models.PositiveIntegerField(default=1)
    next_renewal_on = models.DateField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # What the shopper has to know; kept in English, and translated as their page shows it.
    note = models.CharField(max_length=200, blank=True)
    customer = models.ForeignKey(
        SezzleCustomer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{_(NAME)} {self.pk}"

    @classmethod
    def locked(cls, shop_reference: str) -> tuple[Subscription, int] | None:
        """Find what a payment is for, and its period; lock it until the transaction ends."""
        parts = REFERENCE.fullmatch(shop_reference)
        if parts is None:
            return None
        found = cls.objects.select_for_update().filter(pk=int(parts[1])).first()
        return None if found is None else (found, int(parts[2]))

    @property
    def is_renewable(self) -> bool:
        """Tell whether the next delivery can be charged without the shopper."""
        has_account = self.customer is not None and self.customer.is_chargeable
        return self.state == self.State.ACTIVE and has_account

    @property
    def is_resumable(self) -> bool:
        """Tell whether it has ended and the shopper may take it up again without a checkout."""
        has_account = self.customer is not None and self.customer.is_chargeable
        return self.state == self.State.ENDED and has_account

    @property
    def price(self) -> Price:
        """What one delivery costs."""
        return Price(self.price_in_cents, CURRENCY)

    @property
    def reference(self) -> str:
        """The number of the delivery to be paid next."""
        return f"SUB-{self.pk}-{self.period}"

    def checkout(self) -> Checkout:
        """Put the delivery to be paid next into Sezzle's terms; the first one asks for consent."""
        page = reverse("shop:subscription")
        return Checkout(
            shop_reference=self.reference,
            amount=self.price,
            intent=Intent.CAPTURE,
            success_url=page,
            description=_("%(name)s, delivery %(number)d")
            % {"name": _(NAME), "number": self.period},
            tokenize=True,
            recurring=True,
            recurring_name=_(NAME),
            user=self.user,
        )

    def payments(self) -> models.QuerySet[SezzlePayment]:
        """Give every payment that was ever started for it, the newest first."""
        return SezzlePayment.objects.filter(shop_reference__startswith=f"SUB-{self.pk}-")

    def is_paid_with(self, payment: SezzlePayment) -> bool:
        """Ask whether a payment's money is there for one delivery."""
        return payment.is_funded_for(self.price_in_cents, CURRENCY)

    def pay(self, period: int, on: date) -> None:
        """Note that a period was paid; noting it twice changes nothing."""
        if period != self.period:
            return
        self.state = self.State.ACTIVE
        self.period += 1
        self.next_renewal_on = (self.next_renewal_on or on) + EVERY
        self.tries = 0
        self.note = ""
        self.save(update_fields=["state", "period", "next_renewal_on", "tries", "note"])

    def postpone(self, on: date) -> None:
        """Note that Sezzle did not approve; it is tried again, and given up in the end."""
        self.tries += 1
        if self.tries >= MOST_TRIES:
            self.end(
                gettext_noop(
                    "Sezzle did not approve your renewal three times. Nothing was charged."
                )
            )
            return
        self.next_renewal_on = on + TRY_AGAIN_AFTER
        self.note = gettext_noop(
            "Sezzle did not approve your renewal. Nothing was charged. We try again."
        )
        self.save(update_fields=["tries", "next_renewal_on", "note"])

    def end(self, why: str) -> None:
        """End it; the shopper may begin anew with a payment of the next delivery."""
        self.state = self.State.ENDED
        self.next_renewal_on = None
        self.note = why
        self.save(update_fields=["state", "next_renewal_on", "tries", "note"])

    def resume(self, on: date) -> None:
        """Let an ended one go on: the delivery that was not paid is due on this day."""
        if self.state != self.State.ENDED:
            return
        self.state = self.State.ACTIVE
        self.next_renewal_on = on
        self.tries = 0
        self.note = ""
        self.save(update_fields=["state", "next_renewal_on", "tries", "note"])
