"""
Settings of the example shop.

Without any environment the shop uses a SQLite file beside this module and pays through the
Sezzle emulator on this machine. With two sandbox keys in ``.env`` it pays through Sezzle's
sandbox; see ``.env.example``.
"""

from __future__ import annotations

from pathlib import Path

import django
import environ

from django_sezzle import conf
from example_project import csp

HERE = Path(__file__).resolve().parent

env = environ.Env()
env.read_env(HERE / ".env")

DEBUG = env.bool("DEBUG", default=True)
# A fixed key is good enough for a shop that only answers on this machine.
SECRET_KEY = env.str("SECRET_KEY", default="django-insecure-lantern-and-loom-on-a-desk")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
PORT = env.int("PORT", default=8000)
EMULATOR_PORT = env.int("EMULATOR_PORT", default=PORT + 1)

# Payment

SEZZLE = conf.from_env()
USES_EMULATOR = not SEZZLE.get("PUBLIC_KEY")
if USES_EMULATOR:
    SEZZLE = {
        "PUBLIC_KEY": "sz_pub_emulator",
        "PRIVATE_KEY": "sz_pr_emulator",
        "ENVIRONMENT": conf.SANDBOX,
        "GATEWAY_URL": f"http://127.0.0.1:{EMULATOR_PORT}",
        "UPCHARGES": True,
    }
# Every origin that the checkout's address may have: the emulator's, and Sezzle's.
CHECKOUT_ORIGINS = [SEZZLE["GATEWAY_URL"]] if USES_EMULATOR else []
CHECKOUT_ORIGINS += [
    f"https://{host}"
    for host in SEZZLE.get("CHECKOUT_HOSTS")
    or conf.CHECKOUT_HOSTS[SEZZLE.get("ENVIRONMENT", conf.SANDBOX)]
]
# Sezzle's script for pop-up and iframe; the emulator has a stand-in of it.
CHECKOUT_SCRIPT = (
    f"{SEZZLE['GATEWAY_URL']}/checkout.min.js" if USES_EMULATOR else conf.CHECKOUT_SCRIPT_URL
)
# With the uuid of a merchant, products show Sezzle's own price widget, which Sezzle's hosts serve.
WIDGET_MERCHANT_UUID = env.str("WIDGET_MERCHANT_UUID", default="")

# Django

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_sezzle",
    "example_project.shop",
]
SECURE_CSP = csp.policy(CHECKOUT_ORIGINS, CHECKOUT_SCRIPT, has_widget=bool(WIDGET_MERCHANT_UUID))
# Django's own "same-origin" cuts a page off from the window that it opens for Sezzle.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    (
        "django.middleware.csp.ContentSecurityPolicyMiddleware"
        if django.VERSION >= (6, 0)
        else "example_project.csp.ContentSecurityPolicyMiddleware"
    ),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "example_project.shop.context.shop",
            ],
        },
    },
]

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{HERE / '.demo' / 'shop.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Shopper, webhook and staff write at the same time; writers queue instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;",
    }
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
]
LOGIN_URL = "admin:login"
LANGUAGE_CODE = "en-us"
# The languages that Sezzle's checkout has, each in its own name.
LANGUAGES = [
    ("en-us", "English (US)"),
    ("en-ca", "English (Canada)"),
    ("fr-ca", "Français (Canada)"),
]
LOCALE_PATHS = [HERE / "locale"]
FORMAT_MODULE_PATH = ["example_project.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Other programs on this machine, such as a second demo, set cookies for the same host.
SESSION_COOKIE_NAME = f"lantern_session_{PORT}"
CSRF_COOKIE_NAME = f"lantern_csrf_{PORT}"
LANGUAGE_COOKIE_NAME = f"lantern_language_{PORT}"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"django_sezzle": {"handlers": ["console"], "level": "INFO"}},
}
