"""
Sezzle's operations on sessions, orders, customers and webhooks, one method each.

URLs are built from the configured gateway and checked ids, never from links in answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django_sezzle.exceptions import GatewayUnavailable
from django_sezzle.gateway.calling import Caller, checked_id
from django_sezzle.gateway.messages import (
    Approval,
    EventType,
    Intent,
    Order,
    Preapproval,
    Price,
    SavedCustomer,
    Session,
    SessionRequest,
    Subscription,
    TokenSession,
    parsing,
)

#: Sezzle's id of a shopper, who is the same in all their orders, is shown in no log.
CUSTOMER = "/v2/customer/{secret}"


class Gateway(Caller):
    """
    Sezzle's gateway for one merchant account.

    :param seconds: how long one call may take in all, getting a token included; the account's
        ``DEADLINE`` when left out.
    :param guard: called before anything is sent; raises when this is no moment to send.

    Every method raises :class:`~django_sezzle.exceptions.GatewayRejected` when Sezzle refuses.
    Money calls raise :class:`~django_sezzle.exceptions.OutcomeUnknown` when no clear answer
    came, and :class:`~django_sezzle.exceptions.GatewayUnavailable` when the request never left;
    all other calls raise ``GatewayUnavailable`` for both.
    """

    # Sessions

    def create_session(self, request: SessionRequest) -> Session:
        """
        Start a checkout. Not idempotent at Sezzle: a repeat makes a second session.

        POST /v2/session
        https://docs.sezzle.com/docs/api/core/sessions/postv2session
        """
        return self._read(Session.from_json, self._send("POST", "/v2/session", request.to_json()))

    def get_session(self, session_uuid: str) -> Session:
        """
        Read a session.

        GET /v2/session/{session_uuid}
        https://docs.sezzle.com/docs/api/core/sessions/getv2session
        """
        return self._read(
            Session.from_json, self._send("GET", f"/v2/session/{checked_id(session_uuid)}")
        )

    def get_token_session(self, session: Session) -> TokenSession:
        """
        Read whether the shopper of a session agreed to be charged again, and as which customer.

        GET /v2/token/{token}/session
        https://docs.sezzle.com, page getv2sessiontoken
        """
        if not parsing.IDENTIFIER.fullmatch(session.token):
            raise GatewayUnavailable("Sezzle's session holds no usable token. Nothing was asked.")
        answer = self._send("GET", "/v2/token/{secret}/session", token_of=session)
        return self._read(TokenSession.from_json, answer)

    # Orders

    def get_order(self, order_uuid: str) -> Order:
        """
        Read an order: the truth about its money.

        GET /v2/order/{order_uuid}
        https://docs.sezzle.com/docs/api/core/orders/getv2order
        """
        order = self._read(
            Order.from_json, self._send("GET", f"/v2/order/{checked_id(order_uuid)}")
        )
        if order.uuid != order_uuid:
            raise GatewayUnavailable(
                "Sezzle answered with another order than the one asked for. Nothing of it was used."
            )
        return order

    def set_reference(self, order_uuid: str, reference_id: str) -> None:
        """
        Write the shop's reference into the order.

        PATCH /v2/order/{order_uuid}
        https://docs.sezzle.com/docs/api/core/orders/patchv2checkout
        """
        self._send("PATCH", f"/v2/order/{checked_id(order_uuid)}", {"reference_id": reference_id})

    def delete_checkout(self, order_uuid: str) -> None:
        """
        Kill a checkout that the shopper has not completed.

        DELETE /v2/order/{order_uuid}/checkout
        https://docs.sezzle.com/docs/api/core/orders/deletev2deletecheckoutbyorder
        """
        self._send("DELETE", f"/v2/order/{checked_id(order_uuid)}/checkout")

    def capture(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Take held money, wholly or in part. Returns Sezzle's id of the capture.

        POST /v2/order/{order_uuid}/capture
        https://docs.sezzle.com/docs/api/core/orders/postv2capturebyorder
        """
        return self._move(order_uuid, "capture", {"capture_amount": amount.to_json()}, request_id)

    def refund(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Give captured money back, wholly or in part. Returns Sezzle's id of the refund.

        POST /v2/order/{order_uuid}/refund
        https://docs.sezzle.com/docs/api/core/orders/postv2refundbyorder
        """
        return self._move(order_uuid, "refund", amount.to_json(), request_id)

    def release(self, order_uuid: str, amount: Price, *, request_id: str) -> str:
        """
        Let held money go, wholly or in part. Returns Sezzle's id of the release.

        POST /v2/order/{order_uuid}/release
        https://docs.sezzle.com/docs/api/core/orders/postv2releasebyorder
        """
        return self._move(order_uuid, "release", amount.to_json(), request_id)

    def reauthorize(self, order_uuid: str, amount: Price, *, request_id: str) -> Approval:
        """
        Ask for a new order in place of one whose authorization ran out. 200 is not yet a yes.

        POST /v2/order/{order_uuid}/reauthorize
        https://docs.sezzle.com/docs/api/core/orders/postv2reauthorizebyorder
        """
        path = f"/v2/order/{checked_id(order_uuid)}/reauthorize"
        answer = self._send("POST", path, amount.to_json(), request_id=request_id, moves_money=True)
        return self._read_money(Approval.from_json, answer)

    def upcharge(self, order_uuid: str, amount: Price, *, intent: Intent, request_id: str) -> str:
        """
        Charge extra by a new order, at most 15 % of the first. Returns the new order's uuid.

        POST /v2/order/{order_uuid}/upcharge
        https://docs.sezzle.com/docs/api/core/orders/postv2upchargebyorder
        """
        body = {"intent": intent.value, "upcharge_amount": amount.to_json()}
        return self._move(order_uuid, "upcharge", body, request_id)

    # Customers

    def list_customers(self) -> list[SavedCustomer]:
        """
        List the shoppers who agreed to be charged again by this merchant.

        GET /v2/customer
        """
        return self._read(SavedCustomer.list_from_json, self._send("GET", "/v2/customer"))

    def get_customer(self, customer_uuid: str) -> SavedCustomer:
        """
        Read one customer, the shopper's data included.

        GET /v2/customer/{customer_uuid}
        """
        answer = self._send("GET", CUSTOMER, secret=checked_id(customer_uuid))
        return self._read(SavedCustomer.from_json, answer)

    def delete_customer(self, customer_uuid: str) -> None:
        """
        End what a customer agreed to: no order can be charged to them after this.

        DELETE /v2/customer/{customer_uuid}
        """
        self._send("DELETE", CUSTOMER, secret=checked_id(customer_uuid))

    def preapprove_customer(self, customer_uuid: str, amount: Price) -> Preapproval:
        """
        Ask whether a customer would be approved for an amount; moves and holds no money.

        POST /v2/customer/{customer_uuid}/preapprove
        """
        answer = self._send(
            "POST",
            f"{CUSTOMER}/preapprove",
            amount.to_json(),
            secret=checked_id(customer_uuid),
        )
        return self._read(Preapproval.from_json, answer)

    def charge_customer(
        self,
        customer_uuid: str,
        amount: Price,
        *,
        intent: Intent,
        reference_id: str,
        request_id: str,
    ) -> Approval:
        """
        Make an order for a shopper who agreed to it before. 200 is not yet a yes.

        POST /v2/customer/{customer_uuid}/order
        """
        body = {
            "intent": intent.value,
            "reference_id": reference_id,
            "order_amount": amount.to_json(),
        }
        answer = self._send(
            "POST",
            f"{CUSTOMER}/order",
            body,
            request_id=request_id,
            moves_money=True,
            secret=checked_id(customer_uuid),
        )
        return self._read_money(Approval.from_json, answer)

    # Webhooks

    def create_webhook(self, url: str, events: Iterable[str] = tuple(EventType)) -> str:
        """
        Subscribe a URL to events. Returns the subscription's uuid.

        POST /v2/webhooks
        https://docs.sezzle.com/docs/api/core/webhooks/postv2webhooks
        """
        body = {"url": url, "events": [str(event) for event in events]}
        return self._read(_uuid, self._send("POST", "/v2/webhooks", body))

    def list_webhooks(self) -> list[Subscription]:
        """
        List the merchant's subscriptions.

        GET /v2/webhooks
        https://docs.sezzle.com/docs/api/core/webhooks/getv2webhooks
        """

        def read(value: object) -> list[Subscription]:
            entries = [] if value is None else parsing.as_list(value, "webhooks")
            return [Subscription.from_json(entry) for entry in entries]

        return self._read(read, self._send("GET", "/v2/webhooks"))

    def get_webhook(self, webhook_uuid: str) -> Subscription:
        """
        Read one subscription.

        GET /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/getv2webhooksbyid
        """
        answer = self._send("GET", f"/v2/webhooks/{checked_id(webhook_uuid)}")
        return self._read(Subscription.from_json, answer)

    def update_webhook(self, webhook_uuid: str, url: str, events: Iterable[str]) -> None:
        """
        Replace a subscription's URL and its whole list of events.

        PATCH /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/patchv2webhooks
        """
        body = {"url": url, "events": [str(event) for event in events]}
        self._send("PATCH", f"/v2/webhooks/{checked_id(webhook_uuid)}", body)

    def delete_webhook(self, webhook_uuid: str) -> None:
        """
        End a subscription.

        DELETE /v2/webhooks/{webhooks_uuid}
        https://docs.sezzle.com/docs/api/core/webhooks/deletev2webhooks
        """
        self._send("DELETE", f"/v2/webhooks/{checked_id(webhook_uuid)}")

    def test_webhook(self, url: str, event: str = EventType.ORDER_AUTHORIZED) -> None:
        """
        Have a sample event delivered to a URL.

        POST /v2/webhooks/test
        https://docs.sezzle.com/docs/api/core/webhooks/postv2webhookstest
        """
        self._send("POST", "/v2/webhooks/test", {"event": str(event), "url": url})

    # How it is done

    def _move(self, order_uuid: str, action: str, body: Mapping[str, Any], request_id: str) -> str:
        path = f"/v2/order/{checked_id(order_uuid)}/{action}"
        answer = self._send("POST", path, body, request_id=request_id, moves_money=True)
        return self._read_money(_uuid, answer)


def _uuid(value: object) -> str:
    return parsing.identifier(parsing.as_object(value, "answer").get("uuid"), "answer.uuid")
