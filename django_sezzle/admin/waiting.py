"""Open operations: since when, what is being done about each, and why it is not sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from django_sezzle.admin.moments import written
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment
from django_sezzle.services.limits import is_blocked
from django_sezzle.services.locking import database
from django_sezzle.services.recovery import ABANDONED_AFTER, MOST_ATTEMPTS, may_resend

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open operation, and what happens with it when nobody does anything."""

    operation: SezzleOperation
    next_at: datetime | None
    """When it is looked at next; None when that is due."""
    plan: str
    """What is done then."""
    why_not_again: str
    """Why it is not sent again then; empty when it may be."""

    @classmethod
    def of(cls, operation: SezzleOperation) -> Waiting:
        """Tell it of an operation whose payment was read with it; asks nobody."""
        is_due = operation.lease_until <= timezone.now()
        plan, why_not_again = _next_step(operation)
        return cls(operation, None if is_due else operation.lease_until, plan, why_not_again)

    @property
    def payment(self) -> SezzlePayment:
        """Whose money it is about."""
        return self.operation.payment

    @property
    def state(self) -> str:
        """How it stands, in words that fit an operation that was never sent, too."""
        if not self.operation.attempts:
            return _("not sent yet")
        return str(self.operation.get_state_display())


def open_operations_of(payments: QuerySet[SezzlePayment]) -> QuerySet[SezzleOperation]:
    """Find the open operations of some payments, the oldest first."""
    return (
        SezzleOperation.objects.using(database())
        .filter(is_open=True, payment__in=payments.order_by().values("pk"))
        .select_related("payment", "actor")
        .order_by("created_at", "pk")
    )


def open_operation_of(payment: SezzlePayment) -> SezzleOperation | None:
    """Find the open operation of a payment, with who asked for it."""
    operations = SezzleOperation.objects.using(database()).select_related("actor")
    operation = operations.filter(payment=payment, is_open=True).first()
    if operation is not None:
        operation.payment = payment
    return operation


def _next_step(operation: SezzleOperation) -> tuple[str, str]:
    payment = operation.payment
    if not operation.is_understood:
        return _("It is left alone."), is_of_newer()
    if not operation.attempts:
        return _first_step(operation)
    if operation.kind == Operation.REAUTHORIZE:
        return (
            _("Sezzle's new order is looked for."),
            _("It could make a second instalment plan for the shopper."),
        )
    if operation.kind == Operation.CHARGE:
        return _next_step_of_charge(operation)
    if is_blocked(payment, operation.kind):
        return _("The order is read."), needs_review(payment)
    if operation.evidence == Evidence.REJECTED:
        return (
            _("The order is read; what it does not show is closed as refused."),
            _("Sezzle refused it when it was last sent."),
        )
    if may_resend(operation):
        return (
            _(
                "The order is read; what it does not show is sent again with the same request "
                "id, for the %(number)d. time."
            )
            % {"number": operation.attempts + 1},
            "",
        )
    return _("The order is read. What it does not show waits for a person."), _why_not(operation)


def _next_step_of_charge(operation: SezzleOperation) -> tuple[str, str]:
    if operation.tx_uuid:
        return _("Sezzle's new order is looked for."), ""
    if operation.evidence:
        why = _("Sezzle refused when it was asked again; the first time it may have agreed.")
        return _("It waits for Sezzle's event, or for a person."), why
    if may_resend(operation):
        plan = _("Sezzle is asked again with the same request id, for the %(number)d. time.")
        return plan % {"number": operation.attempts + 1}, ""
    return _("It waits for Sezzle's event, or for a person."), _why_not(operation)


def _why_not(operation: SezzleOperation) -> str:
    """Say why an operation is not sent again by itself."""
    if operation.kind in Operation.that_charge_anew():
        return _("Sent again, it could charge the shopper a second time.")
    if operation.attempts >= MOST_ATTEMPTS:
        return _("It was sent %(count)d times already.") % {"count": operation.attempts}
    return _("It was first sent too long ago.")


def _first_step(operation: SezzleOperation) -> tuple[str, str]:
    if operation.deferred:
        if is_blocked(operation.payment, operation.kind):
            return _("It waits."), needs_review(operation.payment)
        return _("It is sent for the first time."), ""
    ends = operation.created_at + ABANDONED_AFTER
    if ends > timezone.now():
        plan = _("It is closed as never sent at %(time)s.") % {"time": written(ends)}
    else:
        plan = _("It is closed as never sent.")
    return plan, _("Whoever asked for it is gone, and the moment has passed.")


def is_of_newer() -> str:
    """Say that an operation's state is one that this version does not know."""
    return _("A newer version of the shop's software works on it.")


def needs_review(payment: SezzlePayment) -> str:
    """Say that a review stands in the way, and which."""
    return _("The payment needs review: %(reason)s.") % {
        "reason": payment.get_review_reason_display()
    }
