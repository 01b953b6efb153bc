"""The five things staff can do with money: what each is called, allows and leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle import services
from django_sezzle.conf import get_settings
from django_sezzle.exceptions import ConfigurationError
from django_sezzle.gateway import Intent
from django_sezzle.models import Operation, SezzleOperation, SezzlePayment
from django_sezzle.services.limits import is_blocked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class Totals(NamedTuple):
    """Whole cents of one payment: held by Sezzle, taken, given back."""

    held: int
    taken: int
    given_back: int

    @classmethod
    def of(cls, payment: SezzlePayment) -> Totals:
        """Take the totals of a row as stored."""
        return cls(payment.held_in_cents, payment.captured_in_cents, payment.refunded_in_cents)


@dataclass(frozen=True, slots=True)
class MoneyAction:
    """One way to move money. ``title`` is the button, ``explanation`` stands above the form."""

    kind: Operation
    title: Any
    explanation: Any
    amount_label: Any
    #: Cents that may be moved now, by what is stored.
    possible: Callable[[SezzlePayment], int]
    #: Why nothing can be moved; asked only when that is so.
    why_not: Callable[[SezzlePayment], str]
    #: The totals after so many cents were moved.
    after: Callable[[Totals, int], Totals]
    takes_held_money: bool = False
    #: Whether the shop's number of a shipment may be kept with it.
    is_for_shipments: bool = False
    makes_new_payment: bool = False
    #: Whether the form proposes all that is possible; otherwise staff say how much.
    proposes_all: bool = True

    @property
    def name(self) -> str:
        """The action's word in URLs and permissions."""
        return self.kind.value

    @property
    def codename(self) -> str:
        """The permission that allows it, and nothing else does."""
        return f"{self.name}_sezzlepayment"

    def run(
        self,
        payment: SezzlePayment,
        *,
        amount_in_cents: int,
        request_id: str,
        actor: AbstractBaseUser | AnonymousUser,
        reason: str,
        shipment: str = "",
    ) -> SezzleOperation:
        """
        Move the money. Raises what the service raises.

        :param amount_in_cents: whole cents of the payment's currency.
        :param shipment: the shop's number of what it is for; only where shipments are asked for.
        """
        for_it = {"shipment": shipment} if self.is_for_shipments else {}
        move: Callable[..., SezzleOperation] = getattr(services, self.name)
        return move(
            payment,
            amount_in_cents=amount_in_cents,
            request_id=request_id,
            actor=actor,
            reason=reason,
            **for_it,
        )

    def is_offered(self, payment: SezzlePayment) -> bool:
        """Whether a button suggests it; a new instalment plan is none while money is held."""
        is_anew = self.kind == Operation.REAUTHORIZE
        return not is_anew or not payment.held_in_cents or payment.is_expired()

    def is_known_to(self, account: str) -> bool:
        """Whether the account has it at all; one that Sezzle has not switched on is not shown."""
        if self.kind != Operation.UPCHARGE:
            return True
        try:
            return get_settings(account).upcharges
        except ConfigurationError:
            return False

    def obstacle(self, payment: SezzlePayment, open_operation: SezzleOperation | None) -> str:
        """Say why this payment cannot be acted on now; empty when it can."""
        if not self.is_known_to(payment.account):
            return _("The account does not have this.")
        if is_blocked(payment, self.kind):
            return _("A person must look at this payment first: %(reason)s.") % {
                "reason": payment.get_review_reason_display()
            }
        if open_operation is not None:
            return _("Under way or being checked: %(kind)s of %(amount)s. Wait for it.") % {
                "kind": open_operation.get_kind_display(),
                "amount": open_operation.price,
            }
        return "" if self.possible(payment) else self.why_not(payment)


def _nothing_held(payment: SezzlePayment) -> str:
    if payment.intent == Intent.CAPTURE:
        return _("Sezzle takes the money of this payment by itself.")
    if not payment.approved:
        return _("Sezzle has not authorized this payment.")
    return _("Nothing is held any more.")


def _nothing_taken(payment: SezzlePayment) -> str:
    if payment.captured_in_cents:
        return _("Everything taken was given back already.")
    return _("Nothing was taken that could be given back.")


def _nothing_to_add_to(payment: SezzlePayment) -> str:
    if payment.upcharge_of_id is not None:
        return _("It is itself an extra charge.")
    if not (payment.held_in_cents or payment.kept_in_cents):
        return _("There is no money that an extra could belong to.")
    return _("15 % were charged extra already; Sezzle allows no more.")


def _upchargeable(payment: SezzlePayment) -> int:
    # A page asks several times about the same row, and each answer costs a query.
    if not hasattr(payment, "_upchargeable_in_cents"):
        payment._upchargeable_in_cents = payment.upchargeable_in_cents()  # type: ignore[attr-defined]
    cents: int = payment._upchargeable_in_cents  # type: ignore[attr-defined]
    return cents


def _nothing_to_renew(payment: SezzlePayment) -> str:
    if payment.was_reauthorized:
        return _("It was reauthorized already; go on with the new payment.")
    if not payment.approved:
        return _("Sezzle has not authorized this payment.")
    return _("Everything was taken; there is nothing to reauthorize.")


MONEY_ACTIONS: Mapping[str, MoneyAction] = {
    action.name: action
    for action in (
        MoneyAction(
            kind=Operation.CAPTURE,
            title=gettext_lazy("Capture"),
            explanation=gettext_lazy(
                "Sezzle pays the shop what you capture. Capture what was shipped; the rest stays "
                "held until you release it or the authorization runs out."
            ),
            amount_label=gettext_lazy("Capture"),
            possible=lambda payment: payment.capturable_in_cents,
            why_not=_nothing_held,
            after=lambda now, moved: now._replace(held=now.held - moved, taken=now.taken + moved),
            takes_held_money=True,
            is_for_shipments=True,
        ),
        MoneyAction(
            kind=Operation.REFUND,
            title=gettext_lazy("Refund"),
            explanation=gettext_lazy(
                "The shopper gets back what you refund. A refund cannot be taken back."
            ),
            amount_label=gettext_lazy("Refund"),
            possible=lambda payment: payment.refundable_in_cents,
            why_not=_nothing_taken,
            after=lambda now, moved: now._replace(given_back=now.given_back + moved),
        ),
        MoneyAction(
            kind=Operation.RELEASE,
            title=gettext_lazy("Release"),
            explanation=gettext_lazy(
                "Sezzle lets go of what you release, and the shopper owes that much less. "
                "Released money cannot be captured any more."
            ),
            amount_label=gettext_lazy("Release"),
            possible=lambda payment: payment.releasable_in_cents,
            why_not=_nothing_held,
            after=lambda now, moved: now._replace(held=now.held - moved),
            takes_held_money=True,
        ),
        MoneyAction(
            kind=Operation.REAUTHORIZE,
            title=gettext_lazy("Reauthorize"),
            explanation=gettext_lazy(
                "The shopper gets a new instalment plan. Sezzle decides again, may decline, and "
                "if it approves makes a new order: capture, release and refund then happen on "
                "the new payment. Do this only when the shopper knows of it."
            ),
            amount_label=gettext_lazy("Hold anew"),
            possible=lambda payment: payment.reauthorizable_in_cents,
            why_not=_nothing_to_renew,
            after=lambda _now, moved: Totals(held=moved, taken=0, given_back=0),
            makes_new_payment=True,
        ),
        MoneyAction(
            kind=Operation.UPCHARGE,
            title=gettext_lazy("Charge extra"),
            explanation=gettext_lazy(
                "The shopper pays the extra in full at once, up to 15 % of the order in all. "
                "Sezzle makes a new order for it: refund it on the new payment. Do this only when "
                "the shopper has agreed."
            ),
            amount_label=gettext_lazy("Charge extra"),
            possible=_upchargeable,
            why_not=_nothing_to_add_to,
            after=lambda _now, moved: Totals(held=0, taken=moved, given_back=0),
            makes_new_payment=True,
            proposes_all=False,
        ),
    )
}
