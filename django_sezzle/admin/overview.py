"""The page "Sezzle": which merchant, whether everything needed is there, what needs attention."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from django_sezzle import health
from django_sezzle.admin.accounts import accounts_of
from django_sezzle.admin.money import MoneyPagesMixin
from django_sezzle.admin.support import DASHBOARDS
from django_sezzle.conf import account_names, get_settings, problems
from django_sezzle.gateway import known_merchant
from django_sezzle.health import Level, Symptom

#: After so many seconds no further account is asked about.
ASKING_SECONDS = 20

WORDS = {
    Level.GREEN: gettext_lazy("fine"),
    Level.YELLOW: gettext_lazy("look at it"),
    Level.RED: gettext_lazy("needs attention"),
}

#: What was looked at, in words; an unknown one is shown by its id.
SUBJECTS = {
    "settings": gettext_lazy("Settings"),
    "database": gettext_lazy("Database"),
    "keys": gettext_lazy("Keys"),
    "clock": gettext_lazy("Clock"),
    "subscription": gettext_lazy("Webhook subscription"),
    "events": gettext_lazy("Last event"),
    "reconcile": gettext_lazy("sezzle_reconcile"),
    "operations": gettext_lazy("Outcomes that are not known"),
    "reviews": gettext_lazy("Reviews"),
    "announcements": gettext_lazy("Facts the shop does not know"),
    "inbox": gettext_lazy("Webhook inbox"),
    "expiry": gettext_lazy("Authorizations that end soon"),
    "disputes": gettext_lazy("Disputes"),
    "worker": gettext_lazy("Worker"),
    "browser": gettext_lazy("Browsers"),
}


#: What is the same for every account, and tells nothing of any.
OF_THE_HOST = ("settings", "database")


@dataclass(frozen=True, slots=True)
class Finding:
    """A symptom in the page's words, with the list of what it counts."""

    symptom: Symptom
    subject: Any
    word: Any
    url: str


@dataclass(frozen=True, slots=True)
class Account:
    """One merchant account as configured; nobody is asked."""

    name: str
    environment: str
    merchant: str
    dashboard_url: str


class OverviewPageMixin(MoneyPagesMixin):
    """Adds the page "Sezzle" to an admin of payments."""

    change_list_template = "admin/django_sezzle/sezzlepayment/change_list.html"
    overview_template = "admin/django_sezzle/sezzlepayment/overview.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_overview"
        return [path("sezzle/", self._own(self.overview_view), name=name), *super().get_urls()]

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is known here (GET), or ask Sezzle too (POST). Changes nothing."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._overview)(request)

    def _overview(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        is_asked = request.method == "POST"
        visible = accounts_of(request, self)
        symptoms, is_complete = _examine(ask_sezzle=is_asked, only=visible)
        findings = [
            Finding(
                symptom,
                SUBJECTS.get(symptom.id, symptom.id),
                WORDS[symptom.level],
                self._list_of(symptom),
            )
            for symptom in sorted(symptoms, key=lambda s: _WORST_FIRST.index(s.level))
            if _concerns(symptom, visible)
        ]
        return self._page(
            request,
            self.overview_template,
            title=_("Sezzle"),
            findings=findings,
            accounts=[each for each in _accounts() if visible is None or each.name in visible],
            is_of_all=visible is None,
            is_asked=is_asked,
            is_complete=is_complete,
        )

    def _list_of(self, symptom: Symptom) -> str:
        """Give the address of the rows that a symptom counts; empty where there is no list."""
        if symptom.level is Level.GREEN:
            return ""
        app = self.opts.app_label
        name, query = {
            "operations": (f"{app}_{self.opts.model_name}_open", ""),
            "reviews": (f"{app}_{self.opts.model_name}_changelist", "?review=yes"),
            "expiry": (f"{app}_{self.opts.model_name}_changelist", "?ends=24"),
            "announcements": (f"{app}_sezzleannouncement_changelist", "?told=no"),
            "inbox": (f"{app}_sezzlewebhookevent_changelist", "?inbox=pending"),
            "disputes": (f"{app}_sezzledispute_changelist", "?dispute=soon"),
        }.get(symptom.id, ("", ""))
        try:
            return reverse(f"admin:{name}", current_app=self.admin_site.name) + query
        except NoReverseMatch:
            # The host registers that model elsewhere, or not at all.
            return ""


_WORST_FIRST = (Level.RED, Level.YELLOW, Level.GREEN)


def _examine(*, ask_sezzle: bool, only: Collection[str] | None) -> tuple[list[Symptom], bool]:
    """Examine, and say whether there was time for everything."""
    ends_at = time.monotonic() + ASKING_SECONDS
    found: list[Symptom] = []
    for symptom in health.examine(ask_sezzle=ask_sezzle, only=only):
        found.append(symptom)
        if time.monotonic() > ends_at:
            return found, False
    return found, True


def _concerns(symptom: Symptom, visible: Collection[str] | None) -> bool:
    """Whether it is for somebody who sees these accounts: no numbers of other ones, or of all."""
    if visible is None:
        return True
    return symptom.account in visible if symptom.account else symptom.id in OF_THE_HOST


def _accounts() -> Iterator[Account]:
    if any(True for _problem in problems()):
        # The findings say what is wrong.
        return
    for name in account_names():
        settings = get_settings(name)
        yield Account(
            name,
            settings.environment,
            known_merchant(settings) or "",
            DASHBOARDS.get(settings.environment, ""),
        )
