"""``manage.py sezzle_purge``: old webhook events and told announcements go."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from django_sezzle.conf import get_settings
from django_sezzle.models import SezzleAnnouncement, SezzleWebhookEvent
from django_sezzle.services.purging import purge


class Command(BaseCommand):
    """Delete old webhook events and told announcements; never money rows."""

    help = (
        "Delete webhook events and told announcements older than PURGE_AFTER_DAYS. Payments, "
        "operations and transactions are never deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--dry-run", action="store_true", help="only count them")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete them in batches."""
        before = timezone.now() - timedelta(days=get_settings().purge_after_days)
        deleted: Counter[Any] = Counter()
        for model, count in purge(before, dry_run=options["dry_run"]):
            deleted[model] += count
        events, announcements = deleted[SezzleWebhookEvent], deleted[SezzleAnnouncement]
        if options["json"]:
            summary = {
                "dry_run": options["dry_run"],
                "events": events,
                "announcements": announcements,
            }
            self.stdout.write(json.dumps(summary))
            return
        verb = "would be deleted" if options["dry_run"] else "deleted"
        self.stdout.write(f"{events} webhook events and {announcements} announcements {verb}.")
