"""A product."""

from __future__ import annotations

from django.db import models
from django.urls import reverse


class Product(models.Model):
    """Something the shop sells. The price is in US cents and includes tax."""

    slug = models.SlugField(unique=True)
    sku = models.CharField("SKU", max_length=32, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    tagline = models.CharField(max_length=120)
    description = models.TextField()
    price_in_cents = models.PositiveIntegerField()
    art = models.CharField(max_length=60)
    art_text = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField(default=0)
    is_made_to_order = models.BooleanField(
        "made to order",
        default=False,
        help_text="The payment is only held when the order is placed, and taken when it ships.",
    )

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Give the address of the product's page."""
        return reverse("shop:product", args=[self.slug])

    @property
    def art_path(self) -> str:
        """Give the static file with the product's picture."""
        return f"shop/art/{self.art}"
