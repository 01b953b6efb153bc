"""
A receiver as a shop has it: it writes a row for every fact it is told.

Nothing keeps it from writing a fact twice; that it happens once is the outbox's doing.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group

from django_sezzle import signals
from django_sezzle.models import SezzleAnnouncement, SezzlePayment


def connect() -> None:
    """Listen to everything."""
    for signal in signals.BY_FACT.values():
        signal.connect(hear)


def disconnect() -> None:
    """Listen no more."""
    for signal in signals.BY_FACT.values():
        signal.disconnect(hear)


def hear(payment: SezzlePayment, announcement: SezzleAnnouncement, **_: Any) -> None:
    """Take a fact in."""
    write(payment.pk, announcement.fact_key)


def write(payment_pk: int, fact_key: str) -> None:
    """Write a fact down, in any table that an ordinary shop has."""
    Group.objects.create(name=f"{payment_pk} {fact_key} {uuid4().hex}")


def facts(payment: SezzlePayment) -> list[str]:
    """List what was written of a payment, in the order of writing."""
    rows = Group.objects.filter(name__startswith=f"{payment.pk} ").order_by("pk")
    return [name.split()[1] for name in rows.values_list("name", flat=True)]
