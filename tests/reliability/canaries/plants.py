"""The canaries: values that stand nowhere else, and a shopper who is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django_sezzle.emulator import Delivery, Exchange
from django_sezzle.gateway import Address, Customer, LineItem, Price, SendTo

#: Not the public key, which Sezzle's script shows to every browser.
KEYS = {
    "private key": "sz_pr_canary5fd0c1",
    "previous key": "sz_pr_canary88b2ee",
}

SHOPPER = {
    "first name": "Qanaria",
    "last name": "Featherstone-Xq",
    "e-mail": "qanaria@canary-mail.example",
    "phone": "+15550142277",
    "date of birth": "1987-03-09",
    "addressee": "Q. Featherstone Household",
    "street": "4711 Birdcage Walk",
    "second line": "Perch 19b",
    "city": "Canaryville",
    "postal code": "90417-7711",
    "phone of address": "+15550148833",
    "phone for the link": "+15550149944",
    "e-mail for the link": "link@canary-mail.example",
    "metadata": "loyalty-canary-3141",
    "description": "Surprise for Wren (canary)",
    "item": "Millet for canaries",
    "subscription": "Seeds by Canarymonthly",
    # What a webhook may say one day besides what is documented.
    "note of a webhook": "canary-note-2718",
    # What Sezzle may say in an error: the shopper's own words.
    "echo of an error": "Is 'Qanarya Fetherstone' a name?",
}

EXPLOIT = "<script>alert('canary')</script>"


def shopper() -> Customer:
    """Make the shopper as the shop knows her."""
    address = Address(
        name=SHOPPER["addressee"],
        street=SHOPPER["street"],
        street2=SHOPPER["second line"],
        city=SHOPPER["city"],
        state="IL",
        postal_code=SHOPPER["postal code"],
        country_code="US",
        phone=SHOPPER["phone of address"],
    )
    return Customer(
        first_name=SHOPPER["first name"],
        last_name=SHOPPER["last name"],
        email=SHOPPER["e-mail"],
        phone=SHOPPER["phone"],
        dob=SHOPPER["date of birth"],
        billing_address=address,
        shipping_address=address,
    )


def wishes(**members: Any) -> dict[str, Any]:
    """Give everything else that a checkout may tell about a shopper; $100.00 in all."""
    piece = LineItem(name=SHOPPER["item"], sku="M-1", quantity=2, price=Price(5_000, "USD"))
    return {
        "customer": shopper(),
        "items": (piece,),
        "description": SHOPPER["description"],
        "metadata": {"loyalty": SHOPPER["metadata"]},
        "requires_shipping_info": True,
    } | members


def link() -> SendTo:
    """Say where the link to an in-store checkout goes."""
    return SendTo(sms_phone=SHOPPER["phone for the link"], email=SHOPPER["e-mail for the link"])


class Plants:
    """All canaries, those included that Sezzle makes up on the way."""

    def __init__(self) -> None:
        self.secret = {**KEYS, **SHOPPER}
        #: In our database and addresses by design, but not in what is logged or mailed.
        self.quiet: dict[str, str] = {}

    def watch(self, seen: Exchange | Delivery) -> None:
        """Take in what Sezzle made up: bearer tokens, shoppers' tokens, signatures."""
        if isinstance(seen, Delivery):
            self._grow("signature", [seen.headers["Sezzle-Signature"]])
            self._take(json.loads(seen.body))
        elif seen.response_body.startswith((b"{", b"[")):
            self._take(json.loads(seen.response_body))

    def _take(self, node: Any) -> None:
        if isinstance(node, dict):
            self._grow("token", [node.get("token")])
            customer = node.get("customer")
            if isinstance(customer, dict) and isinstance(uuid := customer.get("uuid"), str):
                self.quiet[f"customer uuid {uuid}"] = uuid
            if isinstance(url := node.get("checkout_url"), str):
                self.quiet[f"checkout URL {len(self.quiet)}"] = url
            for member in node.values():
                self._take(member)
        elif isinstance(node, list):
            for member in node:
                self._take(member)

    def _grow(self, name: str, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, str) and value not in self.secret.values():
                self.secret[f"{name} {len(self.secret)}"] = value

    def found_in(self, text: str, *, quiet: bool = False) -> list[str]:
        """Name the canaries that stand in a text, however it escapes them."""
        looked_for = {**self.secret, **self.quiet} if quiet else self.secret
        plain = text.replace("\\'", "'")
        for escaped, character in (("&#x27;", "'"), ("&#39;", "'"), ("%2B", "+"), ("%40", "@")):
            plain = plain.replace(escaped, character)
        return [name for name, value in looked_for.items() if value in text or value in plain]
