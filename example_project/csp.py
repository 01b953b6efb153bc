"""The Content-Security-Policy of the shop, and its header for Django before 6.0."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def policy(checkout_hosts: Iterable[str], checkout_script: str) -> dict[str, list[str]]:
    """
    Write down what pages may load: the shop's own files, and no script or style in the page.

    :param checkout_hosts: origins that a form may lead to, and a frame may show. Browsers look at
        the redirect after a form too, so "Pay with Sezzle" needs the checkout's origin here.
    :param checkout_script: the script that opens Sezzle's checkout in a window or a frame.
    """
    return {
        "default-src": ["'none'"],
        "script-src": ["'self'", checkout_script],
        "frame-src": [*checkout_hosts],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", *checkout_hosts],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


class ContentSecurityPolicyMiddleware:
    """Send ``SECURE_CSP`` as a header, as Django itself does from 6.0 on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        rules: dict[str, list[str]] = settings.SECURE_CSP
        self.header = "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header to the answer."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.header)
        return response
