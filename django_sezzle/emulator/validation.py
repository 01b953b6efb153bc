"""Reading request bodies as strictly as a typed gateway does: wrong types, missing members."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from .messages import Refusal
from .profile import Profile

PRICE: dict[str, Any] = {"amount_in_cents": int, "currency": str}
ADDRESS: dict[str, Any] = dict.fromkeys(
    (
        "name",
        "street",
        "street2",
        "city",
        "state",
        "postal_code",
        "country_code",
        "phone",
        "phone_number",
    ),
    str,
)
CUSTOMER: dict[str, Any] = {
    **dict.fromkeys(("first_name", "last_name", "email", "phone", "dob"), str),
    "billing_address": ADDRESS,
    "shipping_address": ADDRESS,
    "tokenize": bool,
    "recurring": bool,
    "recurring_metadata": {"name": str},
}
LINE_ITEM: dict[str, Any] = {
    **dict.fromkeys(
        (
            "name",
            "sku",
            "category_path",
            "brand",
            "image_url",
            "product_url",
            "global_trade_item_number",
            "manufacturer_part_number",
        ),
        str,
    ),
    "quantity": int,
    "price": PRICE,
}
REDIRECT: dict[str, Any] = {"href": str, "method": str}
ANY_KEY = "*"
"""Stands for every key of a free-form object."""
SESSION: dict[str, Any] = {
    "cancel_url": REDIRECT,
    "complete_url": REDIRECT,
    "customer": CUSTOMER,
    "order": {
        **dict.fromkeys(
            (
                "intent",
                "reference_id",
                "description",
                "checkout_mode",
                "locale",
                "checkout_expiration",
            ),
            str,
        ),
        "order_amount": PRICE,
        "items": [LINE_ITEM],
        "discounts": [{"name": str, "amount": PRICE}],
        "tax_amount": PRICE,
        "shipping_amount": PRICE,
        "metadata": {ANY_KEY: str},
        "requires_shipping_info": bool,
        "send_checkout_url": dict.fromkeys(("to_sms_phone", "to_email", "language"), str),
        "checkout_financing_options": [str],
    },
}
CAPTURE: dict[str, Any] = {"capture_amount": PRICE, "partial_capture": bool}
UPCHARGE: dict[str, Any] = {"intent": str, "upcharge_amount": PRICE}
CUSTOMER_ORDER: dict[str, Any] = {
    "intent": str,
    "reference_id": str,
    "order_amount": PRICE,
    "financing_options": [str],
}
KEYS: dict[str, Any] = {"public_key": str, "private_key": str, "cancel_url": str}
REFERENCE: dict[str, Any] = {"reference_id": str}
WEBHOOK: dict[str, Any] = {"url": str, "events": [str]}
WEBHOOK_TEST: dict[str, Any] = {"event": str, "url": str}

REFERENCE_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
CURRENCIES = ("USD", "CAD")
INTENTS = ("AUTH", "CAPTURE")
_NAMES = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}


def read_json(body: bytes) -> Any:
    """
    Return the body read as JSON; NaN and infinities are no JSON.

    :raises Refusal: 400, unreadable.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_request", "bad request") from error


def read_object(body: bytes, shape: dict[str, Any]) -> dict[str, Any]:
    """
    Return the body as an object whose known members have the right types.

    :raises Refusal: 400, unreadable or of a wrong type, with the place.
    """
    document = read_json(body)
    _check_type(document, shape, "")
    checked: dict[str, Any] = document
    return checked


def require(document: dict[str, Any], profile: Profile, *paths: str) -> None:
    """
    Check that members are there, null counting as absent.

    :raises Refusal: 400 or 422 as the profile says, at the first one missing.
    """
    for path in paths:
        value: Any = document
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or value == "":
            if profile.missing_member == "invalid":
                raise Refusal(422, "invalid", f"{path} is required", path)
            raise Refusal(400, "bad_request", f"{path} is required", path)


def check_choice(value: str, allowed: tuple[str, ...], location: str, profile: Profile) -> None:
    """Check a value against its list. :raises Refusal: with the status the profile says."""
    if value not in allowed:
        name = location.rpartition(".")[2].replace("_", " ")
        raise invalid(f"Order must have a valid {name}", location, profile)


def check_reference(value: str, location: str, profile: Profile) -> None:
    """Check a reference's characters. :raises Refusal: with the status the profile says."""
    if not REFERENCE_ID.match(value):
        raise invalid("Reference id may only have letters, digits, _ and -", location, profile)


def check_order_amount(price: dict[str, Any], location: str, profile: Profile) -> None:
    """Check currency and least amount of a new order. :raises Refusal: 422 with the place."""
    check_choice(price["currency"], CURRENCIES, f"{location}.currency", profile)
    least = max(100, profile.merchant_minimum_in_cents)
    if price["amount_in_cents"] < least:
        shown = f"${least // 100}" if least % 100 == 0 else f"${least // 100}.{least % 100:02}"
        raise Refusal(
            profile.refusal_status,
            "invalid",
            f"Order amount must be greater than {shown}",
            "order.amount.amount_in_cents",
        )


def invalid(message: str, location: str, profile: Profile) -> Refusal:
    """Return the refusal of a value that is of the right type and still wrong."""
    return Refusal(profile.invalid_value_status, "invalid", message, location)


def _check_type(value: Any, shape: Any, path: str) -> None:
    if isinstance(shape, dict):
        if type(value) is not dict:
            _refuse_type(value, path)
        for name, member in value.items():
            expected = shape.get(name, shape.get(ANY_KEY))
            if expected is not None and member is not None:
                _check_type(member, expected, f"{path}.{name}" if path else name)
    elif isinstance(shape, list):
        if type(value) is not list:
            _refuse_type(value, path)
        for member in value:
            _check_type(member, shape[0], path)
    elif type(value) is not shape:
        _refuse_type(value, path)


def _refuse_type(value: Any, path: str) -> NoReturn:
    name = _NAMES.get(type(value), "object" if isinstance(value, dict) else "null")
    into = path or "request"
    raise Refusal(400, "bad_request", f"cannot unmarshal {name} into {into}", path or None)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
