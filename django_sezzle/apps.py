"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DjangoSezzleConfig(AppConfig):
    """Accept Sezzle in a Django shop."""

    name = "django_sezzle"
    label = "django_sezzle"
    verbose_name = _("Sezzle")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from django_sezzle import checks  # noqa: F401, PLC0415 - needs the app registry
