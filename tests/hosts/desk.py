"""The site that the host's staff work at, under a name and an address of its own."""

from __future__ import annotations

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm


class LoginForm(AdminAuthenticationForm):
    """Asks for an e-mail address, and for one thing more than Django does."""

    username = forms.EmailField(label="Work e-mail")
    tenant = forms.ChoiceField(choices=[("shop", "Shop")])


class Desk(AdminSite):
    """An admin that is not named "admin"."""

    site_header = "The desk"
    login_form = LoginForm

    def __init__(self, name: str = "desk") -> None:
        super().__init__(name)
