"""What the confirmation page shows: each payment now, and after everything was moved."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from django_sezzle.admin.actions import MoneyAction, Totals
from django_sezzle.admin.forms import MoneyForm, dollars
from django_sezzle.exceptions import ConfigurationError, SezzleError
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services.locking import database
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.recovery import is_abandoned

if TYPE_CHECKING:
    from django.forms import BoundField

#: A payment read so recently is shown as stored, as the services do.
FRESH = timedelta(minutes=1)
#: Reads for one page view, in number and in seconds together.
MOST_READS = 10
READING_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One total, as text, before and after."""

    label: str
    now: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether the two differ."""
        return self.now != self.after


@dataclass(frozen=True, slots=True)
class Row:
    """One payment of the confirmation page. ``field`` is None where nothing can be done."""

    payment: SezzlePayment
    field: BoundField | None
    shipment: BoundField | None
    obstacle: str
    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    possible: str
    #: Whole cents, for the script that keeps the page up to date with what is typed.
    now_in_cents: Totals
    possible_in_cents: int


@dataclass(frozen=True, slots=True)
class Total:
    """What is moved in one currency. ``field`` is None where nobody has to type it."""

    currency: str
    shown: str
    field: BoundField | None


def freshen(payments: Sequence[SezzlePayment]) -> set[int]:
    """
    Read payments anew from Sezzle, as far as a page view may, and name those it was tried for
    in vain (primary keys). The rows in memory are not changed; fetch them again.
    """
    failed = set()
    ends_at = time.monotonic() + READING_SECONDS
    oldest_allowed = timezone.now() - FRESH
    stale = [
        payment
        for payment in payments
        if payment.order_uuid
        and (payment.last_read_at is None or payment.last_read_at < oldest_allowed)
    ]
    for payment in stale[:MOST_READS]:
        seconds_left = ends_at - time.monotonic()
        if seconds_left <= 0:
            break
        try:
            # A page that is only looked at sends nothing that moves money, not even again.
            bring_up_to_date(payment, seconds=seconds_left, resend=False)
        except (SezzleError, ConfigurationError):
            failed.add(payment.pk)
    return failed


def open_operations(payments: Iterable[SezzlePayment]) -> dict[int, SezzleOperation]:
    """Find the operation that is under way for each payment, in one query."""
    rows = SezzleOperation.objects.using(database())
    found = rows.filter(payment__in=[p.pk for p in payments], is_open=True)
    return {operation.payment_id: operation for operation in found}


def obstacle_to(
    action: MoneyAction, payment: SezzlePayment, open_operation: SezzleOperation | None
) -> str:
    """Say why the payment cannot be acted on now, settings included; empty when it can."""
    try:
        is_ours = payment.is_of_configured_merchant()
    except ConfigurationError:
        is_ours = False
    if not is_ours:
        return _("The shop is not configured for the account or environment of this payment.")
    if open_operation is not None and is_abandoned(open_operation):
        # Whoever begins anew closes it.
        open_operation = None
    return action.obstacle(payment, open_operation)


def actionable(action: MoneyAction, payments: Sequence[SezzlePayment]) -> dict[int, str]:
    """Map each payment (primary key) to its obstacle, empty where there is none."""
    under_way = open_operations(payments)
    return {
        payment.pk: obstacle_to(action, payment, under_way.get(payment.pk)) for payment in payments
    }


def initial_amounts(action: MoneyAction, payments: Iterable[SezzlePayment]) -> dict[str, Any]:
    """Fill every amount field with all that is possible, where that is what is mostly wanted."""
    if not action.proposes_all:
        return {}
    return {f"amount-{payment.pk}": dollars(action.possible(payment)) for payment in payments}


def rows_of(
    action: MoneyAction,
    payments: Sequence[SezzlePayment],
    form: MoneyForm,
    obstacles: dict[int, str],
    unread: set[int],
) -> list[Row]:
    """Lay out the page's rows, in the order of the payments."""
    return [
        Row(
            payment=payment,
            field=form.amount_field(payment) if payment.pk in form.payments else None,
            shipment=form.shipment_field(payment),
            obstacle=obstacles[payment.pk],
            notes=tuple(_notes(action, payment, unread)),
            changes=_changes(action, payment, _to_move(action, payment, form)),
            possible=format_cents(action.possible(payment), payment.currency),
            now_in_cents=Totals.of(payment),
            possible_in_cents=action.possible(payment),
        )
        for payment in payments
    ]


def totals_of(action: MoneyAction, form: MoneyForm) -> list[Total]:
    """Add up what the form would move, per currency, with a field where the total is typed."""
    likely: dict[str, int] = {}
    most: dict[str, int] = {}
    for payment in form.payments.values():
        currency = payment.currency
        likely[currency] = likely.get(currency, 0) + _to_move(action, payment, form)
        most[currency] = most.get(currency, 0) + action.possible(payment)
    return [
        Total(
            currency,
            format_cents(likely[currency], currency),
            _field_for(form, currency, most[currency]),
        )
        for currency in sorted(likely)
    ]


def _field_for(form: MoneyForm, currency: str, most_in_cents: int) -> BoundField | None:
    is_large = form.confirm_above is not None and most_in_cents > form.confirm_above
    return form.total_field(currency) if is_large else None


def _to_move(action: MoneyAction, payment: SezzlePayment, form: MoneyForm) -> int:
    """Tell how many cents are proposed for a payment, or were typed if they are possible."""
    possible = action.possible(payment)
    typed = form.typed_for(payment)
    proposed = possible if action.proposes_all else 0
    return proposed if typed is None else min(typed, possible)


def _changes(
    action: MoneyAction, payment: SezzlePayment, amount_in_cents: int
) -> tuple[Change, ...]:
    now = Totals.of(payment)
    after = action.after(now, amount_in_cents)
    labels = (_("Held"), _("Taken"), _("Given back"))
    return tuple(
        Change(label, format_cents(before, payment.currency), format_cents(later, payment.currency))
        for label, before, later in zip(labels, now, after, strict=True)
    )


def _notes(action: MoneyAction, payment: SezzlePayment, unread: set[int]) -> Iterable[str]:
    if payment.pk in unread:
        yield _("Sezzle could not be read just now: these are the amounts as last known.")
    if not payment.held_in_cents:
        return
    is_expired = payment.is_expired()
    if is_expired and action.takes_held_money:
        yield _("The authorization has run out; Sezzle may refuse.")
    if not is_expired and action.kind == Operation.REAUTHORIZE:
        yield _("The authorization still stands; Sezzle may refuse.")
