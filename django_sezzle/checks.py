"""System checks: what can be known to be wrong without asking anybody. Ids are ``sezzle.*``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import django
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_sezzle import conf
from django_sezzle.models import SezzlePayment
from django_sezzle.signals import payment_authorized

#: The module of the tasks framework: a part of Django since 6.0, a package of its own before.
FRAMEWORK = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"

BACKENDS_WITHOUT_WORKER = {
    "ImmediateBackend": "It processes events while Sezzle waits for the answer.",
    "DummyBackend": "It processes nothing; sezzle_reconcile does, minutes later.",
}


@register("sezzle")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report every value of ``SEZZLE`` that cannot be used."""
    return [Error(found.message, hint=found.hint, id=found.id) for found in conf.problems()]


@register(Tags.security, deploy=True)
def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Report what is fine on a desk and not in public."""
    if list(conf.problems()):
        return []
    found: list[CheckMessage] = []
    for account in conf.account_names():
        found += _of_account(conf.get_settings(account))
    if "*" in django_settings.ALLOWED_HOSTS and not conf.get_settings().base_url:
        found.append(
            Warning(
                "ALLOWED_HOSTS lets every host in, and SEZZLE has no BASE_URL.",
                hint="A forged Host header could decide where shoppers come back to. Set one.",
                id="sezzle.W001",
            )
        )
    return found + _content_security_policy()


@register("sezzle", deploy=True)
def check_receivers(**kwargs: Any) -> list[CheckMessage]:
    """Report a shop that would not hear of its payments."""
    if payment_authorized.has_listeners(SezzlePayment):
        return []
    return [
        Warning(
            "Nothing listens to payment_authorized, so the shop is not told of payments.",
            hint="Connect a receiver where every process imports it, such as models.py: a fact "
            "that is told to nobody counts as told.",
            id="sezzle.W006",
        )
    ]


@register("sezzle")
def check_worker(**kwargs: Any) -> list[CheckMessage]:
    """Report that events cannot be given to a worker."""
    accounts = conf.accounts_with_worker()
    if accounts and find_spec(FRAMEWORK) is None:
        return [
            Error(
                f'SEZZLE["WEBHOOKS"] is "task", and {FRAMEWORK} cannot be imported.',
                hint='Install "django-sezzle[tasks]" (before Django 6.0), or say "inline".',
                id="sezzle.E021",
            )
        ]
    found: list[CheckMessage] = []
    for account in accounts:
        try:
            _backend_of(account)
        except Exception as error:  # noqa: BLE001 - a backend's own libraries may raise anything
            found.append(
                Error(
                    f"Events of the {account} account cannot be enqueued: "
                    f"{type(error).__name__}: {error}",
                    hint="Correct TASK_BACKEND and TASK_QUEUE in SEZZLE, or TASKS.",
                    id="sezzle.E022",
                )
            )
    return found


@register("sezzle", deploy=True)
def check_worker_apart(**kwargs: Any) -> list[CheckMessage]:
    """Report backends for development, where there is no worker."""
    if check_worker():
        return []
    return [
        Warning(
            f"Events of the {account} account are enqueued, and the backend is {kind}.",
            hint=f"{what} Choose a backend with a worker in TASKS, or say WEBHOOKS "
            '"inline": Sezzle then repeats what could not be processed.',
            id="sezzle.W007",
        )
        for account in conf.accounts_with_worker()
        for kind, what in BACKENDS_WITHOUT_WORKER.items()
        if kind in _bases(_backend_of(account))
    ]


def _backend_of(account: str) -> object:
    # Only a shop with a worker has the framework, and waits for its import.
    from django_sezzle import worker  # noqa: PLC0415

    return worker.task_of(account).get_backend()


def _bases(backend: object) -> list[str]:
    """Name a backend's classes; those of Django and of django-tasks have the same names."""
    return [each.__name__ for each in type(backend).__mro__]


def _of_account(settings: conf.Settings) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    live = settings.environment == conf.PRODUCTION
    if live and settings.base_url and not settings.base_url.startswith("https://"):
        found.append(
            Warning(
                f"The BASE_URL of the {settings.account} account is not https.",
                hint="Sezzle sends shoppers and webhooks there.",
                id="sezzle.W002",
            )
        )
    for name, key, prefix in (
        ("PUBLIC_KEY", settings.public_key, "sz_pub_"),
        ("PRIVATE_KEY", settings.private_key, "sz_pr_"),
    ):
        if not key.startswith(prefix):
            found.append(
                Warning(
                    f"The {name} of the {settings.account} account does not start with {prefix}.",
                    hint="Perhaps the two keys were swapped.",
                    id="sezzle.W003",
                )
            )
    if live and django_settings.DEBUG:
        found.append(
            Warning(
                f"DEBUG is on while the {settings.account} account takes real money.",
                hint="Error pages with DEBUG show what shoppers typed.",
                id="sezzle.W004",
            )
        )
    return found


def _content_security_policy() -> list[CheckMessage]:
    policy = getattr(django_settings, "SECURE_CSP", None) or {}
    allowed = policy.get("form-action")
    if allowed is None or allowed is False:
        return []
    # Django takes one source, or several in a list, a tuple or a set.
    sources = [
        str(one) for one in (allowed if isinstance(allowed, (list, tuple, set)) else [allowed])
    ]
    hosts = {
        host for name in conf.account_names() for host in conf.get_settings(name).checkout_hosts
    }
    missing = sorted(host for host in hosts if not any(_lets_in(one, host) for one in sources))
    if not missing:
        return []
    return [
        Warning(
            'SECURE_CSP["form-action"] keeps browsers from going on to Sezzle\'s checkout.',
            hint=f"Browsers check the redirect after a form too. Add: {', '.join(missing)}.",
            id="sezzle.W005",
        )
    ]


def _lets_in(source: str, host: str) -> bool:
    """Whether a source of a content security policy covers https pages of a host."""
    if source in ("*", "https:"):
        return True
    covered = source.partition("://")[2] or source
    covered = covered.partition("/")[0].lower()
    if covered.startswith("*."):
        return host.endswith(covered[1:])
    return covered == host
