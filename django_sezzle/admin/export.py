"""The selection of the list as a CSV file: nothing about shoppers, and no formulas."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_sezzle.cells import dollars, harmless
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment, State
from django_sezzle.services.locking import database

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger("django_sezzle.admin")

#: Rows fetched by one statement. No cursor is kept open: poolers would lose it.
AT_ONCE = 2_000

#: Machines read these, so they are not translated.
HEADER = (
    "shop_reference",
    "sezzle_reference",
    "order_uuid",
    "sezzle_order_id",
    "environment",
    "account",
    "status",
    "expired",
    "review",
    "currency",
    "amount",
    "authorized",
    "held",
    "captured",
    "refunded",
    "released",
    "created_at",
    "capture_before",
    "shipments",
)


class ExportMixin:
    """Adds the export to the list's actions, for whoever may see the list."""

    @admin.action(permissions=["view"], description=_("Export the selected payments as CSV"))
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[SezzlePayment]
    ) -> StreamingHttpResponse:
        """Send the file row by row; how many there are costs no memory."""
        logger.info("user=%s exports payments", request.user.pk)
        name = f"sezzle-payments-{timezone.now():%Y%m%d-%H%M%S}.csv"
        return StreamingHttpResponse(
            csv_of(queryset),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )


class _Line:
    """A file whose only line is the one just written."""

    def write(self, text: str) -> str:
        return text


def csv_of(payments: QuerySet[SezzlePayment]) -> Iterator[str]:
    """Write the file in pieces, newest payment first."""
    writer = csv.writer(_Line())
    # Spreadsheets take a file without this mark for Latin-1.
    yield "\ufeff" + str(writer.writerow(HEADER))
    for page in _in_pages(payments):
        shipped = _shipments(page)
        for payment in page:
            yield str(writer.writerow([*_cells(payment), harmless(shipped.get(payment.pk, ""))]))


def _in_pages(payments: QuerySet[SezzlePayment]) -> Iterable[list[SezzlePayment]]:
    rows = payments.order_by("-pk")
    page = list(rows[:AT_ONCE])
    while page:
        yield page
        if len(page) < AT_ONCE:
            return
        page = list(rows.filter(pk__lt=page[-1].pk)[:AT_ONCE])


def _shipments(payments: Iterable[SezzlePayment]) -> dict[int, str]:
    """Name the shipments that each payment (primary key) was captured for, oldest first."""
    captures = SezzleOperation.objects.using(database()).filter(
        payment__in=[payment.pk for payment in payments],
        kind=Operation.CAPTURE,
        state=State.SUCCEEDED,
    )
    found: dict[int, list[str]] = {}
    rows = captures.exclude(shipment="").order_by("created_at", "pk")
    for pk, shipment in rows.values_list("payment", "shipment"):
        found.setdefault(pk, []).append(shipment)
    return {pk: "; ".join(shipments) for pk, shipments in found.items()}


def _cells(payment: SezzlePayment) -> list[str]:
    held_until = payment.authorization_expires_at if payment.held_in_cents else None
    return [
        *map(
            harmless,
            (
                payment.shop_reference,
                payment.reference_id,
                payment.order_uuid or "",
                payment.sezzle_order_id,
                payment.environment,
                payment.account,
                payment.status,
            ),
        ),
        "yes" if payment.is_expired() else "no",
        harmless(payment.review_reason),
        payment.currency,
        dollars(payment.amount_in_cents),
        dollars(payment.authorized_in_cents),
        dollars(payment.held_in_cents),
        dollars(payment.captured_in_cents),
        dollars(payment.refunded_in_cents),
        dollars(payment.released_in_cents),
        _moment(payment.created_at),
        _moment(held_until),
    ]


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    aware: Any = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    return str(aware.astimezone(UTC).isoformat(timespec="seconds"))
