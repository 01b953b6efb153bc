"""What a till may send: small JSON objects, of which every member is known."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from django.http import UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, parsers

from django_sezzle import conf
from django_sezzle.gateway import Price
from django_sezzle.services.in_store import normalized_email, normalized_phone

MAX_BODY_BYTES = 16 * 1024

#: Nothing in it needs escaping wherever it is shown.
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

#: Also said of an account that the user does not work for: for them there is none.
NO_SUCH_ACCOUNT = gettext_lazy("This user works for no such account. Nothing was sent.")


class BadInput(exceptions.APIException):
    """The body cannot be meant as it is."""

    status_code = HTTPStatus.BAD_REQUEST


class BodyTooLarge(exceptions.APIException):
    """The body is larger than anything a till has to say."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class SmallJSON(parsers.BaseParser):
    """Reads a JSON object, whatever the content type says, and never more than it may be long."""

    media_type = "*/*"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """Read the object."""
        try:
            raw = stream.read(MAX_BODY_BYTES + 1)
        except UnreadablePostError:
            raise BadInput(_("The body did not arrive whole. Nothing was sent.")) from None
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge(_("The body is too large. Nothing was sent."))
        try:
            found = json.loads(raw or b"{}")
        except (ValueError, RecursionError):
            # The cause would hold the whole body.
            found = None
        if not isinstance(found, dict):
            raise BadInput(_("The body must be a JSON object. Nothing was sent."))
        return found


@dataclass(frozen=True, slots=True)
class Ask:
    """A payment that a till asks for. What is said of the shopper is never shown."""

    shop_reference: str
    amount: Price
    phone: str = field(repr=False)
    email: str = field(repr=False)
    language: str | None
    description: str = field(repr=False)
    account: str

    @classmethod
    def of(cls, data: Any) -> Self:
        """
        Take it from a body.

        :raises BadInput: a member is missing, unknown or of another type.
        """
        given = _members(
            data,
            required={"shop_reference": str, "amount_in_cents": int, "currency": str},
            optional={
                "phone": str,
                "email": str,
                "language": str,
                "description": str,
                "account": str,
            },
        )
        if given.get("phone") and normalized_phone(given["phone"]) is None:
            raise BadInput(_("This is not a phone number. Nothing was sent."))
        if given.get("email") and normalized_email(given["email"]) is None:
            raise BadInput(_("This is not an e-mail address. Nothing was sent."))
        account = given.get("account", conf.DEFAULT_ACCOUNT)
        if account not in conf.account_names():
            raise BadInput(NO_SUCH_ACCOUNT)
        return cls(
            shop_reference=given["shop_reference"],
            amount=Price(given["amount_in_cents"], given["currency"]),
            phone=given.get("phone", ""),
            email=given.get("email", ""),
            language=given.get("language"),
            description=given.get("description", ""),
            account=account,
        )

    def as_arguments(self) -> dict[str, Any]:
        """Give it as :func:`django_sezzle.services.ask_in_store` takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Move:
    """Money that a till wants moved; the same ``request_id`` never moves it twice."""

    request_id: str
    amount_in_cents: int | None

    @classmethod
    def of(cls, data: Any) -> Self:
        """
        Take it from a body.

        :raises BadInput: a member is missing, unknown or of another type.
        """
        given = _members(data, required={"request_id": str}, optional={"amount_in_cents": int})
        if not REQUEST_ID.fullmatch(given["request_id"]):
            raise BadInput(
                _(
                    "A request_id has 1 to 64 letters, digits and the signs . _ : - and no others. "
                    "Nothing was sent."
                )
            )
        return cls(given["request_id"], given.get("amount_in_cents"))


def receipt_of(data: Any) -> str:
    """
    Take the number of a receipt from a body.

    :raises BadInput: it is missing, or there is more.
    """
    return str(_members(data, required={"receipt": str}, optional={})["receipt"])


def nothing_in(data: Any) -> None:
    """
    Make sure that a body says nothing.

    :raises BadInput: it does.
    """
    _members(data, required={}, optional={})


def _members(
    data: Mapping[str, Any], *, required: Mapping[str, type], optional: Mapping[str, type]
) -> dict[str, Any]:
    """Give the members; a misspelt amount must not turn a part of the money into all of it."""
    kinds = {**required, **optional}
    if any(name not in kinds for name in data):
        raise BadInput(
            _("The body may have these members and no others: %(names)s. Nothing was sent.")
            % {"names": ", ".join(kinds) or "-"}
        )
    for name in required:
        if name not in data:
            raise BadInput(_("%(name)s is missing. Nothing was sent.") % {"name": name})
    for name, value in data.items():
        if not isinstance(value, kinds[name]):
            words = {str: _("a text"), int: _("a whole number of cents")}
            raise BadInput(
                _("%(name)s must be %(kind)s. Nothing was sent.")
                % {"name": name, "kind": words[kinds[name]]}
            )
    return dict(data)
