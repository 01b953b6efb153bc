"""
The endpoints that machines talk to: Sezzle's webhook, and the waiting page's question.

Everything a host could set for DRF is pinned here, because a webhook that a host's defaults
answer with 401, 406 or 429 costs the subscription five days later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, UnreadablePostError
from django.utils.decorators import method_decorator
from rest_framework import authentication, exceptions, negotiation, parsers, permissions, renderers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_sezzle import conf, webhooks
from django_sezzle.arrival import find_payment, look
from django_sezzle.counting import count
from django_sezzle.exceptions import ConfigurationError, InvalidSignature
from django_sezzle.gateway import signature
from django_sezzle.models import SezzleWebhookEvent
from django_sezzle.services.locking import outside_transactions

logger = logging.getLogger("django_sezzle.webhooks")

MAX_BODY_BYTES = 64 * 1024


class BodyTooLarge(exceptions.APIException):
    """The body is larger than any event."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class NotConfigured(exceptions.APIException):
    """There is no usable key to check signatures with."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "Webhooks are not configured."


class AnyBody(parsers.BaseParser):
    """Lets every content type in; the view reads the raw body itself."""

    media_type = "*/*"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Mapping[str, Any]:
        """Parse nothing."""
        return {}


class JSONWhateverIsAccepted(negotiation.BaseContentNegotiation):
    """Answers in JSON, whatever the Accept header wants."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Take the one parser there is."""
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """Take the one renderer there is."""
        return renderers[0], renderers[0].media_type


def answer_error(error: Exception, context: Any) -> Response | None:
    """
    Answer what a view raised on purpose; None for what is a fault.

    Unlike REST framework's own handler it rolls no transaction back: none of the request's is
    open here, and one around a test is not ours.
    """
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    scheme = getattr(error, "auth_header", None)
    headers = {"WWW-Authenticate": scheme} if scheme else {}
    return Response({"detail": error.detail}, status=error.status_code, headers=headers)


@method_decorator(outside_transactions, name="dispatch")
class PinnedView(APIView):
    """A view that nothing the host sets for REST framework reaches."""

    authentication_classes: Sequence[type[authentication.BaseAuthentication]] = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = ()
    parser_classes = (AnyBody,)
    renderer_classes = (renderers.JSONRenderer,)
    content_negotiation_class = JSONWhateverIsAccepted
    versioning_class = None
    schema = None

    def get_exception_handler(self) -> Callable[[Exception, Any], Response | None]:
        """Answer errors by ourselves; a host's handler might make a 503 a 200."""
        return answer_error


class SezzleSignatureAuthentication(authentication.BaseAuthentication):
    """Lets a request in whose raw body one of the account's keys has signed."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str]:
        """Check the signature; needs no database."""
        account = request.parser_context["kwargs"].get("account", conf.DEFAULT_ACCOUNT)
        body = request._request.body
        if len(body) > MAX_BODY_BYTES:
            # Under ASGI a body may come without a Content-Length.
            raise BodyTooLarge
        try:
            verify(body, request.headers, account)
        except InvalidSignature as error:
            raise exceptions.AuthenticationFailed("The signature does not fit.") from error
        return AnonymousUser(), account

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is a 401."""
        return signature.HEADER


def verify(body: bytes, headers: Mapping[str, str], account: str) -> None:
    """
    Check that Sezzle signed this body for this account.

    :raises InvalidSignature: it did not; the log says what was wrong, the caller is not told.
    :raises NotConfigured: there is no usable key.
    """
    if account not in conf.account_names():
        raise Http404
    try:
        settings = conf.get_settings(account)
    except ConfigurationError as error:
        count("delivery", account=account, outcome="refused")
        logger.critical("account=%s webhook=refused: SEZZLE is not usable", account)
        raise NotConfigured from error
    header = headers.get(signature.HEADER)
    if not signature.is_signed(body, header, settings.signing_keys):
        count("delivery", account=account, outcome="refused")
        logger.error(
            "account=%s webhook=refused signature=%s: check PRIVATE_KEY; Sezzle ends a "
            "subscription whose deliveries fail for five days",
            account,
            "missing" if header is None else "wrong",
        )
        raise InvalidSignature("The signature does not fit.")


def worker_of(account: str) -> Callable[[SezzleWebhookEvent], None] | None:
    """Say who is given an account's events; None when they are processed as they come."""
    if conf.get_settings(account).webhooks == conf.INLINE:
        return None

    def enqueue(event: SezzleWebhookEvent) -> None:
        # Only a shop with a worker has the framework, and waits for its import.
        from django_sezzle import worker  # noqa: PLC0415

        worker.enqueue(event)

    return enqueue


class WebhookView(PinnedView):
    """
    Takes Sezzle's deliveries. Signed ones get 200, or 503 when Sezzle should send again.

    https://docs.sezzle.com/docs/api/core/webhooks/infov2webhooks
    """

    authentication_classes = (SezzleSignatureAuthentication,)
    http_method_names = ("post",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is no delivery, and a large body before anybody reads it; then check."""
        if str(request.method).lower() not in self.http_method_names:
            # Somebody looks at the address: no news about the key.
            self.http_method_not_allowed(request, *args, **kwargs)
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = MAX_BODY_BYTES + 1
        if length > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            super().initial(request, *args, **kwargs)
        except RequestDataTooBig as error:
            raise BodyTooLarge from error
        except UnreadablePostError as error:
            raise exceptions.ParseError from error

    def post(self, request: Request, account: str = conf.DEFAULT_ACCOUNT) -> Response:
        """Keep the delivery and act on it."""
        try:
            accepted = webhooks.receive(
                account, request._request.body, hand_over=worker_of(account)
            )
        except DatabaseError:
            # It could not be kept; Sezzle keeps it for us.
            count("delivery", account=account, outcome="not_kept")
            logger.critical("account=%s webhook=not_kept", account, exc_info=True)
            accepted = False
        status = HTTPStatus.OK if accepted else HTTPStatus.SERVICE_UNAVAILABLE
        return Response({"received": accepted}, status=status)


class StatusView(PinnedView):
    """
    Tells the waiting page where a payment stands.

    Whoever has the token may ask; the answer holds a word and the next address, nothing else.
    """

    http_method_names = ("get", "head")

    def get(self, request: Request, token: str) -> Response:
        """Look at the payment, at Sezzle too if that was not done just now."""
        arrival = look(find_payment(token))
        return Response(
            {"state": arrival.state.value, "next": arrival.next_url},
            headers={"Cache-Control": "no-store"},
        )
