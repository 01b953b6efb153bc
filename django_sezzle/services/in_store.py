"""
Asking for a payment in a store: the shopper pays on a phone of their own.

Sezzle sends the link, or the shop shows it. No browser comes back, so the till learns what became
of it by reading the order. The phone number and the e-mail address go to Sezzle and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import get_language

from django_sezzle.exceptions import AlreadyPaid, GatewayRejected, InvalidInput
from django_sezzle.gateway import Intent, Locale, Price, SendTo
from django_sezzle.models import SezzlePayment, Status
from django_sezzle.services.checkout import Checkout
from django_sezzle.services.closing import delete_checkout, give_up
from django_sezzle.services.locking import nothing_open
from django_sezzle.services.reading import bring_up_to_date
from django_sezzle.services.starting import start_checkout

ENGLISH, FRENCH = "en", "fr-CA"

#: What people write between the digits of a number, dashes and spaces of other alphabets too.
SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015]+")
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
#: No area code begins with 0 or 1; the country's 1 may stand before it.
NORTH_AMERICAN = re.compile(r"(?:\+?1)?([2-9][0-9]{9})")
LONGEST_EMAIL = 254


class Stage(StrEnum):
    """How far a payment in a store is, as far as is known."""

    WAITING = "waiting"
    """The shopper has not paid yet."""

    APPROVED = "approved"
    """Sezzle holds money for the shop, which captures it or lets it go."""

    PAID = "paid"
    """The money was captured; nothing is held any more."""

    EXPIRED = "expired"
    """Nobody paid in time, or what was held was not captured in time. The shop gets nothing."""

    DENIED = "denied"
    """Sezzle did not approve. Nothing was charged."""

    CANCELED = "canceled"
    """Given up: the link is dead, or what was held was let go."""

    CHECKING = "checking"
    """A review, an operation under way or of unknown outcome, or a newer authorization: look at the
    payment, and repeat nothing."""

    REFUNDED = "refunded"
    """All that was captured was given back."""


def ask_in_store(
    *,
    shop_reference: str,
    amount: Price,
    phone: str = "",
    email: str = "",
    language: str | None = None,
    description: str = "",
    account: str = "default",
    base_url: str | None = None,
) -> SezzlePayment:
    """
    Ask a shopper in the store for a payment, which is held until it is captured.

    With neither phone nor e-mail no link is sent: show ``checkout_url``, as a QR code. Safe to
    repeat: while nothing changed, no second link is sent. With another number, address or amount
    the earlier checkout is deleted first. After an answer that was lost, repeating makes another
    payment with another link, as the first one may be on the shopper's phone.

    :param phone: E.164, or ten digits of the United States or Canada; spaces, dashes, dots and
        brackets are taken out. It is not stored.
    :param email: the address Sezzle writes to. It is not stored.
    :param language: ``en`` or ``fr-CA``, of the link's text and of the checkout; the active
        language's when left out.
    :param base_url: the shop's public origin; ``SEZZLE["BASE_URL"]`` goes before it.
    :raises InvalidInput: no such number, address or language; nothing was sent or written.

    Raises what :func:`django_sezzle.services.start_checkout` raises besides.

    Sezzle: POST /v2/session
    https://docs.sezzle.com/docs/api/core/sessions/postv2session
    """
    told = _Told(phone, email, description)
    # What collects errors keeps the variables of every function that an error passed.
    del phone, email, description
    language = language or _active_language()
    checkout = Checkout(
        shop_reference=shop_reference,
        amount=amount,
        intent=Intent.AUTH,
        description=told.description,
        locale=_locale(language, amount),
        send_to=told.send_to(language),
        account=account,
    )
    return start_checkout(checkout, base_url=base_url)


@dataclass(frozen=True, slots=True, repr=False)
class _Told:
    """What a cashier was told by the shopper, or tells the shopper; it is never shown."""

    phone: str
    email: str
    description: str

    def send_to(self, language: str) -> SendTo | None:
        """
        Say whom Sezzle sends the link to.

        :raises InvalidInput: Sezzle could not; what is wrong is not repeated.
        """
        if language not in (ENGLISH, FRENCH):
            raise InvalidInput("A link is sent in 'en' or 'fr-CA'. Nothing was sent.")
        if self.phone and normalized_phone(self.phone) is None:
            raise InvalidInput(
                "This is not a phone number of ten digits, or with + and the country's code. "
                "Nothing was sent."
            )
        if self.email and normalized_email(self.email) is None:
            raise InvalidInput("This is not an e-mail address. Nothing was sent.")
        if not (self.phone or self.email):
            return None
        return SendTo(
            sms_phone=normalized_phone(self.phone) or "",
            email=normalized_email(self.email) or "",
            language=language,
        )


def withdraw(payment: SezzlePayment) -> SezzlePayment:
    """
    Delete the checkout of a payment, for somebody who may not let held money go.

    Unlike :func:`django_sezzle.services.cancel` it never releases.

    :raises AlreadyPaid: the shopper was faster; nothing was changed, and what is held stays so.
    :raises OperationInProgress: the checkout has just been made; withdraw again.
    :raises GatewayUnavailable: Sezzle could not be asked; nothing was changed. Try again.

    Sezzle: DELETE /v2/order/{order_uuid}/checkout
    https://docs.sezzle.com/docs/api/core/orders/deletev2deletecheckoutbyorder
    """
    nothing_open()
    payment.refresh_from_db()
    if not payment.order_uuid:
        return give_up(payment)
    bring_up_to_date(payment)
    _refuse_approved(payment)
    if payment.status in (Status.DENIED, Status.CANCELED):
        return payment
    try:
        return delete_checkout(payment)
    except GatewayRejected:
        # Most likely the shopper completed it just now; the order says.
        bring_up_to_date(payment)
        _refuse_approved(payment)
        raise


def _refuse_approved(payment: SezzlePayment) -> None:
    if payment.approved:
        raise AlreadyPaid(
            "Sezzle has approved this payment; there is no open checkout any more. Nothing was "
            "changed.",
            payment=payment,
        )


def is_in_store(payment: SezzlePayment) -> bool:
    """
    Tell whether a payment was asked for in a store, as far as a row can tell.

    It is held before it is captured, nobody's saved consent was charged, and it has no page of
    the shop to send a browser back to. What the shop's website sells has one.
    """
    goes_back = payment.success_url or payment.failure_url or payment.cancel_url
    return payment.intent == Intent.AUTH and payment.customer_id is None and not goes_back


def stage_of(payment: SezzlePayment, at: datetime | None = None) -> Stage:
    """
    Name how far a payment is, from its row; an approved one costs a query for what is open.

    :param at: the moment to judge by; now when left out.
    """
    at = at or timezone.now()
    if payment.review_reason or payment.was_reauthorized:
        # Sezzle may have approved what does not fit; a newer authorization has a row of its own.
        return Stage.CHECKING
    if not payment.approved:
        return _stage_before_approval(payment, at)
    if payment.open_operation() is not None:
        return Stage.CHECKING
    if payment.capturable_in_cents and not payment.is_expired(at):
        return Stage.APPROVED
    if payment.captured_in_cents:
        return Stage.PAID if payment.kept_in_cents else Stage.REFUNDED
    if payment.held_in_cents and payment.intent == Intent.CAPTURE:
        # Sezzle takes it by itself.
        return Stage.PAID
    return Stage.EXPIRED if _ran_out(payment, at) else Stage.CANCELED


def _stage_before_approval(payment: SezzlePayment, at: datetime) -> Stage:
    if payment.status == Status.DENIED:
        return Stage.DENIED
    if payment.canceled_at is not None:
        return Stage.CANCELED
    if payment.is_expired(at):
        return Stage.EXPIRED
    return Stage.CANCELED if payment.status == Status.CANCELED else Stage.WAITING


def _ran_out(payment: SezzlePayment, at: datetime) -> bool:
    """Whether time took the authorization, and nobody let it go; nothing was captured of it."""
    if payment.held_in_cents:
        return payment.is_expired(at)
    if payment.released_in_cents < payment.authorized_in_cents:
        return True
    ends, gone = payment.authorization_expires_at, payment.lapsed_at
    # When time has run out Sezzle lists a release, too.
    return ends is not None and gone is not None and ends <= gone


def normalized_phone(text: Any) -> str | None:
    """Write a phone number as Sezzle takes it (E.164); None when it is none."""
    if not isinstance(text, str):
        return None
    digits = SEPARATORS.sub("", text)
    if local := NORTH_AMERICAN.fullmatch(digits):
        return f"+1{local[1]}"
    is_other = E164.fullmatch(digits) and not digits.startswith("+1")
    return digits if is_other else None


def normalized_email(text: Any) -> str | None:
    """Take the space around an e-mail address away; None when it is none."""
    if not isinstance(text, str) or len(text) > LONGEST_EMAIL:
        return None
    try:
        validate_email(text.strip())
    except ValidationError:
        return None
    return text.strip()


def _active_language() -> str:
    return FRENCH if (get_language() or "").startswith("fr") else ENGLISH


def _locale(language: str, amount: Any) -> Locale:
    if language == FRENCH:
        return Locale.FR_CA
    is_canadian = isinstance(amount, Price) and amount.currency == "CAD"
    return Locale.EN_CA if is_canadian else Locale.EN_US
