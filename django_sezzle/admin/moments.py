"""How the admin's pages write a moment: in the host's format, or as words about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _


def written(at: datetime) -> str:
    """Write a moment as plain text, in the reader's time zone."""
    return formats.date_format(_local(at), "SHORT_DATETIME_FORMAT")


def moment(at: datetime, words: str = "", css_class: str = "") -> str:
    """Show a moment, or words for it; a machine finds the moment either way."""
    shown = written(at)
    return format_html(
        '<time datetime="{}" title="{}" class="{}">{}</time>',
        _local(at).isoformat(timespec="seconds"),
        shown,
        css_class,
        words or shown,
    )


def in_words(ends: datetime) -> str:
    """Say how far away a moment is."""
    now = timezone.now()
    if (ends - now).total_seconds() < 60:
        return _("in less than a minute")
    return _("in %(time)s") % {"time": timeuntil(ends, now, depth=1)}


def _local(at: datetime) -> Any:
    return timezone.localtime(at) if timezone.is_aware(at) else at
