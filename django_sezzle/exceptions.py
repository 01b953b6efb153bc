"""
Every error this package raises. The class answers the question "did money move?".

::

    SezzleError
      PaymentError            nothing was sent
        InvalidInput          what the shop asked for cannot be sent as it is
        ActionNotAllowed      not possible for this payment, or not from here
        AmountUnavailable     more than what can be moved now
        OperationInProgress   another operation of this payment is open
        RequestIdReused       this request id already stands for something else
        AlreadyPaid           the shop's order has its payment
        NeedsReview           a human must look at the payment first
      GatewayError            carries Sezzle's errors and ``debug_uuid``
        GatewayRejected       Sezzle refused; no money moved
          AuthenticationFailed
        Declined              Sezzle answered 200 and did not approve; no money moved
        OutcomeUnknown        no clear answer: it is being checked, do not repeat
        GatewayUnavailable    a read or a checkout could not be made, or the request never left
      WebhookError
        InvalidSignature      (also ``SuspiciousOperation``)
    ConfigurationError        (also ``ImproperlyConfigured``; outside the tree on purpose,
                              so that ``except SezzleError`` never swallows it)

Messages say what happened, whether money moved, and what to do. They hold ids and amounts,
never a key, a token or anything about the shopper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation

if TYPE_CHECKING:
    from django_sezzle.models import SezzleOperation, SezzlePayment


class ErrorDetail(NamedTuple):
    """One entry of Sezzle's error array; every member may be empty."""

    code: str = ""
    message: str = ""
    location: str = ""
    debug_uuid: str = ""

    def __repr__(self) -> str:
        # Sezzle's words may repeat what the shopper typed.
        return f"<ErrorDetail {self.code} {self.debug_uuid}>"


class SezzleError(Exception):
    """The base of everything a caller may want to catch."""

    #: The operation this error is about; None when none was written down.
    operation: SezzleOperation | None = None


class PaymentError(SezzleError):
    """Nothing was sent to Sezzle, so no money moved."""

    def __init__(
        self,
        message: str,
        *,
        operation: SezzleOperation | None = None,
        payment: SezzlePayment | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        #: The payment that stands in the way, where there is one.
        self.payment = payment


class InvalidInput(PaymentError, ValueError):
    """What the shop asked for cannot be sent: a float, another currency, a foreign address."""


class ActionNotAllowed(PaymentError):
    """This is not possible for this payment, or not inside a database transaction."""


class AmountUnavailable(PaymentError):
    """The amount is more than what can be moved now."""


class OperationInProgress(PaymentError):
    """Another operation of this payment is open; wait for it."""


class RequestIdReused(PaymentError):
    """The request id belongs to an operation with other contents."""


class AlreadyPaid(PaymentError):
    """The shop's order has its payment; a second checkout would charge the shopper twice."""


class NeedsReview(PaymentError):
    """The payment is under review; a human must look at it first."""


class GatewayError(SezzleError):
    """Sezzle, or the way to it, did not do what was asked."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        errors: Sequence[ErrorDetail] = (),
        operation: SezzleOperation | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = tuple(errors)
        self.operation = operation

    @property
    def code(self) -> str:
        """Sezzle's class of error, such as ``invalid``; empty when there was none."""
        return self.errors[0].code if self.errors else ""

    @property
    def debug_uuid(self) -> str:
        """The id that Sezzle's support asks for; empty when there was none."""
        return next((error.debug_uuid for error in self.errors if error.debug_uuid), "")


class GatewayRejected(GatewayError):
    """Sezzle refused; no money moved."""


class AuthenticationFailed(GatewayRejected):
    """Sezzle did not accept the keys (wrong, or of the other environment); no money moved."""


class Declined(GatewayError):
    """Sezzle answered and did not approve; no money moved."""


class OutcomeUnknown(GatewayError):
    """No clear answer came: it is being checked. Do not repeat."""


class GatewayUnavailable(GatewayError):
    """Sezzle could not be read or reached; nothing was moved by this call."""

    #: Whether it is certain that Sezzle never saw the request.
    never_left = False


class WebhookError(SezzleError):
    """A delivery could not be taken."""


class InvalidSignature(WebhookError, SuspiciousOperation):
    """The delivery was not signed with one of the account's keys."""


class ConfigurationError(ImproperlyConfigured):
    """The ``SEZZLE`` setting cannot be used as it is."""
