"""What a till is told: how a payment stands, or what went wrong and whether money moved."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from django_sezzle.exceptions import (
    ActionNotAllowed,
    AlreadyPaid,
    AmountUnavailable,
    AuthenticationFailed,
    ConfigurationError,
    Declined,
    GatewayRejected,
    GatewayUnavailable,
    InvalidInput,
    NeedsReview,
    OperationInProgress,
    OutcomeUnknown,
    RequestIdReused,
)
from django_sezzle.models import Evidence, SezzlePayment
from django_sezzle.services.at_till import has_lost_link, is_known, newer_of
from django_sezzle.services.in_store import Stage, is_in_store, stage_of
from django_sezzle.till.bodies import BadInput, BodyTooLarge


class MayNotRelease(exceptions.PermissionDenied):
    """The shopper was faster, and whoever cancels may not let money go."""

    default_detail = _(
        "The shopper has paid, and this user may not let held money go. Nothing was changed. "
        "Capture it, or have somebody cancel who may release."
    )


class LinkMayBeSent(exceptions.APIException):
    """Sezzle gave no clear answer to a question that makes it send a link."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = _(
        "Sezzle gave no clear answer. This request moved no money, but a link may have been sent. "
        "Repeat it unchanged in a moment: that makes another payment with another link. Tell the "
        "shopper to use the newest link only; what is paid by the earlier one shows up for review."
    )


class Row(NamedTuple):
    """How one kind of error is answered."""

    status: HTTPStatus
    code: str
    #: Empty: the error's own words, which are about what was sent.
    detail: str | Promise = ""


#: The first class that fits is taken.
ROWS: tuple[tuple[type[Exception], Row], ...] = (
    (InvalidInput, Row(HTTPStatus.BAD_REQUEST, "invalid_input")),
    (
        AmountUnavailable,
        Row(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "amount_unavailable",
            _("This is more than what can be moved now. No money moved. Read the payment."),
        ),
    ),
    (
        OperationInProgress,
        Row(
            HTTPStatus.CONFLICT,
            "operation_in_progress",
            _(
                "Something is under way or being checked for this order. This request moved no "
                "money. Wait, read the payment, and repeat the request only if it is still needed."
            ),
        ),
    ),
    (
        AlreadyPaid,
        Row(
            HTTPStatus.CONFLICT,
            "already_paid",
            _("This order has its payment. Nothing was changed. Do not ask for another one."),
        ),
    ),
    (
        NeedsReview,
        Row(
            HTTPStatus.CONFLICT,
            "needs_review",
            _(
                "A person must look at this payment first. No money moved. "
                "Tell whoever runs the shop."
            ),
        ),
    ),
    (
        RequestIdReused,
        Row(
            HTTPStatus.CONFLICT,
            "request_id_reused",
            _(
                "This request_id stands for another amount. This request moved no money. Read the "
                "payment; for anything new, take a new request_id."
            ),
        ),
    ),
    (
        ActionNotAllowed,
        Row(
            HTTPStatus.CONFLICT,
            "action_not_allowed",
            _("This payment does not allow it now. No money moved. Read the payment."),
        ),
    ),
    (
        AuthenticationFailed,
        Row(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not_configured",
            _(
                "Sezzle does not accept the shop's keys. No money moved. "
                "Tell whoever runs the shop."
            ),
        ),
    ),
    (
        ConfigurationError,
        Row(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not_configured",
            _(
                "The shop is not configured for this account. No money moved. "
                "Tell whoever runs the shop."
            ),
        ),
    ),
    (
        GatewayRejected,
        Row(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "gateway_rejected",
            _("Sezzle refused. No money moved. Read the payment; the admin shows the reason."),
        ),
    ),
    (
        Declined,
        Row(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "declined",
            _("Sezzle did not approve. No money moved. Take another way to pay."),
        ),
    ),
    (
        OutcomeUnknown,
        Row(
            HTTPStatus.ACCEPTED,
            "outcome_unknown",
            _(
                "Sezzle gave no clear answer. Money may or may not have moved: it is being "
                "checked. Do not ask for it again with another request_id; read the payment."
            ),
        ),
    ),
    (
        GatewayUnavailable,
        Row(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "gateway_unavailable",
            _(
                "Sezzle could not be reached. This request moved no money. Repeat it unchanged in "
                "a moment."
            ),
        ),
    ),
)


#: Sezzle said nothing of it: a person did.
CLOSED_BY_STAFF = Row(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "closed_by_staff",
    _(
        "Staff looked at Sezzle's order and closed this request as not carried out: no money "
        "moved, and it is not sent any more. Read the payment; if it is still wanted, ask with a "
        "new request_id."
    ),
)


#: What is refused before any of that.
REFUSALS: tuple[tuple[type[exceptions.APIException], str], ...] = (
    (BadInput, "invalid_input"),
    (BodyTooLarge, "too_large"),
    (MayNotRelease, "may_not_release"),
    (LinkMayBeSent, "gateway_unavailable"),
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "not_authenticated"),
    (exceptions.PermissionDenied, "permission_denied"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
)


def state_of(payment: SezzlePayment) -> dict[str, Any]:
    """Tell how a payment stands. All amounts are whole cents of its currency."""
    stage = stage_of(payment)
    newer = newer_of(payment)
    return {
        "token": payment.token,
        "shop_reference": payment.shop_reference,
        "receipt": payment.reference_id if payment.reference_confirmed else "",
        "unconfirmed_receipt": "" if payment.reference_confirmed else payment.reference_id,
        "stage": stage.value,
        "read_at": _moment(payment.last_read_at),
        "continued_as": newer.token if newer is not None else "",
        "checkout_url": payment.checkout_url if stage is Stage.WAITING else "",
        "link_may_work": has_lost_link(payment),
        "amount_in_cents": payment.amount_in_cents,
        "currency": payment.currency,
        "authorized_in_cents": payment.authorized_in_cents,
        "captured_in_cents": payment.captured_in_cents,
        "refunded_in_cents": payment.refunded_in_cents,
        "released_in_cents": payment.released_in_cents,
        "capturable_in_cents": payment.capturable_in_cents,
        "refundable_in_cents": payment.refundable_in_cents,
        "expires_at": _moment(_ends_at(payment, stage)),
    }


def state_now(payment: SezzlePayment) -> dict[str, Any]:
    """Tell how a payment stands; what Sezzle has not said lately is being checked."""
    state = state_of(payment)
    if not is_known(payment, Stage(state["stage"])):
        state["stage"] = Stage.CHECKING.value
    return state


def _ends_at(payment: SezzlePayment, stage: Stage) -> datetime | None:
    """Give the moment by which somebody has to act: the shopper, or the shop."""
    if stage is Stage.WAITING:
        return payment.checkout_expires_at
    return payment.authorization_expires_at if stage is Stage.APPROVED else None


def _moment(at: datetime | None) -> str | None:
    if at is None:
        return None
    # Where USE_TZ is off the database keeps the host's own time.
    aware: Any = at if timezone.is_aware(at) else timezone.make_aware(at)
    return str(aware.astimezone(UTC).isoformat(timespec="seconds"))


def answer_error(error: Exception, context: Any) -> Response | None:
    """Answer what went wrong, in one shape; None for what is a fault of ours."""
    if isinstance(error, exceptions.APIException):
        return _refusal(error)
    if isinstance(error, Http404):
        return _refusal(exceptions.NotFound(_("There is no such payment. Nothing was sent.")))
    if isinstance(error, PermissionDenied):
        return _refusal(exceptions.PermissionDenied())
    row = _row_of(error)
    if row is None:
        return None
    body = {"code": row.code, "detail": str(row.detail or error)}
    return Response(body | _standing_in_the_way(error), status=row.status)


def _row_of(error: Exception) -> Row | None:
    operation = error.operation if isinstance(error, GatewayRejected) else None
    if operation is not None and operation.evidence == Evidence.STAFF:
        return CLOSED_BY_STAFF
    return next((row for kind, row in ROWS if isinstance(error, kind)), None)


def _refusal(error: exceptions.APIException) -> Response:
    """Answer what never got as far as the payment."""
    scheme = getattr(error, "auth_header", None)
    # A host's own way to log in may say more than a sentence.
    said = error.detail if isinstance(error.detail, str) else error.default_detail
    code = next((code for kind, code in REFUSALS if isinstance(error, kind)), "refused")
    return Response(
        {"code": code, "detail": str(said)},
        status=error.status_code,
        headers={"WWW-Authenticate": scheme} if scheme else {},
    )


def _standing_in_the_way(error: Exception) -> dict[str, str]:
    """Name the payment that an order has, to a till that asks because it lost the answer."""
    payment = error.payment if isinstance(error, AlreadyPaid) else None
    return {"token": payment.token} if payment is not None and is_in_store(payment) else {}
