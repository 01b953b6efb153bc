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
from django_sezzle.gateway.messages.money import Price, check_cents, format_cents
from django_sezzle.models import SezzlePayment
from django_sezzle.services.shipments import LONGEST_SHIPMENT, check_shipment

AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
TOTAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
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


class ShipmentField(forms.CharField):
    """The shop's number of a shipment, or nothing."""

    def clean(self, value: Any) -> Any:
        """Take the text without the spaces around it, if people can see all of it."""
        text = super().clean(value)
        try:
            check_shipment(text)
        except InvalidInput as error:
            raise forms.ValidationError(
                _("Write a shipment's number on one line, without signs that cannot be seen."),
                code="invalid",
            ) from error
        return text


class TotalField(forms.CharField):
    """A total as staff read it off the page, ``$1,234.50`` too; the cleaned value is cents."""

    def clean(self, value: Any) -> Any:
        """Turn the text into cents; None when it is no amount, which equals no total."""
        text = re.sub(r"[$,\s]|[A-Z]{3}$", "", super().clean(value))
        return Price.of(text, "USD").amount_in_cents if TOTAL.fullmatch(text) else None


class MoneyForm(forms.Form):
    """
    Amounts for some payments. ``form_id`` is made when the form is shown and comes back.

    :param confirm_above: a total of more cents than this must be typed; None for never.
    :param with_shipments: whether each payment may be given a shipment's number.
    """

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        help_text=_("Kept with each payment; not sent to Sezzle or the shopper."),
    )

    def __init__(
        self,
        *args: Any,
        payments: Iterable[SezzlePayment],
        confirm_above: int | None = None,
        with_shipments: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.payments = {payment.pk: payment for payment in payments}
        self.confirm_above = confirm_above
        for payment in self.payments.values():
            self.fields[f"amount-{payment.pk}"] = AmountField(
                label=_("Amount in %(currency)s for %(reference)s")
                % {"currency": payment.currency, "reference": payment.shop_reference},
                max_length=20,
                widget=forms.TextInput(
                    attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12}
                ),
            )
            if with_shipments:
                self.fields[f"shipment-{payment.pk}"] = ShipmentField(
                    label=_("Shipment for %(reference)s, if any")
                    % {"reference": payment.shop_reference},
                    required=False,
                    max_length=LONGEST_SHIPMENT,
                    widget=forms.TextInput(attrs={"autocomplete": "off", "size": 16}),
                )
        if confirm_above is not None:
            for currency in sorted({payment.currency for payment in self.payments.values()}):
                self.fields[f"total-{currency}"] = TotalField(
                    label=_("Type the total in %(currency)s") % {"currency": currency},
                    required=False,
                    max_length=30,
                    widget=forms.TextInput(
                        attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12}
                    ),
                )

    def clean(self) -> dict[str, Any]:
        """Compare a large total with what was typed for it."""
        cleaned = super().clean() or self.cleaned_data
        if self.confirm_above is None or self.errors:
            return cleaned
        for currency, cents in self.totals().items():
            if cents > self.confirm_above and cleaned[f"total-{currency}"] != cents:
                asked = _("To confirm it, type the total of the amounts above: %(total)s.")
                total = {"total": format_cents(cents, currency)}
                self.add_error(f"total-{currency}", asked % total)
        return cleaned

    def amount_field(self, payment: SezzlePayment) -> forms.BoundField:
        """Give the field of one payment."""
        return self[f"amount-{payment.pk}"]

    def shipment_field(self, payment: SezzlePayment) -> forms.BoundField | None:
        """Give the field of one payment's shipment, if shipments are asked for."""
        name = f"shipment-{payment.pk}"
        return self[name] if name in self.fields else None

    def shipment_for(self, payment: SezzlePayment) -> str:
        """Give the shipment's number typed for a payment. Only for a valid form."""
        return str(self.cleaned_data.get(f"shipment-{payment.pk}", ""))

    def typed_for(self, payment: SezzlePayment) -> int | None:
        """Give the whole cents typed for a payment; None when nothing was, or no amount."""
        if not self.is_bound:
            return None
        self.is_valid()
        cents: int | None = self.cleaned_data.get(f"amount-{payment.pk}")
        return cents

    def total_field(self, currency: str) -> forms.BoundField | None:
        """Give the field that the total of a currency is typed into, if totals are."""
        name = f"total-{currency}"
        return self[name] if name in self.fields else None

    def totals(self) -> dict[str, int]:
        """Add up the whole cents asked for, per currency. Only for amounts that are valid."""
        sums: dict[str, int] = {}
        for payment, cents in self.asked():
            sums[payment.currency] = sums.get(payment.currency, 0) + cents
        return sums

    def asked(self) -> list[tuple[SezzlePayment, int]]:
        """Pair each payment with the whole cents asked for. Only for a valid form."""
        return [
            (payment, self.cleaned_data[f"amount-{pk}"]) for pk, payment in self.payments.items()
        ]


def posted_payments(data: Mapping[str, Any]) -> list[int]:
    """Name the payments (primary keys) that posted data has an amount for, in its order."""
    found = (AMOUNT_FIELD.fullmatch(name) for name in data)
    return list(dict.fromkeys(int(match[1]) for match in found if match))
