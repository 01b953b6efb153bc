"""The pages and the control API that the server offers beside the gateway."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .checkout_page import CheckoutPage
from .control import Control
from .dashboard import Dashboard
from .gateway import Emulator
from .html import stylesheet
from .messages import Request, Response

SAFE_METHODS = ("GET", "HEAD")
_CUSTOM_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")


class Site:
    """Everything under the server's address except ``/v2/``."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._checkout = CheckoutPage(emulator)
        self._dashboard = Dashboard(emulator)
        self._control = Control(emulator)

    def respond(self, request: Request) -> Response:
        """Answer a page or a control call, with headers that keep the page to itself."""
        response = self._route(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Content-Security-Policy"] = self._policy(request)
        return response

    def _route(self, request: Request) -> Response:
        if request.method not in SAFE_METHODS and not is_same_origin(request):
            return Response(403, {"Content-Type": "text/plain"}, b"From another site.\n")
        path = request.path
        if path == "/":
            return Response(302, {"Location": "/dashboard/"})
        if path == "/static/emulator.css":
            return Response(200, {"Content-Type": "text/css; charset=utf-8"}, stylesheet())
        if path.rstrip("/") == "/checkout":
            return self._checkout.respond(request)
        if path.startswith("/dashboard"):
            return self._dashboard.respond(request)
        if path.startswith("/emulator/"):
            return self._control.respond(request)
        return Response(404, {"Content-Type": "text/plain"}, b"No such page.\n")

    def _policy(self, request: Request) -> str:
        targets = "'self'"
        if request.path.rstrip("/") == "/checkout":
            # Browsers hold every redirect after a form to form-action, and the shop may well
            # send its shopper on to another host of its own; an app has a scheme of its own.
            schemes = sorted(s for s in self._checkout.schemes(request) if _CUSTOM_SCHEME.match(s))
            targets = " ".join(["'self'", *(f"{scheme}:" for scheme in schemes)])
        return (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action {targets}"
        )


def is_same_origin(request: Request) -> bool:
    """Return whether a change comes from our own pages, or from no web page at all."""
    site = request.header("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.header("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc == request.header("Host")
