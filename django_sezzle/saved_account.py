"""Where a shopper takes back that the shop may charge them again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from django_sezzle.exceptions import (
    ConfigurationError,
    GatewayUnavailable,
    OperationInProgress,
    SezzleError,
)
from django_sezzle.models import SezzleCustomer
from django_sezzle.services import forget_customer
from django_sezzle.services.locking import database, outside_transactions
from django_sezzle.views import SeeOther

logger = logging.getLogger("django_sezzle.views")


# It sends people to log in by itself, and knows where they come back to.
@method_decorator([login_not_required, never_cache], name="dispatch")
class ForgetSavedAccountView(View):
    """
    Removes a saved account of the shopper who is logged in, at Sezzle first.

    POST only, by primary key; another user's is as unknown as one that does not exist, also where
    both have the same account at Sezzle: each takes back what they agreed to. Doing it twice is
    fine. The form may name a page of the same site as ``next``, where the shopper goes
    afterwards with a message; without it they go to :attr:`next_url`.
    """

    http_method_names = ("post", "options")

    #: Where to go when the form names no page.
    next_url = "/"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Make the view, outside the request's transaction."""
        return outside_transactions(super().as_view(**initkwargs))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove it, and say whether it was."""
        user: Any = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            # Back to the page, not here: after a login comes a GET.
            return redirect_to_login(self._next(request))
        try:
            forget_customer(_own(user, pk), actor=user)
        except (SezzleError, ConfigurationError) as error:
            logger.warning("customer=%s removal=failed error=%s", pk, type(error).__name__)
            messages.error(request, _excuse(error), fail_silently=True)
        else:
            text = _(
                "Your saved Sezzle account was removed. We do not charge it for you any more. What "
                "you owe Sezzle for earlier orders stays as it is."
            )
            messages.success(request, text, fail_silently=True)
        return SeeOther(self._next(request))

    def _next(self, request: HttpRequest) -> str:
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return wanted if is_ours else self.next_url


def _own(user: Any, pk: int) -> SezzleCustomer:
    """
    Find a saved account of a user.

    :raises Http404: there is none of theirs; every miss looks the same.
    """
    try:
        return SezzleCustomer.objects.using(database()).get(pk=pk, user=user)
    except SezzleCustomer.DoesNotExist:
        raise Http404 from None


def _excuse(error: Exception) -> str:
    if isinstance(error, OperationInProgress):
        return _(
            "A payment with your saved Sezzle account is just under way. Nothing was removed. "
            "Please try again in a few minutes."
        )
    if isinstance(error, GatewayUnavailable):
        return _(
            "Sezzle gave no clear answer, so we do not know whether your saved account was "
            "removed. Please try again."
        )
    return _("Your saved Sezzle account could not be removed. Please contact us.")
