"""What the page of a till says about a payment, and what can be done there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle import services
from django_sezzle.admin.moments import written
from django_sezzle.admin.remedies import REMEDIES, Outcome, Remedy
from django_sezzle.admin.results import Kind
from django_sezzle.arrival import look
from django_sezzle.exceptions import AlreadyPaid, ConfigurationError
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzleOperation, SezzlePayment
from django_sezzle.services.at_till import has_lost_link, is_known, newer_of
from django_sezzle.services.attempts import may_be_sent
from django_sezzle.services.in_store import Stage, is_in_store, stage_of, withdraw

try:
    import segno as _segno
except ImportError:
    _segno = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

#: Draws QR codes; None without the extra "in-store", and the page then shows the link alone.
segno: Any = _segno

#: The page asks so often, long before an answer is stale (``at_till.STALE``). Sezzle itself is
#: asked at most every two seconds (``arrival.look``).
POLL_SECONDS = 3
#: After half an hour nobody is likely to stand there; a press of a button goes on.
MOST_POLLS = 600

#: Those that change without anybody at the till.
GOES_ON = (Stage.WAITING, Stage.CHECKING)

RELEASE = "django_sezzle.release_sezzlepayment"


@dataclass(frozen=True, slots=True)
class Till:
    """A payment as the till shows it."""

    payment: SezzlePayment
    stage: Stage
    is_known: bool
    """Whether Sezzle said so lately, where that matters."""
    newer: SezzlePayment | None
    """The payment that it goes on with, once it was reauthorized."""

    @classmethod
    def of(cls, payment: SezzlePayment) -> Till:
        """Look where the payment stands, reading Sezzle's order when that may tell more."""
        # Nobody can be asked about an account that is gone; the page says that it is old.
        with suppress(ConfigurationError):
            look(payment)
        stage = stage_of(payment)
        return cls(payment, stage, is_known(payment, stage), newer_of(payment))

    @property
    def goes_on(self) -> bool:
        """Whether the page has to ask again."""
        return not self.is_over_here and (self.stage in GOES_ON or not self.is_known)

    @property
    def is_over_here(self) -> bool:
        """Whether the sale goes on with a newer payment, and nothing here needs a person."""
        return self.newer is not None and not self.payment.review_reason

    @property
    def is_waiting(self) -> bool:
        """Whether the shopper can still pay, as far as is known."""
        return self.stage is Stage.WAITING

    @property
    def may_be_captured(self) -> bool:
        """Whether the sale can be finished, or given up, with money that is held."""
        return self.stage is Stage.APPROVED

    @property
    def is_paid(self) -> bool:
        """Whether the shop has the money."""
        return self.stage is Stage.PAID

    @property
    def is_secured(self) -> bool:
        """Whether there is something to write a receipt for."""
        return self.may_be_captured or self.is_paid

    @property
    def is_of_store(self) -> bool:
        """Whether the sale ends at a till; what the website sells goes on where it is shipped."""
        return is_in_store(self.payment)

    @property
    def receipt(self) -> str:
        """The reference at Sezzle, where somebody gave it another one than ``start_checkout``."""
        added = self.payment.reference_id.removeprefix(self.payment.shop_reference)
        is_ours = not added or (added.startswith("-") and added[1:].isdigit())
        return "" if is_ours else self.payment.reference_id

    @property
    def has_unconfirmed_receipt(self) -> bool:
        """Whether it was written down here, and Sezzle has not confirmed it."""
        return bool(self.receipt) and not self.payment.reference_confirmed

    @property
    def amount(self) -> str:
        """What was asked for."""
        return format_cents(self.payment.amount_in_cents, self.payment.currency)

    @property
    def headline(self) -> str:
        """How it stands, in two or three words."""
        if self.is_over_here:
            return str(REAUTHORIZED)
        return str(HEADLINES[self.stage] if self.is_known else NOT_KNOWN)

    @property
    def text(self) -> str:
        """What that means for the money, and what to do."""
        if has_lost_link(self.payment):
            return _text_of_lost(self.payment)
        return _text_of(self.payment, self.stage) if self.is_known else str(WHILE_NOT_KNOWN)

    @property
    def seen(self) -> str:
        """When Sezzle was last read."""
        at = self.payment.last_read_at
        return _("Last read from Sezzle: %(time)s") % {"time": written(at)} if at else ""

    @property
    def tone(self) -> str:
        """Which of the page's colours fits; the words say the same."""
        return TONES.get(self.stage, "waiting") if self.is_known else "unknown"

    def as_json(self) -> dict[str, Any]:
        """Give what the page's script needs."""
        return {
            "stage": self.stage.value,
            "tone": self.tone,
            "headline": self.headline,
            "text": self.text,
            "seen": self.seen,
            "goesOn": self.goes_on,
        }


def has_till(payment: SezzlePayment) -> bool:
    """
    Tell whether a till may show the payment: asked for in a store, or a checkout still open.

    A shopper at the counter may finish what began on the website. Afterwards such an order goes
    on where it is shipped: a till would give it a receipt's number and capture all of it.
    """
    if not payment.order_uuid:
        # Nobody is making it any more, and its link may be on the shopper's phone.
        return may_be_sent(payment)
    return is_in_store(payment) or _is_open(payment)


def is_at_till(payment: SezzlePayment) -> bool:
    """Tell whether something is left to do for a till. Asks nobody, and costs no query."""
    return has_till(payment) and (_is_open(payment) or payment.capturable_in_cents > 0)


def _is_open(payment: SezzlePayment) -> bool:
    return not payment.approved and stage_of(payment) is Stage.WAITING


def code_of(url: str) -> SafeString | None:
    """Draw the QR code of an address as SVG; None without the library, or without an address."""
    if segno is None or not url:
        return None
    drawn = segno.make(url, error="m", micro=False)
    # Black on white in the dark, too, with the margin that readers need; nothing of the address
    # stands in it as text.
    svg: str = drawn.svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return mark_safe(svg)  # noqa: S308 - rectangles and numbers


# What is said

REAUTHORIZED = gettext_lazy("Reauthorized")
NOT_KNOWN = gettext_lazy("Not known right now")
WHILE_NOT_KNOWN = gettext_lazy(
    "Sezzle cannot be reached, so the shopper may or may not have paid. Hand nothing over yet, and "
    "do not ask for the payment a second time: this page keeps asking Sezzle."
)

HEADLINES = {
    Stage.WAITING: gettext_lazy("Waiting for the shopper"),
    Stage.APPROVED: gettext_lazy("Approved"),
    Stage.PAID: gettext_lazy("Paid"),
    Stage.EXPIRED: gettext_lazy("Ran out"),
    Stage.DENIED: gettext_lazy("Not approved"),
    Stage.CANCELED: gettext_lazy("Canceled"),
    Stage.CHECKING: gettext_lazy("Being checked"),
    Stage.REFUNDED: gettext_lazy("Refunded"),
}

TONES = {
    Stage.APPROVED: "good",
    Stage.PAID: "good",
    Stage.EXPIRED: "bad",
    Stage.DENIED: "bad",
    Stage.CHECKING: "unknown",
    Stage.CANCELED: "over",
    Stage.REFUNDED: "over",
}


def _text_of(payment: SezzlePayment, stage: Stage) -> str:
    if stage is Stage.WAITING:
        return _("Nothing is paid yet. This page says so as soon as the shopper has paid.")
    if stage is Stage.APPROVED:
        return _approved(payment)
    if stage is Stage.CHECKING:
        return _checking(payment)
    if stage is Stage.CANCELED and payment.released_in_cents:
        return _("%(amount)s was released: the shopper is not charged for it.") % _money(
            payment, payment.released_in_cents
        )
    if stage is Stage.PAID and not payment.captured_in_cents:
        return _("Sezzle takes the money of this payment by itself.")
    if stage is Stage.PAID and payment.refunded_in_cents:
        return _("%(captured)s was captured, and %(refunded)s of it was given back.") % {
            "captured": format_cents(payment.captured_in_cents, payment.currency),
            "refunded": format_cents(payment.refunded_in_cents, payment.currency),
        }
    if stage is Stage.EXPIRED and payment.approved:
        return _("It was approved, but not captured in time. The shop gets nothing: ask anew.")
    texts = {
        Stage.PAID: _("%(amount)s was captured. The sale is done.")
        % _money(payment, payment.captured_in_cents),
        Stage.EXPIRED: _("Nobody paid in time. Nothing was charged: ask anew."),
        Stage.DENIED: _(
            "Sezzle did not approve this payment. Nothing was charged: ask for another way to pay."
        ),
        Stage.CANCELED: _("Nobody can pay it any more. Nothing was charged."),
        Stage.REFUNDED: _("%(amount)s was given back.")
        % _money(payment, payment.refunded_in_cents),
    }
    return texts[stage]


def _approved(payment: SezzlePayment) -> str:
    held = _money(payment, payment.held_in_cents)
    if not is_in_store(payment):
        return (
            _(
                "Sezzle holds %(amount)s. This is an order of the website: it goes on where it is "
                "shipped, not at the till."
            )
            % held
        )
    ends = payment.authorization_expires_at
    if ends is None:
        return _("Sezzle holds %(amount)s. Capture it, and the sale is done.") % held
    return _("Sezzle holds %(amount)s. Capture it before %(time)s, and the sale is done.") % {
        **held,
        "time": written(ends),
    }


def _checking(payment: SezzlePayment) -> str:
    if payment.review_reason:
        return _("A person must look at this payment first: %(reason)s.") % {
            "reason": payment.get_review_reason_display()
        }
    if payment.was_reauthorized:
        return _("It was reauthorized: the sale goes on with the newer payment.")
    return _("Something is under way whose outcome is not known yet. Wait, and repeat nothing.")


def _text_of_lost(payment: SezzlePayment) -> str:
    """Say what a link may still do whose checkout Sezzle never told us of."""
    if payment.canceled_at is not None:
        return _closed_with_lost_link()
    return _(
        "Sezzle gave no clear answer, so its link may or may not have been sent. If the shopper "
        "has paid by it, this page says so once Sezzle tells the shop. Otherwise ask again: that "
        "sends another link."
    )


def _closed_with_lost_link() -> str:
    return _(
        "The payment was closed. Sezzle may have sent its link all the same, as its answer was "
        "lost: if the shopper pays by it, the money shows up here for review."
    )


def _money(payment: SezzlePayment, cents: int) -> dict[str, str]:
    return {"amount": format_cents(cents, payment.currency)}


# Giving up while the shopper has not paid


def _cannot_cancel(payment: SezzlePayment, operation: SezzleOperation | None) -> str:
    if payment.approved:
        return _("The shopper was faster and has paid. Nothing was released.")
    return REMEDIES["cancel"].obstacle(payment, operation)


def _cancel(
    payment: SezzlePayment, _operation: SezzleOperation | None, actor: Any, _reason: str
) -> Outcome:
    """Delete the checkout; release what is held only for somebody who may."""
    released_before = payment.released_in_cents
    if actor.has_perm(RELEASE):
        services.cancel(payment, actor=actor)
    else:
        with suppress(AlreadyPaid):
            withdraw(payment)
    payment.refresh_from_db()
    if has_lost_link(payment):
        return Outcome(Kind.DONE, _closed_with_lost_link())
    if not payment.approved:
        return Outcome(Kind.DONE, _("The checkout was closed; nobody can pay it any more."))
    if released := payment.released_in_cents - released_before:
        return Outcome(
            Kind.DONE,
            _("%(amount)s was released: the shopper is not charged for it.")
            % _money(payment, released),
        )
    return Outcome(
        Kind.UNSENT,
        _(
            "%(amount)s is held, and nothing was released: you may not release. Capture it, or ask "
            "somebody who may release to do it."
        )
        % _money(payment, payment.held_in_cents),
    )


CANCEL = Remedy(
    name="cancel-in-store",
    title=gettext_lazy("Cancel this payment"),
    explanation=gettext_lazy(
        "The link and the code stop working. If the shopper pays in this very moment, what Sezzle "
        "then holds is released at once, and you are told."
    ),
    codename="sell_sezzlepayment",
    obstacle=_cannot_cancel,
    subject=REMEDIES["cancel"].subject,
    run=_cancel,
    reason_help="",
)


def may_give_up(payment: SezzlePayment, actor: Any) -> bool:
    """Tell whether somebody at a till may cancel it: a shopper of the website is not theirs."""
    return is_in_store(payment) or actor.has_perm(RELEASE)


def what_cancel_does(payment: SezzlePayment, actor: Any) -> Any:
    """Say what happens when the shopper is faster, which depends on who cancels."""
    if has_lost_link(payment):
        return _(
            "The payment is closed here. Its link may still work, if Sezzle sent it: if the "
            "shopper pays by it, the money shows up here for review."
        )
    if actor.has_perm(RELEASE):
        return CANCEL.explanation
    return _(
        "The link and the code stop working. If the shopper pays in this very moment, the money "
        "stays held, since you may not release, and you are told."
    )


def give_up(payment: SezzlePayment, operation: SezzleOperation | None, actor: Any) -> Outcome:
    """Cancel, and say what became of it: also that the shopper was faster."""
    outcome = CANCEL.carry_out(payment, operation, actor, "")
    payment.refresh_from_db()
    if not payment.approved:
        return outcome
    return Outcome(outcome.kind, f"{_('The shopper was faster and has paid.')} {outcome.text}")
