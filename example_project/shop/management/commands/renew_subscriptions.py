"""Charge the subscriptions that are due."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from example_project.shop.models import Subscription
from example_project.shop.renewals import renew


class Command(BaseCommand):
    """Charge the subscriptions that are due; let cron run it once a day, or more often."""

    help = "Charge the subscriptions that are due. Safe to run at any time and beside itself."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let a demonstration not wait for thirty days."""
        parser.add_argument(
            "--on", type=date.fromisoformat, help="as if it were this day, such as 2027-01-31"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew each that is due, and say what became of it."""
        on = options["on"] or timezone.localdate()
        due = Subscription.objects.filter(
            state=Subscription.State.ACTIVE, next_renewal_on__lte=on
        ).select_related("customer", "user")
        for subscription in due:
            reference = subscription.reference
            self.stdout.write(f"{reference}: {renew(subscription, on)}")
