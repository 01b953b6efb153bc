"""What the shop asks its visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from example_project.shop.cart import MOST_PIECES
from example_project.shop.models import Order

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    OrderForm = forms.ModelForm[Order]
    NewUserForm = UserCreationForm[User]
else:
    OrderForm = forms.ModelForm
    NewUserForm = UserCreationForm


class QuantityForm(forms.Form):
    """How many pieces of a product."""

    quantity = forms.IntegerField(min_value=0, max_value=MOST_PIECES)


class AddressForm(OrderForm):
    """Who orders, and where it goes."""

    required_css_class = "required"
    template_name = "shop/_form.html"

    region = forms.CharField(
        label=pgettext_lazy("address", "State"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Za-z]{2}$", _("Two letters, such as MN."))],
    )
    postal_code = forms.CharField(
        label=_("ZIP code"),
        max_length=10,
        validators=[RegexValidator(r"^\d{5}(-\d{4})?$", _("Five digits, such as 55401."))],
    )

    class Meta:
        model = Order
        fields = (
            "first_name",
            "last_name",
            "email",
            "street",
            "street2",
            "city",
            "region",
            "postal_code",
        )

    autocomplete = {
        "first_name": "given-name",
        "last_name": "family-name",
        "email": "email",
        "street": "address-line1",
        "street2": "address-line2",
        "city": "address-level2",
        "region": "address-level1",
        "postal_code": "postal-code",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, hint in self.autocomplete.items():
            self.fields[name].widget.attrs["autocomplete"] = hint

    def clean_region(self) -> str:
        """Write the state in capitals."""
        return str(self.cleaned_data["region"]).upper()


class LoginForm(AuthenticationForm):
    """Who it is."""

    template_name = "shop/_form.html"


class NewAccountForm(NewUserForm):
    """A name and a password; a demonstration asks for no more."""

    template_name = "shop/_form.html"
