"""Hosts whose settings would break a view that relies on defaults; each changes one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.versioning import AcceptHeaderVersioning
from rest_framework.views import APIView

Host = Callable[[Any, pytest.MonkeyPatch], None]


class OncePerDay(AnonRateThrottle):
    """Lets one stranger's request a day through."""

    rate = "1/day"


class OnlyVersionOne(AcceptHeaderVersioning):
    """Knows one version of the host's own API, and wants it named."""

    allowed_versions = ("1",)
    default_version = None


def always_fine(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer every error with 200, as some hosts do for their own apps."""
    return Response({"code": 1, "error": str(exc)}, status=200)


def defaults(**attributes: Any) -> Host:
    """Set REST framework's defaults, which it reads into APIView when it is imported."""

    def apply(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in attributes.items():
            monkeypatch.setattr(APIView, name, value)

    return apply


def framework(**values: Any) -> Host:
    """Set what REST framework looks up whenever it is needed."""

    def apply(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.REST_FRAMEWORK = values

    return apply


def middleware(name: str) -> Host:
    """Add a middleware at the end."""

    def apply(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
        settings.LOGIN_URL = "/login/"

    return apply


def no_messages(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take Django's messages away."""
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if "messages" not in a]
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "messages" not in m]
    (engine,) = settings.TEMPLATES
    options = engine["OPTIONS"] | {"context_processors": []}
    settings.TEMPLATES = [engine | {"OPTIONS": options}]


def bare(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no middleware at all."""
    settings.MIDDLEWARE = []


HOSTS: dict[str, Host] = {
    "nothing unusual": lambda settings, monkeypatch: None,
    "login for its API": defaults(
        permission_classes=[IsAuthenticated], authentication_classes=[SessionAuthentication]
    ),
    "one call a day": defaults(throttle_classes=[OncePerDay]),
    "versions": defaults(versioning_class=OnlyVersionOne),
    "forms only": defaults(parser_classes=[FormParser]),
    "pages only": defaults(
        renderer_classes=[TemplateHTMLRenderer],
        content_negotiation_class=DefaultContentNegotiation,
    ),
    "errors are fine": framework(EXCEPTION_HANDLER="tests.webhooks.hosts.always_fine"),
    "login everywhere": middleware("django.contrib.auth.middleware.LoginRequiredMiddleware"),
    "no messages": no_messages,
    "no middleware": bare,
}
