"""
What the host lets browsers do, for the ways in which Sezzle's checkout was shown lately.

Only settings are looked at: headers that a host writes in another way are not known here, and
nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from django_sezzle.conf import account_names, get_settings
from django_sezzle.gateway import CheckoutMode
from django_sezzle.health.report import Level, Symptom
from django_sezzle.models import SezzlePayment
from django_sezzle.services.locking import database

#: So many of the newest payments tell which modes are in use.
RECENT = 100

SECURITY_MIDDLEWARE = "django.middleware.security.SecurityMiddleware"

#: Which rule a browser takes for each kind of thing: the first that is there. A form that leads
#: nowhere in particular has no other.
FALLBACKS = {
    "form-action": ("form-action",),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "script-src": ("script-src-elem", "script-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A content security policy, and the setting it stands in."""

    setting: str
    rules: Mapping[str, Any]

    def missing(self, kind: str, sources: Collection[str]) -> list[str]:
        """Name what the policy keeps out; nothing where it has no rule."""
        name = next((each for each in FALLBACKS[kind] if self._has(each)), None)
        allowed = self._sources(name) if name else ["*"]
        if kind == "script-src" and any("nonce" in each.lower() for each in allowed):
            # {% sezzle_assets %} gives its scripts the nonce.
            return []
        return sorted(each for each in sources if not any(_lets_in(one, each) for one in allowed))

    def _has(self, name: str) -> bool:
        # Django and django-csp leave a rule out that is None or False.
        return self.rules.get(name) not in (None, False)

    def _sources(self, name: str) -> list[str]:
        given = self.rules[name]
        return [str(each) for each in (given if isinstance(given, (list, tuple, set)) else [given])]


def examine() -> Iterator[Symptom]:
    """Look at the newest payments, by one statement, and at what their pages are allowed."""
    modes, accounts = _lately()
    in_page = modes - {CheckoutMode.REDIRECT}
    found = [
        *(_opener() if CheckoutMode.POPUP in modes else ()),
        *(symptom for policy in _policies() for symptom in _kept_out(policy, modes, accounts)),
    ]
    yield from found
    if in_page and not found:
        message = _("Pages may show Sezzle's checkout as they did lately (%(modes)s).")
        shown = message % {"modes": ", ".join(sorted(in_page))}
        yield Symptom("browser", Level.GREEN, shown)


def _lately() -> tuple[set[str], set[str]]:
    """Find the modes of the newest payments, and the accounts that they belong to."""
    rows = SezzlePayment.objects.using(database()).filter(is_checkout=True).order_by("-pk")
    found = list(rows.values_list("checkout_mode", "account")[:RECENT])
    known = set(account_names())
    return (
        {mode or CheckoutMode.REDIRECT.value for mode, _account in found},
        {account for _mode, account in found if account in known},
    )


def _opener() -> Iterator[Symptom]:
    is_sent = SECURITY_MIDDLEWARE in django_settings.MIDDLEWARE
    if is_sent and django_settings.SECURE_CROSS_ORIGIN_OPENER_POLICY == "same-origin":
        yield Symptom(
            "browser",
            Level.YELLOW,
            _(
                "Sezzle's window cannot speak to the page that opened it: "
                "SECURE_CROSS_ORIGIN_OPENER_POLICY is 'same-origin'."
            ),
            _(
                "Set it to 'same-origin-allow-popups'. Payments arrive all the same; the page "
                "behind the window learns of them only when the shopper looks at it again."
            ),
        )


def _policies() -> Iterator[Policy]:
    """Find the policies of Django 6, of django-csp 4, and of django-csp before that."""
    if own := getattr(django_settings, "SECURE_CSP", None):
        yield Policy("SECURE_CSP", own)
    if theirs := getattr(django_settings, "CONTENT_SECURITY_POLICY", None):
        yield Policy("CONTENT_SECURITY_POLICY", theirs.get("DIRECTIVES", {}))
    names = {name for chain in FALLBACKS.values() for name in chain}
    older = {
        name: getattr(django_settings, f"CSP_{name.upper().replace('-', '_')}", None)
        for name in names
    }
    if any(older.values()):
        if "script-src" in (getattr(django_settings, "CSP_INCLUDE_NONCE_IN", None) or ()):
            older["script-src"] = ["'nonce-...'"]
        yield Policy("CSP_...", older)


def _kept_out(
    policy: Policy, modes: Collection[str], accounts: Collection[str]
) -> Iterator[Symptom]:
    configured = [get_settings(account) for account in accounts]
    checkouts = {host for settings in configured for host in settings.checkout_hosts}
    scripts = {urlsplit(settings.checkout_script_url).netloc for settings in configured}
    in_page = set(modes) - {CheckoutMode.REDIRECT}
    needed = {
        # Every mode can end in the redirect. What Django's own policy lacks, sezzle.W005 says.
        "form-action": checkouts if policy.setting != "SECURE_CSP" else (),
        "frame-src": checkouts if CheckoutMode.IFRAME in modes else (),
        "script-src": scripts if in_page else (),
        "connect-src": ["'self'"] if in_page else (),
    }
    for kind, sources in needed.items():
        if missing := policy.missing(kind, sources):
            yield _symptom(policy, kind, missing)


def _symptom(policy: Policy, kind: str, missing: list[str]) -> Symptom:
    # Without the script, or its question to the shop, the shopper is redirected instead.
    level = Level.RED if kind in ("form-action", "frame-src") else Level.YELLOW
    consequence = (
        _("Shoppers cannot go on to Sezzle.")
        if level is Level.RED
        else _("Shoppers are redirected to Sezzle instead.")
    )
    message = _("%(setting)s keeps browsers from Sezzle's checkout (%(kind)s). %(consequence)s")
    return Symptom(
        "browser",
        level,
        message % {"setting": policy.setting, "kind": kind, "consequence": consequence},
        _("Add to %(kind)s: %(missing)s.") % {"kind": kind, "missing": ", ".join(missing)},
    )


def _lets_in(source: str, wanted: str) -> bool:
    """Whether a source of a policy covers a host, or our own pages (``'self'``)."""
    if source == "*" or source == wanted:
        return True
    if wanted.startswith("'"):
        return False
    if source == "https:":
        return True
    host = (source.partition("://")[2] or source).partition("/")[0].lower()
    return wanted.endswith(host[1:]) if host.startswith("*.") else host == wanted
