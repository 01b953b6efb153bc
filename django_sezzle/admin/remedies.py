"""What staff may do about a payment that is stuck: what each is called, allows and leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle import services
from django_sezzle.admin.moments import written
from django_sezzle.admin.results import TEXTS, Kind, code_for, describe, said_by
from django_sezzle.admin.waiting import is_of_newer, needs_review
from django_sezzle.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayError,
    GatewayRejected,
    GatewayUnavailable,
    OutcomeUnknown,
    SezzleError,
)
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment, State, Status
from django_sezzle.services.limits import is_blocked

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(NamedTuple):
    """What became of it, for the message above the next page and for the log."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out. ``title`` is the button, ``explanation`` stands above the form."""

    name: str
    title: Any
    explanation: Any
    #: The permission that allows it, and nothing else does.
    codename: str
    #: Why it cannot be done now; empty when it can.
    obstacle: Callable[[SezzlePayment, SezzleOperation | None], str]
    #: What staff decide about; a form that was shown for something else does nothing.
    subject: Callable[[SezzlePayment, SezzleOperation | None], str]
    #: Called only where nothing stands in the way.
    run: Callable[..., Outcome]
    reason_help: Any
    needs_reason: bool = False
    is_about_operation: bool = False

    def carry_out(
        self, payment: SezzlePayment, operation: SezzleOperation | None, actor: Any, reason: str
    ) -> Outcome:
        """Do it, and say what became of it, whatever Sezzle and the services say."""
        try:
            return self.run(payment, operation, actor, reason)
        except (SezzleError, ConfigurationError) as error:
            return _failed(error)


def is_offered(remedy: Remedy, payment: SezzlePayment, operation: SezzleOperation | None) -> bool:
    """Whether the payment's page speaks of it: not of what there is nothing to do about."""
    if remedy.is_about_operation:
        return operation is not None
    return remedy.name != "clear-review" or bool(payment.review_reason)


# What stands in the way


def _foreign(payment: SezzlePayment) -> str:
    try:
        is_ours = payment.is_of_configured_merchant()
    except ConfigurationError:
        is_ours = False
    if is_ours:
        return ""
    return _("The shop is not configured for the account or environment of this payment.")


def _cannot_close(payment: SezzlePayment, operation: SezzleOperation | None) -> str:
    if operation is None:
        return _("Nothing is open any more.")
    if not operation.is_understood:
        return is_of_newer()
    if operation.lease_until > timezone.now():
        return _("It was sent not long ago, and may still happen. Wait until %(time)s.") % {
            "time": written(operation.lease_until)
        }
    if operation.kind == Operation.CHARGE and not operation.tx_uuid:
        # Nothing is asked of Sezzle, so no key is needed.
        return ""
    return _foreign(payment)


def _cannot_send_again(payment: SezzlePayment, operation: SezzleOperation | None) -> str:
    if operation is not None and operation.kind == Operation.CHARGE:
        return _(
            "Sezzle is asked again by itself as long as that is safe. Close this when Sezzle's "
            "dashboard shows no order for it, then charge anew."
        )
    if operation is not None and operation.kind in Operation.that_charge_anew():
        return _(
            "This is never sent twice: it could charge the shopper a second time. Close it when "
            "Sezzle's dashboard shows no new order, then ask anew."
        )
    if operation is not None and is_blocked(payment, operation.kind):
        return needs_review(payment)
    return _cannot_close(payment, operation)


def _cannot_clear(payment: SezzlePayment, _operation: SezzleOperation | None) -> str:
    return "" if payment.review_reason else _("This payment needs no review.")


def _cannot_cancel(payment: SezzlePayment, operation: SezzleOperation | None) -> str:
    if operation is not None:
        return _("Under way or being checked: %(kind)s of %(amount)s. Wait for it.") % {
            "kind": operation.get_kind_display(),
            "amount": operation.price,
        }
    if not payment.approved:
        if payment.canceled_at is not None or payment.status in (Status.DENIED, Status.CANCELED):
            return _("It is closed already.")
        return _foreign(payment)
    if payment.releasable_in_cents:
        if is_blocked(payment, Operation.RELEASE):
            return needs_review(payment)
        return _foreign(payment)
    if payment.kept_in_cents or payment.held_in_cents:
        return _("Sezzle takes this money by itself, or it was captured: refund it instead.")
    return _("Nothing is held any more.")


# What staff decide about


def _sending(_payment: SezzlePayment, operation: SezzleOperation | None) -> str:
    return f"{operation.pk}:{operation.attempts}" if operation is not None else ""


def _review(payment: SezzlePayment, _operation: SezzleOperation | None) -> str:
    cleared = payment.review_cleared_at
    return f"{payment.review_reason}:{cleared.isoformat() if cleared is not None else ''}"


def _money(payment: SezzlePayment, _operation: SezzleOperation | None) -> str:
    return f"{payment.approved}:{payment.releasable_in_cents}:{payment.canceled_at is not None}"


# What is done


def _close(_payment: SezzlePayment, operation: SezzleOperation, actor: Any, reason: str) -> Outcome:
    now = services.close_unknown(operation, actor=actor, reason=reason)
    if now.evidence == Evidence.STAFF:
        return Outcome(Kind.DONE, _("%(what)s was closed as not carried out.") % _named(now))
    if now.state == State.SUCCEEDED:
        return Outcome(
            Kind.DONE,
            _("%(what)s was carried out after all: Sezzle's order shows it.") % _named(now),
        )
    return Outcome(*describe(now))


def _send_again(
    _payment: SezzlePayment, operation: SezzleOperation, _actor: Any, _reason: str
) -> Outcome:
    now = services.send_again(operation)
    return Outcome(describe(now)[0], _("%(what)s is done.") % _named(now))


def _clear(
    payment: SezzlePayment, _operation: SezzleOperation | None, actor: Any, reason: str
) -> Outcome:
    services.clear_review(payment, actor=actor, reason=reason)
    return Outcome(Kind.DONE, _("The review was cleared."))


def _cancel(
    payment: SezzlePayment, _operation: SezzleOperation | None, actor: Any, _reason: str
) -> Outcome:
    released_before = payment.released_in_cents
    try:
        services.cancel(payment, actor=actor)
    except GatewayUnavailable as error:
        if error.operation is not None:
            raise
        return Outcome(
            Kind.UNSENT,
            _(
                "Sezzle could not be asked, or gave no clear answer. The checkout may still be "
                "open: cancel again in a few minutes."
            ),
        )
    payment.refresh_from_db()
    released = payment.released_in_cents - released_before
    if released > 0:
        amount = format_cents(released, payment.currency)
        return Outcome(Kind.DONE, _("%(amount)s was released.") % {"amount": amount})
    if payment.approved:
        return Outcome(Kind.UNSENT, _("Nothing is held any more."))
    if payment.sends_link and not payment.order_uuid:
        return Outcome(
            Kind.DONE,
            _(
                "The payment was closed. Sezzle may have sent its link all the same, as its answer "
                "was lost: if the shopper pays by it, the money shows up here for review."
            ),
        )
    return Outcome(Kind.DONE, _("The checkout was closed; nobody can pay it any more."))


def _named(operation: SezzleOperation) -> dict[str, str]:
    what = _("The %(kind)s of %(amount)s") % {
        "kind": operation.get_kind_display(),
        "amount": operation.price,
    }
    return {"what": what}


def _failed(error: Exception) -> Outcome:
    if isinstance(error, OutcomeUnknown):
        return Outcome(
            Kind.UNKNOWN,
            _(
                "Sezzle gave no clear answer; money may or may not have moved. It is being "
                "checked: do not repeat it."
            ),
        )
    operation = getattr(error, "operation", None)
    is_refused = isinstance(error, GatewayRejected) and not isinstance(error, AuthenticationFailed)
    if operation is not None and operation.state == State.FAILED:
        kind, text = describe(operation)
        return Outcome(kind, " ".join([text, *_said(error)]))
    if is_refused:
        text = _("Sezzle refused it; nothing was changed.")
        return Outcome(Kind.REFUSED, " ".join([text, *_said(error)]))
    code = code_for(error, was_recorded=False)
    return Outcome(Kind.UNSENT, str(TEXTS.get(code, TEXTS["state"])))


def _said(error: Exception) -> Iterator[str]:
    return said_by(error) if isinstance(error, GatewayError) else iter(())


_KEPT_IN_LOG = gettext_lazy("Kept in the admin's log; not sent to Sezzle or the shopper.")
_KEPT_WITH_IT = gettext_lazy("Kept for whoever looks later; not sent to Sezzle or the shopper.")

REMEDIES: Mapping[str, Remedy] = {
    remedy.name: remedy
    for remedy in (
        Remedy(
            name="close",
            title=gettext_lazy("It did not happen"),
            explanation=gettext_lazy(
                "Look at the order in Sezzle's dashboard first. Close this only when the money "
                "was not moved there. An order that is known is read once more; what it shows is "
                "recorded as done instead. After that the payment is open to other actions again."
            ),
            codename="resolve_sezzlepayment",
            obstacle=_cannot_close,
            subject=_sending,
            run=_close,
            reason_help=_KEPT_WITH_IT,
            needs_reason=True,
            is_about_operation=True,
        ),
        Remedy(
            name="send-again",
            title=gettext_lazy("Send again with the same key"),
            explanation=gettext_lazy(
                "The order is read first; if it shows the money moved, that is recorded and "
                "nothing is sent. Otherwise the same request is sent with the same request id, "
                "by which Sezzle knows it again if it came through before."
            ),
            codename="resolve_sezzlepayment",
            obstacle=_cannot_send_again,
            subject=_sending,
            run=_send_again,
            reason_help=_KEPT_IN_LOG,
            is_about_operation=True,
        ),
        Remedy(
            name="clear-review",
            title=gettext_lazy("Clear review"),
            explanation=gettext_lazy(
                "Compare the payment with the order in Sezzle's dashboard first. Once cleared, "
                "money can be moved again, and the shop is told of an approval that was held "
                "back. What Sezzle still says otherwise is flagged again by the next reading."
            ),
            codename="resolve_sezzlepayment",
            obstacle=_cannot_clear,
            subject=_review,
            run=_clear,
            reason_help=_KEPT_WITH_IT,
            needs_reason=True,
        ),
        Remedy(
            name="cancel",
            title=gettext_lazy("Cancel"),
            explanation=gettext_lazy(
                "An unfinished checkout is deleted at Sezzle, so that nobody can pay it any "
                "more. If the shopper has approved it, also in this moment, everything that is "
                "held is released instead. Captured money is not given back by this."
            ),
            codename="release_sezzlepayment",
            obstacle=_cannot_cancel,
            subject=_money,
            run=_cancel,
            reason_help=_KEPT_IN_LOG,
        ),
    )
}
