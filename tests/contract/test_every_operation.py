"""Every operation that the emulator answers is called, and holds to what Sezzle published."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_sezzle.conf import get_settings
from django_sezzle.emulator import Emulator, Request
from django_sezzle.emulator.routes import OPERATIONS, ROUTES
from django_sezzle.gateway import Customer, Gateway, Intent, Price, Reports
from tests.contract.plugin import Watch
from tests.contract.validator import Contract
from tests.gateway.conftest import a_session

TEN = Price(1_000, "USD")
HOOK = "https://shop.example/hook/"

#: What Sezzle published beside these: for its own plugins, and for another product of Sezzle's.
NOT_OURS = {
    "createCardSession",
    "getCardDataByToken",
    "getInterestActivity",
    "isExpressCheckoutEnabled",
    "queueWidgetRequest",
    "sendPluginConfiguration",
    "setCardOrderReference",
    "updateCheckout",
}


@pytest.fixture
def contract(emulator: Emulator) -> Contract:
    """What the messages of this test are held against, and nobody else's."""
    contract = Contract.load()
    Watch(contract).observe(emulator)
    return contract


def test_every_operation_is_called_and_answered(emulator: Emulator, contract: Contract) -> None:
    gateway = Gateway(get_settings())
    begin_and_end(gateway)
    save_and_charge(emulator, gateway)
    subscribe(gateway)
    move_money(emulator, gateway)
    read_reports(emulator, Reports(get_settings()))

    assert {call.operation for call in emulator.calls} == OPERATIONS
    published = {contract.operation_id(route.method, route.path) for route in ROUTES}
    assert set(contract.counts.requests) == set(contract.counts.answers) == published
    # That each fits is for the plugin to say, which fails this test for what does not.


def test_what_sezzle_published_is_answered_or_named_here() -> None:
    contract = Contract.load()
    ours = {contract.operation_id(route.method, route.path) for route in ROUTES}

    assert contract.operation_ids == ours | NOT_OURS
    assert not ours & NOT_OURS


def begin_and_end(gateway: Gateway) -> None:
    session = gateway.create_session(a_session())
    assert gateway.get_session(session.uuid).order_uuid == session.order_uuid
    gateway.delete_checkout(str(session.order_uuid))


def save_and_charge(emulator: Emulator, gateway: Gateway) -> None:
    session = gateway.create_session(a_session(customer=Customer(tokenize=True)))
    emulator.approve(str(session.order_uuid), tokenize=True)
    uuid = str(gateway.get_token_session(session).customer_uuid)
    assert [each.uuid for each in gateway.list_customers()] == [uuid]
    assert gateway.get_customer(uuid).uuid == uuid
    assert gateway.preapprove_customer(uuid, TEN).approved
    members = {"intent": Intent.AUTH, "reference_id": "charge", "request_id": "r-1"}
    assert gateway.charge_customer(uuid, TEN, **members).approved
    gateway.delete_customer(uuid)
    # Sezzle never built it, and our client never asks.
    headers = {"Authorization": f"Bearer {gateway.authenticate().value}"}
    path = f"/v2/token/{session.token}/customer"
    assert emulator.handle(Request("GET", path, headers=headers)).status == 501


def subscribe(gateway: Gateway) -> None:
    uuid = gateway.create_webhook(HOOK)
    gateway.update_webhook(uuid, HOOK, ["order.captured"])
    assert gateway.get_webhook(uuid).url == HOOK
    assert [each.uuid for each in gateway.list_webhooks()] == [uuid]
    gateway.test_webhook(HOOK)
    gateway.delete_webhook(uuid)


def move_money(emulator: Emulator, gateway: Gateway) -> None:
    emulator.profile.upcharge = True
    uuid = str(gateway.create_session(a_session()).order_uuid)
    emulator.approve(uuid)
    gateway.set_reference(uuid, "receipt")
    gateway.upcharge(uuid, TEN, intent=Intent.CAPTURE, request_id="r-2")
    gateway.capture(uuid, TEN, request_id="r-3")
    gateway.refund(uuid, TEN, request_id="r-4")
    gateway.release(uuid, TEN, request_id="r-5")
    emulator.clock.advance(timedelta(days=30))
    assert gateway.reauthorize(uuid, TEN, request_id="r-6").approved
    assert gateway.get_order(uuid).uuid == uuid


def read_reports(emulator: Emulator, reports: Reports) -> None:
    (payout,) = emulator.pay_out()
    today = emulator.clock.now().date()
    assert [each.uuid for each in reports.list_payouts(today, today, "USD")] == [payout.uuid]
    assert list(reports.lines_of(reports.get_payout(payout.uuid)))
    reports.get_orders_report(today - timedelta(days=6), today)
    assert reports.get_interest_balance("USD") == 0
