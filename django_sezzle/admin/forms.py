"""The confirmation form: an amount per payment, one reason, and the id of the form itself."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway.messages.money import Price, check_cents
from django_sezzle.models import SezzlePayment

AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
AMOUNT_FIELD = re.compile(r"amount-([0-9]{1,18})")
REASON_LENGTH = 200


def request_id_for(form_id: uuid.UUID, payment_pk: int) -> str:
    """
    Make the request id that a shown form gives to a payment.

    The form is random and its rows follow from it, so that a form sent twice asks for the same
    thing twice, and the page of results can be found again by the form and the payments.
    """
    digest = hashlib.sha256(form_id.bytes + str(payment_pk).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def dollars(amount_in_cents: int) -> str:
    """Write cents as an amount field takes them: ``1234.50``."""
    whole, rest = divmod(amount_in_cents, 100)
    return f"{whole}.{rest:02d}"


class AmountField(forms.CharField):
    """Dollars as text, taken exactly; the cleaned value is whole cents."""

    default_error_messages = {
        "required": _("Give an amount."),
        "invalid": _("Write dollars and cents like 1234.50, without any other sign."),
        "size": _("The amount must be at least 0.01, and at most 21474836.47."),
    }

    def clean(self, value: Any) -> Any:
        """Turn the text into cents."""
        text = super().clean(value)
        if not AMOUNT.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            # The currency does not change how cents are counted; both have two decimals.
            return check_cents(Price.of(text, "USD").amount_in_cents)
        except InvalidInput as error:
            raise forms.ValidationError(self.error_messages["size"], code="size") from error


class MoneyForm(forms.Form):
    """Amounts for some payments. ``form_id`` is made when the form is shown and comes back."""

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        help_text=_("Kept with each payment; not sent to Sezzle or the shopper."),
    )

    def __init__(self, *args: Any, payments: Iterable[SezzlePayment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payments = {payment.pk: payment for payment in payments}
        for payment in self.payments.values():
            self.fields[f"amount-{payment.pk}"] = AmountField(
                label=_("Amount in %(currency)s for %(reference)s")
                % {"currency": payment.currency, "reference": payment.shop_reference},
                max_length=20,
                widget=forms.TextInput(
                    attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12}
                ),
            )

    def amount_field(self, payment: SezzlePayment) -> forms.BoundField:
        """Give the field of one payment."""
        return self[f"amount-{payment.pk}"]

    def asked(self) -> list[tuple[SezzlePayment, int]]:
        """Pair each payment with the whole cents asked for. Only for a valid form."""
        return [
            (payment, self.cleaned_data[f"amount-{pk}"]) for pk, payment in self.payments.items()
        ]


def posted_payments(data: Mapping[str, Any]) -> list[int]:
    """Name the payments (primary keys) that posted data has an amount for, in its order."""
    found = (AMOUNT_FIELD.fullmatch(name) for name in data)
    return list(dict.fromkeys(int(match[1]) for match in found if match))
