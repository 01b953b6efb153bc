"""
The till's endpoints. Each takes a small JSON object and makes one call of the services.

Who a till is, the host's own authentication says. What it may do, a permission for each
operation says.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_user_model
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, parsers, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from django_sezzle.api import PinnedView
from django_sezzle.arrival import find_payment, look
from django_sezzle.exceptions import AlreadyPaid, GatewayError, GatewayUnavailable
from django_sezzle.models import Evidence, Operation, SezzleOperation, SezzlePayment
from django_sezzle.services import ask_in_store, cancel, capture, refund, set_reference
from django_sezzle.services.at_till import has_lost_link
from django_sezzle.services.in_store import is_in_store, withdraw
from django_sezzle.services.locking import database
from django_sezzle.till.accounts import works_for
from django_sezzle.till.answers import (
    LinkMayBeSent,
    MayNotRelease,
    answer_error,
    state_now,
    state_of,
)
from django_sezzle.till.bodies import (
    NO_SUCH_ACCOUNT,
    Ask,
    BadInput,
    Move,
    SmallJSON,
    nothing_in,
    receipt_of,
)

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger("django_sezzle.till")

SCHEMA = Path(__file__).with_name("openapi.yaml")

SELL, CAPTURE, REFUND, RELEASE = (
    f"django_sezzle.{name}_sezzlepayment" for name in ("sell", "capture", "refund", "release")
)


class MayDoThis(permissions.BasePermission):
    """Lets in who has the permission that the view names."""

    message = _("This user may not do this. Nothing was changed.")

    def has_permission(self, request: Request, view: Any) -> bool:
        """Look at the user's permissions."""
        return may(request, view.needs)


def may(request: Request, permission: str) -> bool:
    """Tell whether whoever asks has a permission; what is no user of Django's has none."""
    asks = getattr(request.user, "has_perm", None)
    return bool(asks and asks(permission))


class TillView(PinnedView):
    """An endpoint for a till: the host says who asks, everything else is pinned."""

    needs: ClassVar[str] = SELL

    def get_authenticators(self) -> list[authentication.BaseAuthentication]:
        """Take the host's own ways to log in; a host that chose none gets its sessions."""
        if not api_settings.user_settings.get("DEFAULT_AUTHENTICATION_CLASSES"):
            return [authentication.SessionAuthentication()]
        chosen: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        return [scheme() for scheme in chosen]

    def get_permissions(self) -> list[permissions.BasePermission]:
        """Ask for the permission that the view names."""
        return [MayDoThis()]

    def get_parsers(self) -> list[parsers.BaseParser]:
        """Read small JSON objects only."""
        return [SmallJSON()]

    def get_exception_handler(self) -> Callable[[Exception, Any], Response | None]:
        """Answer every error in one shape."""
        return answer_error

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep what is said of a payment out of every cache."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class PaymentsView(TillView):
    """Where a till asks for a payment."""

    http_method_names = ("post",)

    def post(self, request: Request) -> Response:
        """
        Ask the shopper; the same question again gives the same payment, and no second link.

        Only a link that may be out, because Sezzle gave no clear answer, is followed by another.
        """
        asked = Ask.of(request.data)
        if not works_for(request, asked.account):
            raise BadInput(NO_SUCH_ACCOUNT)
        began_at = timezone.now()
        try:
            payment = ask_in_store(**asked.as_arguments(), base_url=request.build_absolute_uri("/"))
        except GatewayError as error:
            # Sezzle's words may repeat what the shopper typed; its ids do not.
            logger.error(
                "shop_reference=%s asked_in_store=failed error=%s code=%s debug_uuid=%s",
                asked.shop_reference,
                type(error).__name__,
                error.code or "-",
                error.debug_uuid or "-",
            )
            if isinstance(error, GatewayUnavailable) and may_be_out(asked):
                raise LinkMayBeSent from error
            raise
        is_new = payment.created_at >= began_at
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return Response(state_of(payment), status=status)


class PaymentView(TillView):
    """One payment."""

    http_method_names = ("get", "head", "patch")

    def get(self, request: Request, token: str) -> Response:
        """Tell how it stands, from Sezzle if that was not asked just now."""
        return Response(state_now(look(shown(request, token)).payment))

    def patch(self, request: Request, token: str) -> Response:
        """Give it the number of the till's receipt."""
        return Response(state_of(set_reference(shown(request, token), receipt_of(request.data))))


class MoneyView(TillView):
    """Where a till moves money, once for each ``request_id``."""

    http_method_names = ("post",)
    kind: ClassVar[Operation]
    move: ClassVar[Callable[..., SezzleOperation]]

    def post(self, request: Request, token: str) -> Response:
        """Move it, and tell how the payment stands then."""
        payment = shown(request, token)
        wanted = Move.of(request.data)
        self.move(
            payment,
            amount_in_cents=wanted.amount_in_cents,
            request_id=request_id_for(payment, self.kind, wanted.request_id),
            actor=actor_of(request),
            reason=f"till request {wanted.request_id}",
        )
        return Response(state_of(payment))


class CaptureView(MoneyView):
    """Where a till takes held money."""

    needs = CAPTURE
    kind = Operation.CAPTURE
    move = staticmethod(capture)


class RefundView(MoneyView):
    """Where a till gives captured money back."""

    needs = REFUND
    kind = Operation.REFUND
    move = staticmethod(refund)


class CancelView(TillView):
    """Where a till gives up."""

    http_method_names = ("post",)

    def post(self, request: Request, token: str) -> Response:
        """Delete the checkout, or let held money go if the shopper was faster and the user may."""
        payment = shown(request, token)
        nothing_in(request.data)
        if may(request, RELEASE):
            return Response(state_of(cancel(payment, actor=actor_of(request))))
        try:
            return Response(state_of(withdraw(payment)))
        except AlreadyPaid as error:
            if payment.releasable_in_cents:
                raise MayNotRelease from error
            if payment.kept_in_cents:
                raise
            # It was let go, or given back, before.
            return Response(state_of(payment))


class SchemaView(TillView):
    """This API, described for machines (OpenAPI 3.1)."""

    http_method_names = ("get", "head")

    def get(self, request: Request) -> HttpResponse:
        """Give the document as it was shipped."""
        return HttpResponse(SCHEMA.read_bytes(), content_type="application/yaml")


def shown(request: Request, token: str) -> SezzlePayment:
    """
    Find a payment that a till may see: asked for in a store, of an account its user works for.

    :raises Http404: there is none; every miss looks the same.
    """
    payment = find_payment(token)
    if not (is_in_store(payment) and works_for(request, payment.account)):
        raise Http404
    return payment


def may_be_out(asked: Ask) -> bool:
    """Tell whether Sezzle may have sent a link for what was asked, although we know of none."""
    rows = SezzlePayment.objects.using(database())
    current = rows.current_for(asked.shop_reference, asked.account)
    return current is not None and has_lost_link(current)


def actor_of(request: Request) -> AbstractBaseUser | None:
    """Name who moves money, where the host's authentication gives one of its users."""
    return request.user if isinstance(request.user, get_user_model()) else None


def request_id_for(payment: SezzlePayment, kind: Operation, given: str) -> str:
    """
    Make the id of an operation from a till's own, which has to be unique for this payment only.

    The same gives the same, so that nothing is done twice. What provably was never sent gives
    way to a new one: the till repeats its request, and does not have to know about that.
    """
    unsent = set(
        payment.operations.using(database())
        .filter(kind=kind, evidence=Evidence.NOT_SENT)
        .values_list("request_id", flat=True)
    )
    names = (f"sezzle-till {payment.token} {kind} {given} {number}" for number in count())
    made = (str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in names)
    return next(each for each in made if each not in unsent)
