"""The page "Settlements": what Sezzle paid out in a period, asked when somebody wants to see it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from django_sezzle.admin.accounts import accounts_of
from django_sezzle.admin.money import MoneyPagesMixin
from django_sezzle.admin.results import TEXTS, code_for, said_by
from django_sezzle.conf import account_names
from django_sezzle.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayRejected,
    SezzleError,
)
from django_sezzle.gateway.messages import Malformed
from django_sezzle.gateway.messages.money import CURRENCIES, format_cents
from django_sezzle.gateway.messages.parsing import YEARS
from django_sezzle.models import SezzlePayment
from django_sezzle.services.settled import Finding, SettledOrder, SettledPayout
from django_sezzle.services.settlements import Period, settle

logger = logging.getLogger("django_sezzle.admin")

#: After so many seconds no further payout is asked for, and no call takes longer than these.
ASKING_SECONDS = 20
CALL_SECONDS = 10

#: The page shows so many orders and findings; the command shows all.
SHOWN = 500
LONGEST = timedelta(days=92)


class PeriodForm(forms.Form):
    """Which payouts: those of an account, made between two days."""

    account = forms.ChoiceField(label=gettext_lazy("Account"))
    first = forms.DateField(
        label=gettext_lazy("Paid out from"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=gettext_lazy("Paid out until"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        required=False,
        choices=[("", gettext_lazy("each")), *((code, code) for code in CURRENCIES)],
    )

    def __init__(self, *args: Any, accounts: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        account: Any = self.fields["account"]
        account.choices = [(name, name) for name in accounts]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins, is too long for a page, or of no use."""
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", _("The period ends before it begins."))
        elif first and last and last - first > LONGEST:
            self.add_error(
                "last",
                _("Choose at most %(days)d days; sezzle_settlements takes more.")
                % {"days": LONGEST.days},
            )
        elif first and last and not {first.year, last.year} <= {*YEARS}:
            self.add_error("first", _("Sezzle paid out nothing then; give a year of this age."))
        return given


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a payout in the page's words."""

    name: str
    url: str
    captured: str
    refunded: str
    #: Empty where no dispute took or gave anything.
    chargebacks: str
    fees: str
    net: str


@dataclass(slots=True)
class PayoutTable:
    """One payout, with the orders that are shown of it."""

    uuid: str
    day: str
    status: str
    net: str
    others: list[tuple[str, str]]
    rows: list[OrderRow] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What was found, as far as it is shown; ``error`` says why it is not all."""

    payouts: list[PayoutTable] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    orders: int = 0
    matched: int = 0
    not_matching: int = 0
    net: Counter[str] = field(default_factory=Counter)
    fees: Counter[str] = field(default_factory=Counter)
    error: str = ""

    @property
    def is_cut(self) -> bool:
        """Tell whether there is more than the page shows."""
        return self.orders > SHOWN or self.not_matching > SHOWN

    @property
    def totals(self) -> list[tuple[str, str]]:
        """Give what Sezzle kept, and what was paid, by currency."""
        return [
            (format_cents(self.fees[currency], currency), format_cents(net, currency))
            for currency, net in self.net.items()
        ]


class SettlementsPageMixin(MoneyPagesMixin):
    """Adds the page "Settlements" to an admin of payments."""

    settlements_template = "admin/django_sezzle/sezzlepayment/settlements.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_settlements"
        own = path("settlements/", self._own(self.settlements_view), name=name)
        return [own, *super().get_urls()]

    def may_see_settlements(self, request: HttpRequest) -> bool:
        """Tell whether the user holds the permission for it, and the one to see payments."""
        user: Any = request.user
        allowed = user.has_perm(f"{SezzlePayment._meta.app_label}.view_settlements")
        return bool(allowed and self.has_view_permission(request))

    def settlements_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a period (GET), or ask Sezzle what it paid out then (POST). Stores nothing."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._settlements)(request)

    def _settlements(self, request: HttpRequest) -> HttpResponse:
        if not self.may_see_settlements(request):
            raise PermissionDenied
        visible = accounts_of(request, self)
        accounts = [name for name in account_names() if visible is None or name in visible]
        report = None
        if request.method == "POST":
            form = PeriodForm(request.POST, accounts=accounts)
            if form.is_valid():
                chosen = form.cleaned_data
                logger.info(
                    "user=%s asks for settlements account=%s", request.user.pk, chosen["account"]
                )
                report = self._report(chosen)
        else:
            form = PeriodForm(accounts=accounts, initial=_last_month())
        return self._page(
            request,
            self.settlements_template,
            title=_("Settlements"),
            form=form,
            report=report,
            shown=SHOWN,
        )

    def _report(self, chosen: dict[str, Any]) -> Report:
        report = Report()
        ends_at = time.monotonic() + ASKING_SECONDS
        try:
            currencies = [chosen["currency"]] if chosen["currency"] else CURRENCIES
            period = Period(chosen["first"], chosen["last"], chosen["account"], currencies)
            for item in settle(period, seconds=CALL_SECONDS):
                self._add(report, item)
                if time.monotonic() > ends_at:
                    report.error = _("Sezzle took too long. Choose fewer days.")
                    break
        except (SezzleError, ConfigurationError) as error:
            logger.warning(
                "settlements account=%s error=%s", chosen["account"], type(error).__name__
            )
            report.error = _why_not_all(error)
        return report

    def _add(self, report: Report, item: SettledPayout | SettledOrder | Finding) -> None:
        if isinstance(item, SettledPayout):
            report.payouts.append(_table(item))
            report.net[item.sums.currency] += item.net_in_cents
            report.fees[item.sums.currency] += item.sums.fees_in_cents
        elif isinstance(item, SettledOrder):
            report.orders += 1
            report.matched += item.payment is not None
            if report.orders <= SHOWN:
                report.payouts[-1].rows.append(self._row(item))
        else:
            report.not_matching += 1
            if report.not_matching <= SHOWN:
                report.findings.append(item.message)

    def _row(self, item: SettledOrder) -> OrderRow:
        sums = item.sums
        lost = sums.chargebacks_in_cents
        return OrderRow(
            name=item.shop_reference or sums.reference_id or sums.sezzle_order_id,
            url=self._change_url(item.payment),
            captured=format_cents(sums.captured_in_cents, sums.currency),
            refunded=format_cents(sums.refunded_in_cents, sums.currency),
            chargebacks=format_cents(lost, sums.currency) if lost else "",
            fees=format_cents(sums.fees_in_cents, sums.currency),
            net=format_cents(sums.net_in_cents, sums.currency),
        )

    def _change_url(self, payment: SezzlePayment | None) -> str:
        if payment is None:
            return ""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
            args=[payment.pk],
            current_app=self.admin_site.name,
        )


def _why_not_all(error: SezzleError | ConfigurationError) -> str:
    """Say why Sezzle was not read to the end; the command gives the error's own words."""
    if isinstance(error, ConfigurationError):
        return _(
            "The settings of this account cannot be used. Tell whoever runs the shop; "
            "sezzle_doctor says what is wrong."
        )
    if isinstance(error.__cause__, Malformed):
        return _(
            "Sezzle's answer could not be read. Tell whoever runs the shop; sezzle_settlements "
            "says what is wrong with it."
        )
    if isinstance(error, GatewayRejected) and not isinstance(error, AuthenticationFailed):
        return " ".join([_refused(error), *said_by(error)])
    return str(TEXTS[code_for(error, was_recorded=False)])


def _refused(error: GatewayRejected) -> str:
    if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return _(
            "Sezzle does not give this account its settlements (HTTP %(status)d). Ask Sezzle's "
            "merchant support to open them; payments do not depend on it."
        ) % {"status": error.status}
    return _(
        "Sezzle refused the question (HTTP %(status)d). Choose other days, or one currency."
    ) % {"status": error.status}


def _table(payout: SettledPayout) -> PayoutTable:
    sums, summary = payout.sums, payout.summary
    return PayoutTable(
        uuid=summary.uuid,
        day=formats.date_format(summary.paid_at, "SHORT_DATE_FORMAT") if summary.paid_at else "",
        status=summary.status,
        net=format_cents(payout.net_in_cents, sums.currency),
        others=[(kind, format_cents(cents, sums.currency)) for kind, cents in sums.others.items()],
    )


def _last_month() -> dict[str, date]:
    last = timezone.now().date().replace(day=1) - timedelta(days=1)
    return {"first": last.replace(day=1), "last": last}
