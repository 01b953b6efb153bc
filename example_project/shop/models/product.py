"""A product."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    """Something the shop sells. The price is in US cents and includes tax."""

    slug = models.SlugField(_("slug"), unique=True)
    sku = models.CharField(_("SKU"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=40)
    tagline = models.CharField(_("tagline"), max_length=120)
    description = models.TextField(_("description"))
    price_in_cents = models.PositiveIntegerField(_("price in cents"))
    art = models.CharField(_("art"), max_length=60)
    art_text = models.CharField(_("art text"), max_length=160)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_made_to_order = models.BooleanField(
        _("made to order"),
        default=False,
        help_text=_("The payment is only held when the order is placed, and taken when it ships."),
    )

    class Meta:
        ordering = ("position", "id")
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Give the address of the product's page."""
        return reverse("shop:product", args=[self.slug])

    @property
    def art_path(self) -> str:
        """Give the static file with the product's picture."""
        return f"shop/art/{self.art}"
