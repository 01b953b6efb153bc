"""The columns of the payments' list: words first, colour only beside them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.moments import in_words, moment
from django_sezzle.gateway.messages.money import format_cents
from django_sezzle.models import SezzlePayment, Status

#: A sign and a colour for each status; the word says the same.
SIGNS = {
    Status.CREATED: ("○", "waiting"),
    Status.AUTHORIZED: ("◔", "held"),
    Status.PARTIALLY_CAPTURED: ("◑", "held"),
    Status.CAPTURED: ("●", "taken"),
    Status.PARTIALLY_REFUNDED: ("↩", "returned"),
    Status.REFUNDED: ("↩", "returned"),
    Status.RELEASED: ("◌", "returned"),
    Status.DENIED: ("✕", "gone"),
    Status.CANCELED: ("–", "gone"),
}
UNKNOWN_SIGN = ("?", "gone")
EXPIRED_SIGN = ("!", "expired")
FLAG = "⚑"
NOTHING = "–"

HELD, TAKEN, GIVEN_BACK = _("held"), _("taken"), _("given back")


class ListColumnsMixin:
    """The columns, each a method that a host's own ``list_display`` may name."""

    @admin.display(description=_("status"))
    def status_badge(self, payment: SezzlePayment) -> str:
        """Show the status in words, with a sign; whether time ran out, and the review's flag."""
        sign, colour = SIGNS.get(payment.status, UNKNOWN_SIGN)  # type: ignore[call-overload]
        if payment.is_expired():
            sign, colour = EXPIRED_SIGN
        shown = badge(sign, colour, status_word(payment))
        return format_html("{} {}", shown, self.flag(payment))

    @admin.display(description=_("held, taken, given back"))
    def money(self, payment: SezzlePayment) -> str:
        """Show each amount that is not zero, with its name."""
        amounts = (
            (HELD, payment.held_in_cents),
            (TAKEN, payment.captured_in_cents),
            (GIVEN_BACK, payment.refunded_in_cents),
        )
        lines = format_html_join(
            "",
            '<span class="sezzle-line"><span class="sezzle-name">{}</span> {}</span>',
            ((name, _number(cents, payment.currency)) for name, cents in amounts if cents),
        )
        return lines or NOTHING

    @admin.display(description=_("age"))
    def age(self, payment: SezzlePayment) -> str:
        """Show how long ago it was begun; the moment itself is at hand."""
        return moment(payment.created_at, timesince(payment.created_at, depth=1))

    @admin.display(description=_("capture before"))
    def countdown(self, payment: SezzlePayment) -> str:
        """Say in words how long held money can be captured; nothing when nothing is held."""
        ends = payment.authorization_expires_at
        if ends is None or not payment.held_in_cents:
            return NOTHING
        if payment.is_expired():
            return moment(ends, _text("expired"), "sezzle-late")
        return moment(ends, in_words(ends))

    @admin.display(description=_("review"))
    def flag(self, payment: SezzlePayment) -> str:
        """Show a flag and why a human must look; nothing when nobody must."""
        if not payment.review_reason:
            return ""
        return format_html(
            '<span class="sezzle-line sezzle-late"><span aria-hidden="true">{}</span> {}</span>',
            FLAG,
            payment.get_review_reason_display(),
        )


def _number(cents: int, currency: str) -> str:
    """Leave the currency to the amount beside it."""
    return format_cents(cents, currency).removesuffix(f" {currency}")


def status_word(payment: SezzlePayment) -> str:
    """Give the status in words, and whether the authorization or checkout ran out."""
    word = payment.get_status_display()
    if payment.status == Status.CREATED and payment.customer_id is not None:
        # Nobody is at a checkout.
        return _text("being charged")
    return _text("%(status)s, expired") % {"status": word} if payment.is_expired() else word


def badge(sign: str, colour: str, word: Any) -> str:
    """Show a state as a word, with a sign and a colour that say the same."""
    return format_html(
        '<span class="sezzle-badge sezzle-is-{}"><span aria-hidden="true">{}</span>&nbsp;{}</span>',
        colour,
        sign,
        word,
    )
