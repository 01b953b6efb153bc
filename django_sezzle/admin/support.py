"""What Sezzle's support asks for: the ids of a payment, and a text to send them with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_sezzle import conf
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services.locking import database

#: Operations that are named to support; the newest ones.
NEWEST = 20

#: Where the shop looks, by environment.
DASHBOARDS = {
    conf.SANDBOX: "https://sandbox.dashboard.sezzle.com/merchant",
    conf.PRODUCTION: "https://dashboard.sezzle.com/merchant",
}


class Id(NamedTuple):
    """An id of Sezzle's, under the name that its support knows."""

    label: Any
    value: str


@dataclass(frozen=True, slots=True)
class Support:
    """All of it. Nothing here is secret: no key, no token, no address, nobody's name."""

    ids: list[Id]
    text: str
    dashboard_url: str
    """The merchant dashboard of the payment's environment; empty for an unknown one."""

    @classmethod
    def of(cls, payment: SezzlePayment) -> Support:
        """Gather it: one query."""
        rows = payment.operations.using(database()).order_by("-created_at", "-pk")
        operations = list(rows[:NEWEST])
        known = [
            Id(pgettext_lazy("purchase", "Order"), payment.order_uuid or ""),
            Id(_("Order in the dashboard"), payment.sezzle_order_id),
            Id(_("Session"), payment.session_uuid),
            Id(_("Reference"), payment.reference_id),
            Id(_("Merchant"), payment.merchant_uuid),
            *(Id(_("Debug id"), operation.debug_uuid) for operation in operations),
        ]
        return cls(
            ids=[each for each in known if each.value],
            text="\n".join(_text(payment, operations)),
            dashboard_url=DASHBOARDS.get(payment.environment, ""),
        )


def _text(payment: SezzlePayment, operations: Sequence[SezzleOperation]) -> list[str]:
    """Write it in English, with moments in UTC: support reads it, wherever the shop is."""

    def money(cents: int) -> str:
        return format_cents(cents, payment.currency)

    lines = [
        f"Environment: {payment.environment}",
        f"Merchant: {payment.merchant_uuid or 'not known'}",
        f"Order uuid: {payment.order_uuid or 'none'}",
        f"Order id in the dashboard: {payment.sezzle_order_id or 'none'}",
        f"Session uuid: {payment.session_uuid or 'none'}",
        f"Reference: {payment.reference_id}",
        f"Intent: {payment.intent}",
        f"Amount: {money(payment.amount_in_cents)}",
        f"Authorized: {money(payment.authorized_in_cents)}",
        f"Captured: {money(payment.captured_in_cents)}",
        f"Refunded: {money(payment.refunded_in_cents)}",
        f"Released: {money(payment.released_in_cents)}",
        f"Held: {money(payment.held_in_cents)}",
        f"Status: {payment.status}",
        f"Review: {payment.review_reason or 'none'}",
        f"Created: {_utc(payment.created_at)}",
        f"Authorization expires: {_utc(payment.authorization_expires_at)}",
        f"Last read: {_utc(payment.last_read_at)}",
    ]
    if operations:
        lines.append("Requests, the newest first:")
    for operation in operations:
        said = [
            f"- {operation.kind} {operation.price}: {operation.state}",
            f"asked {_utc(operation.created_at)}",
            f"first sent {_utc(operation.first_sent_at)}",
            f"times sent {operation.attempts}",
            f"Sezzle-Request-Id {operation.request_id}",
        ]
        if operation.tx_uuid:
            said.append(f"uuid {operation.tx_uuid}")
        if operation.error_code:
            said.append(f"error {operation.error_code}")
        if operation.debug_uuid:
            said.append(f"debug_uuid {operation.debug_uuid}")
        lines.append(", ".join(said))
    return lines


def _utc(at: datetime | None) -> str:
    if at is None:
        return "never"
    known = at.astimezone(UTC) if at.tzinfo is not None else at
    return known.isoformat(timespec="seconds")
