"""The shop as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Lantern & Loom."""

    name = "example_project.shop"
    label = "shop"
    verbose_name = "Lantern & Loom"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers of the payment signals."""
        from example_project.shop import receivers, renewals  # noqa: F401, PLC0415 - needs models
