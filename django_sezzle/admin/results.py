"""What became of a sent form: a link that can be reloaded, and a row per payment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_sezzle.admin.forms import request_id_for
from django_sezzle.exceptions import (
    ActionNotAllowed,
    AmountUnavailable,
    AuthenticationFailed,
    ConfigurationError,
    GatewayError,
    InvalidInput,
    NeedsReview,
    OperationInProgress,
    RequestIdReused,
)
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment, State
from django_sezzle.services.locking import database
from django_sezzle.services.recovery import ABANDONED_AFTER, is_abandoned

SALT = "django_sezzle.admin.results"

#: The code of a row that was sent: its operation says the rest.
SENT = ""
OUT_OF_TIME = "time"
FOUND_DONE = "found"
REUSED = "reused"
ERROR = "error"

#: Why nothing was sent: the error, its code in the link, and what staff read. First match wins.
NOT_SENT: tuple[tuple[type[Exception], str, Any], ...] = (
    (AmountUnavailable, "amount", gettext_lazy("This is more than what can be moved now.")),
    (
        OperationInProgress,
        "busy",
        gettext_lazy(
            "Another operation of this payment is under way or being checked. Wait for it."
        ),
    ),
    (
        RequestIdReused,
        REUSED,
        gettext_lazy(
            "This form was sent before with something else. What was sent then stands on the "
            "payment's page; for anything new, open a new form."
        ),
    ),
    (NeedsReview, "review", gettext_lazy("A person must look at this payment first.")),
    (InvalidInput, "input", gettext_lazy("The amount cannot be sent as it is.")),
    (ActionNotAllowed, "state", gettext_lazy("This is not possible for this payment now.")),
    (
        AuthenticationFailed,
        "keys",
        gettext_lazy("Sezzle did not accept the shop's keys. Tell whoever runs the shop."),
    ),
    (GatewayError, "gateway", gettext_lazy("Sezzle could not be asked. Try again later.")),
    (
        ConfigurationError,
        "settings",
        gettext_lazy("The shop is not configured for the account of this payment."),
    ),
)
TEXTS = {code: text for _class, code, text in NOT_SENT} | {
    OUT_OF_TIME: gettext_lazy("There was no time left for this payment in one page view."),
    FOUND_DONE: gettext_lazy(
        "The same was asked for before, and has just been found to be done. Look at the payment "
        "before you ask again."
    ),
    ERROR: gettext_lazy("Something in the shop failed before anything was sent."),
}


class Kind(StrEnum):
    """What staff must know first: did money move?"""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNSENT = "unsent"
    WAITING = "waiting"


HEADLINES = {
    Kind.DONE: gettext_lazy("Done"),
    Kind.REFUSED: gettext_lazy("Refused: no money moved"),
    Kind.UNKNOWN: gettext_lazy("Being checked: do not repeat"),
    Kind.UNSENT: gettext_lazy("Not sent: no money moved"),
    Kind.WAITING: gettext_lazy("Waiting to be sent"),
}
#: What it means for the shopper that an operation made a payment.
NEW_PAYMENTS: Mapping[str, Any] = {
    Operation.REAUTHORIZE: gettext_lazy("The shopper has a new instalment plan."),
    Operation.UPCHARGE: gettext_lazy(
        "The shopper pays the extra in full at once, as an order of its own."
    ),
    Operation.CHARGE: gettext_lazy("The saved customer was charged."),
}
#: Sezzle's error for what it does not know (404).
UNKNOWN_TO_SEZZLE = "record_not_found"
#: What Sezzle most likely means by it, where it does not say so.
MOST_LIKELY: Mapping[str, Any] = {
    Operation.UPCHARGE: gettext_lazy(
        "Most likely extra charges are not switched on for this account; ask Sezzle for them."
    ),
    Operation.CHARGE: gettext_lazy(
        "Most likely the shopper has taken the consent back, or it has run out."
    ),
}
#: Those that a person should open.
WORTH_A_LOOK = (Kind.REFUSED, Kind.UNKNOWN, Kind.UNSENT)


@dataclass(frozen=True, slots=True)
class Result:
    """One payment of the result page."""

    payment: SezzlePayment
    operation: SezzleOperation | None
    kind: Kind
    text: str

    @property
    def headline(self) -> Any:
        """The answer to "did money move?" in a few words."""
        return HEADLINES[self.kind]

    @property
    def new_payment(self) -> Any:
        """What it means for the shopper that there is a new payment."""
        return NEW_PAYMENTS.get(self.operation.kind, "") if self.operation else ""

    @property
    def is_being_sent(self) -> bool:
        """Whether somebody is sending it right now."""
        operation = self.operation
        return (
            operation is not None
            and bool(operation.attempts)
            and operation.state == State.STARTED
            and operation.lease_until > timezone.now()
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A sent form: the action, the form's id, and a code for each payment's primary key."""

    action: str
    form_id: uuid.UUID
    codes: tuple[tuple[int, str], ...]

    def request_ids(self, pks: Iterable[int] | None = None) -> list[str]:
        """Name the operations of all its payments, or of some (primary keys)."""
        every = [pk for pk, _code in self.codes]
        return [request_id_for(self.form_id, pk) for pk in (every if pks is None else pks)]

    def to_link(self) -> str:
        """Write it so that it fits into a URL and nobody can make one up."""
        value = [self.action, self.form_id.hex, [list(pair) for pair in self.codes]]
        return signing.dumps(value, salt=SALT, compress=True)

    @classmethod
    def from_link(cls, link: str) -> Sent:
        """
        Read it back.

        :raises signing.BadSignature: it was not made by :meth:`to_link`.
        """
        action, form_id, codes = signing.loads(link, salt=SALT)
        return cls(action, uuid.UUID(form_id), tuple((pk, code) for pk, code in codes))


def code_for(error: Exception, *, was_recorded: bool) -> str:
    """
    Name why nothing was sent, or say that the operation tells the rest.

    :param was_recorded: an operation with this form's request id exists.
    """
    if was_recorded and not isinstance(error, RequestIdReused):
        return SENT
    found = error.operation if isinstance(error, OperationInProgress) else None
    if found is not None and found.state == State.SUCCEEDED:
        return FOUND_DONE
    return next((code for cls, code, _text in NOT_SENT if isinstance(error, cls)), ERROR)


def results_of(sent: Sent, payments: Sequence[SezzlePayment]) -> list[Result]:
    """Tell what became of each payment, as it is known now."""
    codes = dict(sent.codes)
    ids = {payment.pk: request_id_for(sent.form_id, payment.pk) for payment in payments}
    rows = SezzleOperation.objects.using(database()).filter(request_id__in=ids.values())
    operations = {operation.request_id: operation for operation in rows}
    return [
        _result(payment, codes[payment.pk], operations.get(ids[payment.pk])) for payment in payments
    ]


def _result(payment: SezzlePayment, code: str, operation: SezzleOperation | None) -> Result:
    # What was refused at first may have been sent by the same form since: back, and once more.
    if operation is None or code == REUSED:
        text = TEXTS.get(code, TEXTS[ERROR])
        return Result(payment, None, Kind.UNSENT, str(text))
    kind, text = describe(operation)
    return Result(payment, operation, kind, text)


def describe(operation: SezzleOperation) -> tuple[Kind, str]:
    """Say whether money moved, and how we know."""
    if operation.state == State.SUCCEEDED:
        if operation.evidence == Evidence.MATCHED:
            return Kind.DONE, _("Found in Sezzle's order.")
        return Kind.DONE, _("Sezzle confirmed it.")
    if is_abandoned(operation):
        return Kind.UNSENT, _(
            "Nobody went on with it within %(minutes)d minutes, so it is not sent any more."
        ) % {"minutes": ABANDONED_AFTER.total_seconds() // 60}
    if operation.is_open and not operation.attempts:
        return Kind.WAITING, _("No money has moved yet.")
    if operation.state != State.FAILED:
        return Kind.UNKNOWN, _(
            "Sezzle gave no clear answer yet; money may or may not have moved. It is being "
            "checked. Do not repeat it: look at the payment again in a few minutes."
        )
    if operation.evidence == Evidence.NOT_SENT:
        return Kind.UNSENT, _why_not_sent(operation)
    if operation.evidence == Evidence.DECLINED:
        return Kind.REFUSED, _("Sezzle did not approve it.")
    if operation.evidence == Evidence.STAFF:
        return Kind.REFUSED, _("Staff closed it as not carried out.")
    return Kind.REFUSED, " ".join([_("Sezzle refused it."), *_most_likely(operation)])


def _most_likely(operation: SezzleOperation) -> Iterator[str]:
    if operation.error_code == UNKNOWN_TO_SEZZLE and operation.kind in MOST_LIKELY:
        yield str(MOST_LIKELY[operation.kind])


def _why_not_sent(operation: SezzleOperation) -> str:
    if operation.attempts:
        return _("Sezzle could not be reached, so nothing was sent.")
    closed_at = operation.closed_at
    if closed_at is not None and closed_at > operation.created_at + ABANDONED_AFTER:
        return _("Nobody went on with it in time, so it was not sent.")
    return _("Sezzle could not be asked, or the payment had changed by then: nothing was sent.")


def said_by(error: GatewayError) -> Iterator[str]:
    """Give Sezzle's own words of an error, and the id that its support asks for."""
    if error.errors and (words := error.errors[0].message or error.code):
        yield _("“%(words)s”") % {"words": words}
    if error.debug_uuid:
        yield _("(debug id %(id)s)") % {"id": error.debug_uuid}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sent form is: how many of its payments wait, and are being sent by somebody."""

    total: int
    waiting: int
    being_sent: int

    @classmethod
    def of(cls, rows: Sequence[Result]) -> Progress:
        """Count the rows of a result page."""
        waiting = sum(row.kind == Kind.WAITING for row in rows)
        return cls(len(rows), waiting, sum(row.is_being_sent for row in rows))

    @property
    def through(self) -> int:
        """How many are neither waiting nor being sent."""
        return self.total - self.waiting - self.being_sent

    @property
    def text(self) -> str:
        """Say it in a line."""
        return _("%(through)d of %(total)d payments are through.") % {
            "through": self.through,
            "total": self.total,
        }

    def as_json(self) -> dict[str, Any]:
        """Give what the page's script needs."""
        return {
            "text": self.text,
            "through": self.through,
            "waiting": self.waiting,
            "beingSent": self.being_sent,
        }
