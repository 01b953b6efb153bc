"""Which merchant accounts a till works for: those that the admin shows its user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from rest_framework.request import Request

from django_sezzle.models import SezzlePayment


def works_for(request: Request, account: str) -> bool:
    """
    Tell whether whoever asks may see and act on an account's payments.

    The host says so in one place, ``accounts_for`` of its admin of payments. Where several admin
    sites have one, all of them have to agree.
    """
    visible = [page.accounts_for(request._request) for page in _admins_of_payments()]
    return all(accounts is None or account in accounts for accounts in visible)


def _admins_of_payments() -> Iterator[Any]:
    if not apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin.sites import all_sites  # noqa: PLC0415 - only where it is installed

    for site in all_sites:
        page = site.get_model_admin(SezzlePayment) if site.is_registered(SezzlePayment) else None
        if hasattr(page, "accounts_for"):
            yield page
