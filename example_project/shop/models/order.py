"""An order, its lines, and the history of its payment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_sezzle.gateway import Intent
from django_sezzle.models import SezzlePayment, Status
from example_project.shop import money
from example_project.shop.models.product import Product

FREE_SHIPPING_FROM_CENTS = 10_000
SHIPPING_CENTS = 795
FIRST_NUMBER = 1000


class State(models.TextChoices):
    """How an order stands. Follows from its payments, never chosen by anybody."""

    UNPAID = "unpaid", pgettext_lazy("order", "Waiting for payment")
    HELD = "held", pgettext_lazy("order", "Approved")
    PAID = "paid", pgettext_lazy("order", "Paid")
    PARTLY_PAID = "partly_paid", pgettext_lazy("order", "Partly charged")
    PARTLY_REFUNDED = "partly_refunded", pgettext_lazy("order", "Partly refunded")
    REFUNDED = "refunded", pgettext_lazy("order", "Refunded")
    RELEASED = "released", pgettext_lazy("order", "Not charged")
    DENIED = "denied", pgettext_lazy("order", "Not approved")
    CANCELED = "canceled", pgettext_lazy("order", "Canceled")
    REVIEW = "review", pgettext_lazy("order", "Being checked")


#: No money is held or taken, so the shopper may pay.
PAYABLE = frozenset({State.UNPAID, State.RELEASED, State.DENIED, State.CANCELED})


class Order(models.Model):
    """What a shopper ordered. All amounts are US cents; the payments' are copies of Sezzle's."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Made from the primary key, so there is none for a moment; empty ones would collide.
    number = models.CharField(  # noqa: DJ001
        _("number"), max_length=16, unique=True, null=True, editable=False
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    first_name = models.CharField(_("first name"), max_length=60)
    last_name = models.CharField(_("last name"), max_length=60)
    email = models.EmailField(_("e-mail"))
    street = models.CharField(_("street"), max_length=100)
    street2 = models.CharField(_("apartment, suite"), max_length=100, blank=True)
    city = models.CharField(_("city"), max_length=60)
    region = models.CharField(pgettext_lazy("address", "state"), max_length=2)
    postal_code = models.CharField(_("ZIP code"), max_length=10)

    shipping_in_cents = models.PositiveIntegerField(default=0)
    total_in_cents = models.PositiveIntegerField(default=0)

    state = models.CharField(
        pgettext_lazy("order", "state"),
        max_length=20,
        choices=State.choices,
        default=State.UNPAID,
    )
    held_in_cents = models.PositiveIntegerField(default=0)
    charged_in_cents = models.PositiveIntegerField(default=0)
    refunded_in_cents = models.PositiveIntegerField(default=0)
    released_in_cents = models.PositiveIntegerField(default=0)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = pgettext_lazy("purchase", "order")
        verbose_name_plural = pgettext_lazy("purchase", "orders")

    def __str__(self) -> str:
        return self.number or gettext("new order")

    def get_absolute_url(self) -> str:
        """Give the address of the order's page, which nobody can guess."""
        return reverse("shop:order", args=[self.key])

    def save_new(self, chosen: Iterable[tuple[Product, int]]) -> None:
        """
        Save the order with its lines, its number and its total; call it in a transaction.

        :param chosen: products with their quantities.
        """
        self.save(force_insert=True)
        self.number = f"LL-{FIRST_NUMBER + self.pk}"
        lines = [OrderLine.of(self, product, quantity) for product, quantity in chosen]
        OrderLine.objects.bulk_create(lines)
        goods = sum(line.total_in_cents for line in lines)
        self.shipping_in_cents = shipping_for(goods)
        self.total_in_cents = goods + self.shipping_in_cents
        self.save(update_fields=["number", "shipping_in_cents", "total_in_cents"])

    @property
    def goods_in_cents(self) -> int:
        """Tell what the lines cost together."""
        return self.total_in_cents - self.shipping_in_cents

    @property
    def is_payable(self) -> bool:
        """Tell whether the shopper may pay: no money is held or taken."""
        return self.state in PAYABLE

    @property
    def intent(self) -> Intent:
        """Take the money at once, or hold it when something has yet to be made."""
        made_to_order = self.lines.filter(is_made_to_order=True).exists()
        return Intent.AUTH if made_to_order else Intent.CAPTURE

    def payments(self) -> models.QuerySet[SezzlePayment]:
        """Give every payment that was ever started for this order."""
        return SezzlePayment.objects.filter(shop_reference=self.number)

    def payment(self) -> SezzlePayment | None:
        """Find the payment that counts, else the newest one."""
        if self.number is None:
            return None
        return SezzlePayment.objects.current_for(self.number) or self.payments().first()

    def is_ready_to_ship(self) -> bool:
        """Ask whether the money is there: taken, or held and not expired."""
        payment = self.payment()
        if payment is None or self.shipped_at is not None:
            return False
        needed = self.total_in_cents - (_kept(self.payments()) - payment.kept_in_cents)
        return payment.is_funded_for(needed, money.CURRENCY)

    def follow(self) -> None:
        """
        Copy where the payments stand. Copying twice changes nothing.

        An order has more than one payment after a denial, a cancellation or a reauthorization;
        the amounts are sums over all of them.
        """
        payments = list(self.payments())
        self.held_in_cents = sum(payment.held_in_cents for payment in payments)
        self.charged_in_cents = sum(payment.captured_in_cents for payment in payments)
        self.refunded_in_cents = sum(payment.refunded_in_cents for payment in payments)
        self.released_in_cents = sum(payment.released_in_cents for payment in payments)
        self.state = self._state_of(payments)
        self.save(
            update_fields=[
                "held_in_cents",
                "charged_in_cents",
                "refunded_in_cents",
                "released_in_cents",
                "state",
            ]
        )

    def _state_of(self, payments: list[SezzlePayment]) -> State:
        kept = _kept(payments)
        if any(payment.review_reason for payment in payments):
            return State.REVIEW
        if self.held_in_cents:
            return State.HELD
        if kept:
            if self.refunded_in_cents:
                return State.PARTLY_REFUNDED
            return State.PAID if kept >= self.total_in_cents else State.PARTLY_PAID
        if self.refunded_in_cents:
            return State.REFUNDED
        if not payments or any(payment.is_current for payment in payments):
            return State.UNPAID
        newest = max(payments, key=lambda payment: payment.pk)
        ended = {Status.DENIED: State.DENIED, Status.RELEASED: State.RELEASED}
        return ended.get(Status(newest.status), State.CANCELED)


def _kept(payments: Iterable[SezzlePayment]) -> int:
    """Add up what was taken for what was ordered; extra charges are for something else."""
    return sum(payment.kept_in_cents for payment in payments if payment.upcharge_of_id is None)


class OrderLine(models.Model):
    """One product of an order, as it was when it was ordered."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    sku = models.CharField(_("SKU"), max_length=32)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    price_in_cents = models.PositiveIntegerField()
    is_made_to_order = models.BooleanField(_("made to order"), default=False)

    class Meta:
        ordering = ("id",)
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @classmethod
    def of(cls, order: Order, product: Product, quantity: int) -> OrderLine:
        """Make the line of a product, with its name and price of today."""
        return cls(
            order=order,
            product=product,
            name=product.name,
            sku=product.sku,
            quantity=quantity,
            price_in_cents=product.price_in_cents,
            is_made_to_order=product.is_made_to_order,
        )

    @property
    def total_in_cents(self) -> int:
        """Tell what the line costs."""
        return self.quantity * self.price_in_cents


class OrderEvent(models.Model):
    """
    One thing that happened to the money of an order.

    ``text`` is kept in English, with a blank for the amount, and translated as it is read: who
    writes it, such as a webhook, does not know the reader's language.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    fact = models.CharField(max_length=130)
    text = models.CharField(max_length=160)
    amount_in_cents = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering = ("id",)
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        constraints = (
            models.UniqueConstraint(fields=["order", "fact"], name="shop_order_fact_once"),
        )

    def __str__(self) -> str:
        return gettext(self.text) % {"amount": money.dollars(self.amount_in_cents)}


def shipping_for(goods_in_cents: int) -> int:
    """Tell what shipping costs, in cents; from $100.00 on nothing."""
    return 0 if goods_in_cents >= FREE_SHIPPING_FROM_CENTS else SHIPPING_CENTS
