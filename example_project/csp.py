"""The Content-Security-Policy of the shop, and its header for Django before 6.0."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

#: Where Sezzle's own price widget and its pictures come from.
WIDGET_SCRIPTS = "https://widget.sezzle.com"
WIDGET_PICTURES = "https://media.sezzle.com"


def policy(
    checkout_hosts: Iterable[str], checkout_script: str, *, has_widget: bool = False
) -> dict[str, list[str]]:
    """
    Write down what pages may load: the shop's own files, and no script or style in the page.

    :param checkout_hosts: origins that a form may lead to, and a frame may show. Browsers look at
        the redirect after a form too, so "Pay with Sezzle" needs the checkout's origin here.
    :param checkout_script: the script that opens Sezzle's checkout in a window or a frame.
    :param has_widget: a page shows Sezzle's own price widget.
    """
    scripts, pictures = ([WIDGET_SCRIPTS], [WIDGET_PICTURES]) if has_widget else ([], [])
    return {
        "default-src": ["'none'"],
        "script-src": ["'self'", checkout_script, *scripts],
        "frame-src": [*checkout_hosts],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *pictures],
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
