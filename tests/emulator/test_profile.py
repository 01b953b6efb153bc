"""Both readings of each point the documentation leaves open."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from django_sezzle.emulator import Emulator, Profile, Refusal

from .shop import Shop, session_body, usd


def test_expired_order_default_is_deleted_with_the_rest_released(
    emulator: Emulator, shop: Shop
) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.clock.advance(timedelta(minutes=30, seconds=1))
    order = shop.order(uuid)
    assert order["checkout_status"] == "deleted"
    assert [each["amount"] for each in order["authorization"]["releases"]] == [usd(10_000)]
    assert emulator.executions[-1].source == "automatic"
    assert shop.capture(uuid, 1).json()[0]["code"] == "invalid_authorization"
    assert shop.release(uuid, 1).status_code == 422


def test_expiry_after_a_partial_capture_leaves_the_capture_refundable(
    emulator: Emulator, shop: Shop
) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    shop.capture(uuid, 4000)
    emulator.clock.advance(timedelta(minutes=31))
    order = shop.order(uuid)
    assert order["checkout_status"] == "complete"
    assert order["authorization"]["releases"][0]["amount"] == usd(6000)
    assert shop.refund(uuid, 4000).status_code == 200
    assert shop.reauthorize(uuid, 6001).status_code == 422
    assert shop.reauthorize(uuid, 6000).status_code == 200


def test_expired_order_may_be_404(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.expired_order = "not_found"
    uuid, captured = shop.start(), shop.start()
    emulator.approve(uuid)
    emulator.approve(captured)
    shop.capture(captured, 1)
    emulator.clock.advance(timedelta(minutes=31))
    assert shop.get(f"/v2/order/{uuid}").status_code == 404
    assert shop.get(f"/v2/order/{captured}").status_code == 200


def test_expired_order_may_look_unchanged(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.expired_order = "unchanged"
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.clock.advance(timedelta(minutes=31))
    order = shop.order(uuid)
    assert order["checkout_status"] == "complete"
    assert order["authorization"]["releases"] == []
    assert shop.capture(uuid, 1).status_code == 422
    assert shop.reauthorize(uuid, 10_000).status_code == 200


def test_authorization_life_is_the_merchants(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.authorization_minutes = 7 * 24 * 60
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.clock.advance(timedelta(days=6))
    shop.sign_in()
    assert shop.capture(uuid, 1).status_code == 200


def test_checkout_runs_out_after_a_day(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.clock.advance(timedelta(hours=24, seconds=1))
    shop.sign_in()
    assert shop.order(uuid)["checkout_status"] == "deleted"
    for status in (422, 409):
        emulator.profile.change(expired_checkout_status=status)
        with pytest.raises(Refusal) as refused:
            emulator.approve(uuid)
        assert (refused.value.status, refused.value.code) == (status, "checkout_expired")


@pytest.mark.parametrize(
    ("switch", "value", "seen"),
    [
        ("finished_status", "completed", lambda o: o["checkout_status"] == "completed"),
        (
            "transaction_entries",
            "flat",
            lambda o: "currency_code" in o["authorization"]["captures"][0],
        ),
        ("empty_lists", "missing", lambda o: "refunds" not in o["authorization"]),
        (
            "shopper_currency",
            "other",
            lambda o: (
                o["authorization"]["authorization_amount_in_user_currency"]["currency"] == "CAD"
            ),
        ),
        (
            "shopper_currency",
            "absent",
            lambda o: "authorization_amount_in_user_currency" not in o["authorization"],
        ),
    ],
)
def test_order_can_be_shaped_otherwise(
    emulator: Emulator, shop: Shop, switch: str, value: Any, seen: Any
) -> None:
    uuid = shop.start(intent="CAPTURE")
    emulator.approve(uuid)
    assert not seen(shop.order(uuid))
    emulator.profile.change(**{switch: value})
    assert seen(shop.order(uuid))


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_dates_carry_as_many_digits_as_asked(emulator: Emulator, shop: Shop, digits: int) -> None:
    emulator.profile.change(date_fraction_digits=digits)
    text = shop.order(shop.start())["checkout_expiration"]
    fraction = rf"\.\d{{{digits}}}" if digits else ""
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d{fraction}Z", text)


def test_order_ids_may_be_no_uuids(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.order_ids = "opaque"
    uuid = shop.start()
    assert uuid.endswith("z")
    assert re.fullmatch(r"[0-9A-Za-z-]{1,64}", uuid)
    assert shop.order(uuid)["uuid"] == uuid


def test_authorization_may_be_there_before_completion(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.authorization_before_completion = "unapproved"
    assert shop.order(shop.start())["authorization"]["approved"] is False


def test_tokenize_may_be_inside_the_order(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.tokenize_placement = "order"
    body = session_body() | {"customer": {"tokenize": True}}
    document = shop.post("/v2/session", body).json()
    assert "tokenize" not in document
    assert "token" in document["order"]["tokenize"]


def test_errors_may_be_bare_objects(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.error_body = "object"
    assert shop.get("/v2/order/none").json()["code"] == "record_not_found"


@pytest.mark.off_contract
def test_refusals_may_have_other_statuses(emulator: Emulator, shop: Shop) -> None:
    uuid, fresh = shop.start(), shop.start()
    emulator.approve(uuid)
    emulator.profile.change(
        refusal_status=400,
        invalid_value_status=400,
        no_authorization_status=404,
        completed_checkout_status=400,
        missing_member="invalid",
        deleted_twice_status=204,
        released_order="complete",
    )
    assert shop.capture(uuid, 10_001).status_code == 400
    assert shop.capture(fresh, 1).status_code == 404
    assert shop.post("/v2/session", session_body(intent="x")).status_code == 400
    assert shop.post("/v2/session", session_body(intent=None)).status_code == 422
    assert shop.delete(f"/v2/order/{uuid}/checkout").status_code == 400
    path = f"/v2/order/{fresh}/checkout"
    assert [shop.delete(path).status_code for _ in range(2)] == [204, 204]
    shop.release(uuid, 10_000)
    assert shop.order(uuid)["checkout_status"] == "complete"


def test_denied_shopper_may_land_on_the_complete_url(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.denied_shopper = "complete_url"
    assert emulator.deny(shop.start()) == "https://shop.test/complete/"


def test_references_may_have_to_be_unique(emulator: Emulator, shop: Shop) -> None:
    shop.start()
    shop.start()
    emulator.profile.unique_reference_ids = True
    assert shop.post("/v2/session", session_body()).json()[0]["code"] == "duplicate"


def test_spending_power_declines_everything_above_it(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.spending_power_in_cents = 9999
    uuid = shop.start()
    assert emulator.approve(uuid) == "https://shop.test/cancel/"
    assert shop.order(uuid)["checkout_status"] == "denied"


def test_request_id_honoured_answers_the_same_again(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    first = shop.capture(uuid, 5000, "key-1")
    assert shop.capture(uuid, 5000, "key-1").json() == first.json()
    other = shop.capture(uuid, 4000, "key-1")
    assert (other.status_code, other.json()[0]["code"]) == (422, "duplicate")
    assert shop.refund(uuid, 5000, "key-1").status_code == 422
    assert [each.request_id for each in emulator.executions] == [None, "key-1"]
    assert shop.capture(uuid, 5000).status_code == 200


def test_request_id_of_a_refused_call_can_be_used_again(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert shop.capture(uuid, 5000, "key-1").status_code == 422
    emulator.approve(uuid)
    assert shop.capture(uuid, 5000, "key-1").status_code == 200


def test_request_id_ignored_books_twice(emulator: Emulator, shop: Shop) -> None:
    emulator.profile.request_id = "ignored"
    uuid = shop.start()
    emulator.approve(uuid)
    answers = {shop.capture(uuid, 5000, "key-1").json()["uuid"] for _ in range(2)}
    assert len(answers) == 2


@pytest.mark.off_contract
@pytest.mark.parametrize("status", [422, 409])
def test_request_id_refused_never_answers_again(
    emulator: Emulator, shop: Shop, status: int
) -> None:
    emulator.profile.change(request_id="refused", duplicate_status=status)
    uuid = shop.start()
    emulator.approve(uuid)
    shop.capture(uuid, 5000, "key-1")
    repeated = shop.capture(uuid, 5000, "key-1")
    assert (repeated.status_code, repeated.json()[0]["code"]) == (status, "duplicate")
    assert len(emulator.executions) == 2


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        (name, value)
        for name, hint in get_type_hints(Profile).items()
        if get_origin(hint) is Literal
        for value in get_args(hint)
        if value != 409
    ],
)
def test_every_reading_answers_within_the_contract(
    emulator: Emulator, shop: Shop, switch: str, value: Any
) -> None:
    """The contract rig, which watches every emulator, does the asserting of shapes."""
    emulator.profile.change(**{switch: value})
    shop.subscribe()
    uuid, _ = shop.start_tokenizing()
    shop.order(uuid)
    emulator.approve(uuid, tokenize=True)
    for cents in (2000, 20_000):
        shop.capture(uuid, cents, f"key-{cents}")
    shop.refund(uuid, 500)
    shop.delete(f"/v2/order/{uuid}/checkout")
    shop.order(uuid)
    customer = shop.get("/v2/customer").json()[0]["uuid"]
    body = {"intent": "CAPTURE", "reference_id": "sub", "order_amount": usd(5000)}
    shop.post(f"/v2/customer/{customer}/order", body)
    emulator.clock.advance(timedelta(minutes=31))
    shop.get(f"/v2/order/{uuid}")
    child = shop.reauthorize(uuid, 8000).json()["uuid"]
    shop.release(child, 8000)
    shop.order(child)
    shop.post("/v2/webhooks/test", {"event": "order.captured"})
    assert len(emulator.deliver_due(lambda url, headers, body: 200)) >= 7
    assert next(each.status for each in emulator.calls if each.operation == "capture") == 200


def test_switches_refuse_nonsense() -> None:
    profile = Profile()
    with pytest.raises(AttributeError):
        profile.change(no_such_switch=1)
    with pytest.raises(ValueError, match="allowed: 422, 400"):
        profile.change(refusal_status=500)
    with pytest.raises(ValueError, match="allowed"):
        profile.change(limits="yes")
    with pytest.raises(ValueError, match="NAME=VALUE"):
        profile.change_from_text("limits")
    for text, value in (("limits=false", False), ("checkout_hours=2", 2)):
        profile.change_from_text(text)
        assert profile.as_dict()[text.partition("=")[0]] == value
    profile.change_from_text("spending_power_in_cents=none")
    assert profile.spending_power_in_cents is None
