"""
Django settings of our own tests: a small host with nothing unusual in it.

``DATABASE_URL`` chooses the database (SQLite when unset), ``ATOMIC_REQUESTS=1`` wraps every
request in a transaction.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import environ

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
# Runs beside each other on one server (another checkout, tox environment or process) must not
# share a test database.
RUN = os.environ.get("TOX_ENV_NAME") or f"pid{os.getpid()}"
RUN_ID = hashlib.sha256(f"{BASE_DIR} {RUN}".encode()).hexdigest()[:10]

DATABASE = env.db_url("DATABASE_URL", default="sqlite://:memory:")
DATABASE["ATOMIC_REQUESTS"] = env.bool("ATOMIC_REQUESTS", default=False)
DATABASE["TEST"] = {"NAME": f"test_sezzle_{RUN_ID}"}
if DATABASE["ENGINE"].endswith("sqlite3"):
    # A file, as threads with connections of their own cannot share a database in memory.
    DATABASE["TEST"]["NAME"] = f"{tempfile.gettempdir()}/test_sezzle_{RUN_ID}.sqlite3"
    # Seconds a writer waits for another one; a slow machine needs more than the usual 5.
    DATABASE["OPTIONS"] = {"timeout": 20}
if DATABASE["ENGINE"].endswith("mysql"):
    import pymysql

    pymysql.install_as_MySQLdb()
    DATABASE["TEST"]["CHARSET"] = "utf8mb4"
DATABASES = {"default": DATABASE}

DEBUG = False
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["shop.example", "testserver", "localhost", "127.0.0.1"]
ROOT_URLCONF = "tests.urls"
# Where tests.urls has the addresses that tests write out.
WEBHOOK_PATH = "/sezzle/webhook/"
SHOPPER_PATH = "/sezzle/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_sezzle",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SEZZLE = {
    "PUBLIC_KEY": "sz_pub_test",
    "PRIVATE_KEY": "sz_pr_test",
    "ENVIRONMENT": "sandbox",
    "GATEWAY_URL": "https://sezzle-emulator.test",
    "BASE_URL": "https://shop.example",
}
