"""The settings of a host that does everything differently, all at once."""

from copy import deepcopy
from typing import Any

import django

from tests.settings import *  # noqa: F403
from tests.settings import DATABASE, INSTALLED_APPS, MIDDLEWARE, SEZZLE


def another(suffix: str) -> dict[str, Any]:
    """Describe one more database beside the first, on the same server."""
    database = deepcopy(DATABASE)
    database["ATOMIC_REQUESTS"] = True
    database["TEST"]["NAME"] += suffix
    return database


DATABASES = {"default": another(""), "shop": another("_shop"), "replica": another("_replica")}
DATABASE_ROUTERS = ["tests.hosts.routers.OneShop"]
AUTH_USER_MODEL = "people.Person"
USE_TZ = False
TIME_ZONE = "America/Toronto"

ROOT_URLCONF = "tests.hosts.urls"
LOGIN_URL = "desk:login"
WEBHOOK_PATH = "/till/sezzle/webhook/"
SHOPPER_PATH = "/till/sezzle/"

INSTALLED_APPS = [
    "tests.hosts.people",
    *(
        "tests.hosts.apps.DeskConfig" if app == "django.contrib.admin" else app
        for app in INSTALLED_APPS
    ),
]
MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"anon": "1/day", "user": "1/day"},
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.TemplateHTMLRenderer"],
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    "DEFAULT_VERSION": None,
    "ALLOWED_VERSIONS": ["1"],
    "EXCEPTION_HANDLER": "tests.webhooks.hosts.always_fine",
}

if django.VERSION >= (6, 0):
    MIDDLEWARE.append("django.middleware.csp.ContentSecurityPolicyMiddleware")
    CHECKOUT_HOSTS = ["https://checkout.sezzle.com", SEZZLE["GATEWAY_URL"]]
    SECURE_CSP = {"default-src": ["'self'"], "form-action": ["'self'", *CHECKOUT_HOSTS]}
