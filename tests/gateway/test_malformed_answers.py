"""An order that contradicts its description is refused as a whole, naming the member only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_sezzle.gateway import Order
from django_sezzle.gateway.messages import Approval, Event, Malformed, Session, Subscription

from .test_reading import an_order, usd

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
#: That a shared machine is slow at times proves nothing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
ORDER_MEMBERS = (
    "uuid",
    "intent",
    "reference_id",
    "order_amount",
    "checkout_status",
    "checkout_expiration",
    "authorization",
    "upcharges",
    "customer",
)


@pytest.mark.parametrize("value", [None, [], "order", 1, True, [an_order()]])
def test_an_answer_that_is_no_object(value: Any) -> None:
    for reads in (Order, Session, Approval, Subscription):
        with pytest.raises(Malformed, match="is not an object"):
            reads.from_json(value)


@pytest.mark.fault(67)
@pytest.mark.parametrize("uuid", [None, "", 1, "../x", "a/b", "a b", "a?b", "a\n", "x" * 65, ["a"]])
def test_an_order_without_a_usable_id(uuid: Any) -> None:
    with pytest.raises(Malformed, match=r"order\.uuid is not an id"):
        Order.from_json(an_order() | {"uuid": uuid})


@pytest.mark.fault(27)
@pytest.mark.parametrize("cents", [True, 1.0, 100.5, "100", -1, None])
@pytest.mark.parametrize("kind", ["captures", "refunds", "releases"])
def test_a_transaction_of_no_whole_cents(kind: str, cents: Any) -> None:
    with pytest.raises(Malformed, match=rf"authorization\.{kind}\[0\]\.amount\.amount_in_cents"):
        Order.from_json(an_order(**{kind: [{"uuid": "t-1", "amount": usd(cents)}]}))
    with pytest.raises(Malformed, match=rf"authorization\.{kind}\[0\]\.amount\.amount_in_cents"):
        Order.from_json(an_order(**{kind: [{"uuid": "t-1", "amount_in_cents": cents}]}))


@pytest.mark.fault(27)
@pytest.mark.parametrize("cents", [True, 1.0, "10000", -1, None])
def test_order_and_authorization_of_no_whole_cents(cents: Any) -> None:
    with pytest.raises(Malformed, match=r"order\.order_amount\.amount_in_cents"):
        Order.from_json(an_order() | {"order_amount": usd(cents)})
    with pytest.raises(Malformed, match=r"order\.authorization\.amount\.amount_in_cents"):
        Order.from_json(an_order(authorization_amount=usd(cents)))


@pytest.mark.parametrize(
    "members",
    [
        {"description": 5},
        {"upcharges": {}},
        {"upcharges": ["x", {"uuid": "../x"}, {"uuid": "u-1", "amount": usd(True)}]},
        {"parent_order_uuid": ["x"]},
        {"customer": "somebody"},
        {"checkout_status": 7},
    ],
)
def test_what_no_money_depends_on_hides_no_money(members: Any) -> None:
    read = Order.from_json(an_order() | members)

    assert read.is_approved
    assert "upcharges" not in members or read.upcharges == ()


@pytest.mark.fault(87)
@pytest.mark.parametrize("word", ["\ud800", "a\x00b", "Montréal", 7, None])
def test_a_word_that_a_database_may_refuse_is_not_kept(word: Any) -> None:
    read = Order.from_json(an_order(sezzle_order_id=word, financing_option=word))

    assert read.authorization is not None
    assert (read.authorization.sezzle_order_id, read.authorization.financing_option) == ("", "")


@pytest.mark.parametrize("kind", ["captures", "refunds", "releases"])
def test_a_list_with_the_same_id_twice(kind: str) -> None:
    entry = {"uuid": "t-1", "amount": usd(100)}

    with pytest.raises(Malformed, match=f"{kind} lists an id twice"):
        Order.from_json(an_order(**{kind: [entry, entry]}))
    with pytest.raises(Malformed, match=f"{kind} lists an id twice"):
        Order.from_json(an_order(**{kind: [entry, entry | {"amount": usd(0)}]}))


@pytest.mark.parametrize("value", [{}, "none", 0, False, {"uuid": "t-1"}])
def test_a_list_that_is_none(value: Any) -> None:
    with pytest.raises(Malformed, match="captures is not a list"):
        Order.from_json(an_order(captures=value))


def test_the_text_names_the_member_and_not_its_value() -> None:
    with pytest.raises(Malformed) as raised:
        Order.from_json(an_order() | {"reference_id": {"secret": "Ada"}})

    assert str(raised.value) == "order.reference_id is not a string"


@pytest.mark.fault(27)
@PATIENT
@given(st.dictionaries(st.sampled_from(ORDER_MEMBERS), ANY_JSON))
def test_an_order_of_anything_is_read_or_malformed(members: dict[str, Any]) -> None:
    try:
        order = Order.from_json(an_order() | members)
    except Malformed:
        return
    assert order.uuid
    assert isinstance(order.checkout_status, str)


@PATIENT
@given(st.binary(max_size=200))
def test_an_event_of_any_bytes_is_read(body: bytes) -> None:
    event = Event.from_body(body)

    assert event.key.startswith("sha256:") or event.key.isascii()
    assert event.type
