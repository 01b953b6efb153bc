"""Removing saved customers at Sezzle: the page that asks, and a result for each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from django_sezzle.admin.money import SeeOther
from django_sezzle.admin.readonly import ReadOnlyAdminMixin
from django_sezzle.admin.results import Kind
from django_sezzle.conf import get_settings
from django_sezzle.exceptions import (
    ConfigurationError,
    GatewayRejected,
    GatewayUnavailable,
    OperationInProgress,
    SezzleError,
)
from django_sezzle.models import SezzleCustomer
from django_sezzle.services import forget_customer
from django_sezzle.services.locking import outside_transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.urls import URLPattern

#: After so many seconds no further customer is begun: servers stop a request that takes longer.
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one customer."""

    customer: SezzleCustomer
    kind: Kind
    headline: str
    text: str = ""


class RemovalPagesMixin(ReadOnlyAdminMixin):
    """Adds the page on which staff confirm that saved customers are removed."""

    ask_template = "admin/django_sezzle/sezzlecustomer/remove.html"
    result_template = "admin/django_sezzle/sezzlecustomer/removed.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page before the admin's own, of which the last one takes every path."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_remove"
        return [path("remove/", self._own(self.remove_view), name=name), *super().get_urls()]

    def _own(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            checked: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
            return checked(request, *args, **kwargs)

        update_wrapper(wrapper, view)
        return outside_transactions(wrapper)

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may remove saved customers."""
        user: Any = request.user
        return bool(user.has_perm(f"{self.opts.app_label}.forget_sezzlecustomer"))

    def removal_url(self, pks: Iterable[int]) -> str:
        """Give the address of the page that asks, for some customers (primary keys)."""
        address = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_remove",
            current_app=self.admin_site.name,
        )
        return f"{address}?ids={','.join(str(pk) for pk in pks)}"

    def ask_to_remove(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Go to the page that asks; stay when they are too many."""
        limit = get_settings().bulk_limit
        pks = list(queryset.values_list("pk", flat=True)[: limit + 1])
        if len(pks) > limit:
            text = _("Choose at most %(limit)d at a time. Nothing was removed.") % {"limit": limit}
            self.message_user(request, text, messages.ERROR)
            return None
        return SeeOther(self.removal_url(pks))

    def remove_view(self, request: HttpRequest) -> HttpResponse:
        """Ask whether it is meant (GET), or remove them and show a result for each (POST)."""
        return require_http_methods(["GET", "HEAD", "POST"])(self._remove)(request)

    def _remove(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_forget_permission(request)):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        pks = _numbers(given.get("ids", ""))[: get_settings().bulk_limit]
        rows = self.get_queryset(request).filter(pk__in=pks).select_related("user")
        customers = list(rows.order_by("-pk"))
        if not customers:
            return SeeOther(self._list_url())
        if request.method == "POST":
            results = self._remove_each(request, customers)
            title = _("Saved customers: what was removed")
            return self._page(request, self.result_template, title=title, results=results)
        title = ngettext(
            "Remove %(count)d saved customer", "Remove %(count)d saved customers", len(customers)
        )
        return self._page(
            request,
            self.ask_template,
            title=title % {"count": len(customers)},
            customers=customers,
            ids=",".join(str(customer.pk) for customer in customers),
        )

    def _remove_each(self, request: HttpRequest, customers: list[SezzleCustomer]) -> list[Result]:
        ends_at = time.monotonic() + SECONDS
        results = []
        user: Any = request.user
        for customer in customers:
            if time.monotonic() >= ends_at:
                text = _("Nothing was sent. Choose it again.")
                result = Result(customer, Kind.UNSENT, _("No time left"), text)
            else:
                result = remove(customer, user)
                self.log_change(request, customer, f"saved customer, removal: {result.kind.value}")
            results.append(result)
        return results

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "list_url": self._list_url(),
                **context,
            },
        )

    def _list_url(self) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            current_app=self.admin_site.name,
        )


def remove(customer: SezzleCustomer, actor: AbstractBaseUser) -> Result:
    """Remove one customer, and say in people's words what became of it."""
    if customer.forgotten_at is not None:
        return Result(customer, Kind.DONE, _("Removed before"), _("Nothing was sent again."))
    try:
        forget_customer(customer, actor=actor)
    except OperationInProgress:
        text = _(
            "A payment of this customer is under way or being checked. Nothing was sent. "
            "Try again in a few minutes."
        )
        return Result(customer, Kind.UNSENT, _("Not removed"), text)
    except GatewayUnavailable:
        text = _("Sezzle could not be reached. Try again: doing it twice is fine.")
        return Result(customer, Kind.UNKNOWN, _("Not known"), text)
    except GatewayRejected as error:
        text = _("Sezzle refused (%(code)s). Nothing was removed.") % {"code": error.code or "-"}
        return Result(customer, Kind.REFUSED, _("Not removed"), text)
    except (SezzleError, ConfigurationError):
        text = _(
            "The shop is not configured for the account, environment or merchant of this "
            "customer. Nothing was sent."
        )
        return Result(customer, Kind.UNSENT, _("Not removed"), text)
    text = _("The shop cannot charge this customer any more.")
    return Result(customer, Kind.DONE, _("Removed"), text)


def _numbers(given: str) -> list[int]:
    """Take primary keys from an address; what is none is left out."""
    parts = given.split(",")[:10_000]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]
