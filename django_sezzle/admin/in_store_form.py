"""The forms of a till: who is asked for how much, and the number of the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from django_sezzle.admin.forms import AmountField
from django_sezzle.gateway import Price
from django_sezzle.gateway.messages.checkout import REFERENCE
from django_sezzle.gateway.messages.money import CURRENCIES
from django_sezzle.models.fields import REFERENCE_LENGTH
from django_sezzle.services.checkout import MINIMUM_IN_CENTS
from django_sezzle.services.closing import LONGEST_REFERENCE
from django_sezzle.services.in_store import (
    ENGLISH,
    FRENCH,
    LONGEST_EMAIL,
    normalized_email,
    normalized_phone,
)

LONGEST_DESCRIPTION = 200

#: A field only looks for its pattern somewhere in the text.
ONLY_REFERENCE = rf"\A{REFERENCE.pattern}\Z"

#: Whoever stands at the till next must not be offered what the last shopper gave.
NOT_KEPT = {"autocomplete": "off"}


class InStoreForm(forms.Form):
    """
    What a shopper in the store is asked for. ``form_id`` is made when the form is shown.

    Phone and e-mail go to Sezzle and nowhere else: they are in the posted form alone.

    :param accounts: the merchant accounts the user may sell for; with one there is no choice.
    """

    form_id = forms.UUIDField(widget=forms.HiddenInput)
    shop_reference = forms.RegexField(
        regex=ONLY_REFERENCE,
        label=_("Order or receipt"),
        max_length=REFERENCE_LENGTH,
        help_text=_("The shop's number of this sale: letters, digits, - and _."),
        error_messages={
            "required": _("Give the number of this sale."),
            "invalid": _("Use letters without accents, digits, - and _ only."),
        },
        widget=forms.TextInput(attrs=NOT_KEPT | {"autocapitalize": "off", "spellcheck": "false"}),
    )
    amount = AmountField(
        label=_("Amount"),
        max_length=20,
        widget=forms.TextInput(attrs=NOT_KEPT | {"inputmode": "decimal", "size": 12}),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=[(each, each) for each in CURRENCIES])
    phone = forms.CharField(
        label=_("Mobile phone"),
        required=False,
        max_length=40,
        help_text=_("Sezzle sends the link as a text message. The number is not kept."),
        widget=forms.TextInput(attrs=NOT_KEPT | {"type": "tel", "inputmode": "tel"}),
    )
    email = forms.CharField(
        label=_("E-mail address"),
        required=False,
        max_length=LONGEST_EMAIL,
        help_text=_("Sezzle sends the link as an e-mail. The address is not kept."),
        widget=forms.TextInput(attrs=NOT_KEPT | {"type": "email", "inputmode": "email"}),
    )
    language = forms.ChoiceField(
        label=_("Language of the shopper"),
        choices=[(ENGLISH, _("English")), (FRENCH, _("French (Canada)"))],
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=LONGEST_DESCRIPTION,
        help_text=_("Shown to the shopper by Sezzle; the number of the sale when left out."),
        widget=forms.TextInput(attrs=NOT_KEPT),
    )

    def __init__(self, *args: Any, accounts: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only_account = accounts[0] if len(accounts) == 1 else ""
        if not self.only_account:
            names = [(name, name) for name in accounts]
            self.fields["account"] = forms.ChoiceField(label=_("Merchant account"), choices=names)
            self.order_fields(["account"])

    def clean_amount(self) -> int:
        """Refuse an order that Sezzle would not take."""
        cents: int = self.cleaned_data["amount"]
        if cents < MINIMUM_IN_CENTS:
            raise forms.ValidationError(_("Sezzle takes no order below $1.00."))
        return cents

    def clean_phone(self) -> str:
        """Write the number as Sezzle takes it."""
        given: str = self.cleaned_data["phone"]
        number = normalized_phone(given) if given else ""
        if number is None:
            raise forms.ValidationError(
                _("Give ten digits, or + and the country's code before the number.")
            )
        return number

    def clean_email(self) -> str:
        """Refuse what cannot be an address."""
        given: str = self.cleaned_data["email"]
        address = normalized_email(given) if given else ""
        if address is None:
            raise forms.ValidationError(_("This is not an e-mail address."))
        return address

    @property
    def account_name(self) -> str:
        """The merchant account that is meant. Only for a valid form."""
        return self.only_account or str(self.cleaned_data["account"])

    @property
    def price(self) -> Price:
        """What is asked for. Only for a valid form."""
        return Price(self.cleaned_data["amount"], self.cleaned_data["currency"])

    def asked(self) -> dict[str, Any]:
        """Give what ``ask_in_store`` is called with. Only for a valid form."""
        names = ("shop_reference", "phone", "email", "language", "description")
        return {
            **{name: self.cleaned_data[name] for name in names},
            "amount": self.price,
            "account": self.account_name,
        }


class ReceiptForm(forms.Form):
    """The number of the receipt, which becomes the order's reference at Sezzle."""

    receipt = forms.RegexField(
        regex=ONLY_REFERENCE,
        label=_("Receipt number"),
        max_length=LONGEST_REFERENCE,
        help_text=_("Sezzle shows it in the dashboard as the order's reference."),
        error_messages={
            "required": _("Give the number of the receipt."),
            "invalid": _("Use letters without accents, digits, - and _ only."),
        },
        widget=forms.TextInput(attrs=NOT_KEPT | {"autocapitalize": "off", "spellcheck": "false"}),
    )


def language_of_page() -> str:
    """Propose the language that staff read, of the two that Sezzle writes links in."""
    return FRENCH if (get_language() or "").startswith("fr") else ENGLISH
