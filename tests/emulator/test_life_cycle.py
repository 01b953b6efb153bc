"""An order from checkout to refund, as the gateway's documentation tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_sezzle.emulator import Emulator, Refusal

from .shop import Shop, session_body, usd


def kinds(emulator: Emulator) -> list[tuple[str, int, str]]:
    return [(each.kind, each.amount_in_cents, each.source) for each in emulator.executions]


def test_session_answers_201_and_names_the_checkout(emulator: Emulator, shop: Shop) -> None:
    response = shop.post("/v2/session", session_body())
    document = response.json()
    assert response.status_code == 201
    assert document["order"]["checkout_url"].startswith(emulator.base_url)
    assert shop.get(f"/v2/session/{document['uuid']}").json() == document
    order = shop.order(document["order"]["uuid"])
    assert order["checkout_status"] == "active"
    assert "authorization" not in order


def test_auth_holds_then_captures_in_parts_then_refunds(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert emulator.approve(uuid) == "https://shop.test/complete/"
    first = shop.capture(uuid, 6000)
    assert first.status_code == 200
    assert list(first.json()) == ["uuid"]
    assert shop.capture(uuid, 4000).status_code == 200
    assert shop.refund(uuid, 2500).status_code == 200
    authorization = shop.order(uuid)["authorization"]
    assert authorization["captures"][0] == {"uuid": first.json()["uuid"], "amount": usd(6000)}
    assert [each["amount"] for each in authorization["captures"]] == [usd(6000), usd(4000)]
    assert [each["amount"] for each in authorization["refunds"]] == [usd(2500)]
    assert kinds(emulator) == [
        ("authorize", 10_000, "gateway"),
        ("capture", 6000, "gateway"),
        ("capture", 4000, "gateway"),
        ("refund", 2500, "gateway"),
    ]


def test_intent_capture_is_taken_in_full_at_approval(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start(intent="CAPTURE")
    emulator.approve(uuid)
    assert kinds(emulator)[1:] == [("capture", 10_000, "automatic")]
    assert shop.capture(uuid, 1).status_code == 422


def test_release_of_the_rest_keeps_the_order_complete(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    shop.capture(uuid, 3000)
    assert shop.release(uuid, 7000).status_code == 200
    assert shop.order(uuid)["checkout_status"] == "complete"
    assert shop.capture(uuid, 1).status_code == 422


def test_full_release_deletes_the_checkout(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    shop.release(uuid, 10_000)
    assert shop.order(uuid)["checkout_status"] == "deleted"
    assert shop.reauthorize(uuid, 10_000).json()["authorization"]["approved"] is True


def test_denied_shopper_is_sent_back_and_nothing_is_booked(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert emulator.deny(uuid) == "https://shop.test/cancel/"
    assert shop.order(uuid)["checkout_status"] == "denied"
    assert emulator.executions == []
    with pytest.raises(Refusal):
        emulator.approve(uuid)


def test_cancelled_shopper_may_come_back(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert emulator.shopper_cancel(uuid) == "https://shop.test/cancel/"
    assert shop.order(uuid)["checkout_status"] == "active"
    emulator.approve(uuid)
    assert shop.order(uuid)["authorization"]["approved"] is True


def test_checkout_can_be_deleted_until_it_is_completed(emulator: Emulator, shop: Shop) -> None:
    open_one, paid = shop.start(), shop.start()
    emulator.approve(paid)
    assert shop.delete(f"/v2/order/{open_one}/checkout").status_code == 204
    assert shop.delete(f"/v2/order/{open_one}/checkout").status_code == 404
    refused = shop.delete(f"/v2/order/{paid}/checkout")
    assert (refused.status_code, refused.json()[0]["code"]) == (422, "already_completed")
    with pytest.raises(Refusal):
        emulator.approve(open_one)


@pytest.mark.off_contract
def test_reference_can_be_changed_through_api_and_dashboard(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    assert shop.patch(f"/v2/order/{uuid}", {"reference_id": "till_7"}).status_code == 204
    assert shop.order(uuid)["reference_id"] == "till_7"
    assert shop.patch(f"/v2/order/{uuid}", {"reference_id": "no spaces"}).status_code == 422
    emulator.dashboard_set_reference(uuid, "by-hand")
    assert shop.order(uuid)["reference_id"] == "by-hand"


def test_dashboard_moves_money_behind_the_shops_back(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.dashboard_capture(uuid, 5000)
    emulator.dashboard_refund(uuid, 1000)
    emulator.dashboard_release(uuid, 5000)
    assert [each[2] for each in kinds(emulator)[1:]] == ["dashboard"] * 3
    assert shop.order(uuid)["authorization"]["refunds"][0]["amount"] == usd(1000)
    with pytest.raises(Refusal):
        emulator.dashboard_refund(uuid, 4001)


def test_reauthorization_makes_a_new_order_with_the_same_reference(
    emulator: Emulator, shop: Shop
) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    assert shop.reauthorize(uuid, 10_000).json()[0]["code"] == "invalid_authorization"
    emulator.clock.advance(timedelta(minutes=31))
    answer = shop.reauthorize(uuid, 10_000)
    child = answer.json()
    assert answer.status_code == 200
    assert child["uuid"] != uuid
    assert child["reference_id"] == "order-1"
    assert shop.capture(child["uuid"], 10_000).status_code == 200
    assert shop.capture(uuid, 1).status_code == 422
    assert emulator.order(child["uuid"]).reauthorized_from == uuid


def test_declined_reauthorization_is_200_and_leads_nowhere(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    emulator.clock.advance(timedelta(minutes=31))
    emulator.decline_next_reauthorization()
    answer = shop.reauthorize(uuid, 10_000)
    assert answer.status_code == 200
    assert answer.json()["authorization"]["approved"] is False
    assert shop.get(f"/v2/order/{answer.json()['uuid']}").status_code == 404
    assert len(emulator.orders) == 1
    assert shop.reauthorize(uuid, 10_000).json()["authorization"]["approved"] is True


def test_tokenized_customer_can_be_charged_again(emulator: Emulator, shop: Shop) -> None:
    uuid, token = shop.start_tokenizing()
    assert "customer" not in shop.get(f"/v2/token/{token}/session").json()
    url = emulator.approve(uuid, tokenize=True)
    customer = shop.get(f"/v2/token/{token}/session").json()["customer"]["uuid"]
    assert url == f"https://shop.test/complete/?customer-uuid={customer}"
    assert [each["uuid"] for each in shop.get("/v2/customer").json()] == [customer]
    assert shop.get(f"/v2/customer/{customer}").json()["first_name"] == "Ada"
    assert shop.post(f"/v2/customer/{customer}/preapprove", usd(5000)).json()["approved"] is True
    body = {"intent": "CAPTURE", "reference_id": "sub-2", "order_amount": usd(5000)}
    emulator.decline_next_customer_order()
    declined = shop.post(f"/v2/customer/{customer}/order", body)
    assert (declined.status_code, declined.json()["authorization"]["approved"]) == (200, False)
    charged = shop.post(f"/v2/customer/{customer}/order", body).json()
    assert shop.order(charged["uuid"])["authorization"]["financing_option"] == "pay-in-full"
    assert kinds(emulator)[-1] == ("capture", 5000, "automatic")
    assert shop.delete(f"/v2/customer/{customer}").status_code == 204
    assert shop.get(f"/v2/customer/{customer}").status_code == 404


def test_upcharge_is_off_and_limited_to_fifteen_percent(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    path = f"/v2/order/{uuid}/upcharge"
    body = {"intent": "AUTH", "upcharge_amount": usd(1000)}
    assert shop.post(path, body).status_code == 404
    emulator.profile.upcharge = True
    extra = shop.post(path, body).json()["uuid"]
    assert shop.post(path, body | {"upcharge_amount": usd(600)}).status_code == 422
    assert shop.order(extra)["parent_order_uuid"] == uuid
    assert shop.order(uuid)["upcharges"] == [{"uuid": extra, "amount": usd(1000)}]
    assert emulator.executions[-1].kind == "upcharge"


def test_in_store_links_arrive_in_the_inbox(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start(send_checkout_url={"to_sms_phone": "5555045294", "to_email": "a@b.test"})
    assert [(each.channel, each.to) for each in emulator.sent_links] == [
        ("sms", "5555045294"),
        ("email", "a@b.test"),
    ]
    assert uuid in emulator.sent_links[0].checkout_url


def test_another_merchants_ids_are_unknown(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start()
    emulator.approve(uuid)
    subscription = shop.subscribe()
    emulator.add_merchant("sz_pub_other", "sz_pr_other")
    other = Shop(emulator, public_key="sz_pub_other", private_key="sz_pr_other")
    assert other.get(f"/v2/order/{uuid}").json()[0]["code"] == "record_not_found"
    assert other.capture(uuid, 100).status_code == 404
    assert other.get(f"/v2/webhooks/{subscription}").status_code == 404
    assert other.get("/v2/webhooks").json() == []
    assert other.delete(f"/v2/webhooks/{subscription}").status_code == 404


def test_payout_settles_each_movement_once(emulator: Emulator, shop: Shop) -> None:
    uuid = shop.start(intent="CAPTURE", metadata={"till": "7"})
    emulator.approve(uuid)
    shop.refund(uuid, 630)
    (payout,) = emulator.pay_out()
    assert emulator.pay_out() == []
    day = emulator.clock.now().date().isoformat()
    (summary,) = shop.get(f"/v2/settlements/summaries?start-date={day}").json()
    assert (summary["uuid"], summary["final_payout_amount"]) == (payout.uuid, 93.7)
    lines = shop.get(f"/v2/settlements/details/{payout.uuid}?metadata=till").text.splitlines()
    assert lines[2].endswith("sezzle_order_id,till")
    assert [line.split(",")[0] for line in lines[3:]] == ["CAPTURE", "REFUND"]
    assert lines[3].endswith(",7")
    emulator.profile.settlement_amounts = "cents"
    assert (
        shop.get(f"/v2/settlements/summaries?start-date={day}").json()[0]["final_payout_amount"]
        == 9370
    )
