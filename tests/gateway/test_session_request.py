"""A checkout is sent with every member that Sezzle's session has, and none it lacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from django_sezzle.emulator import Emulator
from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway import (
    Address,
    CheckoutMode,
    Customer,
    Discount,
    Gateway,
    InstallmentPlan,
    Intent,
    LineItem,
    Locale,
    Price,
    SendTo,
)
from django_sezzle.gateway.messages import SessionRequest

from .conftest import a_session

TESTS = Path(__file__).parents[1]
SCHEMAS = yaml.safe_load((TESTS / "contract/openapi.yaml").read_text("utf-8"))["components"][
    "schemas"
]
#: Declared, and not sent on purpose: deprecated, and a checkout without a cart of the shop's.
LEFT_OUT = {"order.checkout_expiration", "express_checkout_type"}

ADDRESS = Address(
    name="Ada Lovelace",
    street="1 Main St",
    street2="Unit 2",
    city="Minneapolis",
    state="MN",
    postal_code="55401",
    country_code="US",
    phone="5555550100",
)
EVERYTHING = SessionRequest(
    complete_url="https://shop.example/complete/",
    cancel_url="https://shop.example/cancel/",
    intent=Intent.AUTH,
    reference_id="order-1",
    description="Order 1",
    amount=Price(10_000, "USD"),
    items=(
        LineItem(
            name="Lamp",
            sku="L-1",
            quantity=2,
            price=Price(4_500, "USD"),
            brand="Lumen",
            category_path="Home > Lamps",
            image_url="https://shop.example/lamp.jpg",
            product_url="https://shop.example/lamp/",
            global_trade_item_number="00012345600012",
            manufacturer_part_number="LMN-1",
        ),
    ),
    discounts=(Discount("Spring", Price(100, "USD")),),
    tax=Price(600, "USD"),
    shipping=Price(500, "USD"),
    metadata={"store": "Downtown"},
    requires_shipping_info=True,
    checkout_mode=CheckoutMode.REDIRECT,
    send_to=SendTo(sms_phone="5555550100", email="ada@example.com", language="fr-CA"),
    locale=Locale.FR_CA,
    financing_options=(InstallmentPlan.FOUR_BIWEEKLY,),
    customer=Customer(
        first_name="Ada",
        last_name="Lovelace",
        email="ada@example.com",
        phone="5555550100",
        dob="1990-02-25",
        billing_address=ADDRESS,
        shipping_address=ADDRESS,
        tokenize=True,
        recurring=False,
        recurring_name="Lamp club",
    ),
)


def declared(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Name every member of a schema at any depth; lists count as what they hold."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        yield from declared(schema["items"], path)
    for part in schema.get("allOf", []):
        yield from declared(part, path)
    for name, member in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        inner = set(declared(member, here))
        yield from inner or {here}


def written(value: Any, path: str = "") -> Iterator[str]:
    """Name every member of a message at any depth; metadata is free and counts as one."""
    if isinstance(value, dict) and path != "order.metadata":
        for name, member in value.items():
            yield from written(member, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for entry in value:
            yield from written(entry, path)
    else:
        yield path


def test_every_declared_member_can_be_sent() -> None:
    members = set(declared(SCHEMAS["SessionRequest"]))

    assert set(written(EVERYTHING.to_json())) == members - LEFT_OUT
    assert members > LEFT_OUT
    assert len(members) > 60


def test_the_gateway_takes_a_request_with_everything(emulator: Emulator, gateway: Gateway) -> None:
    session = gateway.create_session(EVERYTHING)

    assert session.order_uuid
    assert session.token
    assert emulator.calls[-1].body == EVERYTHING.to_json()


def test_members_keep_their_values() -> None:
    sent = EVERYTHING.to_json()
    order, customer = sent["order"], sent["customer"]

    assert sent["complete_url"] == {"href": "https://shop.example/complete/", "method": "GET"}
    assert order["order_amount"] == {"amount_in_cents": 10_000, "currency": "USD"}
    assert order["items"][0]["price"] == {"amount_in_cents": 4_500, "currency": "USD"}
    assert order["send_checkout_url"]["language"] == "fr-CA"
    assert order["checkout_financing_options"] == ["4-pay-biweekly"]
    assert customer["recurring"] is False
    assert customer["recurring_metadata"] == {"name": "Lamp club"}


def test_the_phone_of_an_address_is_sent_under_both_names() -> None:
    sent = ADDRESS.to_json()

    assert (sent["phone"], sent["phone_number"]) == ("5555550100", "5555550100")
    assert Address(street="1 Main St").to_json() == {"street": "1 Main St"}


def test_what_was_not_given_is_not_sent() -> None:
    assert a_session().to_json() == {
        "complete_url": {"href": "https://shop.example/complete/", "method": "GET"},
        "cancel_url": {"href": "https://shop.example/cancel/", "method": "GET"},
        "order": {
            "intent": "AUTH",
            "reference_id": "order-1",
            "description": "Order 1",
            "order_amount": {"amount_in_cents": 10_000, "currency": "USD"},
        },
    }


def sample(name: str) -> Any:
    return json.loads((TESTS / "samples" / f"{name}.json").read_text("utf-8"))


def test_the_documented_request_is_written_member_for_member() -> None:
    documented = sample("session.create.request")
    usd = 1_000
    address = Address(
        name="John Doe",
        street="123 W Lake St",
        street2="Unit 104",
        city="Minneapolis",
        state="MN",
        postal_code="55408",
        country_code="US",
        phone="5555045294",
    )
    request = SessionRequest(
        cancel_url="https://example.com/cart",
        complete_url="https://example.com/ord_12345/complete",
        intent=Intent.CAPTURE,
        reference_id="ord_12345",
        description="sezzle-store - #12749253509255",
        amount=Price(10_000, "USD"),
        items=(LineItem(name="widget", sku="sku123456", quantity=1, price=Price(usd, "USD")),),
        discounts=(Discount("20% off", Price(usd, "USD")),),
        metadata=documented["order"]["metadata"],
        shipping=Price(usd, "USD"),
        tax=Price(usd, "USD"),
        customer=Customer(
            email="john.doe@sezzle.com",
            first_name="John",
            last_name="Doe",
            phone="5555045294",
            dob="1990-02-25",
            billing_address=address,
            shipping_address=address,
        ),
    )
    for kind in ("billing_address", "shipping_address"):
        # The examples have one of the two names, the schema the other.
        documented["customer"][kind]["phone"] = "5555045294"

    assert request.to_json() == documented


@pytest.mark.parametrize("quantity", [0, -1, 1.0, "1", True, None])
def test_a_quantity_is_a_whole_number_from_one(quantity: Any) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        LineItem(name="Lamp", sku="L-1", quantity=quantity, price=Price(1, "USD"))


def test_a_link_is_sent_to_somebody_in_a_language_sezzle_knows() -> None:
    with pytest.raises(InvalidInput, match="phone number or an e-mail"):
        SendTo()
    with pytest.raises(InvalidInput, match="'en' or 'fr-CA'"):
        SendTo(email="ada@example.com", language="fr")


def test_a_shopper_never_shows_in_a_repr() -> None:
    shown = repr(EVERYTHING)

    for secret in ("Ada", "Lovelace", "ada@example.com", "5555550100", "1 Main St", "1990-02-25"):
        assert secret not in shown
