"""The shop's own app: it hears of payments in every process that Django starts."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Writes down what it is told."""

    name = "tests.worker.processes"
    label = "shop_with_worker"

    def ready(self) -> None:
        """Listen."""
        from tests.reliability.kills import diary  # noqa: PLC0415

        diary.connect()
