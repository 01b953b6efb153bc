"""System checks: what can be known to be wrong without asking anybody. Ids are ``sezzle.*``."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_sezzle import conf
from django_sezzle.models import SezzlePayment
from django_sezzle.signals import payment_authorized


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
