"""Whose rows somebody may see: those of all merchant accounts, or of the host's choice."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist

from django_sezzle.models import SezzlePayment

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest


class AccountsMixin:
    """Gives an admin of payments the method by which a host keeps accounts apart."""

    def accounts_for(self, request: HttpRequest) -> Collection[str] | None:
        """
        Name the merchant accounts whose rows the user may see and act on; None for all of them.

        Override it where not everybody who works at the desk works for every account::

            @admin.register(SezzlePayment)
            class PaymentAdmin(SezzlePaymentAdmin):
                def accounts_for(self, request):
                    if request.user.is_superuser:
                        return None
                    return [group.name for group in request.user.groups.all()]

        Every page of the site obeys it: lists and their filters, search, export, a payment's page
        and history, confirmations when shown and when sent, results, unknown outcomes, the
        overview, and the records of operations, announcements and events. A payment of another
        account does not exist for the user. It is asked several times for one page: keep it quick.
        """
        return None


def accounts_of(request: HttpRequest, shown_by: ModelAdmin[Any]) -> Collection[str] | None:
    """
    Ask which accounts the user may see; None for all of them.

    :param shown_by: the admin that shows the rows; one that is not about payments leaves the
        answer to the admin of payments on the same site.
    """
    payments: Any = shown_by
    site = shown_by.admin_site
    if not isinstance(shown_by, AccountsMixin) and site.is_registered(SezzlePayment):
        payments = site.get_model_admin(SezzlePayment)
    return payments.accounts_for(request) if isinstance(payments, AccountsMixin) else None


def of_accounts(rows: QuerySet[Any], accounts: Collection[str] | None) -> QuerySet[Any]:
    """Keep the rows of some accounts; a row that belongs to no account is of none of them."""
    if accounts is None:
        return rows
    path = _path_to_account(rows.model)
    return rows.filter(**{f"{path}__in": accounts}) if path else rows.none()


def _path_to_account(model: type[Model]) -> str:
    """Name the way from a model to the account's name; empty where there is none."""
    for path, column in (("account", "account"), ("payment__account", "payment")):
        try:
            model._meta.get_field(column)
        except FieldDoesNotExist:
            continue
        return path
    return ""
