"""Asking Sezzle for what was filled in at the till, once, and saying what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from django_sezzle import services
from django_sezzle.admin.in_store_form import InStoreForm, ReceiptForm
from django_sezzle.admin.results import TEXTS, code_for, said_by
from django_sezzle.exceptions import (
    AlreadyPaid,
    AuthenticationFailed,
    ConfigurationError,
    GatewayError,
    GatewayRejected,
    InvalidInput,
    OperationInProgress,
    SezzleError,
)
from django_sezzle.models import SezzlePayment
from django_sezzle.services.at_till import has_lost_link
from django_sezzle.services.in_store import ask_in_store, is_in_store
from django_sezzle.services.locking import database

#: The forms that were sent and what they asked for, in the session: ids, nothing of the shopper.
SENT_FORMS = "django_sezzle.in_store"
MOST_FORMS = 20

#: For the admin's log, which is in English: how the link got to the shopper.
_BY = {
    (True, True): "link by SMS and e-mail",
    (True, False): "link by SMS",
    (False, True): "link by e-mail",
    (False, False): "no link sent",
}


class Asked(NamedTuple):
    """What became of a form that Sezzle took."""

    payment: SezzlePayment
    is_new: bool
    text: str
    """For the message above the next page; empty when there is nothing to say."""
    for_log: str


def sent_before(request: HttpRequest, form: InStoreForm) -> int | None:
    """Find the payment (primary key) that this very form asked for already."""
    sent: dict[str, int] = dict(request.session.get(SENT_FORMS, []))
    return sent.get(form.cleaned_data["form_id"].hex)


def ask(
    request: HttpRequest, form: InStoreForm, *, change_url: Callable[[int], str]
) -> Asked | None:
    """
    Ask for what the form says. None when nothing came of it; the form then says why.

    :param change_url: gives the address of a payment's page.
    """
    before = _current(form)
    try:
        payment = ask_in_store(**form.asked(), base_url=request.build_absolute_uri("/"))
    except (SezzleError, ConfigurationError) as error:
        form.add_error(None, _why_not(error, form, change_url))
        return None
    _remember(request, form, payment)
    ways = _ways(form)
    if before is not None and before.order_uuid and before.pk == payment.pk:
        text = _("This was asked for before and still stands: no second link was sent.")
        return Asked(payment, is_new=False, text=text, for_log="")
    return Asked(
        payment,
        is_new=True,
        text=_sent(ways),
        for_log=(f"asked in store: {payment.shop_reference}, {form.price}, {_BY[ways]}"),
    )


def _current(form: InStoreForm) -> SezzlePayment | None:
    """Find the payment that the sale has."""
    rows = SezzlePayment.objects.using(database())
    return rows.current_for(form.cleaned_data["shop_reference"], form.account_name)


def _remember(request: HttpRequest, form: InStoreForm, payment: SezzlePayment) -> None:
    sent = [*request.session.get(SENT_FORMS, []), [form.cleaned_data["form_id"].hex, payment.pk]]
    request.session[SENT_FORMS] = sent[-MOST_FORMS:]


def _ways(form: InStoreForm) -> tuple[bool, bool]:
    """Tell whether Sezzle is to send the link by text message, and by e-mail."""
    return bool(form.cleaned_data["phone"]), bool(form.cleaned_data["email"])


def _sent(ways: tuple[bool, bool]) -> str:
    return {
        (True, True): _("Sezzle was asked to send the link by text message and by e-mail."),
        (True, False): _("Sezzle was asked to send the link by text message."),
        (False, True): _("Sezzle was asked to send the link by e-mail."),
        (False, False): "",
    }[ways]


def _why_not(error: Exception, form: InStoreForm, change_url: Callable[[int], str]) -> str:
    """Say what happened, whether anything moved, and what to do; only on the posted page."""
    if isinstance(error, AlreadyPaid):
        text = _("This sale has its payment already. Nothing was sent.")
        return _with_link(text, error.payment, change_url)
    if isinstance(error, OperationInProgress) and _is_about_charge(error):
        text = _(
            "A saved customer's charge for this sale is being checked. Nothing was sent: wait for "
            "it, and do not ask for the payment in another way."
        )
        return _with_link(text, error.payment, change_url)
    if isinstance(error, OperationInProgress):
        return _("Another till is just asking for this sale. Wait a moment, and send it again.")
    if isinstance(error, GatewayRejected) and not isinstance(error, AuthenticationFailed):
        text = _("Sezzle refused it: no link was sent, and no money moved.")
        return " ".join([text, *said_by(error)])
    if isinstance(error, GatewayError) and not isinstance(error, AuthenticationFailed):
        return _no_answer(form)
    if isinstance(error, InvalidInput):
        return _("Sezzle cannot take it as it is. Nothing was sent.")
    text = str(TEXTS[code_for(error, was_recorded=False)])
    return f"{text} {_('Nothing was sent.')}"


def _with_link(text: str, payment: SezzlePayment | None, change_url: Callable[[int], str]) -> str:
    if payment is None:
        return text
    address = change_url(payment.pk)
    return format_html('{} <a href="{}">{}</a>', text, address, _("Open that payment"))


def _is_about_charge(error: OperationInProgress) -> bool:
    """Whether a saved customer was charged for the sale, rather than another till asks for it."""
    charged = error.payment is not None and error.payment.customer_id is not None
    return charged or error.operation is not None


def _no_answer(form: InStoreForm) -> str:
    current = _current(form)
    if current is None or not has_lost_link(current):
        return _("Sezzle could not be reached. No money moved. Send it again in a moment.")
    return _(
        "Sezzle gave no clear answer, so a link may or may not have been sent. No money moved. "
        "Send it again in a moment: that sends another link, and the shopper must use the newest "
        "one only. What is paid by the earlier one shows up for review."
    )


def name_receipt(payment: SezzlePayment, form: ReceiptForm) -> bool:
    """Give the payment the receipt's number. Otherwise the form says why not."""
    if not is_in_store(payment):
        form.add_error("receipt", _no_receipt_now())
        return False
    try:
        services.set_reference(payment, form.cleaned_data["receipt"])
    except (SezzleError, ConfigurationError) as error:
        payment.refresh_from_db()
        written = (payment.reference_id, payment.reference_confirmed)
        is_kept = written == (form.cleaned_data["receipt"], False)
        form.add_error("receipt", _why_no_receipt(error, is_kept=is_kept))
        return False
    return True


def _why_no_receipt(error: Exception, *, is_kept: bool) -> str:
    """
    Say why Sezzle does not have the number, and whether we do.

    :param is_kept: it was written down here; what fails before that leaves the old one.
    """
    if isinstance(error, InvalidInput):
        return _("Another payment has this number. Nothing was changed.")
    if isinstance(error, AuthenticationFailed):
        kept = _("The number is kept here.") if is_kept else _("Nothing was changed.")
        return f"{TEXTS['keys']} {kept}"
    if isinstance(error, GatewayRejected):
        refused = _("Sezzle refused it; nothing was changed.")
        text = _("The number is kept here, but Sezzle refused it.") if is_kept else refused
        return " ".join([text, *said_by(error)])
    if isinstance(error, GatewayError) and is_kept:
        return _("The number is kept here, but Sezzle could not be reached. Save it again.")
    if isinstance(error, GatewayError):
        return _("Sezzle could not be reached. Nothing was changed: save it again in a moment.")
    return _no_receipt_now()


def _no_receipt_now() -> str:
    return _("This payment takes no receipt number now. Nothing was changed.")
