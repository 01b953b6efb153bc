"""The pages and the control API that the server offers beside the gateway."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .checkout_page import CheckoutPage
from .control import Control
from .dashboard import Dashboard
from .gateway import Emulator
from .html import static
from .messages import Request, Response

SAFE_METHODS = ("GET", "HEAD")
STATIC = {
    "/static/emulator.css": ("emulator.css", "text/css; charset=utf-8"),
    "/static/checkout_done.js": ("checkout_done.js", "text/javascript; charset=utf-8"),
    # Where Sezzle's host for scripts has it.
    "/checkout.min.js": ("checkout.min.js", "text/javascript; charset=utf-8"),
}
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
        if path in STATIC:
            name, kind = STATIC[path]
            return Response(200, {"Content-Type": kind}, static(name))
        if is_checkout(request):
            return self._checkout.respond(request)
        if path.startswith("/dashboard"):
            return self._dashboard.respond(request)
        if path.startswith("/emulator/"):
            return self._control.respond(request)
        return Response(404, {"Content-Type": "text/plain"}, b"No such page.\n")

    def _policy(self, request: Request) -> str:
        targets, parent, scripts = "'self'", "'none'", ""
        if is_checkout(request):
            # Browsers hold every redirect after a form to form-action, and the shop may well
            # send its shopper on to another host of its own; an app has a scheme of its own.
            schemes = sorted(s for s in self._checkout.schemes(request) if _CUSTOM_SCHEME.match(s))
            targets = " ".join(["'self'", *(f"{scheme}:" for scheme in schemes)])
            parent = self._checkout.parent(request) or parent
            # Only the page at the end has one, which tells the shop's page.
            scripts = "script-src 'self'; " if request.method == "POST" else ""
        return (
            f"default-src 'none'; style-src 'self'; {scripts}base-uri 'none'; "
            f"frame-ancestors {parent}; form-action {targets}"
        )


def is_checkout(request: Request) -> bool:
    """Return whether the hosted checkout page is asked for."""
    return request.path.rstrip("/") == "/checkout"


def is_same_origin(request: Request) -> bool:
    """Return whether a change comes from our own pages, or from no web page at all."""
    site = request.header("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.header("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc == request.header("Host")
