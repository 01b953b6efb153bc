"""The switches: how the emulator reads each point that Sezzle's documentation leaves open."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass
class Profile:
    """
    One reading of every uncertain point of the gateway, and the merchant's own limits.

    Each default is the reading best supported by the published material. Assigning an unknown
    name or a value outside the listed ones raises at once.
    """

    # Shapes of answers
    finished_status: Literal["complete", "completed"] = "complete"
    error_body: Literal["array", "object"] = "array"
    transaction_entries: Literal["nested", "flat"] = "nested"
    tokenize_placement: Literal["top", "order"] = "top"
    authorization_before_completion: Literal["absent", "unapproved"] = "absent"
    empty_lists: Literal["present", "missing"] = "present"
    date_fraction_digits: Literal[0, 3, 6, 9] = 6
    order_ids: Literal["uuid", "opaque"] = "uuid"
    settlement_amounts: Literal["decimal", "cents"] = "decimal"
    shopper_currency: Literal["same", "absent", "other"] = "same"

    # Life of an order
    authorization_minutes: int = 30
    checkout_hours: int = 24
    expired_order: Literal["deleted", "not_found", "unchanged"] = "deleted"
    released_order: Literal["deleted", "complete"] = "deleted"
    denied_shopper: Literal["cancel_url", "complete_url"] = "cancel_url"
    deleted_twice_status: Literal[404, 204] = 404

    # Refusals
    refusal_status: Literal[422, 400] = 422
    no_authorization_status: Literal[422, 400, 404] = 422
    invalid_value_status: Literal[422, 400] = 422
    missing_member: Literal["bad_request", "invalid"] = "bad_request"
    completed_checkout_status: Literal[422, 400] = 422
    expired_checkout_status: Literal[422, 409] = 422
    unique_reference_ids: bool = False

    # Repeated requests
    request_id: Literal["honoured", "ignored", "refused"] = "honoured"
    duplicate_status: Literal[422, 409] = 422

    # Merchant
    limits: bool = True
    merchant_minimum_in_cents: int = 100
    spending_power_in_cents: int | None = None
    upcharge: bool = False

    # Webhooks
    signature: Literal["hex", "base64"] = "hex"
    webhook_test_status: Literal[201, 204] = 201
    duplicate_webhook_status: Literal[409, 422] = 409
    capture_intent_events: Literal["authorized_and_captured", "captured"] = (
        "authorized_and_captured"
    )
    automatic_capture_event: bool = True
    dashboard_capture_event: bool = True
    reauthorization_event: bool = True
    tokenized_data_type: Literal["tokenize", "customer"] = "tokenize"
    refund_source_placement: Literal["refund", "data"] = "refund"
    webhook_copies: int = 1
    webhook_order: Literal["in_order", "reversed"] = "in_order"
    webhook_delay_seconds: int = 0

    def __setattr__(self, name: str, value: Any) -> None:
        hint = _hints().get(name)
        if hint is None:
            raise AttributeError(f"The emulator has no switch named {name!r}.")
        if not _is_allowed(value, hint):
            raise ValueError(f"{name} cannot be {value!r}; allowed: {_describe(hint)}.")
        super().__setattr__(name, value)

    def change(self, **switches: Any) -> None:
        """Set several switches by name."""
        for name, value in switches.items():
            setattr(self, name, value)

    def change_from_text(self, assignment: str) -> None:
        """
        Set one switch from ``NAME=VALUE`` as typed on a command line.

        :raises ValueError: unknown name, or a value the switch does not have.
        """
        name, separator, text = assignment.partition("=")
        if not separator or name not in _hints():
            raise ValueError(f"{assignment!r} is not NAME=VALUE with the name of a switch.")
        for candidate in _candidates(text):
            if _is_allowed(candidate, _hints()[name]):
                setattr(self, name, candidate)
                return
        raise ValueError(f"{name} cannot be {text!r}; allowed: {_describe(_hints()[name])}.")

    def change_from_file(self, path: str | Path) -> None:
        """
        Set the switches of a JSON file, as ``sezzle_probe --profile`` writes it.

        :raises ValueError: no JSON object of switches, or a value that a switch does not have.
        :raises OSError: the file cannot be read.
        """
        switches = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(switches, dict):
            raise ValueError(f"{path} is no JSON object of switches.")
        try:
            self.change(**switches)
        except AttributeError as error:
            raise ValueError(f"{path}: {error}") from error

    def as_dict(self) -> dict[str, Any]:
        """Return every switch with its present value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Profile)


def _is_allowed(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return any(_is_allowed(value, option) for option in get_args(hint))
    if hint is int:
        return type(value) is int and value >= 0
    return type(value) is hint


def _describe(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(str(choice) for choice in get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_describe(option) for option in get_args(hint))
    return {bool: "true, false", int: "a whole number from 0", NoneType: "none"}[hint]


def _candidates(text: str) -> list[Any]:
    words = {"true": True, "on": True, "false": False, "off": False, "none": None}
    found: list[Any] = [text]
    if text.lower() in words:
        found.append(words[text.lower()])
    if text.isascii() and text.isdigit():
        found.append(int(text))
    return found
