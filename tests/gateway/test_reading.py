"""Sezzle's answers are understood in every documented form, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from django_sezzle.gateway import Order
from django_sezzle.gateway.messages import (
    Amount,
    Approval,
    Kind,
    Malformed,
    Session,
    Subscription,
    Transaction,
    parsing,
)
from django_sezzle.gateway.tokens import Token

SAMPLES = Path(__file__).parents[1] / "samples"
ORDERS = sorted(path.name for path in SAMPLES.glob("order.get.*.json"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text("utf-8"))


def an_order(**authorization: Any) -> dict[str, Any]:
    """Give the published order with parts of its authorization replaced."""
    order = sample("order.get.published.response.200.json")
    order["authorization"] |= authorization
    return order


def usd(cents: Any) -> dict[str, Any]:
    return {"amount_in_cents": cents, "currency": "USD"}


@pytest.mark.parametrize("name", ORDERS)
def test_documented_order_is_read_without_loss(name: str) -> None:
    given = sample(name)

    order = Order.from_json(given)

    assert order.uuid == given["uuid"]
    assert order.intent == given["intent"]
    assert order.reference_id == given["reference_id"]
    assert order.amount == Amount(*given["order_amount"].values())
    assert order.checkout_status == given.get("checkout_status", "")
    assert order.is_upcharge is given.get("is_upcharge", False)
    assert order.parent_order_uuid == given.get("parent_order_uuid")
    authorization = given.get("authorization")
    assert (order.authorization is None) == (authorization is None)
    assert order.is_approved is bool(authorization and authorization["approved"])
    for kind in Kind.of_its_own_money():
        listed = (authorization or {}).get(f"{kind.value}s")
        read = order.authorization and order.authorization.transactions[kind]
        assert (read is None) == (listed is None)
        assert [(each.uuid, each.amount.amount_in_cents) for each in read or ()] == [
            (each["uuid"], each["amount"]["amount_in_cents"]) for each in listed or ()
        ]


def test_there_are_orders_of_every_state_among_the_samples() -> None:
    assert len(ORDERS) >= 10


def test_upcharges_of_the_published_order() -> None:
    order = Order.from_json(an_order())

    assert order.upcharges == (
        Transaction(Kind.UPCHARGE, "9f8e7d6c-5b4a-3210-9876-54321fedcba0", Amount(1_000, "USD")),
    )
    assert order.customer["first_name"] == "John"
    assert "John" not in repr(order)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("complete", "complete"),
        ("completed", "complete"),
        ("active", "active"),
        ("deleted", "deleted"),
        ("denied", "denied"),
        ("on_hold", "on_hold"),
        (None, ""),
    ],
)
def test_checkout_status_in_both_words_and_in_unknown_ones(said: Any, read: str) -> None:
    assert Order.from_json(an_order() | {"checkout_status": said}).checkout_status == read


def test_transactions_nested_and_flat_say_the_same() -> None:
    nested = {"uuid": "t-1", "amount": usd(700)}
    flat = {"uuid": "t-1", "amount_in_cents": 700, "currency_code": "USD"}
    null = flat | {"amount": None}

    read = [Order.from_json(an_order(captures=[entry])) for entry in (nested, flat, null)]

    assert read[0] == read[1] == read[2]
    assert read[0].authorization
    (capture,) = read[0].authorization.transactions[Kind.CAPTURE] or ()
    assert (capture.uuid, capture.amount) == ("t-1", Amount(700, "USD"))


def test_lists_that_are_missing_null_or_empty_are_told_apart() -> None:
    order = an_order(captures=None, refunds=[])
    del order["authorization"]["releases"]

    authorization = Order.from_json(order).authorization

    assert authorization
    assert authorization.transactions == {Kind.CAPTURE: None, Kind.REFUND: (), Kind.RELEASE: None}


@pytest.mark.parametrize("members", [{}, {"authorization": None}])
def test_an_order_without_authorization_is_not_approved(members: dict[str, Any]) -> None:
    order = Order.from_json({"uuid": "o-1", **members})

    assert order.authorization is None
    assert not order.is_approved
    assert (order.amount, order.checkout_status, order.upcharges) == (None, "", ())


@pytest.mark.fault(13)
@pytest.mark.parametrize("approved", [False, None, 1, "true", "yes", [True], {"a": 1}])
def test_only_true_is_an_approval(approved: Any) -> None:
    assert not Order.from_json(an_order(approved=approved)).is_approved
    assert Order.from_json(an_order(approved=True)).is_approved


def test_an_entry_of_nothing_moves_nothing() -> None:
    authorization = Order.from_json(an_order(refunds=[{"uuid": "t", "amount": usd(0)}]))

    assert authorization.authorization
    assert authorization.authorization.transactions[Kind.REFUND] == ()


@pytest.mark.fault(106)
def test_unknown_members_are_ignored_and_unknown_words_kept() -> None:
    order = an_order(financing_option="9-pay-daily", extra=[1]) | {
        "intent": "LATER",
        "new_member": {"a": 1},
    }

    read = Order.from_json(order)

    assert read.intent == "LATER"
    assert read.authorization
    assert read.authorization.financing_option == "9-pay-daily"


@pytest.mark.parametrize("digits", range(10))
def test_a_moment_has_up_to_nine_digits_of_a_second(digits: int) -> None:
    text = "2026-11-20T12:00:00" + (f".{'123456789'[:digits]}" if digits else "") + "Z"

    read = parsing.moment(text, "moment")

    microseconds = int("123456789"[:digits].ljust(6, "0")[:6]) if digits else 0
    assert read == NOW.replace(microsecond=microseconds)


@pytest.mark.parametrize(
    "text", ["2026-11-20T13:00:00+01:00", "2026-11-20T12:00:00", "2026-11-20T06:30:00-05:30"]
)
def test_a_moment_of_another_zone_comes_back_in_utc(text: str) -> None:
    read = parsing.moment(text, "moment")

    assert read == NOW
    assert read.tzinfo is UTC


@pytest.mark.fault(110)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_no_moment(value: Any) -> None:
    assert parsing.moment(value, "moment") is None


@pytest.mark.parametrize(
    "value", ["soon", 1_700_000_000, True, "2026-13-01T00:00:00Z", "10000-01-01T00:00:00Z"]
)
def test_what_is_no_moment_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed, match=r"order\.authorization\.expiration"):
        Order.from_json(an_order(expiration=value))


@pytest.mark.parametrize(
    "name",
    [
        "session.create.tokenize.response.201.json",
        "session.get.nested-tokenize.response.200.json",
    ],
)
def test_a_session_has_its_token_at_either_place(name: str) -> None:
    session = Session.from_json(sample(name))

    assert session.token == "7ec98824-67cc-469c-86ab-f9e047f9cf1a"
    assert session.token_expires_at == datetime(2020, 4, 27, 14, 46, 59, tzinfo=UTC)
    assert session.token not in repr(session)


@pytest.mark.parametrize(
    "name", ["session.create.response.201.json", "session.get.response.200.json"]
)
def test_a_documented_session(name: str) -> None:
    given = sample(name)

    session = Session.from_json(given)

    assert session.uuid == given["uuid"]
    assert session.order_uuid == given["order"]["uuid"]
    assert session.checkout_url == given["order"]["checkout_url"]
    assert session.token == given.get("tokenize", {}).get("token", "")


@pytest.mark.parametrize("name", ["order.reauthorize", "customer.order"])
@pytest.mark.parametrize("word", ["approved", "refused"])
def test_a_documented_approval(name: str, word: str) -> None:
    given = sample(f"{name}.{word}.response.200.json")

    approval = Approval.from_json(given)

    assert (approval.uuid, approval.approved) == (given["uuid"], word == "approved")
    assert approval.order is not None


@pytest.mark.fault(13)
@pytest.mark.parametrize("authorization", [None, {}, {"approved": 1}, {"approved": "true"}, []])
def test_an_approval_that_says_neither_yes_nor_no(authorization: Any) -> None:
    approval = Approval.from_json({"uuid": "o-1", "authorization": authorization})

    assert (approval.uuid, approval.approved) == ("o-1", None)


def test_documented_subscriptions() -> None:
    (listed,) = map(Subscription.from_json, sample("webhooks.list.response.200.json"))

    assert listed.url == "https://example.com/webhooks"
    assert listed.events == ("customer.tokenized",)
    read = Subscription.from_json(sample("webhooks.get.response.200.json"))
    assert read.uuid == sample("webhooks.get.response.200.json")["uuid"]
    assert Subscription.from_json({"uuid": "w", "events": None}) == Subscription("w", "", ())


def test_the_documented_token() -> None:
    given = sample("authentication.response.201.json")

    token = Token.from_json(given, now=NOW)

    assert (token.value, token.merchant_uuid) == (given["token"], given["merchant_uuid"])
    assert token.expires_at == NOW + timedelta(minutes=120)
    assert given["token"] not in repr(token)
