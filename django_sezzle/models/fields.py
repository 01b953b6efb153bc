"""Column shapes that several tables share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.expressions import Combinable
from django.utils import timezone

from django_sezzle.gateway.messages.money import CURRENCIES, MAX_CENTS

if TYPE_CHECKING:
    _Text = models.CharField[str | Combinable, str]
    _OptionalText = models.CharField[str | Combinable | None, str | None]
    _Cents = models.BigIntegerField[int | Combinable, int]

#: Nobody's order is longer; MySQL can index it.
REFERENCE_LENGTH = 64
IDENTIFIER_LENGTH = 64
IS_IDENTIFIER = RegexValidator(r"\A[0-9A-Za-z-]{1,64}\Z")


def identifier(verbose_name: Any, **options: Any) -> _Text:
    """Make a column for one of Sezzle's ids: opaque text, since not all of them are UUIDs."""
    return models.CharField(
        verbose_name, max_length=IDENTIFIER_LENGTH, validators=[IS_IDENTIFIER], **options
    )


def optional_identifier(verbose_name: Any, **options: Any) -> _OptionalText:
    """Make the same for an id that may not be known yet: NULL then, so that NULLs never collide."""
    return models.CharField(
        verbose_name,
        max_length=IDENTIFIER_LENGTH,
        validators=[IS_IDENTIFIER],
        null=True,
        blank=True,
        **options,
    )


def cents(verbose_name: Any, **options: Any) -> _Cents:
    """Make a column for whole cents."""
    return models.BigIntegerField(verbose_name, **options)


def currency(verbose_name: Any) -> _Text:
    """Make a column for a currency; the list of them lives in code, not in the database."""
    return models.CharField(
        verbose_name, max_length=3, choices=[(code, code) for code in CURRENCIES]
    )


def stored(moment: datetime | None) -> datetime | None:
    """Give a moment as the host's database keeps it: without a zone where ``USE_TZ`` is off."""
    if moment is None or settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())


def is_amount(field: str) -> models.Q:
    """Say that a column holds an amount the gateway can carry: 1 to 2,147,483,647 cents."""
    return models.Q(**{f"{field}__gte": 1, f"{field}__lte": MAX_CENTS})
